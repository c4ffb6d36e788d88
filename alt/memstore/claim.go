package memstore

import (
	"context"
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/lanes"
)

// Claim implements alt.Queue.
func (s *Store) Claim(ctx context.Context, q alt.ClaimQuery) ([]alt.Item, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	queue := s.lanes[q.Work]
	if queue == nil || q.Lease <= 0 {
		return nil, fmt.Errorf("%w: claim without work or lease", alt.ErrInput)
	}
	now := s.now()
	s.expire(now)
	ids := queue.Claim(now, lanes.Query{Max: q.Max, Lease: q.Lease, Limit: q.Limit, SkipAgencies: q.SkipAgencies})
	found := make([]alt.Item, 0, len(ids))
	for _, id := range ids {
		v, err := s.items[id].view()
		if err != nil {
			queue.Unclaim(ids...)
			return nil, err
		}
		found = append(found, v)
	}
	for i := range found {
		it := s.items[found[i].ID]
		it.attempt++
		it.token, it.claimed, it.late = s.next(), true, false
		found[i].Attempt, found[i].Token = it.attempt, it.token
		if it.msg != nil {
			it.msg.State = stateClaimed
			if it.work == alt.Outbox {
				it.msg.Attempts++
			}
		}
	}
	return found, nil
}

// view returns the item as it is handed out, but for attempt and token.
func (it *item) view() (alt.Item, error) {
	v := alt.Item{ID: it.id, Work: it.work, Accepted: it.accepted, Since: it.since}
	var err error
	if it.msg != nil {
		v.Outbound, err = it.msg.outbound()
	} else {
		v.Event, err = it.event.decode()
	}
	return v, err
}

// expire takes back what was claimed for too long: it can be claimed again,
// except that nobody knows what became of a message.
func (s *Store) expire(now time.Time) {
	for work, queue := range s.lanes {
		for _, id := range queue.Expired(now) {
			it := s.items[id]
			if work == alt.Outbox {
				s.unknown(it)
				continue
			}
			it.claimed, it.ready = false, time.Time{}
			queue.Again(id, now)
			if it.msg != nil {
				it.msg.State = stateReady
			}
		}
	}
}

// unknown moves a message from the Outbox to Reconcile, unless a report has
// told meanwhile what became of it. Its token stays good for a late receipt.
func (s *Store) unknown(it *item) {
	m := it.msg
	s.touch(m.talk)
	m.report(channels.Unknown, "", s.now())
	switch m.Status {
	case channels.Unknown:
	case channels.Failed:
		s.fail(m)
		return
	default:
		s.finish(it)
		return
	}
	token := it.token
	s.leave(it)
	it.work, it.token, it.attempt, it.since, it.ready = alt.Reconcile, token, 0, s.now(), time.Time{}
	m.State = stateReady
	s.enqueue(it)
}

// touch gives a conversation the next position.
func (s *Store) touch(t *talk) {
	if t != nil {
		s.pos++
		t.Position = s.pos
	}
}
