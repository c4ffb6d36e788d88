package memstore

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// reused refuses ids that name another message.
func (s *Store) reused(send []sending) error {
	type part struct {
		key messageKey
		n   int
	}
	batch := make(map[part][32]byte)
	for _, o := range send {
		key := messageKey{o.out.To.Agency, o.out.ID}
		if print, ok := batch[part{key, o.out.Part}]; ok && print != o.print {
			return alt.ErrIDReused
		}
		batch[part{key, o.out.Part}] = o.print
		if m := s.part(o.out); m != nil && m.print != o.print {
			return alt.ErrIDReused
		}
	}
	return nil
}

// part returns the row of one part of a message.
func (s *Store) part(o channels.Outbound) *message {
	for _, m := range s.byID[messageKey{o.To.Agency, o.ID}] {
		if m.Part == o.Part {
			return m
		}
	}
	return nil
}

// queue makes a message wait in the Outbox, unless it is there already.
// It reports whether it did.
func (s *Store) queue(o sending, t *talk, now time.Time) bool {
	if s.part(o.out) != nil {
		return false
	}
	switch {
	case o.out.Private:
		t = nil
	case t == nil:
		t = s.open(o.out.To)
	}
	id := s.next()
	m := &message{
		Message: alt.Message{
			Seq: id, ID: o.out.ID, Address: o.out.To, Direction: alt.Out, Author: o.out.Author, By: o.out.By, ReplyTo: o.out.ReplyTo,
			At: now, Status: channels.Queued, StatusAt: now, Part: o.out.Part, Parts: o.out.Parts, State: stateReady, Salt: o.out.Salt,
		},
		content: o.content, print: o.print, out: o.out,
	}
	m.item = &item{id: id, place: id, work: alt.Outbox, lane: string(o.out.To.Peer), address: o.out.To, accepted: now, msg: m}
	s.items[id] = m.item
	s.enqueue(m.item)

	key := messageKey{o.out.To.Agency, o.out.ID}
	s.byID[key] = append(s.byID[key], m)
	slices.SortFunc(s.byID[key], func(a, b *message) int { return cmp.Compare(a.Part, b.Part) })
	s.byRef[refKey{o.out.To.Agency, o.out.To.Channel, o.out.Ref()}] = m
	s.byAddress[o.out.To] = append(s.byAddress[o.out.To], m)
	s.keep(m, t)
	return true
}

// keep makes m a message of the conversation.
func (s *Store) keep(m *message, t *talk) {
	s.messages[m.Seq] = m
	if t == nil {
		return
	}
	m.talk, m.Conversation = t, t.ID
	i, _ := slices.BinarySearchFunc(t.messages, m, func(a, b *message) int { return cmp.Compare(a.Seq, b.Seq) })
	t.messages = slices.Insert(t.messages, i, m)
	s.touch(t)
}

// record makes an event that is a message one of the conversation. Its Seq is
// the item's id, which the caller knows before the Commit.
func (s *Store) record(it *item, t *talk, content []byte) {
	e, err := it.event.decode()
	if err != nil {
		return // it was decoded for the claim already
	}
	meta := e.Meta()
	m := &message{content: content, Message: alt.Message{
		Seq: it.id, ID: channels.MessageID("in-" + strconv.FormatInt(it.id, 10)), Address: it.address, Direction: alt.In,
		At: meta.At, Parts: 1, Attempts: it.attempt, State: stateDone, Salt: meta.Salt,
	}}
	var kept channels.Content
	switch e := e.(type) {
	case *channels.Received:
		m.Provider, m.ReplyTo, kept = e.ID, e.ReplyTo, e.Content
	case *channels.Echoed:
		m.Provider, kept = e.ID, e.Content
		m.Direction, m.Author, m.Status, m.StatusAt, m.sent = alt.Out, e.Author, channels.Sent, meta.At, meta.At
		s.byAddress[it.address] = append(s.byAddress[it.address], m)
	}
	if m.content == nil {
		m.content, _ = channels.MarshalContent(kept)
	}
	if t == nil {
		t = s.open(it.address)
	}
	s.keep(m, t)
	s.named(m, m.Provider)
}

// named lets a message be found by the provider's id.
func (s *Store) named(m *message, id channels.ProviderID) {
	if id == "" {
		return
	}
	if m.Provider == "" {
		m.Provider = id
	}
	s.byProvider[providerKey{m.Address.Agency, m.Address.Channel, id}] = m
}

// cancelBot takes back what no person wrote and nobody has begun to send.
func (s *Store) cancelBot(a channels.Address, now time.Time) {
	for _, m := range s.byAddress[a] {
		it := m.item
		if it == nil || it.work != alt.Outbox || it.claimed || it.letter != nil || m.Author == channels.Person {
			continue
		}
		s.finish(it)
		m.State = stateCanceled
		m.report(channels.Canceled, "", now)
		s.touch(m.talk)
	}
}
