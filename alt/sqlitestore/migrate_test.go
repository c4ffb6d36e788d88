package sqlitestore_test

import (
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/sqlitestore"
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

func TestADatabaseOfANewerVersionIsRefused(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	st := open(t, cfg)
	require.NoError(t, st.Exec(t.Context(), "INSERT INTO versions VALUES (2, 0)"))
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
