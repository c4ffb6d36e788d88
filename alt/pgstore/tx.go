package pgstore

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/liidestuja/liidestuja/channels"
)

// link is a connection or somebody's transaction on it.
type link interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// tx is a transaction of the writer. What was read or written in it is kept
// here as it is by now, so that the jobs that share it see one another's work
// before the database does: writes are collected and sent together.
type tx struct {
	s    *Store
	ctx  context.Context //nolint:containedctx // it lives as long as the transaction
	c    link
	call *call // whose job runs
	now  time.Time
	xid  string // by which the server tells what became of the transaction
	// witness was there before the transaction; nil when nobody was.
	witness *witness

	seq    []int64 // numbers that were drawn
	held   map[int64]bool
	err    error // of a draw
	people map[channels.Address]*person
	own    map[*person]bool       // copies that may be changed
	linked map[*person]bool       // who have another latest conversation
	talks  map[talkKey]storedTalk // row 0: there is none
	items  map[int64]*item        // nil: there is none
	known  map[eventKey]bool
	prints map[messageKey][]byte // nil: there is no such part
	onces  map[onceKey][]byte
	named  map[providerKey]int64 // 0: there is none
	parked map[providerKey][]parked
	marks  map[channels.Address][]watermark

	writes
	urgent map[int64]channels.Priority // by lane
	gone   []departure                 // items that leave their queue
	joined map[queueOf]bool            // where items were added
	freed  map[int64]bool              // lanes that may have another head

	// For ready, when the transaction is durable.
	offers    []head
	dropped   []int64 // items that nobody holds any more
	contents  []content
	rewritten []int64

	saved     map[int64]bool
	positions []positioned
	letters   []newLetter
	log       []logRow
	wakes     map[string]bool // queues that got work
	// then is run when the transaction is durable.
	then []func()
}

// statement is one statement of a pipeline. read gets its rows, and is nil when
// it gives none.
type statement struct {
	sql   string
	args  []any
	write bool // it changes something
	read  func(rows []row) error
}

// queueOf is a lane's events, those whose file is being fetched among them, or
// its messages.
type queueOf struct {
	lane int64
	out  bool
}

// departure is an item that leaves its queue.
type departure struct {
	id    int64
	queue queueOf
	alone bool // nothing else was in that queue when the transaction began
}

func newTx(ctx context.Context, s *Store, c link) *tx {
	return &tx{
		s: s, ctx: ctx, c: c, held: make(map[int64]bool), people: make(map[channels.Address]*person), own: make(map[*person]bool),
		linked: make(map[*person]bool), talks: make(map[talkKey]storedTalk), items: make(map[int64]*item), known: make(map[eventKey]bool), prints: make(map[messageKey][]byte),
		onces: make(map[onceKey][]byte), named: make(map[providerKey]int64), parked: make(map[providerKey][]parked),
		marks: make(map[channels.Address][]watermark), writes: newWrites(), urgent: make(map[int64]channels.Priority),
		joined: make(map[queueOf]bool), freed: make(map[int64]bool), saved: make(map[int64]bool), wakes: make(map[string]bool),
	}
}

// send executes statements in one round trip.
func (t *tx) send(list []statement) error {
	if len(list) == 0 {
		return nil
	}
	return pipeline(t.ctx, t.s, t.c, list)
}

func pipeline(ctx context.Context, s *Store, c link, list []statement) error {
	var b pgx.Batch
	for _, st := range list {
		if st.write && s.fails(st.sql) {
			st.sql, st.args, st.read = failing, nil, nil
		}
		q := b.Queue(st.sql, st.args...)
		if st.read != nil {
			q.Query(func(rows pgx.Rows) error {
				found, err := collect(rows)
				if err != nil {
					return err
				}
				return st.read(found)
			})
		}
	}
	if err := c.SendBatch(ctx, &b).Close(); err != nil {
		return &broken{err}
	}
	return nil
}

// failing is a statement that a test puts in the place of another.
const failing = "DO $$ BEGIN RAISE EXCEPTION 'a fault'; END $$"

// all runs a query after the collected writes and returns its rows.
func (t *tx) all(sql string, args ...any) ([]row, error) {
	var found []row
	list := append(t.pending(), statement{sql: sql, args: args, read: func(rows []row) error {
		found = rows
		return nil
	}})
	return found, t.send(list)
}

// one returns the first row of a query, nil when there is none.
func (t *tx) one(sql string, args ...any) (row, error) {
	rows, err := t.all(sql, args...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

const drawNumbers = "SELECT nextval('numbers') FROM generate_series(1, $1::bigint)"

// next gives a number to an item, a place, a letter or a row. The locks that it
// belongs under are held already, so numbers follow the order of transactions in
// each lane. An error shows at the end of the job.
func (t *tx) next() int64 {
	if len(t.seq) == 0 && t.err == nil {
		t.err = t.send([]statement{{sql: drawNumbers, args: []any{32}, read: t.drawn}})
	}
	if t.err != nil {
		return 0
	}
	n := t.seq[0]
	t.seq = t.seq[1:]
	return n
}

func (t *tx) drawn(rows []row) error {
	for _, r := range rows {
		t.seq = append(t.seq, r.num(0))
	}
	return nil
}

// hold makes sure of a lock that no need named, because nobody knew of it. When
// somebody else has it, the batch begins anew and takes it in its order: to wait
// for it here could be to wait for each other.
func (t *tx) hold(lock int64) error {
	if t.held[lock] {
		return nil
	}
	got := false
	err := t.send([]statement{{sql: "SELECT pg_try_advisory_xact_lock($1::bigint)", args: []any{lock}, read: func(rows []row) error {
		got = rows[0].is(0)
		return nil
	}}})
	if err != nil {
		return err
	}
	if !got {
		t.call.needs.locks = append(t.call.needs.locks, lock)
		return &broken{errLocked}
	}
	t.held[lock] = true
	return nil
}

// after has f run when the transaction is durable.
func (t *tx) after(f func()) { t.then = append(t.then, f) }
