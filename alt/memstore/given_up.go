package memstore

import (
	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

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
	if it.letter.state == alt.Dead {
		s.buryAfter(it.msg)
	}
}

// buryAfter makes letters of the parts that wait behind one that is dead: the
// person would get an end without its beginning.
func (s *Store) buryAfter(dead *message) {
	for _, m := range s.partsAfter(dead) {
		if it := m.item; it != nil && it.work == alt.Outbox && !it.claimed && it.letter == nil {
			m.Code = alt.PartBefore
			s.bury(it, alt.PartBefore)
		}
	}
}

// waiting returns the letters about later parts that share the fate of one.
func (s *Store) waiting(m *message) []*item {
	var found []*item
	for _, later := range s.partsAfter(m) {
		if it := later.item; it != nil && it.letter != nil && it.letter.code == alt.PartBefore {
			found = append(found, it)
		}
	}
	return found
}

func (s *Store) partsAfter(m *message) []*message {
	parts := s.byID[messageKey{m.Address.Agency, m.out.ID}]
	for i, p := range parts {
		if p == m {
			return parts[i+1:]
		}
	}
	return nil
}

// settleReported ends the work on a message of which a report has told enough.
// What a worker is sending now is left to it.
func (s *Store) settleReported(m *message, before channels.Status) {
	it := m.item
	switch {
	case it != nil && it.work == alt.Outbox && it.claimed:
	case m.Status == channels.Failed && before != channels.Failed && m.out.ID != "":
		s.fail(m)
	case it == nil:
	case it.work == alt.Reconcile, it.letter != nil && it.letter.state == alt.Uncertain,
		m.Status == channels.Sent, m.Status == channels.Delivered, m.Status == channels.Read:
		s.finish(it)
	}
}

// fail makes a letter of a message that the provider took and gave up later.
func (s *Store) fail(m *message) {
	if m.item != nil {
		s.finish(m.item)
	}
	m.item = &item{id: m.Seq, work: alt.Outbox, lane: string(m.Address.Peer), address: m.Address, accepted: m.At, msg: m}
	s.items[m.Seq] = m.item
	s.bury(m.item, m.Code)
}
