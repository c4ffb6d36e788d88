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
	"github.com/liidestuja/liidestuja/channels"
)

const (
	agency = channels.Agency("agency")
	line   = channels.ID("page")
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
func files(t testing.TB, st *sqlitestore.Store) []string {
	t.Helper()
	var found []string
	require.NoError(t, filepath.WalkDir(filepath.Dir(st.Config().Path), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, name)
		}
		return err
	}))
	return found
}

// copyOf copies the files of an open store as they are, which is what a crash
// leaves.
func copyOf(t testing.TB, st *sqlitestore.Store) sqlitestore.Config {
	t.Helper()
	cfg := st.Config()
	to := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.CopyFS(to, os.DirFS(filepath.Dir(cfg.Path))))
	cfg.Path = filepath.Join(to, filepath.Base(cfg.Path))
	return cfg
}

func crash(t testing.TB, old *sqlitestore.Store) *sqlitestore.Store {
	t.Helper()
	return open(t, copyOf(t, old))
}

func subject(change func(*sqlitestore.Config)) storetest.Subject {
	return storetest.Subject{
		Open: func(t *testing.T, now func() time.Time) alt.Store {
			t.Helper()
			cfg := config(t, now)
			change(&cfg)
			return open(t, cfg)
		},
		Reopen: func(t *testing.T, old alt.Store) alt.Store {
			t.Helper()
			return crash(t, old.(*sqlitestore.Store))
		},
		Fail: func(t *testing.T, st alt.Store, nth int) func() bool {
			t.Helper()
			return st.(*sqlitestore.Store).FailNth(nth)
		},
		Files: func(t *testing.T, st alt.Store) []string {
			t.Helper()
			return files(t, st.(*sqlitestore.Store))
		},
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, subject(func(*sqlitestore.Config) {}))
}

// TestAStoreThatKeepsNothingInMemory reads everything back.
func TestAStoreThatKeepsNothingInMemory(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the same suite again, too long under the race detector; make test has it")
	}
	storetest.Run(t, subject(func(cfg *sqlitestore.Config) { cfg.CacheSize, cfg.KeepEvents, cfg.KeepNames, cfg.Readers = 1, 1, 1, 1 }))
}

// Small words for the other tests.

func at(peer channels.Peer) channels.Address {
	return channels.Address{Agency: agency, Channel: line, Peer: peer}
}

func says(peer channels.Peer, key, text string) *channels.Received {
	return &channels.Received{
		EventMeta: channels.EventMeta{Key: key, Channel: line, Agency: agency, Peer: peer, At: time.Now(), Raw: []byte(`{"raw":"` + text + `"}`)},
		ID:        channels.ProviderID(key), Content: channels.Text{Body: text},
	}
}

func accept(t testing.TB, st *sqlitestore.Store, evs ...channels.Event) {
	t.Helper()
	n, err := st.Accept(t.Context(), evs)
	require.NoError(t, err)
	require.Equal(t, len(evs), n)
}

func claim(t testing.TB, st *sqlitestore.Store, work alt.Work, max int) []alt.Item {
	t.Helper()
	items, err := st.Claim(t.Context(), alt.ClaimQuery{Work: work, Max: max, Lease: time.Minute})
	require.NoError(t, err)
	return items
}

func commit(t testing.TB, st *sqlitestore.Store, it alt.Item, c alt.Changes) {
	t.Helper()
	require.NoError(t, st.Commit(t.Context(), it, c))
}

func talk(a channels.Address, id string) *alt.Conversation {
	return &alt.Conversation{ID: id, Address: a, State: alt.Open, Opened: time.Now(), Name: string(a.Peer)}
}

func answer(a channels.Address, id channels.MessageID, text string) channels.Outbound {
	return channels.Outbound{ID: id, To: a, Author: channels.Bot, Parts: 1, Content: channels.Text{Body: text}}
}
