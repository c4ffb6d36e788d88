package pgstore

import (
	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// step is one statement that writes: given whole, or for many rows.
type step struct {
	statement
	rows [][]any
}

// rowKey is a row of a table.
type rowKey struct {
	table string
	id    int64
}

// writes is what a transaction is going to write. New rows come first, a
// statement for each table. Changes of rows follow in their order, as far as it
// matters: those of different rows by the same statement come together.
type writes struct {
	fresh  []*step
	tables map[string]*step
	steps  []*step
	open   map[string]int // by statement: the step that may get more rows
	last   map[rowKey]int // the step that changed a row last, from 1
}

func newWrites() writes {
	return writes{tables: make(map[string]*step), open: make(map[string]int), last: make(map[rowKey]int)}
}

// insert has a new row written.
func (w *writes) insert(sql string, values ...any) {
	st := w.tables[sql]
	if st == nil {
		st = &step{statement: statement{sql: sql, write: true}}
		w.tables[sql] = st
		w.fresh = append(w.fresh, st)
	}
	st.rows = append(st.rows, values)
}

// update has a row changed by a statement that takes columns of many.
func (w *writes) update(sql string, row rowKey, values ...any) {
	i, ok := w.open[sql]
	if !ok || w.last[row] > i { // it was changed there, or later
		i = len(w.steps)
		w.steps = append(w.steps, &step{statement: statement{sql: sql, write: true}})
		w.open[sql] = i
	}
	w.steps[i].rows = append(w.steps[i].rows, values)
	w.last[row] = i + 1
}

// add has any other statement executed, after what was added before it.
func (w *writes) add(st statement) {
	w.steps = append(w.steps, &step{statement: st})
	clear(w.open)
}

// take returns the statements, and forgets them.
func (w *writes) take() []statement {
	list := make([]statement, 0, len(w.fresh)+len(w.steps)+4)
	for _, steps := range [][]*step{w.fresh, w.steps} {
		for _, st := range steps {
			if st.rows != nil {
				st.args = columns(st.rows)
			}
			list = append(list, st.statement)
		}
	}
	w.fresh, w.steps = nil, nil
	clear(w.tables)
	clear(w.open)
	clear(w.last)
	return list
}

// exec has a statement executed before the next one that reads, or at the end.
func (t *tx) exec(sql string, args ...any) {
	t.add(statement{sql: sql, args: args, write: true})
}

// returningHeads ends a statement after which items may be ready; see offer.
const returningHeads = ` RETURNING live.id, live.place, live.work, live.agency, live.channel, live.rank,
	live.head AND NOT live.claimed AND live.due IS NULL`

// offer is exec for such a statement.
func (t *tx) offer(sql string, args ...any) {
	t.add(statement{sql: sql, args: args, write: true, read: t.ready})
}

func (t *tx) ready(rows []row) error {
	for _, r := range rows {
		if r.is(6) {
			t.offers = append(t.offers, head{
				id: r.num(0), place: r.num(1), work: alt.Work(r.str(2)), agency: channels.Agency(r.str(3)), line: channels.ID(r.str(4)),
				rank: priorityOf(r, 5),
			})
		}
	}
	return nil
}

// raised lifts the lanes that something was added to.
func (t *tx) raised() (list []statement) {
	var normal, urgent []int64
	for lane, p := range t.urgent {
		switch {
		case p > channels.Normal:
			urgent = append(urgent, lane)
		case p == channels.Normal:
			normal = append(normal, lane)
		}
	}
	clear(t.urgent)
	if len(normal) > 0 {
		list = append(list, statement{sql: raiseBulk, args: []any{normal}, write: true, read: t.ready})
	}
	if len(urgent) > 0 {
		list = append(list, statement{sql: raise, args: []any{urgent, int64(channels.Urgent)}, write: true, read: t.ready})
	}
	return list
}

// pending returns the collected writes, new rows first.
func (t *tx) pending() []statement {
	if live := t.tables[insertLive]; live != nil {
		live.rows, live.read = headed(live.rows), t.ready
	}
	list := t.take()
	list = append(list, t.raised()...)
	if len(t.gone) > 0 {
		ids := make([]int64, len(t.gone))
		for i, d := range t.gone {
			ids[i] = d.id
			if !d.alone || t.joined[d.queue] {
				t.freed[d.queue.lane] = true
			}
		}
		list = append(list, statement{sql: leave, args: []any{ids}, write: true})
	}
	if len(t.freed) > 0 {
		lanes := make([]int64, 0, len(t.freed))
		for lane := range t.freed {
			lanes = append(lanes, lane)
		}
		list = append(list, statement{sql: promote, args: []any{lanes}, write: true, read: t.ready})
	}
	t.gone = nil
	clear(t.freed)
	return list
}
