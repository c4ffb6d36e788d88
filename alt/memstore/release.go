package memstore

import (
	"context"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Release implements alt.Queue.
func (s *Store) Release(ctx context.Context, it alt.Item, at time.Time, cause error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	row, err := s.holding(it, false)
	if err != nil {
		return err
	}
	if row == nil {
		return alt.ErrLeaseLost
	}
	code := ""
	if cause != nil {
		code = channels.Code(cause)
	}
	if row.msg != nil {
		row.msg.Code = code
	}
	if at.IsZero() {
		s.bury(row, code)
		return nil
	}
	row.token, row.claimed, row.ready = 0, false, at
	s.lanes[row.work].Again(row.id, at)
	if row.msg != nil {
		row.msg.State = stateReady
	}
	return nil
}

// bury makes an item a letter: it is in no queue and holds nothing.
func (s *Store) bury(it *item, code string) {
	work := it.work
	s.leave(it)
	it.letter = &letter{place: s.next(), state: alt.Dead, code: code, at: s.now()}
	if it.msg == nil {
		if t := s.open(it.address); t != nil {
			it.letter.talk = t.ID
		}
		it.work = alt.Inbox // also what died while its file was fetched
		return
	}
	it.letter.talk = it.msg.Conversation
	it.msg.State = stateDead
	if work == alt.Reconcile {
		it.letter.state, it.msg.State = alt.Uncertain, stateUncertain
	}
	it.work = alt.Outbox
	s.touch(it.msg.talk)
}
