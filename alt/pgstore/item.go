package pgstore

import (
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// kind is what an item's body is.
type kind int64

const (
	inline   kind = iota // an event that says nothing
	received             // an event that is a message
	edited
	echoed
	outgoing // an outbound message
)

func kindOf(e channels.Event) kind {
	switch e.(type) {
	case *channels.Received:
		return received
	case *channels.Edited:
		return edited
	case *channels.Echoed:
		return echoed
	}
	return inline
}

// States of an item.
const (
	stateLive = iota
	stateDone
	stateLetter
	stateCanceled
)

// items is the table, for rowKey.
const items = "items"

// item is an event or a message as it is in the transaction, with its place in
// a queue if it has one.
type item struct {
	id, lane, talk int64
	kind           kind
	address        channels.Address // Peer may be empty
	accepted       time.Time
	kept           bool // a message of a conversation, or one that we send
	out            bool // one that goes out
	ours           bool // one that we send
	status         channels.Status
	code           string
	provider       channels.ProviderID
	letter         alt.LetterState

	work    alt.Work // empty when it is in no queue
	claimed bool
	late    bool
	alone   bool  // nothing else is in its lane's queue
	token   int64 // 0: nobody holds it
	attempt int
}

// selectItems locks the items' places in the queues: claims, which hold no other
// lock, pass them by then, and what is read of them stays true.
//
//nolint:misspell // the server's words
const selectItems = `WITH ids AS MATERIALIZED (
		SELECT unnest($1::bigint[]) AS id
		UNION SELECT max(i.id) FROM unnest($2::text[], $3::text[], $4::text[]) AS n(agency, channel, provider)
			JOIN items i ON i.agency = n.agency AND i.channel = n.channel AND i.provider = n.provider AND i.direction = 2
			GROUP BY n.agency, n.channel, n.provider),
	q AS MATERIALIZED (
		SELECT l.id, l.work, l.claimed, l.late, l.token, l.attempt, NOT EXISTS (
				SELECT 1 FROM live o WHERE o.lane = l.lane AND o.id <> l.id AND (o.work = 'outbox') = (l.work = 'outbox')) AS alone
		FROM ids JOIN live l ON l.id = ids.id FOR UPDATE OF l)
	SELECT i.id, i.lane, i.talk, i.kind, i.agency, i.channel, i.peer, i.accepted, i.direction, i.message IS NOT NULL, i.status, i.code, i.provider,
		l.state, q.work, q.claimed, q.late, q.token, q.attempt, q.alone
	FROM ids JOIN items i ON i.id = ids.id LEFT JOIN q ON q.id = i.id LEFT JOIN letters l ON l.item = i.id`

// selectHeld reads items that are claimed, which is most of what is committed:
// claims leave them alone, and nothing is locked.
const selectHeld = `SELECT i.id, i.lane, i.talk, i.kind, i.agency, i.channel, i.peer, i.accepted, i.direction, i.message IS NOT NULL, i.status, i.code, i.provider,
		NULL, l.work, l.claimed, l.late, l.token, l.attempt, NOT EXISTS (
			SELECT 1 FROM live o WHERE o.lane = l.lane AND o.id <> l.id AND (o.work = 'outbox') = (l.work = 'outbox'))
	FROM unnest($1::bigint[]) AS n(id) JOIN live l ON l.id = n.id JOIN items i ON i.id = n.id WHERE l.claimed`

// readHeld reads them; the others are read when they are wanted.
func (t *tx) readHeld(ids []int64) statement {
	return statement{sql: selectHeld, args: []any{ids}, read: func(rows []row) error {
		for _, r := range rows {
			it := itemOf(r)
			t.items[it.id] = it
		}
		return nil
	}}
}

// readItems reads items by id, and messages by the provider's id.
func (t *tx) readItems(ids []int64, named []providerKey) statement {
	for _, id := range ids {
		t.items[id] = nil
	}
	for _, k := range named {
		t.named[k] = 0
	}
	agencies, lines, providers := columnsOf(named)
	return statement{sql: selectItems, args: []any{ids, agencies, lines, providers}, read: func(rows []row) error {
		for _, r := range rows {
			it := itemOf(r)
			t.items[it.id] = it
			k := providerKey{it.address.Agency, it.address.Channel, it.provider}
			if last, asked := t.named[k]; asked && it.out {
				t.named[k] = max(last, it.id)
			}
		}
		return nil
	}}
}

func itemOf(r row) *item {
	return &item{
		id: r.num(0), lane: r.num(1), talk: r.num(2), kind: kind(r.num(3)), address: addressOf(r, 4), accepted: r.time(7), kept: r.num(8) != 0, out: r.num(8) == 2,
		ours: r.is(9), status: channels.Status(r.str(10)), code: r.str(11), provider: channels.ProviderID(r.str(12)),
		letter: alt.LetterState(r.str(13)), work: alt.Work(r.str(14)), claimed: r.is(15), late: r.is(16), token: r.num(17), attempt: int(r.num(18)),
		alone: r.is(19),
	}
}

// find returns an item that is guarded by a lock of the transaction; nil when
// there is none.
func (t *tx) find(id int64) (*item, error) {
	it, read := t.items[id]
	for {
		if read && (it == nil || t.held[it.lane]) {
			return it, nil
		}
		if it != nil {
			if err := t.hold(it.lane); err != nil {
				return nil, err
			}
		}
		// What was read before the lock was had may have changed.
		if err := t.send(append(t.pending(), t.readItems([]int64{id}, nil))); err != nil {
			return nil, err
		}
		it, read = t.items[id], true
	}
}

// item returns one that must be there.
func (t *tx) item(id int64) (*item, error) {
	it, err := t.find(id)
	if err == nil && it == nil {
		err = errGone(id)
	}
	return it, err
}

func errGone(id int64) error { return &broken{fmt.Errorf("item %d is gone", id)} }

// holding returns a claimed item; nil for the zero Item. A message that moved to
// Reconcile can still be given its receipt by who sent it.
func (t *tx) holding(it alt.Item, receipt bool) (*item, error) {
	if it.ID == 0 {
		return nil, nil
	}
	e, err := t.find(it.ID)
	switch {
	case err != nil:
		return nil, err
	case e == nil || e.work == "" || e.token == 0 || e.token != it.Token || e.work != it.Work && !receipt:
		return nil, alt.ErrLeaseLost
	}
	return e, nil
}

// insertLive puts items into their queues. An item is the head of its lane when
// nothing that it waits for is there before it.
const insertLive = `INSERT INTO live (id, agency, channel, lane, work, place, priority, rank, late, due, head)
	SELECT n.id, n.agency, n.channel, n.lane, n.work, n.place, n.priority, n.priority, n.late, n.due,
		n.first AND NOT EXISTS (SELECT 1 FROM live l WHERE l.lane = n.lane AND NOT l.late AND
			CASE n.work WHEN 'inbox' THEN l.work IN ('inbox', 'media') ELSE l.work = n.work END)
	FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[], $8::boolean[], $9::timestamptz[],
		$10::boolean[]) AS n(id, agency, channel, lane, work, place, priority, late, due, first)` + returningHeads

// headed fills in the last column of insertLive's rows: whether an item is the
// first of the rows in its lane.
func headed(rows [][]any) [][]any {
	type queue struct {
		lane int64
		work string
	}
	seen := make(map[queue]bool, len(rows))
	for _, r := range rows {
		lane, work, late := r[3].(int64), r[4].(string), r[7].(bool)
		if late {
			continue
		}
		r[9] = !seen[queue{lane, work}]
		seen[queue{lane, work}] = true
		if work == string(alt.Media) { // it holds its place in the Inbox
			seen[queue{lane, string(alt.Inbox)}] = true
		}
	}
	return rows
}

// raise lifts lanes in which something more urgent waits than their head is.
const (
	raise = `UPDATE live SET rank = $2 FROM unnest($1::bigint[]) AS n(lane)
		WHERE live.lane = n.lane AND live.work = 'outbox' AND live.head AND live.rank < $2` + returningHeads

	raiseBulk = `UPDATE live SET rank = 0 FROM unnest($1::bigint[]) AS n(lane)
		WHERE live.lane = n.lane AND live.work = 'outbox' AND live.head AND live.rank < 0` + returningHeads
)

// promote finds the heads of lanes. Messages whose file is being fetched stand
// in two queues: in their own, and, for who comes after them, in the Inbox.
const promote = `UPDATE live SET head = true, rank = coalesce(c.rank, live.priority) FROM (
		SELECT x.id, CASE x.work WHEN 'outbox' THEN (SELECT max(priority) FROM live m WHERE m.lane = n.lane AND m.work = 'outbox') END AS rank
		FROM unnest($1::bigint[]) AS n(lane) CROSS JOIN LATERAL (
			(SELECT id, work FROM live WHERE lane = n.lane AND NOT late AND work IN ('inbox', 'media') ORDER BY place LIMIT 1)
			UNION (SELECT id, work FROM live WHERE lane = n.lane AND NOT late AND work = 'media' ORDER BY place LIMIT 1)
			UNION (SELECT id, work FROM live WHERE lane = n.lane AND NOT late AND work = 'outbox' ORDER BY place LIMIT 1)) AS x) AS c
	WHERE live.id = c.id AND NOT live.head` + returningHeads

const leave = "DELETE FROM live WHERE id = ANY($1::bigint[])"

// enqueue puts an item that is in no queue at the end of its lane, or, with a
// time to come, there when it has come.
func (t *tx) enqueue(it *item, place int64, priority channels.Priority, at time.Time) {
	it.late = at.After(t.now)
	due := any(nil)
	if it.late {
		due = at
	} else {
		t.wakes[string(it.work)] = true
	}
	t.insert(insertLive, it.id, string(it.address.Agency), string(it.address.Channel), it.lane, string(it.work), place, int64(priority), it.late, due, false)
	if it.work == alt.Outbox {
		if p, more := t.urgent[it.lane]; !more || priority > p {
			t.urgent[it.lane] = priority
		}
	}
	t.joined[queueOf{it.lane, it.work == alt.Outbox}] = true
	it.claimed, it.token, it.attempt, it.alone = false, 0, 0, false
	t.items[it.id] = it
}

// unqueue takes an item out of its queue.
func (t *tx) unqueue(it *item) {
	if it.work != "" {
		t.gone = append(t.gone, departure{it.id, queueOf{it.lane, it.work == alt.Outbox}, it.alone})
		t.dropped = append(t.dropped, it.id)
	}
	it.work, it.claimed, it.late, it.token, it.attempt = "", false, false, 0, 0
}

// personLane is the lane of what an address's own events are in.
func personLane(a channels.Address) string {
	return channels.Lane(&channels.Received{EventMeta: channels.EventMeta{Agency: a.Agency, Channel: a.Channel, Peer: a.Peer}})
}
