package sqlitestore_test

import (
	"cmp"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
)

func TestMigratingBackEmptiesAndForwardMakesItAnew(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	st := open(t, cfg)
	accept(t, st, says("mari", "k", "tere"))
	require.NoError(t, st.Close())
	require.NoError(t, sqlitestore.Migrate(t.Context(), cfg, 0))
	require.NoError(t, sqlitestore.Migrate(t.Context(), cfg, 0), "it is there already")
	st = open(t, cfg)
	accept(t, st, says("mari", "k", "tere"))
	require.Len(t, claim(t, st, "inbox", 10), 1)
	require.NoError(t, st.Close())
	require.NoError(t, sqlitestore.Migrate(t.Context(), cfg, 1))
	require.ErrorContains(t, sqlitestore.Migrate(t.Context(), cfg, 99), "no version 99")
	require.ErrorContains(t, sqlitestore.Migrate(t.Context(), cfg, -1), "not negative")
}

func TestTheLogOfAConversationSurvivesEachMigration(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	st := open(t, cfg)
	entries := func(conversation string, n int) (log []alt.LogEntry) {
		for range n {
			log = append(log, alt.LogEntry{Agency: agency, At: time.Now(), Act: "test", Actor: "test", Conversation: conversation, Message: "m"})
		}
		return log
	}
	for _, name := range []string{"a", "b"} {
		commit(t, st, alt.Item{}, alt.Changes{Conversation: talk(at(channels.Peer(name)), name), Log: entries(name, 2)})
	}
	commit(t, st, alt.Item{}, alt.Changes{Log: entries("a", 3)})
	commit(t, st, alt.Item{}, alt.Changes{Log: entries("nobody's", 1)})
	for _, version := range []int{2, 1} {
		for name, n := range map[string]int{"a": 5, "b": 2, "nobody's": 1, "c": 0} {
			var found []alt.LogEntry
			for cursor, more := "", true; more; more = cursor != "" {
				page, next, err := st.Log(t.Context(), alt.LogQuery{Agency: at("a").Agency, Conversation: name, Limit: 2, Cursor: cursor})
				require.NoError(t, err)
				found, cursor = append(found, page...), next
			}
			require.Len(t, found, n, "%s from version %d", name, version)
			require.True(t, slices.IsSortedFunc(found, func(a, b alt.LogEntry) int { return cmp.Compare(a.Seq, b.Seq) }))
		}
		require.NoError(t, st.Close())
		require.NoError(t, sqlitestore.Migrate(t.Context(), cfg, version))
		st = open(t, cfg)
	}
	commit(t, st, alt.Item{}, alt.Changes{Log: entries("b", 1)})
	log, _, err := st.Log(t.Context(), alt.LogQuery{Agency: at("a").Agency, Conversation: "b"})
	require.NoError(t, err)
	require.Len(t, log, 3)
}

func TestWhatChangedLastSurvivesEachMigration(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	st := open(t, cfg)
	first := talk(at("a"), "a")
	commit(t, st, alt.Item{}, alt.Changes{Conversation: first})
	commit(t, st, alt.Item{}, alt.Changes{Conversation: talk(at("b"), "b")})
	first.State = alt.Ended
	commit(t, st, alt.Item{}, alt.Changes{Conversation: first})
	want, last, err := st.Changed(t.Context(), at("a").Agency, 0, 10)
	require.NoError(t, err)
	require.Len(t, want, 2)
	for _, version := range []int{6, 1} {
		require.NoError(t, st.Close())
		require.NoError(t, sqlitestore.Migrate(t.Context(), cfg, version))
		st = open(t, cfg)
		found, position, err := st.Changed(t.Context(), at("a").Agency, 0, 10)
		require.NoError(t, err)
		require.Equal(t, want, found, "from version %d", version)
		require.Equal(t, last, position)
		d, err := st.Dossier(t.Context(), at("b"))
		require.NoError(t, err)
		require.Equal(t, want[0].Position, d.Conversation.Position)
	}
	next := talk(at("c"), "c")
	commit(t, st, alt.Item{}, alt.Changes{Conversation: next})
	require.Greater(t, next.Position, last)
}

func TestADatabaseOfANewerVersionIsRefused(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	st := open(t, cfg)
	require.NoError(t, st.Exec(t.Context(), "INSERT INTO versions VALUES (99, 0)"))
	require.NoError(t, st.Close())
	_, err := sqlitestore.Open(t.Context(), cfg)
	require.ErrorIs(t, err, sqlitestore.ErrNewer)
	require.ErrorIs(t, sqlitestore.Migrate(t.Context(), cfg, 0), sqlitestore.ErrNewer)
}

func TestMigrationsGoUpDownAndUpOneByOne(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"migrations/0001_a.up.sql":   {Data: []byte("CREATE TABLE a (x); INSERT INTO a VALUES (1);")},
		"migrations/0001_a.down.sql": {Data: []byte("DROP TABLE a;")},
		"migrations/0002_b.up.sql":   {Data: []byte("ALTER TABLE a ADD y;")},
		"migrations/0002_b.down.sql": {Data: []byte("ALTER TABLE a DROP y;")},
	}
	path := filepath.Join(t.TempDir(), "x.db")
	for _, version := range []int{2, 1, 2, 0, 1, 2} {
		require.NoError(t, sqlitestore.MigrateWith(path, files, version), "to %d", version)
	}
	files["migrations/0003_c.up.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE c (x); nonsense;")}
	require.ErrorContains(t, sqlitestore.MigrateWith(path, files, 3), "pairs")
	files["migrations/0003_c.down.sql"] = &fstest.MapFile{Data: []byte("DROP TABLE c;")}
	require.ErrorContains(t, sqlitestore.MigrateWith(path, files, 3), "migration")
	files["migrations/0003_c.up.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE c (x);")}
	require.NoError(t, sqlitestore.MigrateWith(path, files, 3), "a failed step left nothing of it")
	delete(files, "migrations/0003_c.up.sql")
	delete(files, "migrations/0003_c.down.sql")
	require.ErrorIs(t, sqlitestore.MigrateWith(path, files, 2), sqlitestore.ErrNewer)
}
