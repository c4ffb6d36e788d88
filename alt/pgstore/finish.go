package pgstore

import (
	"maps"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// positioned is a conversation that gets a new position.
type positioned struct {
	talk   int64
	agency channels.Agency
	saved  bool // open is known
	open   bool
	tell   func(position int64)
}

// newLetter is a letter that gets its place among the agency's.
type newLetter struct {
	item   int64
	agency channels.Agency
}

// Positions, places of letters and numbers of the log are given last, under the lock of the
// agency's row, which is held until the transaction is durable: so nobody reads
// up to a number and finds a smaller one afterwards. A number drawn earlier, as
// a sequence gives it, would say nothing of the order of commits; and to wait
// until no older transaction runs would let any slow one in the cluster hold up
// the feed.
const (
	advance = `INSERT INTO agencies AS a (agency, position, log) VALUES ($1, $2, $3)
		ON CONFLICT (agency) DO UPDATE SET position = a.position + excluded.position, log = a.log + excluded.log`

	placeSaved = `INSERT INTO positions AS p (talk, agency, open, position)
		SELECT n.talk, n.agency, n.open, a.position - n.back
		FROM unnest($1::bigint[], $2::text[], $3::boolean[], $4::bigint[]) AS n(talk, agency, open, back) JOIN agencies a ON a.agency = n.agency
		ON CONFLICT (talk) DO UPDATE SET open = excluded.open, position = excluded.position RETURNING p.talk, p.position`

	placeMoved = `UPDATE positions p SET position = a.position - n.back
		FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS n(talk, agency, back) JOIN agencies a ON a.agency = n.agency WHERE p.talk = n.talk`

	placeLetters = `UPDATE letters l SET place = a.position - n.back
		FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS n(item, agency, back) JOIN agencies a ON a.agency = n.agency WHERE l.item = n.item`

	insertLog = `INSERT INTO log (agency, seq, at, act, actor, line, conversation, message, detail)
		SELECT n.agency, a.log - n.back, coalesce(n.at, statement_timestamp()), n.act, n.actor, n.line, n.conversation, n.message, n.detail
		FROM unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[])
			AS n(agency, back, at, act, actor, line, conversation, message, detail) JOIN agencies a ON a.agency = n.agency`
)

// finish returns the writes that are left.
func (t *tx) finish() []statement {
	list := t.pending()
	moves := make(map[channels.Agency]int64)
	entries := make(map[channels.Agency]int64)
	for _, p := range t.positions {
		if p.saved || !t.saved[p.talk] {
			moves[p.agency]++
		}
	}
	for _, l := range t.letters {
		moves[l.agency]++
	}
	for _, e := range t.log {
		entries[e.Agency]++
	}
	agencies := maps.Clone(moves)
	maps.Copy(agencies, entries)
	for _, a := range slices.Sorted(maps.Keys(agencies)) {
		list = append(list, statement{sql: advance, args: []any{string(a), moves[a], entries[a]}, write: true})
	}
	var saved, moved [][]any
	tell := make(map[int64][]func(int64))
	for _, p := range t.positions {
		switch {
		case p.saved:
			moves[p.agency]--
			saved = append(saved, []any{p.talk, string(p.agency), p.open, moves[p.agency]})
			tell[p.talk] = append(tell[p.talk], p.tell)
		case !t.saved[p.talk]:
			moves[p.agency]--
			moved = append(moved, []any{p.talk, string(p.agency), moves[p.agency]})
		}
	}
	if len(saved) > 0 {
		list = append(list, statement{sql: placeSaved, args: columns(saved), write: true, read: func(rows []row) error {
			for _, r := range rows {
				t.after(func() {
					for _, f := range tell[r.num(0)] {
						f(r.num(1))
					}
				})
			}
			return nil
		}})
	}
	if len(moved) > 0 {
		list = append(list, statement{sql: placeMoved, args: columns(moved), write: true})
	}
	if len(t.letters) > 0 {
		rows := make([][]any, len(t.letters))
		for i, l := range t.letters {
			moves[l.agency]--
			rows[i] = []any{l.item, string(l.agency), moves[l.agency]}
		}
		list = append(list, statement{sql: placeLetters, args: columns(rows), write: true})
	}
	if len(t.log) > 0 {
		rows := make([][]any, len(t.log))
		for i, e := range t.log {
			entries[e.Agency]--
			at := e.At
			if t.s.cfg.Now == nil { // the lock is held by then, so times follow the order of entries, whatever the replicas' clocks
				at = time.Time{}
			}
			rows[i] = []any{
				string(e.Agency), entries[e.Agency], moment(at), e.Act, e.Actor, text(e.Line), text(e.Conversation), text(e.Message), blob(e.detail),
			}
		}
		list = append(list, statement{sql: insertLog, args: columns(rows), write: true})
	}
	t.positions, t.letters, t.log = nil, nil, nil
	return list
}

func columns(rows [][]any) []any {
	args := make([]any, len(rows[0]))
	for i := range args {
		args[i] = column(rows, i)
	}
	return args
}

// touch gives a conversation a new position at the end of the transaction,
// because one of its messages has changed.
func (t *tx) touch(agency channels.Agency, talk int64) {
	if talk == 0 || t.saved[talk] || slices.ContainsFunc(t.positions, func(p positioned) bool { return p.talk == talk }) {
		return
	}
	t.positions = append(t.positions, positioned{talk: talk, agency: agency})
}

// place gives a conversation that is saved a new position, and tells it.
func (t *tx) place(talk int64, agency channels.Agency, open bool, tell func(int64)) {
	for i := range t.positions {
		p := &t.positions[i]
		if p.talk == talk && p.saved { // by a job before: one row, written once
			before := p.tell
			p.open, p.tell = open, func(n int64) { before(n); tell(n) }
			return
		}
	}
	t.saved[talk] = true
	t.positions = append(t.positions, positioned{talk: talk, agency: agency, saved: true, open: open, tell: tell})
}
