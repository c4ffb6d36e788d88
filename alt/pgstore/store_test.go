package pgstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/alt/storetest"
	"github.com/liidestuja/liidestuja/channels"
)

const (
	agency = channels.Agency("agency")
	line   = channels.ID("page")
)

func testKey() []byte { return []byte("0123456789abcdef0123456789abcdef") }

// config is of a store on a database of its own.
func config(t testing.TB, now func() time.Time) pgstore.Config {
	t.Helper()
	return pgstore.Config{DSN: database(t), Key: testKey(), Now: now, InsecureNotDurable: true}
}

func open(t testing.TB, cfg pgstore.Config) *pgstore.Store {
	t.Helper()
	st, err := pgstore.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// crash opens the data of a store that dies.
func crash(t testing.TB, old *pgstore.Store) *pgstore.Store {
	t.Helper()
	require.NoError(t, old.Crash(t.Context()))
	return open(t, old.Config())
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Subject{
		Open: func(t *testing.T, now func() time.Time) alt.Store {
			t.Helper()
			return open(t, config(t, now))
		},
		Reopen: func(t *testing.T, old alt.Store) alt.Store {
			t.Helper()
			return crash(t, old.(*pgstore.Store))
		},
		Fail: func(t *testing.T, st alt.Store, nth int) func() bool {
			t.Helper()
			return st.(*pgstore.Store).FailNth(nth)
		},
	})
}
