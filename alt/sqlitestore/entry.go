package sqlitestore

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/lanes"
)

// kind is where the content of an item lies.
type kind int64

const (
	inline   kind = iota // in items: an event that says nothing
	received             // in texts
	edited               // in raw
	echoed               // in raw
	outgoing             // in texts: an outbound message
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

// entry is an item that is not finished, as far as it is kept in memory. The
// queues and the entries are one, under Store.mu, and follow the database.
type entry struct {
	id       int64
	work     alt.Work
	kind     kind
	address  channels.Address // Peer may be empty
	lane     string
	talk     int64
	priority channels.Priority
	attempt  int
	token    int64 // 0: nobody holds it
	accepted time.Time
	ready    time.Time
	since    time.Time
	late     bool

	// What is handed out by the first Claim. Nil when there were too many, or
	// after that: read it from the database.
	event    channels.Event
	outbound *channels.Outbound
}

func newLanes() map[alt.Work]*lanes.Lanes {
	return map[alt.Work]*lanes.Lanes{alt.Inbox: lanes.New(), alt.Media: lanes.New(), alt.Outbox: lanes.New(), alt.Reconcile: lanes.New()}
}

// enter puts an entry at the end of its lane. A message whose file is still to
// be fetched holds its place in the Inbox meanwhile; a message of unknown
// outcome holds nobody up, so each has a lane of its own.
func (s *Store) enter(e *entry) {
	s.keep(e)
	s.live[e.id] = e
	in := lanes.Entry{ID: e.id, Lane: e.lane, Line: e.address.Channel, Agency: e.address.Agency, Ready: e.ready, Late: e.late, Priority: e.priority}
	switch e.work {
	case alt.Media:
		held := in
		held.Held, held.Ready = true, time.Time{}
		s.lanes[alt.Inbox].Add(held)
	case alt.Reconcile:
		in.Lane, in.Priority = strconv.FormatInt(e.id, 10), 0
	}
	s.lanes[e.work].Add(in)
}

// keep drops what e has decoded if there is too much of it already.
func (s *Store) keep(e *entry) {
	if e.event == nil && e.outbound == nil {
		return
	}
	if s.kept >= s.cfg.KeepEvents {
		e.event, e.outbound = nil, nil
		return
	}
	s.kept++
}

// drop lets go of what e has decoded.
func (s *Store) drop(e *entry) {
	if e.event != nil || e.outbound != nil {
		e.event, e.outbound = nil, nil
		s.kept--
	}
}

// leave takes an entry out of every queue.
func (s *Store) leave(id int64) {
	e := s.live[id]
	if e == nil {
		return
	}
	s.drop(e)
	delete(s.live, id)
	if e.work == alt.Media {
		s.lanes[alt.Inbox].Finish(id)
	}
	s.lanes[e.work].Finish(id)
}

// personLane is the lane of what an address's own events are in.
func personLane(a channels.Address) string {
	return channels.Lane(&channels.Received{EventMeta: channels.EventMeta{Agency: a.Agency, Channel: a.Channel, Peer: a.Peer}})
}

// load reads the counters and rebuilds the queues. It runs before the writer
// does.
func (w *writer) load() error {
	r, err := w.c.one("SELECT seq, position FROM store")
	if err != nil {
		return err
	}
	w.counters = counters{r.num(0), r.num(1)}
	w.grant = w.counters
	if r, err = w.c.one("SELECT count(*) FROM parked"); err != nil {
		return err
	}
	w.parked = r.num(0)
	if r, err = w.c.one("SELECT EXISTS (SELECT 1 FROM watermarks)"); err != nil {
		return err
	}
	w.marked = r.num(0) != 0
	if err := w.release(); err != nil {
		return err
	}
	if err := w.loadNames(); err != nil {
		return err
	}
	rows, err := w.c.all(`SELECT l.id, l.work, l.kind, l.attempt, l.ready, l.since, l.place, l.late, l.priority, l.lane,
		i.agency, i.channel, i.peer, i.talk, i.accepted, l.token
		FROM live l JOIN items i ON i.id = l.id ORDER BY l.place`)
	if err != nil {
		return err
	}
	now := w.s.cfg.Now()
	entries := make([]*entry, len(rows))
	places := make(map[*entry]int64)
	last := int64(0)
	for i, r := range rows {
		e := &entry{
			id: r.num(0), work: alt.Work(r.str(1)), kind: kind(r.num(2)), attempt: int(r.num(3)), ready: r.time(4), since: r.time(5),
			lane:     r.str(9),
			priority: channels.Priority(r.num(8)), //nolint:gosec // it was one when it was stored
			address:  channels.Address{Agency: channels.Agency(r.str(10)), Channel: channels.ID(r.str(11)), Peer: channels.Peer(r.str(12))},
			talk:     r.num(13), accepted: r.time(14), token: r.num(15),
		}
		if e.lane == "" {
			e.lane = personLane(e.address)
		}
		if r.num(7) != 0 {
			places[e] = e.ready.UnixMicro()
			e.late = e.ready.After(now)
		} else {
			last = max(last, e.accepted.UnixMicro()) // a clock that was set back changes no order
			places[e] = last
		}
		entries[i] = e
	}
	// What came into its place late stands behind what was accepted before.
	slices.SortStableFunc(entries, func(a, b *entry) int { return cmp.Compare(places[a], places[b]) })
	for _, e := range entries {
		w.s.enter(e)
	}
	return nil
}

// release takes back what the process that had the store before was working
// at. What it was sending may have gone out.
func (w *writer) release() error {
	sending, err := w.c.all("SELECT id FROM live WHERE claimed = 1 AND work = ?", string(alt.Outbox))
	if err != nil {
		return err
	}
	err = w.transact([]*call{{job: func(t *tx) error {
		for _, r := range sending {
			if err := t.unknown(r.num(0)); err != nil {
				return err
			}
		}
		_, err := t.exec("UPDATE live SET claimed = 0, token = 0 WHERE claimed = 1")
		return err
	}}})
	clear(w.s.live)
	w.s.lanes = newLanes()
	return err
}
