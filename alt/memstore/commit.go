package memstore

import (
	"context"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Commit implements alt.Queue: every refusal is decided before the first
// change.
func (s *Store) Commit(ctx context.Context, it alt.Item, c alt.Changes) error {
	p, err := prepare(c)
	if err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	row, err := s.holding(it, c.Receipt != nil)
	if err != nil {
		return err
	}
	if c.Once != nil {
		if old, known := s.once[onceKey{c.Once.Agency, c.Once.Key}]; known {
			if old.print != c.Once.Print {
				return alt.ErrIDReused
			}
			return nil
		}
	}
	for _, refuse := range []func() error{
		func() error { return p.fits(row) },
		func() error { return s.versions(c) },
		func() error { return s.flowVersions(c.Flows) },
		func() error { return s.reused(p.send) },
		func() error { return s.taken(it, row, c.Receipt) },
		func() error { return s.strangeEcho(p) },
	} {
		if err := refuse(); err != nil {
			return err
		}
	}
	s.apply(row, p)
	return nil
}

// holding returns the row of a claimed item; nil for the zero Item. A message
// that moved to Reconcile can still be given its receipt by who sent it.
func (s *Store) holding(it alt.Item, receipt bool) (*item, error) {
	if it.ID == 0 {
		return nil, nil //nolint:nilnil // the zero Item has no row, and that is no error
	}
	row := s.items[it.ID]
	switch {
	case row == nil || row.token == 0 || row.token != it.Token:
		return nil, alt.ErrLeaseLost
	case row.work != it.Work && !receipt:
		return nil, alt.ErrLeaseLost
	}
	return row, nil
}

// versions refuses what was decided on something old, and a second open
// conversation of an address.
func (s *Store) versions(c alt.Changes) error {
	if c.Session != nil && s.sessionVersion(c.Session.Address) != c.Session.Version {
		return alt.ErrConflict
	}
	if c.Contact != nil {
		if v := s.contacts[c.Contact.Address]; v == nil && c.Contact.Version != 0 || v != nil && v.Version != c.Contact.Version {
			return alt.ErrConflict
		}
	}
	if c.Conversation != nil {
		t := s.talks[talkKey{c.Conversation.Address.Agency, c.Conversation.ID}]
		if t == nil && c.Conversation.Version != 0 || t != nil && t.Version != c.Conversation.Version {
			return alt.ErrConflict
		}
		if o := s.open(c.Conversation.Address); o != nil && o != t && c.Conversation.State == alt.Open {
			return alt.ErrConflict
		}
	}
	return nil
}

// apply writes everything.
func (s *Store) apply(row *item, p *change) {
	now := s.now()
	if p.Session != nil {
		s.saveSession(p.Session)
	}
	if p.Contact != nil {
		s.saveContact(p.Contact)
	}
	var t *talk
	if p.Conversation != nil {
		t = s.saveTalk(p.Conversation)
	}
	if !p.CancelBot.IsZero() {
		s.cancelBot(p.CancelBot, now)
	}
	if p.Record {
		s.record(row, t, p.recordAs)
	}
	again := make(map[string]bool) // messages that were queued before
	for _, o := range p.send {
		if !s.queue(o, t, now) {
			again[string(o.out.ID)] = true
		}
	}
	for i, l := range p.later {
		s.insert(l, p.Later[i].At)
	}
	switch {
	case row == nil:
	case p.event != nil:
		s.fetched(row, p.event)
	case p.Unknown:
		s.unknown(row)
	case p.Receipt != nil:
		s.receive(row, p.Receipt, now)
	default:
		s.finish(row)
	}
	for i, r := range p.Reports {
		s.report(r, p.echoes[i], now)
	}
	var redacted []alt.LogEntry
	for i, r := range p.Redactions {
		redacted = append(redacted, s.redact(r, p.redactions[i])...)
	}
	s.saveFlows(p.Flows)
	for _, e := range p.Log {
		if again[e.Message] {
			e = e.Uncommitted()
		}
		s.write([]alt.LogEntry{e})
	}
	s.write(redacted)
	if o := p.Once; o != nil {
		s.once[onceKey{o.Agency, o.Key}] = once{print: o.Print, at: now}
	}
	if t != nil {
		p.Conversation.Version, p.Conversation.Position = t.Version, t.Position
	}
}

// fetched moves a message whose file was fetched, or given up, to its place in
// the Inbox.
func (s *Store) fetched(it *item, a *arrival) {
	s.lanes[alt.Media].Finish(it.id)
	s.lanes[alt.Inbox].Unhold(it.id)
	it.work, it.event, it.attempt, it.token, it.claimed, it.ready = alt.Inbox, a.stored, 0, 0, false, time.Time{}
}

func (s *Store) saveContact(c *alt.Contact) {
	if old := s.contacts[c.Address]; old != nil && c.Thread == "" {
		c.Thread = old.Thread
	}
	c.Version++
	s.contacts[c.Address] = cloneContact(c)
}

func (s *Store) saveTalk(c *alt.Conversation) *talk {
	key := talkKey{c.Address.Agency, c.ID}
	t := s.talks[key]
	if t == nil {
		t = &talk{}
		s.talks[key] = t
		s.lastTalk[c.Address] = t
	}
	thread := t.Thread
	t.Conversation = *c
	t.Version++
	if t.Thread == "" {
		t.Thread = thread // a report told it meanwhile
	}
	if t.State == alt.Open {
		s.lastTalk[c.Address] = t
	}
	s.touch(t)
	return t
}

func (s *Store) write(entries []alt.LogEntry) {
	for _, e := range entries {
		e = cloneEntry(e)
		e.Seq = int64(len(s.log)) + 1
		s.log = append(s.log, e)
	}
}

// thread keeps the provider's name of a conversation, when a report tells it.
func (s *Store) thread(a channels.Address, t *talk, thread string) {
	if thread == "" {
		return
	}
	if t != nil {
		t.Thread = thread
	}
	if c := s.contacts[a]; c != nil {
		c.Thread = thread
	}
}
