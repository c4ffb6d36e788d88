package sealed_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/sealed"
)

// key makes a key that is not random but differs from the others.
func key(id string, seed byte) sealed.Key {
	secret := make([]byte, sealed.KeySize)
	for i := range secret {
		secret[i] = seed + byte(i)
	}
	return sealed.Key{ID: id, Secret: secret}
}

func ring(t testing.TB, keys ...sealed.Key) *sealed.Ring {
	t.Helper()
	r, err := sealed.NewRing(keys...)
	require.NoError(t, err)
	return r
}

const canary = "EAAB-secret-canary"

func home() sealed.Place { return sealed.Place{Agency: "ppa", Line: "messenger", Name: "token"} }

func TestNewRingRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		keys []sealed.Key
		want string
	}{
		"no key":                     {nil, "needs a key"},
		"a key without id":           {[]sealed.Key{key("", 1)}, "key 0: ID"},
		"an id that is too long":     {[]sealed.Key{key(string(bytes.Repeat([]byte("a"), 33)), 1)}, "key 0: ID"},
		"an id with a strange sign":  {[]sealed.Key{key("a/b", 1)}, "key 0: ID"},
		"two keys of one id":         {[]sealed.Key{key("a", 1), key("a", 2)}, "key 1: ID"},
		"a short key":                {[]sealed.Key{key("a", 1), {ID: "b", Secret: make([]byte, 31)}}, "key 1: Secret"},
		"a long key":                 {[]sealed.Key{{ID: "b", Secret: make([]byte, 33)}}, "key 0: Secret"},
		"a key that nobody filled":   {[]sealed.Key{{ID: "b", Secret: make([]byte, 32)}}, "key 0: Secret"},
		"a key of one repeated byte": {[]sealed.Key{{ID: "b", Secret: bytes.Repeat([]byte{7}, 32)}}, "key 0: Secret"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sealed.NewRing(tc.keys...)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestABoxOpensAtItsPlaceOnly(t *testing.T) {
	r := ring(t, key("2026", 1))
	for _, secret := range []string{"", "x", canary, string(make([]byte, 70_000))} {
		box := r.Seal([]byte(secret), home())
		got, err := r.Open(box, home())
		require.NoError(t, err)
		require.Equal(t, secret, string(got))
		if len(secret) > 1 {
			require.NotContains(t, string(box), secret)
		}
	}
	box := r.Seal([]byte(canary), home())
	for name, place := range map[string]sealed.Place{
		"another agency":             {Agency: "rik", Line: "messenger", Name: "token"},
		"another line":               {Agency: "ppa", Line: "whatsapp", Name: "token"},
		"another secret of the line": {Agency: "ppa", Line: "messenger", Name: "pin"},
		"the parts run together":     {Agency: "ppamessenger", Name: "token"},
		"the parts swapped":          {Agency: "messenger", Line: "ppa", Name: "token"},
		"no place":                   {},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.Open(box, place)
			require.ErrorIs(t, err, sealed.ErrRefused)
		})
	}
}

func TestTwoBoxesOfOneSecretDiffer(t *testing.T) {
	r := ring(t, key("2026", 1))
	one, other := r.Seal([]byte(canary), home()), r.Seal([]byte(canary), home())
	require.NotEqual(t, one, other)
}

func TestEveryChangedBitIsRefused(t *testing.T) {
	r := ring(t, key("2026", 1), key("2027", 40))
	box := r.Seal([]byte(canary), home())
	for i := range box {
		for bit := range 8 {
			bad := bytes.Clone(box)
			bad[i] ^= 1 << bit
			_, err := r.Open(bad, home())
			require.Error(t, err, "byte %d bit %d", i, bit)
		}
	}
	for n := range box {
		_, err := r.Open(box[:n], home())
		require.Error(t, err, "cut to %d bytes", n)
	}
	_, err := r.Open(append(bytes.Clone(box), 0), home())
	require.ErrorIs(t, err, sealed.ErrRefused)
}

