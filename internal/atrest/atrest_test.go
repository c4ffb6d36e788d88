package atrest_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/atrest"
	"github.com/liidestuja/liidestuja/session"
)

var key = bytes.Repeat([]byte{7}, atrest.KeySize)

// head is what stands before the first chunk, chunk the length of a sealed one.
const head, chunk = 8 + 32, 64<<10 + 16

func seal(t testing.TB, plain []byte, name string) []byte {
	var b bytes.Buffer
	require.NoError(t, atrest.Seal(&b, bytes.NewReader(plain), key, name))
	return b.Bytes()
}

func open(sealed, key []byte, name string) ([]byte, error) {
	o, err := atrest.Open(io.NopCloser(bytes.NewReader(sealed)), key, name)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(o)
}

func TestAFileComesBackAsItWas(t *testing.T) {
	for _, n := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 3 * 64 << 10} {
		plain := make([]byte, n)
		_, _ = rand.Read(plain)
		got, err := open(seal(t, plain, "a"), key, "a")
		require.NoError(t, err, n)
		assert.True(t, bytes.Equal(plain, got), n)
	}
}

func TestAChangedFileIsRefused(t *testing.T) {
	sealed := seal(t, make([]byte, 3*64<<10), "a")
	swapped := bytes.Clone(sealed)
	copy(swapped[head:], sealed[head+chunk:head+2*chunk])
	copy(swapped[head+chunk:], sealed[head:head+chunk])
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	other := bytes.Repeat([]byte{8}, atrest.KeySize)
	for name, c := range map[string]struct {
		sealed, key []byte
		name        string
	}{
		"its last chunk is cut off":    {sealed[:head+2*chunk], key, "a"},
		"it is cut within a chunk":     {sealed[:len(sealed)-1], key, "a"},
		"nothing but its head is left": {sealed[:head], key, "a"},
		"its head is cut":              {sealed[:head-1], key, "a"},
		"it is empty":                  {nil, key, "a"},
		"its chunks changed places":    {swapped, key, "a"},
		"a bit of its seal is flipped": {flipped, key, "a"},
		"something stands behind it":   {append(bytes.Clone(sealed), 0), key, "a"},
		"it has another name":          {sealed, key, "b"},
		"the key is another":           {sealed, other, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(c.sealed, c.key, c.name)
			assert.ErrorIs(t, err, atrest.ErrFile)
		})
	}
}

func proven() *session.Session {
	return &session.Session{
		ID:      "s1",
		Address: channels.Address{Agency: "a", Channel: "c", Peer: "p"},
		Identity: &eid.Identity{
			Code: "EE47101010033", GivenName: "Mari", FamilyName: "Maasikas", Level: eid.High,
			At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		},
	}
}

func TestAnIdentityIsKeptForItsSessionOnly(t *testing.T) {
	v, err := atrest.NewVault(key)
	require.NoError(t, err)
	s := proven()
	row, err := v.Encode(s)
	require.NoError(t, err)
	assert.NotContains(t, string(row.Body), "Maasikas")
	assert.NotContains(t, string(row.Identity), "Maasikas")
	assert.Equal(t, v.Hash("a", "EE47101010033"), row.Code)
	assert.NotEqual(t, v.Hash("b", "EE47101010033"), row.Code, "one agency cannot find what another has")

	back, err := v.Decode(row.Body, row.Identity)
	require.NoError(t, err)
	assert.Equal(t, s, back)

	other := proven()
	other.Address.Peer = "somebody else"
	moved, err := v.Encode(other)
	require.NoError(t, err)
	_, err = v.Decode(moved.Body, row.Identity)
	require.ErrorIs(t, err, atrest.ErrIdentity)

	s.End(session.ByPerson, time.Now())
	ended, err := v.Encode(s)
	require.NoError(t, err)
	assert.Nil(t, ended.Code, "what has ended is not found by its code")
}

func FuzzOpen(f *testing.F) {
	f.Add(seal(f, []byte("text"), "a"))
	f.Add(seal(f, make([]byte, 64<<10), "a"))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if _, err := open(sealed, key, "a"); err != nil {
			assert.ErrorIs(t, err, atrest.ErrFile)
		}
	})
}
