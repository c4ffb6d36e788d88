package sqlitestore_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/alt/storetest"
)

func testKey() []byte { return []byte("0123456789abcdef0123456789abcdef") }

func config(t testing.TB, now func() time.Time) sqlitestore.Config {
	t.Helper()
	return sqlitestore.Config{Path: filepath.Join(t.TempDir(), "data", "alt.db"), Key: testKey(), Now: now}
}

func open(t testing.TB, cfg sqlitestore.Config) *sqlitestore.Store {
	t.Helper()
	st, err := sqlitestore.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// files lists what a store has on the disk.
func files(t testing.TB, path string) []string {
	t.Helper()
	var found []string
	require.NoError(t, filepath.WalkDir(filepath.Dir(path), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, name)
		}
		return err
	}))
	return found
}

// crash copies the files of an open store as they are, which is what a crash
// leaves, and opens the copy.
func crash(t testing.TB, old *sqlitestore.Store) *sqlitestore.Store {
	t.Helper()
	cfg := old.Config()
	from := filepath.Dir(cfg.Path)
	to := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.CopyFS(to, os.DirFS(from)))
	cfg.Path = filepath.Join(to, filepath.Base(cfg.Path))
	return open(t, cfg)
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Subject{
		Open:   func(t *testing.T, now func() time.Time) alt.Store { return open(t, config(t, now)) },
		Reopen: func(t *testing.T, old alt.Store) alt.Store { return crash(t, old.(*sqlitestore.Store)) },
		Fail: func(t *testing.T, st alt.Store, nth int) func() bool {
			return st.(*sqlitestore.Store).FailNth(nth)
		},
		Files: func(t *testing.T, st alt.Store) []string { return files(t, st.(*sqlitestore.Store).Config().Path) },
	})
}

// TestTheStoreWithoutMemory keeps nothing decoded and hardly anybody cached:
// all is read back.
func TestTheStoreWithoutMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Subject{
		Open: func(t *testing.T, now func() time.Time) alt.Store {
			cfg := config(t, now)
			cfg.CacheSize, cfg.KeepEvents = 1, 1
			return open(t, cfg)
		},
	})
}
