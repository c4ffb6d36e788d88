package pgstore

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/liidestuja/liidestuja/alt"
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
		{sql: "LISTEN " + pgx.Identifier{a.s.news.channel()}.Sanitize()},
	} {
		if _, err := c.Exec(ctx, st.sql, st.args...); err != nil {
			hangUp(c)
			return &broken{err}
		}
	}
	a.c = c
	return nil
}

func (a *alive) loop(ctx context.Context) {
	defer close(a.ended)
	for ctx.Err() == nil {
		if a.c == nil {
			if a.connect(ctx) != nil {
				pauseFor(ctx, reconnect)
				continue
			}
			a.s.news.everything() // what was said meanwhile
		}
		wait, cancel := context.WithTimeout(ctx, lookAround)
		n, err := a.c.WaitForNotification(wait)
		timeout := wait.Err() != nil
		cancel()
		switch {
		case err == nil:
			a.s.news.heard(n.Payload)
		case timeout && ctx.Err() == nil && !a.c.IsClosed():
			a.look(ctx)
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

// tellEvery bounds how often a replica notifies: the server orders notifying
// transactions one after the other.
const tellEvery = 5 * time.Millisecond

// news passes on which queues got work, from replica to replica.
type news struct {
	s    *Store
	said chan struct{}
	done chan struct{}
	end  sync.Once

	mu      sync.Mutex
	wakes   map[string]bool
	readers map[chan alt.Work]bool
}

func newNews(s *Store) *news {
	return &news{s: s, said: make(chan struct{}, 1), done: make(chan struct{}), wakes: make(map[string]bool), readers: make(map[chan alt.Work]bool)}
}

func (n *news) start() {
	if !n.s.cfg.Pooled {
		go n.loop()
	}
	go n.s.watchNotes(n.done)
}

// channel is the name that the replicas of one schema listen to.
func (n *news) channel() string { return "liidestuja_" + n.s.schema }

// tell has the other replicas know of work. It is said after the commit and
// apart from it, as nothing depends on it: each replica looks by itself now and
// then.
func (n *news) tell(wakes map[string]bool) {
	if len(wakes) == 0 || n.s.cfg.Pooled {
		return
	}
	n.mu.Lock()
	for w := range wakes {
		n.wakes[w] = true
	}
	n.mu.Unlock()
	select {
	case n.said <- struct{}{}:
	default:
	}
}

func (n *news) loop() {
	for {
		select {
		case <-n.said:
		case <-n.done:
			return
		}
		n.mu.Lock()
		words := []string{strconv.FormatInt(n.s.replica, 10)}
		for w := range n.wakes {
			words = append(words, w)
		}
		clear(n.wakes)
		n.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), n.s.cfg.Timeout)
		_ = n.s.pool.use(ctx, func(c *pgx.Conn) error {
			_, err := c.Exec(ctx, "SELECT pg_notify($1, $2)", n.channel(), strings.Join(words, " "))
			return err
		})
		cancel()
		pauseFor(context.Background(), tellEvery)
	}
}

// heard passes on what another replica said.
func (n *news) heard(payload string) {
	if payload == noted {
		n.s.lookForNotes()
		return
	}
	words := strings.Fields(payload)
	if len(words) == 0 || words[0] == strconv.FormatInt(n.s.replica, 10) {
		return
	}
	for _, w := range words[1:] {
		n.pass(alt.Work(w))
	}
}

func (n *news) everything() {
	n.s.lookForNotes()
	for _, w := range []alt.Work{alt.Media, alt.Inbox, alt.Outbox, alt.Reconcile} {
		n.pass(w)
	}
}

// pass gives work to every reader that has room; one that has not will look
// anyway.
func (n *news) pass(w alt.Work) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for ch := range n.readers {
		select {
		case ch <- w:
		default:
		}
	}
}

func (n *news) close() { n.end.Do(func() { close(n.done) }) }

// Notify returns a channel that gets the name of a queue when another replica
// has put work into it, or finished what held work back. It is closed when ctx
// ends or the store is closed. News may be lost, so readers look now and then
// by themselves. With Config.Pooled it gets the name of every queue with work
// that can be claimed, each Config.Poll.
func (s *Store) Notify(ctx context.Context) (<-chan alt.Work, error) {
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	s.closing.RUnlock()
	n, ch := s.news, make(chan alt.Work, 64)
	n.mu.Lock()
	n.readers[ch] = true
	n.mu.Unlock()
	go func() {
		defer func() {
			n.mu.Lock()
			delete(n.readers, ch)
			close(ch)
			n.mu.Unlock()
		}()
		if !s.cfg.Pooled {
			select {
			case <-ctx.Done():
			case <-n.done:
			}
			return
		}
		s.poll(ctx, ch)
	}()
	return ch, nil
}

// poll looks for work that can be claimed.
func (s *Store) poll(ctx context.Context, ch chan<- alt.Work) {
	tick := time.NewTicker(s.cfg.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.news.done:
			return
		case <-tick.C:
		}
		rows, err := s.read(ctx, `SELECT w FROM unnest(ARRAY['media', 'inbox', 'outbox', 'reconcile']) AS w
			WHERE EXISTS (SELECT 1 FROM live WHERE work = w AND head AND due IS NULL)
				OR EXISTS (SELECT 1 FROM live WHERE due <= coalesce($1::timestamptz, statement_timestamp()))`, s.clock())
		if errors.Is(err, alt.ErrClosed) {
			return
		}
		for _, r := range rows {
			select {
			case ch <- alt.Work(r.str(0)):
			default:
			}
		}
	}
}
