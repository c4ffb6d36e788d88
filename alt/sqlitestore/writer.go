package sqlitestore

import (
	"errors"
	"runtime"
	"sync"
	"time"
)

// job is what a call wants done in a transaction. It decides first and writes
// then: an error that is not broken is a refusal, and nothing was written, so
// the others in the transaction go on. A job may run again after a rollback.
type job func(*tx) error

// call is a job on its way through the writer.
type call struct {
	job   job
	done  chan error // gets one value
	err   error
	scrub bool // answer when the old content is gone
}

const (
	// batchSize bounds how many calls share a transaction.
	batchSize = 256
	// scrubPause is the wait before another try to empty the log.
	scrubPause = 20 * time.Millisecond
)

var errPanic = &broken{errors.New("a panic in the same transaction")}

// writer is the one that changes the database: a goroutine, or who found that it
// has nothing to do.
type writer struct {
	s  *Store
	mu sync.Mutex // guards all that follows
	c  *conn      // nil while it cannot be opened
	tx *tx

	batch []*call
	counters
	grant  counters // as they are stored
	parked int64    // rows
	marked bool     // there may be watermarks
	names  *names
	tended int // calls since the last look at the log's length

	// What waits for the log to be emptied of old content.
	dirty    bool
	waiting  []*call
	deadline time.Time
	retry    *time.Timer
}

func newWriter(s *Store) *writer {
	w := &writer{s: s, tx: newTx(s), names: newNames(s.cfg.KeepNames), batch: make([]*call, 0, batchSize), retry: time.NewTimer(time.Hour)}
	w.retry.Stop()
	return w
}

// loop works until calls is closed and empty.
func (w *writer) loop(calls <-chan *call) {
	defer w.retry.Stop()
	for {
		select {
		case c, ok := <-calls:
			w.mu.Lock()
			if !ok {
				w.close()
				w.mu.Unlock()
				return
			}
			w.work(c, calls)
			w.mu.Unlock()
		case <-w.retry.C:
			w.mu.Lock()
			w.scrub()
			w.mu.Unlock()
		}
	}
}

// work does c and what waits with it in one transaction. What comes while it is
// written makes up the next one.
func (w *writer) work(c *call, calls <-chan *call) {
	gather(calls)
	w.batch = append(w.batch[:0], c)
	for range batchSize - 1 {
		select {
		case c, ok := <-calls:
			if ok {
				w.batch = append(w.batch, c)
				continue
			}
		default:
		}
		break
	}
	w.run(w.batch)
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

// run answers every call of a batch. A failure of the database is not laid
// upon all of them: each has a try alone, unless trying means to wait.
func (w *writer) run(batch []*call) {
	left := batch
	defer func() {
		if len(left) > 0 && w.c != nil { // a job panicked, and whoever it belongs to may survive that
			w.rollback()
		}
		for _, c := range left {
			c.done <- errPanic
		}
	}()
	err := w.transact(batch)
	again := err != nil && len(batch) > 1 && !isBusy(err)
	for i, c := range batch {
		if again {
			err = w.transact([]*call{c})
		}
		if err != nil {
			c.err = err
		}
		if c.scrub && c.err == nil {
			w.waiting = append(w.waiting, c)
		} else {
			c.done <- c.err
		}
		left = batch[i+1:]
	}
	if w.dirty {
		w.scrub()
	}
	w.tend(len(batch))
}

// transact runs calls in one transaction. The error means that nothing of it
// was written.
func (w *writer) transact(batch []*call) error {
	if w.c == nil {
		c, err := openWriter(w.s.cfg)
		if err != nil {
			return err
		}
		c.before = w.s.ask
		w.c = c
	}
	t := w.tx
	t.begin(w)
	if err := w.try(t, batch); err != nil {
		w.rollback()
		return err
	}
	w.counters, w.grant, w.parked, w.marked = t.counters, t.grant, t.parked, t.marked
	w.names.follow(t)
	w.s.people.put(t.people)
	w.s.mu.Lock()
	for _, f := range t.after {
		f()
	}
	w.s.mu.Unlock()
	for _, c := range batch {
		w.dirty = w.dirty || c.scrub
	}
	return nil
}

// rollback ends a transaction that failed, or the connection with it.
func (w *writer) rollback() {
	_, err := w.c.exec("ROLLBACK")
	if err != nil { // perhaps SQLite did it by itself
		if _, err = w.c.exec("BEGIN"); err == nil {
			_, err = w.c.exec("ROLLBACK")
		}
	}
	if err != nil {
		_ = w.c.Close()
		w.c = nil
	}
}

func (w *writer) try(t *tx, batch []*call) error {
	if _, err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, c := range batch {
		t.redacted = false
		c.err = c.job(t)
		c.scrub = t.redacted && c.err == nil
		if isBroken(c.err) {
			return c.err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	_, err := t.exec("COMMIT")
	return err
}

// scrub empties the write-ahead log, in which older versions of pages still
// hold what was redacted, and answers who waits for that. Queries are kept out
// for the moment that it takes; a backup is not, and makes it try again.
func (w *writer) scrub() {
	if len(w.waiting) > 0 && w.deadline.IsZero() {
		w.deadline = time.Now().Add(w.s.cfg.ScrubTimeout)
	}
	if w.c != nil && w.truncate() {
		w.dirty = false
	}
	if w.dirty {
		w.retry.Reset(scrubPause)
		if len(w.waiting) == 0 || time.Now().Before(w.deadline) {
			return
		}
	}
	for _, c := range w.waiting {
		c.done <- nil
	}
	w.waiting, w.deadline = w.waiting[:0], time.Time{}
}

func (w *writer) truncate() bool {
	w.s.gate.Lock()
	defer w.s.gate.Unlock()
	if err := w.c.script("PRAGMA busy_timeout = 0"); err != nil { // a backup takes longer than anybody should wait
		return false
	}
	r, err := w.c.one("PRAGMA wal_checkpoint(TRUNCATE)")
	_ = w.c.script(busyTimeout(w.s.cfg))
	return err == nil && r != nil && r.num(0) == 0
}

func (w *writer) close() {
	for _, c := range w.waiting {
		c.done <- nil
	}
	if w.c != nil {
		_ = w.truncate()
		_ = w.c.Close()
	}
}
