package memstore

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/lanes"
)

// maxKey is the longest key of an event, in bytes.
const maxKey = 200

// arrival is an event ready to be stored.
type arrival struct {
	stored
	key     eventKey
	address channels.Address
	lane    string
	work    alt.Work
}

func arrive(e channels.Event) (arrival, error) {
	if e == nil {
		return arrival{}, fmt.Errorf("%w: no event", alt.ErrInput)
	}
	m := e.Meta()
	if m.Key == "" || len(m.Key) > maxKey || m.Channel == "" || m.Agency == "" {
		return arrival{}, fmt.Errorf("%w: event without agency, channel or key", alt.ErrInput)
	}
	row, err := encode(e)
	if err != nil {
		return arrival{}, err
	}
	a := arrival{
		stored: row, key: eventKey{m.Agency, m.Channel, m.Key}, lane: channels.Lane(e), work: alt.Inbox,
		address: channels.Address{Agency: m.Agency, Channel: m.Channel, Peer: m.Peer},
	}
	if needsFile(e) {
		a.work = alt.Media
	}
	return a, nil
}

// Accept implements alt.Queue.
func (s *Store) Accept(ctx context.Context, evs []channels.Event) (int, error) {
	arrivals := make([]arrival, len(evs))
	for i, e := range evs {
		var err error
		if arrivals[i], err = arrive(e); err != nil {
			return 0, err
		}
	}
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	fresh := 0
	for _, a := range arrivals {
		if s.insert(a, time.Time{}) {
			fresh++
		}
	}
	return fresh, nil
}

// insert stores an event that is not known yet; with a time, it takes its
// place in its lane then.
func (s *Store) insert(a arrival, at time.Time) bool {
	if _, known := s.keys[a.key]; known {
		return false
	}
	now := s.now()
	s.keys[a.key] = now
	id := s.next()
	it := &item{id: id, place: id, work: a.work, lane: a.lane, address: a.address, accepted: now, ready: at, late: !at.IsZero(), event: a.stored}
	s.items[id] = it
	s.enqueue(it)
	return true
}

// enqueue puts an item at the end of its lane. A message whose file is still
// to be fetched holds its place in the Inbox meanwhile; a message of unknown
// outcome holds nobody up, so each has a lane of its own.
func (s *Store) enqueue(it *item) {
	e := lanes.Entry{ID: it.id, Lane: it.lane, Line: it.address.Channel, Agency: it.address.Agency, Ready: it.ready, Late: it.late}
	switch it.work {
	case alt.Media:
		held := e
		held.Held, held.Ready = true, time.Time{}
		s.lanes[alt.Inbox].Add(held)
	case alt.Outbox:
		e.Priority = it.msg.out.Priority
	case alt.Reconcile:
		e.Lane = strconv.FormatInt(it.id, 10)
	}
	s.lanes[it.work].Add(e)
}

// leave takes an item out of every queue.
func (s *Store) leave(it *item) {
	for _, l := range s.lanes {
		l.Finish(it.id)
	}
	it.token, it.claimed = 0, false
}

// finish ends an item's work for good.
func (s *Store) finish(it *item) {
	s.leave(it)
	delete(s.items, it.id)
	if it.msg != nil {
		it.msg.State, it.msg.item = stateDone, nil
	}
}

// States of a message's work, see alt.Message.
const (
	stateReady     = "ready"
	stateClaimed   = "claimed"
	stateDone      = "done"
	stateDead      = "dead"
	stateUncertain = "uncertain"
	stateCanceled  = "canceled"
)
