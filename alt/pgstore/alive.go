package pgstore

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// replicaLocks is the first half of the advisory locks that replicas hold; the
// second is their number.
const replicaLocks = 0x4c74

const (
	lookAround = 2 * time.Second        // at the other replicas, and for a broken connection
	reconnect  = 200 * time.Millisecond // after a connection that failed
)

// takeBack frees what replicas that are dead had claimed, and forgets them. The
// lock of such a replica is had for the moment, so that it cannot come back
// meanwhile.
//
//nolint:misspell // the server's words
const takeBack = `WITH dead AS MATERIALIZED (
		SELECT id FROM replicas WHERE id <> $1 AND ($2::bigint[] IS NULL OR id = ANY($2::bigint[])) AND pg_try_advisory_xact_lock($3, id::integer)),
	freed AS (UPDATE live SET due = 'epoch' FROM dead WHERE live.replica = dead.id AND live.claimed)
	DELETE FROM replicas USING dead WHERE replicas.id = dead.id`

// missing lists replicas whose lock nobody holds.
const missing = `SELECT id FROM replicas WHERE id <> $1 AND NOT EXISTS (SELECT 1 FROM pg_locks
	WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND classid = $2::bigint::oid AND objid = replicas.id::oid AND objsubid = 2)`

// alive is the connection by which the others know that a replica lives: it
// holds the lock of its number, which the server releases when the process is
// gone. It listens, too.
type alive struct {
	s      *Store
	c      *pgx.Conn // nil while it is broken
	stop   context.CancelFunc
	ended  chan struct{}
	missed map[int64]bool // replicas that were not there at the last look
}

// join makes s a replica and takes back what dead ones were working at.
func join(ctx context.Context, s *Store) (*alive, error) {
	a := &alive{s: s, ended: make(chan struct{})}
	if err := s.pool.use(ctx, func(c *pgx.Conn) error {
		return c.QueryRow(ctx, "SELECT nextval('numbers') % 2147483647").Scan(&s.replica)
	}); err != nil {
		return nil, &broken{err}
	}
	if err := a.connect(ctx); err != nil {
		return nil, err
	}
	if _, err := a.c.Exec(ctx, takeBack, s.replica, nil, replicaLocks); err != nil {
		hangUp(a.c)
		return nil, &broken{err}
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	go a.loop(run)
	return a, nil
}

// connect takes the lock, perhaps again.
func (a *alive) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.s.cfg.Timeout)
	defer cancel()
	c, err := pgx.ConnectConfig(ctx, a.s.dial)
	if err != nil {
		return unreachable(err)
	}
	for _, st := range []statement{
		{sql: "SELECT pg_advisory_lock($1, $2)", args: []any{replicaLocks, int32(a.s.replica)}}, //nolint:gosec // it was cut to size
		{sql: "INSERT INTO replicas (id, started) VALUES ($1, clock_timestamp()) ON CONFLICT DO NOTHING", args: []any{a.s.replica}},
		{sql: "LISTEN " + pgx.Identifier{a.s.news.channel()}.Sanitize()}, //nolint:misspell // a name of the driver
	} {
		if _, err := c.Exec(ctx, st.sql, st.args...); err != nil {
			hangUp(c)
			return &broken{err}
		}
	}
	var me witness
	if err := c.QueryRow(ctx, whoAmI).Scan(&me.pid, &me.began); err != nil {
		hangUp(c)
		return &broken{err}
	}
	a.c = c
	a.s.witness.Store(&me)
	return nil
}

func (a *alive) loop(ctx context.Context) {
	defer close(a.ended)
	next := time.Now().Add(lookAround)
	for ctx.Err() == nil {
		if a.c == nil {
			if a.connect(ctx) != nil {
				pauseFor(ctx, reconnect)
				continue
			}
			a.s.news.everything() // what was said meanwhile
		}
		wait, cancel := context.WithDeadline(ctx, next)
		n, err := a.c.WaitForNotification(wait)
		cancel()
		if err == nil {
			a.s.news.heard(n.Payload)
		}
		// In a busy cluster there is always something to hear.
		if ctx.Err() == nil && !a.c.IsClosed() && !time.Now().Before(next) {
			a.look(ctx)
			next = time.Now().Add(lookAround)
		}
		if a.c.IsClosed() {
			a.c = nil
		}
	}
}

// look takes back the work of replicas that are missing for the second time: a
// server that was restarted has broken everybody's connection, and who lives is
// back soon.
func (a *alive) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, a.s.cfg.Timeout)
	defer cancel()
	rows, err := a.c.Query(ctx, missing, a.s.replica, replicaLocks)
	if err != nil {
		return
	}
	found, err := collect(rows)
	if err != nil {
		return
	}
	now := make(map[int64]bool)
	var dead []int64
	for _, r := range found {
		now[r.num(0)] = true
		if a.missed[r.num(0)] {
			dead = append(dead, r.num(0))
		}
	}
	a.missed = now
	if len(dead) == 0 {
		return
	}
	if _, err := a.c.Exec(ctx, takeBack, a.s.replica, dead, replicaLocks); err == nil {
		a.s.news.everything()
	}
}

// leave ends the replica: what it still holds can be claimed at once.
func (a *alive) leave() error {
	a.stop()
	<-a.ended
	if a.c == nil || a.c.IsClosed() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), a.s.cfg.Timeout)
	defer cancel()
	defer hangUp(a.c)
	_, err := a.c.Exec(ctx, `WITH freed AS (UPDATE live SET due = 'epoch' WHERE replica = $1 AND claimed) DELETE FROM replicas WHERE id = $1`, a.s.replica)
	if err != nil {
		return &broken{err}
	}
	return nil
}

func pauseFor(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
