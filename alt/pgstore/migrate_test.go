package pgstore_test

import (
	"context"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/pgstore"
)

func blank(t *testing.T) string {
	t.Helper()
	dsn, err := server.Database(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Drop(context.Background(), dsn)) })
	return dsn
}

// as is a connection string with another role.
func as(t *testing.T, dsn, role string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.User = url.UserPassword(role, "secret")
	return u.String()
}

func execute(t *testing.T, dsn string, sql ...string) error {
	t.Helper()
	ctx := context.Background() // also in a cleanup
	c, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer func() { _ = c.Close(ctx) }()
	for _, s := range sql {
		if _, err := c.Exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func TestMigrationsGoForwardAndBackAndWaitForOneAnother(t *testing.T) {
	t.Parallel()
	dsn := blank(t)
	_, err := pgstore.Open(t.Context(), pgstore.Config{DSN: dsn, Key: testKey(), InsecureNotDurable: true})
	require.ErrorIs(t, err, pgstore.ErrOlder)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := pgstore.Migrate(context.Background(), pgstore.Migration{DSN: dsn, Version: pgstore.Latest}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	st, err := pgstore.Open(t.Context(), pgstore.Config{DSN: dsn, Key: testKey(), InsecureNotDurable: true})
	require.NoError(t, err)
	require.NoError(t, st.Close())
	require.NoError(t, pgstore.Migrate(t.Context(), pgstore.Migration{DSN: dsn, Version: 0}))
	require.NoError(t, pgstore.Migrate(t.Context(), pgstore.Migration{DSN: dsn, Version: pgstore.Latest}))
	require.ErrorContains(t, pgstore.Migrate(t.Context(), pgstore.Migration{DSN: dsn, Version: 99}), "Version")
	require.NoError(t, execute(t, dsn, "INSERT INTO versions (version) VALUES (99)"))
	require.ErrorIs(t, pgstore.Migrate(t.Context(), pgstore.Migration{DSN: dsn, Version: pgstore.Latest}), pgstore.ErrNewer)
	_, err = pgstore.Open(t.Context(), pgstore.Config{DSN: dsn, Key: testKey(), InsecureNotDurable: true})
	require.ErrorIs(t, err, pgstore.ErrNewer)
}

func TestAStoreIsOpenedWithItsOwnKey(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	open(t, cfg)
	cfg.Key = []byte("another key of thirty-two bytes!")
	_, err := pgstore.Open(t.Context(), cfg)
	require.ErrorIs(t, err, pgstore.ErrKey)
}

func TestAServerThatIsNotDurableIsRefused(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	cfg.InsecureNotDurable = false
	if !server.Own() {
		t.Skip("the server that ALT_TEST_POSTGRES names may be durable; make test, without it, starts one that is not")
	}
	_, err := pgstore.Open(t.Context(), cfg)
	require.ErrorIs(t, err, pgstore.ErrUnsafe)
}

func TestAConfigurationSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]pgstore.Config{
		"Config.DSN":         {Key: testKey()},
		"not a connection":   {DSN: "postgres://user:secret@host:port/x", Key: testKey()},
		"Config.Key":         {DSN: "postgres:///x"},
		"Config.KeyFile":     {DSN: "postgres:///x", Key: testKey(), KeyFile: "x"},
		"Config.Connections": {DSN: "postgres:///x", Key: testKey(), Connections: -1},
		"cannot be reached":  {DSN: "postgres://user:secret@127.0.0.1:1/x", Key: testKey()},
	} {
		_, err := pgstore.Open(t.Context(), cfg)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "secret")
	}
}
