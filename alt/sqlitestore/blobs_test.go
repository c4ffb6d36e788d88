package sqlitestore_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
)

func TestAFileComesBackAsItWas(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	for _, size := range []int{0, 1, 1000, 64<<10 - 1, 64 << 10, 64<<10 + 1, 128 << 10, 300_000} {
		b := bytes.Repeat([]byte("salajane "), size/9+1)[:size]
		info, err := st.PutBlob(t.Context(), agency, bytes.NewReader(b), int64(size))
		require.NoError(t, err, size)
		sum := sha256.Sum256(b)
		require.Equal(t, hex.EncodeToString(sum[:]), info.SHA256)
		require.EqualValues(t, size, info.Size)
		r, err := st.OpenBlob(t.Context(), agency, info.ID)
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.True(t, bytes.Equal(b, got), size)
		_, err = st.PutBlob(t.Context(), agency, bytes.NewReader(append(b, 'x')), int64(size))
		require.ErrorIs(t, err, alt.ErrTooBig)
	}
	require.Empty(t, found(t, st, "salajane"))
}

// sealed returns the path of the only sealed file.
func sealed(t *testing.T, st *sqlitestore.Store) string {
	t.Helper()
	var path string
	for _, name := range files(t, st) {
		if strings.Contains(name, "-files") {
			require.Empty(t, path, "only one file")
			path = name
		}
	}
	require.NotEmpty(t, path)
	return path
}

func TestAFileThatWasChangedIsNotRead(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	const chunk = 64<<10 + 16
	content := bytes.Repeat([]byte("0123456789abcdef"), 10_000) // three chunks
	info, err := st.PutBlob(t.Context(), agency, bytes.NewReader(content), 1<<20)
	require.NoError(t, err)
	path := sealed(t, st)
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	head := len(good) - 2*chunk - (len(content) - 2*(64<<10) + 16)
	swapped := bytes.Clone(good)
	copy(swapped[head:], good[head+chunk:head+2*chunk])
	copy(swapped[head+chunk:], good[head:head+chunk])
	flipped := func(i int) []byte {
		b := bytes.Clone(good)
		b[i] ^= 1
		return b
	}
	for name, bad := range map[string][]byte{
		"empty":              nil,
		"the mark":           flipped(0),
		"the salt":           flipped(20),
		"the first byte":     flipped(head),
		"the last byte":      flipped(len(good) - 1),
		"the end cut off":    good[:len(good)-1],
		"a chunk cut off":    good[:head+2*chunk],
		"all but a chunk":    good[:head+chunk],
		"chunks exchanged":   swapped,
		"something appended": append(bytes.Clone(good), 'x'),
	} {
		require.NoError(t, os.WriteFile(path, bad, 0o600))
		err := readAll(st, info)
		require.ErrorContains(t, err, "damaged", name)
	}
	require.NoError(t, os.WriteFile(path, good, 0o600))
	require.NoError(t, readAll(st, info))
}

func readAll(st *sqlitestore.Store, info alt.BlobInfo) error {
	r, err := st.OpenBlob(context.Background(), agency, info.ID)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	_ = r.Close()
	return err
}

func TestAFileCannotTakeAnothersPlace(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	first, err := st.PutBlob(t.Context(), agency, strings.NewReader("first"), 10)
	require.NoError(t, err)
	b, err := os.ReadFile(sealed(t, st))
	require.NoError(t, err)
	require.NoError(t, st.DeleteBlob(t.Context(), agency, first.ID))
	require.ErrorIs(t, readAll(st, first), alt.ErrNotFound)
	second, err := st.PutBlob(t.Context(), agency, strings.NewReader("second"), 10)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(sealed(t, st), b, 0o600))
	require.ErrorContains(t, readAll(st, second), "damaged")
}

// failing gives some bytes and then an error.
type failing struct{ n int }

func (f *failing) Read(p []byte) (int, error) {
	if f.n++; f.n > 3 {
		return 0, fmt.Errorf("the line broke: %w", io.ErrUnexpectedEOF)
	}
	return copy(p, "part"), nil
}

func TestAFileThatDidNotComeWhollyIsNotKept(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	st := open(t, cfg)
	_, err := st.PutBlob(t.Context(), agency, &failing{}, 1<<20)
	require.ErrorContains(t, err, "the line broke")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = st.PutBlob(ctx, agency, strings.NewReader("x"), 10)
	require.ErrorIs(t, err, context.Canceled)
	for _, name := range files(t, st) {
		require.NotContains(t, name, "-files")
	}
	require.NoError(t, st.Close())
	left := filepath.Join(cfg.Path+"-files", "tmp", "left") // by a process that died
	require.NoError(t, os.WriteFile(left, []byte("x"), 0o600))
	open(t, cfg)
	require.NoFileExists(t, left)
}
