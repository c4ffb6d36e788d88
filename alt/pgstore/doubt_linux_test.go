package pgstore_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/pgtest"
)

// way is a way to a server on which things can go wrong.
type way struct {
	server *pgtest.Server
	dir    string

	hears       atomic.Int64  // how many answers of the server get through
	holdCommits atomic.Bool   // what a transaction ends with goes no further
	held        chan struct{} // gets a value for each
	shut        sync.RWMutex  // who writes lets nobody connect
}

const everything = 1 << 40

func newWay(t *testing.T, to *pgtest.Server) *way {
	t.Helper()
	dir, err := os.MkdirTemp("", "way") //nolint:usetesting // that one is too long a name for a socket
	require.NoError(t, err)
	w := &way{server: to, dir: dir, held: make(chan struct{}, 64)}
	w.hears.Store(everything)
	l, err := net.Listen("unix", filepath.Join(dir, socket))
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = l.Close(), os.RemoveAll(dir) })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(client)
		}
	}()
	return w
}

const socket = ".s.PGSQL.5432"

// through is a connection string that takes the way.
func (w *way) through(dsn string) string {
	return strings.ReplaceAll(dsn, url.QueryEscape(w.server.Folder()), url.QueryEscape(w.dir))
}

// carry joins a client and the server. An answer that is lost breaks the
// connection.
func (w *way) carry(client net.Conn) {
	defer func() { _ = client.Close() }()
	w.shut.RLock()
	server, err := net.Dial("unix", filepath.Join(w.server.Folder(), socket))
	w.shut.RUnlock()
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go pass(server, client, func(b []byte) bool {
		if !w.holdCommits.Load() || !bytes.Contains(b, []byte("COMMIT\x00")) {
			return true
		}
		w.held <- struct{}{}
		return false
	})
	pass(client, server, func([]byte) bool { return w.hears.Add(-1) >= 0 })
}

// pass copies what may pass, to the first thing that may not.
func pass(to io.Writer, from io.Reader, may func([]byte) bool) {
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if err != nil || !may(b[:n]) {
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

func TestAClaimWhoseAnswerIsLostIsGivenBack(t *testing.T) {
	t.Parallel()
	if !server.Own() {
		t.Skip("the server that ALT_TEST_POSTGRES names may have no socket; make test, without it, starts one")
	}
	cfg := config(t, nil)
	table, err := pgx.Connect(t.Context(), cfg.DSN)
	require.NoError(t, err)
	defer func() { require.NoError(t, table.Close(context.Background())) }()
	w := newWay(t, server)
	cfg.DSN = w.through(cfg.DSN)
	cfg.Connections = 1
	st := open(t, cfg)
	seen := make(map[alt.Work]bool) // claims that were carried out and never answered
	for n := 0; n < 100 && !(seen[alt.Inbox] && seen[alt.Outbox]); n++ {
		m := strconv.Itoa(n)
		accept(t, st, says("mari", m, "tere"))
		for _, tt := range []struct {
			work alt.Work
			done alt.Changes
		}{
			{alt.Inbox, alt.Changes{Send: []channels.Outbound{answer(at("mari"), channels.MessageID(m), "tere")}}},
			{alt.Outbox, alt.Changes{Receipt: &channels.Receipt{ID: channels.ProviderID("p" + m)}}},
		} {
			q := alt.ClaimQuery{Work: tt.work, Max: 10, Lease: time.Hour}
			w.hears.Store(int64(n % 5))
			items, err := st.Claim(t.Context(), q)
			w.hears.Store(everything)
			if err != nil {
				var claimed bool
				require.NoError(t, table.QueryRow(t.Context(), "SELECT bool_or(claimed) FROM live").Scan(&claimed))
				seen[tt.work] = seen[tt.work] || claimed
				items, err = st.Claim(t.Context(), q)
				require.NoError(t, err)
			}
			require.Len(t, items, 1)
			require.Equal(t, 1, items[0].Attempt, "nobody has tried yet")
			commit(t, st, items[0], tt.done)
		}
	}
	require.Equal(t, map[alt.Work]bool{alt.Inbox: true, alt.Outbox: true}, seen)
}

// TestATransactionThatTheServerForgotIsNotTakenForAnother lets a server crash
// before it has written what it was to commit, and gives the transaction's number
// to others, who commit.
func TestATransactionThatTheServerForgotIsNotTakenForAnother(t *testing.T) {
	t.Parallel()
	if !server.Own() {
		t.Skip("the server that ALT_TEST_POSTGRES names is not ours to kill; make test, without it, starts one")
	}
	own, err := pgtest.Start(pgtest.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, own.Stop()) })
	dsn, err := own.Database(t.Context())
	require.NoError(t, err)
	require.NoError(t, pgstore.Migrate(t.Context(), pgstore.Migration{DSN: dsn, Version: pgstore.Latest}))
	w := newWay(t, own)
	st := open(t, pgstore.Config{DSN: w.through(dsn), Key: testKey(), InsecureNotDurable: true})
	w.holdCommits.Store(true)
	done := make(chan error, 1)
	go func() {
		_, err := st.Accept(t.Context(), []channels.Event{says("mari", "2", "kadunud")})
		done <- err
	}()
	select {
	case <-w.held:
	case err := <-done:
		require.FailNow(t, "it was not held up", "%v", err)
	}
	w.shut.Lock()
	require.NoError(t, own.KillAll())
	require.NoError(t, own.Run())
	table, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, table.Close(context.Background())) }()
	for range 300 {
		_, err := table.Exec(t.Context(), "SELECT pg_current_xact_id()")
		require.NoError(t, err)
	}
	w.holdCommits.Store(false)
	w.shut.Unlock()
	err = <-done
	var stored int
	require.NoError(t, table.QueryRow(t.Context(), "SELECT count(*) FROM items").Scan(&stored))
	require.Zero(t, stored)
	require.Error(t, err, "what is not stored is not accepted")
	accept(t, st, says("mari", "2", "kadunud"))
}
