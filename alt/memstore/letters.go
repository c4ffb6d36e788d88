package memstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Letters implements alt.Letters.
func (s *Store) Letters(ctx context.Context, q alt.LetterQuery) ([]alt.Letter, string, error) {
	after, err := cursor(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit, err := pageSize(string(q.Agency), q.Limit, 50, 200)
	if err != nil {
		return nil, "", err
	}
	if err := s.enter(ctx); err != nil {
		return nil, "", err
	}
	defer s.mu.Unlock()
	var found []*item
	for _, it := range s.items {
		if l := it.letter; l != nil && it.address.Agency == q.Agency && l.place > after &&
			(q.State == "" || l.state == q.State) && (q.Line == "" || it.address.Channel == q.Line) {
			found = append(found, it)
		}
	}
	slices.SortFunc(found, func(a, b *item) int { return cmp.Compare(a.letter.place, b.letter.place) })
	next := ""
	if len(found) > limit {
		found = found[:limit]
		next = place(found[limit-1].letter.place)
	}
	page := make([]alt.Letter, len(found))
	for i, it := range found {
		if page[i], err = it.asLetter(); err != nil {
			return nil, "", err
		}
	}
	return page, next, nil
}

func (it *item) asLetter() (alt.Letter, error) {
	v, err := it.view()
	l := alt.Letter{
		ID: it.id, State: it.letter.state, Work: it.work, Address: it.address, Event: v.Event, Outbound: v.Outbound,
		Attempts: it.attempt, Code: it.letter.code, Accepted: it.accepted, At: it.letter.at, Conversation: it.letter.talk,
	}
	if it.msg != nil {
		l.Attempts = it.msg.Attempts
	}
	return l, err
}

// Settle implements alt.Letters.
func (s *Store) Settle(ctx context.Context, agency channels.Agency, id int64, v alt.Verdict, log alt.LogEntry) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	it := s.items[id]
	if it == nil || it.letter == nil || it.address.Agency != agency {
		return alt.ErrNotFound
	}
	var later []*item
	if it.msg != nil {
		later = s.waiting(it.msg)
	}
	switch {
	case v == alt.Retry:
		for _, it := range append([]*item{it}, later...) {
			if err := s.retry(it); err != nil {
				return err
			}
		}
	case v == alt.Drop:
		for _, it := range append([]*item{it}, later...) {
			s.settled(it, channels.Failed)
		}
	case v == alt.Confirm && it.letter.state == alt.Uncertain:
		s.settled(it, channels.Sent)
	default:
		return fmt.Errorf("%w: verdict %.16q on a %s letter", alt.ErrInput, v, it.letter.state)
	}
	s.write([]alt.LogEntry{log})
	return nil
}

// settled ends a letter, with the status that its message gets.
func (s *Store) settled(it *item, st channels.Status) {
	code := it.letter.code
	if it.msg == nil {
		s.dropEventFile(it)
	}
	s.finish(it)
	if m := it.msg; m != nil {
		m.report(st, code, s.now())
		s.touch(m.talk)
	}
}

// retry queues a letter again as if it had just come.
func (s *Store) retry(it *item) error {
	if it.msg == nil {
		e, err := it.event.decode()
		if err != nil {
			return err
		}
		if needsFile(e) {
			it.work = alt.Media
		}
	} else {
		m := it.msg
		// Reports on what was sent before say nothing of what will be.
		if key := (providerKey{m.Address.Agency, m.Address.Channel, m.Provider}); s.byProvider[key] == m {
			delete(s.byProvider, key)
		}
		m.Status, m.StatusAt, m.Code, m.State, m.Provider = channels.Queued, s.now(), "", stateReady, ""
		s.touch(m.talk)
	}
	it.letter = nil
	it.place, it.accepted, it.attempt, it.ready, it.since = s.next(), s.now(), 0, time.Time{}, time.Time{}
	s.enqueue(it)
	return nil
}
