package sqlitestore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/session"
)

func TestOpenNamesTheFieldThatIsWrong(t *testing.T) {
	t.Parallel()
	good := config(t, nil)
	for field, change := range map[string]func(*sqlitestore.Config){
		"Path:":         func(c *sqlitestore.Config) { c.Path = "" },
		"Key:":          func(c *sqlitestore.Config) { c.Key = nil },
		"Key: must be":  func(c *sqlitestore.Config) { c.Key = c.Key[1:] },
		"KeyFile:":      func(c *sqlitestore.Config) { c.KeyFile = "also" },
		"CacheSize:":    func(c *sqlitestore.Config) { c.CacheSize = -1 },
		"RawFor:":       func(c *sqlitestore.Config) { c.RawFor = -1 },
		"ScrubTimeout:": func(c *sqlitestore.Config) { c.ScrubTimeout = -1 },
	} {
		cfg := good
		change(&cfg)
		_, err := sqlitestore.Open(t.Context(), cfg)
		require.ErrorContains(t, err, "Config."+field)
	}
}

func TestFilesAreTheirOwnersOnly(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	cfg.Key, cfg.KeyFile = nil, filepath.Join(t.TempDir(), "secret", "key")
	st := open(t, cfg)
	accept(t, st, says("mari", "k", "tere"))
	_, err := st.PutBlob(t.Context(), agency, strings.NewReader("file"), 10)
	require.NoError(t, err)
	found := files(t, st)
	require.Len(t, found, 5, "database, log, shared memory, lock, one file: %v", found)
	for _, name := range append(found, cfg.KeyFile) {
		fi, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), fi.Mode().Perm(), name)
		fi, err = os.Stat(filepath.Dir(name))
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o700), fi.Mode().Perm(), filepath.Dir(name))
	}
}

func TestRightsThatWereOpenedAreClosedAgain(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	require.NoError(t, os.MkdirAll(filepath.Dir(cfg.Path), 0o755))
	require.NoError(t, os.WriteFile(cfg.Path, nil, 0o644))
	st := open(t, cfg)
	for _, name := range files(t, st) {
		fi, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), fi.Mode().Perm(), name)
	}
}

func TestAStoreIsOpenOnce(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	st := open(t, cfg)
	_, err := sqlitestore.Open(t.Context(), cfg)
	require.ErrorIs(t, err, sqlitestore.ErrLocked)
	require.ErrorIs(t, sqlitestore.Migrate(t.Context(), cfg, 0), sqlitestore.ErrLocked)
	require.NoError(t, st.Close())
	open(t, cfg)
}

func TestTheWrongKeyIsRefused(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	require.NoError(t, open(t, cfg).Close())
	wrong := cfg
	wrong.Key = []byte(strings.Repeat("x", 32))
	_, err := sqlitestore.Open(t.Context(), wrong)
	require.ErrorIs(t, err, sqlitestore.ErrKey)
	wrong.Key, wrong.KeyFile = nil, filepath.Join(t.TempDir(), "key")
	_, err = sqlitestore.Open(t.Context(), wrong)
	require.ErrorIs(t, err, fs.ErrNotExist, "a lost key is not made anew")
	require.NoError(t, os.WriteFile(wrong.KeyFile, []byte("short"), 0o600))
	_, err = sqlitestore.Open(t.Context(), wrong)
	require.ErrorIs(t, err, sqlitestore.ErrKey)
	open(t, cfg)
}

func TestCommitsAreDurableAndErasureOverwrites(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "secure_delete": "1", "foreign_keys": "1", "temp_store": "2"} {
		got, err := st.Pragma(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
	for name, value := range map[string]string{"journal_mode": "delete", "synchronous": "1", "secure_delete": "0"} {
		err := sqlitestore.Safe(func(asked string) (string, error) {
			if asked == name {
				return value, nil
			}
			return st.Pragma(t.Context(), asked)
		})
		require.ErrorIs(t, err, sqlitestore.ErrUnsafe, name)
	}
}

func TestAfterCloseNothingWorksAndNothingRuns(t *testing.T) {
	cfg := config(t, nil)
	var st *sqlitestore.Store
	synctest.Test(t, func(t *testing.T) { // fails when a goroutine is left behind
		var err error
		st, err = sqlitestore.Open(t.Context(), cfg)
		require.NoError(t, err)
		accept(t, st, says("mari", "k", "tere"))
		require.NoError(t, st.Close())
		require.NoError(t, st.Close(), "again")
	})
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"Accept": func() error { _, err := st.Accept(ctx, nil); return err },
		"Claim": func() error {
			_, err := st.Claim(ctx, alt.ClaimQuery{Work: alt.Inbox, Max: 1, Lease: time.Minute})
			return err
		},
		"Commit":        func() error { return st.Commit(ctx, alt.Item{}, alt.Changes{}) },
		"Release":       func() error { return st.Release(ctx, alt.Item{ID: 1}, time.Now(), nil) },
		"Dossier":       func() error { _, err := st.Dossier(ctx, at("mari")); return err },
		"Load":          func() error { _, err := st.Load(ctx, at("mari")); return err },
		"Save":          func() error { return st.Save(ctx, session.New(at("mari"), time.Now())) },
		"Expire":        func() error { _, err := st.Expire(ctx, session.Policy{}, time.Now(), 1); return err },
		"Conversations": func() error { _, _, err := st.Conversations(ctx, alt.ConversationQuery{Agency: agency}); return err },
		"Messages":      func() error { _, _, err := st.Messages(ctx, alt.MessageQuery{Agency: agency}); return err },
		"Changed":       func() error { _, _, err := st.Changed(ctx, agency, 0, 1); return err },
		"Log":           func() error { _, _, err := st.Log(ctx, alt.LogQuery{Agency: agency}); return err },
		"Depths":        func() error { _, err := st.Depths(ctx); return err },
		"Letters":       func() error { _, _, err := st.Letters(ctx, alt.LetterQuery{Agency: agency}); return err },
		"Settle":        func() error { return st.Settle(ctx, agency, 1, alt.Drop, alt.LogEntry{}) },
		"PutBlob":       func() error { _, err := st.PutBlob(ctx, agency, strings.NewReader("x"), 1); return err },
		"OpenBlob":      func() error { _, err := st.OpenBlob(ctx, agency, "x"); return err },
		"DeleteBlob":    func() error { return st.DeleteBlob(ctx, agency, "x") },
		"Purge":         func() error { return st.Purge(ctx, time.Now()) },
		"Backup":        func() error { return st.Backup(ctx, filepath.Join(t.TempDir(), "copy")) },
	} {
		if err := call(); !errors.Is(err, alt.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
