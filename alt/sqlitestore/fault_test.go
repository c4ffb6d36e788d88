package sqlitestore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
)

// outside opens a connection of another program.
func outside(t *testing.T, path string) *sql.Conn {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path))
	require.NoError(t, err)
	c, err := db.Conn(context.Background())
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = c.Close()
		_ = db.Close()
	})
	return c
}

func run(t *testing.T, c *sql.Conn, query string) {
	t.Helper()
	_, err := c.ExecContext(context.Background(), query)
	require.NoError(t, err)
}

// longRead begins a read that lasts until the function is called.
func longRead(t *testing.T, path string) (end func()) {
	t.Helper()
	c := outside(t, path)
	run(t, c, "BEGIN")
	var n int
	require.NoError(t, c.QueryRowContext(context.Background(), "SELECT count(*) FROM items").Scan(&n))
	return func() { run(t, c, "COMMIT") }
}

const full = 13 // SQLITE_FULL

func TestAFullDiskLosesNothingAndHealsByItself(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	for i := range 20 {
		accept(t, st, says(channels.Peer(fmt.Sprint("p", i)), fmt.Sprint("k", i), "tere"))
	}
	pages, err := st.Pragma(t.Context(), "page_count")
	require.NoError(t, err)
	_, err = st.Pragma(t.Context(), "max_page_count = "+pages)
	require.NoError(t, err)

	big := strings.Repeat("x", 100_000)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			_, err := st.Accept(context.Background(), []channels.Event{says("big", fmt.Sprint("small", i), "tere"), says("big", fmt.Sprint("big", i), big)})
			var e *sqlite.Error
			if !errors.As(err, &e) || e.Code()&0xff != full {
				t.Errorf("not full: %v", err)
			}
		})
	}
	wg.Wait()
	d, err := st.Depths(t.Context())
	require.NoError(t, err)
	require.Equal(t, 20, d[alt.Inbox], "nothing half done")

	_, err = st.Pragma(t.Context(), "max_page_count = 1000000")
	require.NoError(t, err)
	for i := range 8 {
		accept(t, st, says("big", fmt.Sprint("small", i), "tere"), says("big", fmt.Sprint("big", i), big))
	}
	require.Len(t, claim(t, st, alt.Inbox, 100), 21)
}

func TestALockedDatabaseIsAnErrorAndPasses(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	cfg.BusyTimeout = 10 * time.Millisecond
	st := open(t, cfg)
	other := outside(t, cfg.Path)
	run(t, other, "BEGIN IMMEDIATE")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_, err := st.Accept(context.Background(), []channels.Event{says("mari", fmt.Sprint("k", i), "tere")})
			if err == nil || !strings.Contains(err.Error(), "locked") {
				t.Errorf("not locked: %v", err)
			}
		})
	}
	wg.Wait()
	run(t, other, "ROLLBACK")
	accept(t, st, says("mari", "k", "tere"))
	require.Len(t, claim(t, st, alt.Inbox, 10), 1)
}

func TestTheWriterOpensTheDatabaseAgain(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	st.Watch(func(sql string) error {
		if sql == "COMMIT" || sql == "ROLLBACK" {
			return sqlitestore.ErrFault
		}
		return nil
	})
	_, err := st.Accept(t.Context(), []channels.Event{says("mari", "k", "tere")})
	require.ErrorIs(t, err, sqlitestore.ErrFault)
	st.Watch(nil)
	accept(t, st, says("mari", "k", "tere"))
	require.Len(t, claim(t, st, alt.Inbox, 10), 1)
}

// TestANeighbourIsNotHarmed fails every statement of one kind of one call.
func TestANeighbourIsNotHarmed(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	st.Watch(func(sql string) error {
		if strings.HasPrefix(sql, "INSERT INTO once") {
			return sqlitestore.ErrFault
		}
		return nil
	})
	errs := make([]error, 60)
	var wg sync.WaitGroup
	for i := range errs {
		c := alt.Changes{Send: []channels.Outbound{answer(at(channels.Peer(fmt.Sprint(i))), channels.MessageID(fmt.Sprint(i)), "x")}}
		if i%6 == 0 {
			c.Once = &alt.Once{Agency: agency, Key: fmt.Sprint(i)}
		}
		wg.Go(func() { errs[i] = st.Commit(context.Background(), alt.Item{}, c) })
	}
	wg.Wait()
	for i, err := range errs {
		if i%6 == 0 {
			require.ErrorIs(t, err, sqlitestore.ErrFault)
		} else {
			require.NoError(t, err)
		}
	}
	require.Len(t, claim(t, st, alt.Outbox, 100), 50)
}

func TestAPanicInATransactionLeavesNothingOfItAndTheStoreGoesOn(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	accept(t, st, says("mari", "1", "tere"))
	require.Panics(t, func() { _ = st.Panic(t.Context(), "DELETE FROM live") })
	require.Error(t, st.PanicBeside(), "nobody waits for ever")
	accept(t, st, says("mari", "2", "tere"))
	items := claim(t, st, alt.Inbox, 10)
	require.Len(t, items, 1)
	require.Equal(t, "1", items[0].Event.Meta().Key)
}
