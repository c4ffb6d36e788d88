package pgstore

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// job is what a call wants done in a transaction. It decides first and writes
// then: an error that is not broken is a refusal, and nothing was written, so
// the others in the transaction go on. A job may run again after a rollback.
type job func(*tx) error

// call is a job on its way through the writer.
type call struct {
	job   job
	needs *needs
	done  chan error // gets one value
	err   error
}

const (
	// batchSize bounds how many calls share a transaction.
	batchSize = 256
	// tries is how often a transaction begins that others got in the way of.
	tries = 5
)

// errLocked: a lock that was not foreseen is somebody else's.
var errLocked = errors.New("pgstore: locked")

// writer is the one goroutine of a replica that changes the database.
type writer struct {
	s     *Store
	c     *pgx.Conn // nil while it is not open
	needs needs
}

// loop works until calls is closed and empty. What waits while a transaction
// is written makes up the next one.
func (w *writer) loop(calls <-chan *call) {
	batch := make([]*call, 0, batchSize)
	for c := range calls {
		gather(calls)
		batch = append(batch[:0], c)
		for range min(len(calls), batchSize-1) {
			batch = append(batch, <-calls)
		}
		w.run(batch)
	}
	if w.c != nil {
		hangUp(w.c)
	}
}

// gather lets those run who were answered by the transaction before and may have
// something to add to this one. It does not wait: with nobody to run, it
// returns at once.
func gather(calls <-chan *call) {
	for n, i := -1, 0; i < 4 && n != len(calls); i++ {
		n = len(calls)
		runtime.Gosched()
	}
}

// run answers every call of a batch. A failure that one of them may have caused
// is not laid upon all: each has a try alone.
func (w *writer) run(batch []*call) {
	err := w.attempt(batch)
	alone := err != nil && len(batch) > 1 && !errors.Is(err, errUnreachable) && !errors.Is(err, errDoubt)
	for _, c := range batch {
		if alone {
			err = w.attempt([]*call{c})
		}
		if err != nil {
			c.err = err
		}
		c.done <- c.err
	}
}

// attempt runs calls in one transaction, again when others were in the way. The
// error means that nothing of it was written.
func (w *writer) attempt(batch []*call) error {
	for n := 1; ; n++ {
		err := w.transact(batch)
		if err == nil || n == tries || !passing(err, len(batch) == 1) {
			return err
		}
		pauseFor(context.Background(), time.Duration(n-1)*2*time.Millisecond)
	}
}

// passing reports whether an error may be gone the next time. A key that is
// there already was written by another replica at the same moment, and is seen
// the next time; in a company it may be the doing of a neighbour.
func passing(err error, alone bool) bool {
	switch sqlState(err) {
	case "40001", "40P01": // a conflict of transactions, a deadlock
		return true
	case "23505": // unique_violation
		return alone
	}
	return errors.Is(err, errLocked) || errors.Is(err, errAborted)
}

// transact runs calls in one transaction. The error means that nothing of it
// was written, or that it cannot be found out.
func (w *writer) transact(batch []*call) error {
	ctx, cancel := context.WithTimeout(context.Background(), w.s.cfg.Timeout)
	defer cancel()
	if err := w.connect(ctx); err != nil {
		return err
	}
	t := newTx(ctx, w.s, w.c)
	t.witness = w.s.witness.Load()
	committing, err := w.try(t, batch)
	if err != nil {
		if err = w.fail(t, err, committing); err != nil {
			return err
		}
		w.s.ready.hearAll() // what the server said of heads is lost
	}
	for _, f := range t.then {
		f()
	}
	w.s.ready.durable(t)
	w.s.news.tell(t.wakes)
	return nil
}

// connect opens the connection if there is none. A server that was restarted
// has broken it without a word, which shows at the first statement: such a
// transaction is tried again.
func (w *writer) connect(ctx context.Context) error {
	if w.c != nil && !w.c.IsClosed() {
		return nil
	}
	var err error
	if w.c, err = pgx.ConnectConfig(ctx, w.s.dial); err != nil {
		w.c = nil
		return unreachable(err)
	}
	return nil
}

// try runs the jobs. committing tells that the server may have committed.
func (w *writer) try(t *tx, batch []*call) (committing bool, err error) {
	w.needs.clear()
	for _, c := range batch {
		w.needs.add(c.needs)
	}
	if err := t.begin(w.s.starting(), &w.needs); err != nil {
		return false, err
	}
	for _, c := range batch {
		t.call = c
		c.err = c.job(t)
		if t.err != nil {
			return false, t.err
		}
		if isBroken(c.err) {
			return false, c.err
		}
	}
	return true, t.send(append(t.finish(), statement{sql: "COMMIT", write: true}))
}

// starting is how a transaction of the writer begins. Through a pooler nothing
// can be set for the session.
func (s *Store) starting() []statement {
	// A replica that stops in the middle must not hold its locks for ever. And a
	// commit is not weaker than "on", whatever the role's default is; what is
	// stronger stays.
	return []statement{{sql: "BEGIN ISOLATION LEVEL READ COMMITTED", read: ignore}, {
		sql: `SELECT set_config('idle_in_transaction_session_timeout', $1, true), CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') AND $2
			THEN set_config('synchronous_commit', 'on', true) END`,
		args: []any{s.patience(), !s.cfg.InsecureNotDurable}, read: ignore,
	}}
}

func ignore([]row) error { return nil }

// patience is Timeout as the server wants it, in milliseconds.
func (s *Store) patience() string { return strconv.FormatInt(s.cfg.Timeout.Milliseconds(), 10) }

// errAborted: the connection broke, and nothing was written.
var errAborted = errors.New("pgstore: the connection broke")

// fail ends a transaction that failed. When the connection broke while it was
// committed, the server is asked what became of it: nil means that it is
// durable.
func (w *writer) fail(t *tx, err error, committing bool) error {
	if !w.c.IsClosed() {
		ctx, cancel := context.WithTimeout(context.Background(), w.s.cfg.Timeout)
		defer cancel()
		if w.c.PgConn().TxStatus() != 'I' {
			if _, rerr := w.c.Exec(ctx, "ROLLBACK"); rerr != nil {
				hangUp(w.c)
			}
		}
		return err
	}
	if t.xid == "" || !committing || sqlState(err) != "" && !ended(sqlState(err)) {
		return &broken{errors.Join(errAborted, err)}
	}
	return w.outcome(t, err)
}

// ended reports whether a code tells that the server went away.
func ended(state string) bool { return state == "57P01" || state == "57P02" || state == "57P03" }
