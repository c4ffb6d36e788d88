package pgstore_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/alt/storetest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/pgtest"
)

// poolSize is few connections for each database: less than one replica would
// like to have.
const poolSize = 3

// poolerOnce starts the pooler that all tests share.
var poolerOnce = sync.OnceValues(func() (*pgtest.Pooler, error) { return server.Pool(poolSize) })

// throughPooler is the way through it to a database.
func throughPooler(t testing.TB, dsn string) string {
	t.Helper()
	if !server.Own() {
		t.Skip("the server that ALT_TEST_POSTGRES names has no pooler of ours; make test, without it, starts one")
	}
	p, err := poolerOnce()
	require.NoError(t, err)
	return p.DSN(dsn)
}

func pooledConfig(t testing.TB, now func() time.Time) pgstore.Config {
	t.Helper()
	cfg := config(t, now)
	cfg.DSN, cfg.Pooled, cfg.Poll = throughPooler(t, cfg.DSN), true, 10*time.Millisecond
	return cfg
}

// TestThePoolerChangesConnections shows that what follows is tested at all: a
// session has no memory from one transaction to the next.
func TestThePoolerChangesConnections(t *testing.T) {
	t.Parallel()
	dsn := throughPooler(t, database(t))
	var sessions []*pgx.Conn
	for range 2 * poolSize {
		cfg, err := pgx.ParseConfig(dsn)
		require.NoError(t, err)
		cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
		c, err := pgx.ConnectConfig(t.Context(), cfg)
		require.NoError(t, err)
		defer func() { _ = c.Close(context.Background()) }()
		sessions = append(sessions, c)
	}
	backends := make(map[int]bool)
	for _, c := range sessions {
		var pid int
		require.NoError(t, c.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&pid))
		backends[pid] = true
	}
	require.LessOrEqual(t, len(backends), poolSize, "of %d sessions", len(sessions))
}

// TestAStoreThroughAPooler uses nothing of a session: no prepared statement, no
// LISTEN, no lock that outlives a transaction.
func TestAStoreThroughAPooler(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the same suite again, too long under the race detector; make test has it")
	}
	storetest.Run(t, storetest.Subject{
		Open: func(t *testing.T, now func() time.Time) alt.Store {
			t.Helper()
			return open(t, pooledConfig(t, now))
		},
		Fail: func(t *testing.T, st alt.Store, nth int) func() bool {
			t.Helper()
			return st.(*pgstore.Store).FailNth(nth)
		},
	})
}

func TestReplicasThroughAPoolerShareTheWork(t *testing.T) {
	t.Parallel()
	cfg := pooledConfig(t, nil)
	a, b := open(t, cfg), open(t, cfg)
	heard, err := b.Notify(t.Context())
	require.NoError(t, err)
	accept(t, a, says("mari", "1", "1"), says("mari", "2", "2"))
	for w := alt.Work(""); w != alt.Inbox; {
		select {
		case w = <-heard: // by looking
		case <-time.After(20 * time.Second):
			require.Fail(t, "nothing was heard")
		}
	}
	items := claim(t, b, alt.Inbox, 9)
	require.Len(t, items, 1)
	require.Empty(t, claim(t, a, alt.Inbox, 9), "one live item in a lane")
	commit(t, b, items[0], alt.Changes{Record: true, Conversation: talk(at("mari"), "c")})
	require.Equal(t, "2", soon(t, a, alt.Inbox, 1)[0].Event.Meta().Key)
}

// Nobody notices the death of a replica that goes through a pooler, as the pooler
// keeps its connections: its work is free when the leases have run out.
func TestThroughAPoolerADeadReplicasWorkIsFreeWhenItsLeasesEnd(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now := time.Now()
	cfg := pooledConfig(t, func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	})
	a, b := open(t, cfg), open(t, cfg)
	accept(t, a, says("mari", "1", "1"))
	commit(t, a, alt.Item{}, alt.Changes{Send: []channels.Outbound{answer(at("jaan"), "m", "x")}})
	require.Len(t, claim(t, a, alt.Inbox, 1), 1)
	require.Len(t, claim(t, a, alt.Outbox, 1), 1)
	require.NoError(t, a.Close()) // which gives nothing back, as a death would not
	require.Empty(t, claim(t, b, alt.Inbox, 1))
	mu.Lock()
	now = now.Add(time.Minute + time.Second)
	mu.Unlock()
	require.Len(t, claim(t, b, alt.Inbox, 1), 1)
	require.Empty(t, claim(t, b, alt.Outbox, 1), "what was being sent is not sent again")
	require.Len(t, claim(t, b, alt.Reconcile, 1), 1)
}

func TestAMessageIsQueuedInACallersTransactionThroughAPooler(t *testing.T) {
	t.Parallel()
	cfg := pooledConfig(t, nil)
	st := open(t, cfg)
	dial, err := pgx.ParseConfig(cfg.DSN)
	require.NoError(t, err)
	dial.DefaultQueryExecMode = pgx.QueryExecModeExec
	c, err := pgx.ConnectConfig(t.Context(), dial)
	require.NoError(t, err)
	defer func() { _ = c.Close(context.Background()) }()
	require.NoError(t, pgx.BeginFunc(t.Context(), c, func(tx pgx.Tx) error {
		return st.EnqueueTx(t.Context(), tx, answer(at("mari"), "1", "one"))
	}))
	require.Eventually(t, func() bool {
		items, err := st.Claim(t.Context(), alt.ClaimQuery{Work: alt.Outbox, Max: 1, Lease: time.Minute})
		return err == nil && len(items) == 1 && items[0].Outbound.ID == "1"
	}, 20*time.Second, 10*time.Millisecond)
}