func TestABoxCannotBeRelabelledToAnotherKey(t *testing.T) {
	same := key("aaaa", 1)
	other := key("bbbb", 1) // the same bytes under another name
	r := ring(t, same, other)
	box := r.Seal([]byte(canary), home())
	copy(box[2:], "bbbb")
	_, err := r.Open(box, home())
	require.ErrorIs(t, err, sealed.ErrRefused)
}

func TestRotation(t *testing.T) {
	older, newer := key("2025", 1), key("2026", 90)
	box := ring(t, older).Seal([]byte(canary), home())

	both := ring(t, newer, older)
	require.Equal(t, "2026", both.Newest())
	got, err := both.Open(box, home())
	require.NoError(t, err, "an older key opens")
	require.Equal(t, canary, string(got))

	fresh, changed, err := both.Reseal(box, home())
	require.NoError(t, err)
	require.True(t, changed)
	id, err := sealed.KeyID(fresh)
	require.NoError(t, err)
	require.Equal(t, "2026", id)

	same, changed, err := both.Reseal(fresh, home())
	require.NoError(t, err)
	require.False(t, changed, "nothing to do the second time")
	require.Equal(t, fresh, same)

	got, err = ring(t, newer).Open(fresh, home())
	require.NoError(t, err, "the older key can go")
	require.Equal(t, canary, string(got))

	_, err = ring(t, newer).Open(box, home())
	require.ErrorIs(t, err, sealed.ErrNoKey)
	require.ErrorContains(t, err, "2025")
	_, _, err = both.Reseal(box, sealed.Place{})
	require.ErrorIs(t, err, sealed.ErrRefused, "rotation moves nothing to another place")
}

func TestRingKeepsNoReferenceToTheKeys(t *testing.T) {
	k := key("a", 1)
	r := ring(t, k)
	box := r.Seal([]byte(canary), home())
	clear(k.Secret)
	_, err := r.Open(box, home())
	require.NoError(t, err)
}

func TestNothingSecretIsPrinted(t *testing.T) {
	k := sealed.Key{ID: "a", Secret: []byte("canary-canary-canary-canary-canary"[:32])}
	r := ring(t, k)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		require.Equal(t, "key a", fmt.Sprintf(verb, k))
		require.Equal(t, "sealed.Ring", fmt.Sprintf(verb, r))
	}
	box := append([]byte{1, 7}, "canary\n"...)
	_, err := r.Open(append(box, make([]byte, 40)...), home())
	require.Equal(t, sealed.ErrFormat, err)
}

// stored is a box of canary at home under key("2026", 1), as some installation
// keeps it: boxes of today must open tomorrow.
const stored = "01043230323659fd8aef1dcd4557d6f73bf0fc56b8217be83b66de8b17c4" +
	"f389b3ac6a5180618c488b8d78db02d8a9fbddb8effc"

func TestAStoredBoxStillOpens(t *testing.T) {
	box, err := hex.DecodeString(stored)
	require.NoError(t, err)
	got, err := ring(t, key("2026", 1)).Open(box, home())
	require.NoError(t, err)
	require.Equal(t, canary, string(got))
}

func FuzzOpen(f *testing.F) {
	r := ring(f, key("2026", 1), key("2025", 90))
	box, err := hex.DecodeString(stored)
	require.NoError(f, err)
	f.Add(box)
	f.Add(box[:20])
	f.Add([]byte{1, 4, '2', '0', '2', '5'})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := r.Open(b, home())
		switch {
		case err == nil && !bytes.Equal(b, box):
			t.Fatalf("a forged box opened to %d bytes", len(got))
		case err != nil && !errors.Is(err, sealed.ErrFormat) && !errors.Is(err, sealed.ErrNoKey) && !errors.Is(err, sealed.ErrRefused):
			t.Fatalf("an error of no kind: %v", err)
		}
	})
}
