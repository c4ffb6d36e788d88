package sqlitestore

import (
	"bytes"
	"context"

	"github.com/liidestuja/liidestuja/alt"
)

// Commit implements alt.Queue.
func (s *Store) Commit(ctx context.Context, it alt.Item, c alt.Changes) error {
	p, err := s.vault.prepare(c)
	if err != nil {
		return err
	}
	if err := s.do(ctx, func(t *tx) error { return t.commit(it, p) }); err != nil || !p.applied {
		return err
	}
	if c.Session != nil {
		c.Session.Version = p.Session.Version
	}
	if c.Contact != nil {
		c.Contact.Version, c.Contact.Thread = p.Contact.Version, p.Contact.Thread
	}
	if c.Conversation != nil {
		c.Conversation.Version, c.Conversation.Position = p.Conversation.Version, p.Conversation.Position
	}
	for i := range c.Flows {
		c.Flows[i].Version++
	}
	return nil
}

// commit decides everything that can be refused, and then writes.
func (t *tx) commit(it alt.Item, p *change) error {
	p.applied = false
	e, err := t.holding(it, p.Receipt != nil)
	if err != nil {
		return err
	}
	if done, err := t.once(p.Once); err != nil || done {
		return err
	}
	if err := p.fits(e); err != nil {
		return err
	}
	for _, refuse := range []func(*change) error{t.versions, t.flowVersions, t.reused, t.strangeEcho} {
		if err := refuse(p); err != nil {
			return err
		}
	}
	if p.Receipt != nil && it.Work == alt.Reconcile {
		if err := t.taken(e, p.Receipt.ID); err != nil {
			return err
		}
	}
	p.applied = true
	return t.apply(e, p)
}

// once reports whether a key was used for the same before.
func (t *tx) once(o *alt.Once) (done bool, err error) {
	if o == nil {
		return false, nil
	}
	r, err := t.one("SELECT print FROM once WHERE agency = ? AND key = ?", string(o.Agency), o.Key)
	switch {
	case err != nil || r == nil:
		return false, err
	case !bytes.Equal(r.blob(0), o.Print[:]):
		return false, alt.ErrIDReused
	}
	return true, nil
}

// versions refuses what was decided on something old, and a second open
// conversation of an address.
func (t *tx) versions(p *change) error {
	if s := p.Session; s != nil {
		old, err := t.person(s.Address)
		if err != nil {
			return err
		}
		if err := follows(old.session != nil, func() int64 { return old.session.Version }, s.Version); err != nil {
			return err
		}
	}
	if c := p.Contact; c != nil {
		old, err := t.person(c.Address)
		if err != nil {
			return err
		}
		if err := follows(old.contact != nil, func() int64 { return old.contact.Version }, c.Version); err != nil {
			return err
		}
	}
	if p.Conversation == nil {
		return nil
	}
	return t.talkVersion(p.Conversation)
}

// follows refuses a version that is not the next one after what is stored.
func follows(stored bool, version func() int64, next int64) error {
	last := int64(0)
	if stored {
		last = version()
	}
	if next != last+1 {
		return alt.ErrConflict
	}
	return nil
}

// apply writes everything.
func (t *tx) apply(e *entry, p *change) error {
	talk, err := t.savePeople(p)
	if err != nil {
		return err
	}
	if !p.CancelBot.IsZero() {
		at := int64(0) // a conversation that is saved and stands at another address
		if c := p.Conversation; c != nil && c.Address != p.CancelBot {
			at = talk
		}
		if err := t.cancelBot(p.CancelBot, at); err != nil {
			return err
		}
	}
	if p.Record {
		if err := t.record(e, talk, p.RecordAs); err != nil {
			return err
		}
	}
	for i := range p.log {
		p.log[i].again = false // a job may run again
	}
	for _, o := range p.send {
		fresh, err := t.send(o, talk)
		if err != nil {
			return err
		}
		if !fresh {
			again(p.log, o.out.ID)
		}
	}
	for _, a := range p.later {
		if _, err := t.arrive(a); err != nil {
			return err
		}
	}
	if e != nil {
		if err := t.settle(e, p); err != nil {
			return err
		}
	}
	for i, r := range p.Reports {
		if err := t.report(r, p.echoes[i]); err != nil {
			return err
		}
	}
	var redacted []logRow
	for i, r := range p.Redactions {
		entries, err := t.redact(r, p.redactions[i])
		if err != nil {
			return err
		}
		redacted = append(redacted, entries...)
	}
	if err := t.saveFlows(p); err != nil {
		return err
	}
	if err := t.writeLog(p.log, p.Conversation); err != nil {
		return err
	}
	if err := t.writeLog(redacted, nil); err != nil {
		return err
	}
	if o := p.Once; o != nil {
		_, err := t.exec("INSERT INTO once (agency, key, print, at) VALUES (?, ?, ?, ?)", string(o.Agency), o.Key, o.Print[:], t.now.UnixMicro())
		return err
	}
	return nil
}

// settle does to the item itself what the Commit says.
func (t *tx) settle(e *entry, p *change) error {
	switch {
	case p.event != nil:
		return t.fetched(e, p.event)
	case p.Unknown:
		return t.unknown(e.id)
	case p.Receipt != nil:
		return t.receive(e, p.Receipt)
	case p.Record:
		return t.unqueue(e.id) // record has finished the row
	}
	return t.finish(e)
}

// fetched moves a message whose file was fetched, or given up, to its place in
// the Inbox.
func (t *tx) fetched(e *entry, a *arrival) error {
	if err := t.rewrite(e.id, a.body, a.search); err != nil {
		return err
	}
	if _, err := t.exec("UPDATE live SET work = ?, claimed = 0, attempt = 0, token = 0, ready = NULL WHERE id = ?", string(alt.Inbox), e.id); err != nil {
		return err
	}
	t.changed[e.id] = true
	t.then(func() {
		s := t.s
		s.lanes[alt.Media].Finish(e.id)
		s.lanes[alt.Inbox].Unhold(e.id)
		live := s.live[e.id]
		s.drop(live)
		live.work, live.attempt, live.token, live.event = alt.Inbox, 0, 0, a.event
		s.keep(live)
	})
	return nil
}

// unqueue takes an item out of its queue.
func (t *tx) unqueue(id int64) error {
	if _, err := t.exec("DELETE FROM live WHERE id = ?", id); err != nil {
		return err
	}
	t.changed[id] = true
	t.then(func() { t.s.leave(id) })
	return nil
}

// finish ends the work on an item. The content of an event that did not become
// a message is overwritten: nobody has a use for it any more.
func (t *tx) finish(e *entry) error {
	if err := t.unqueue(e.id); err != nil {
		return err
	}
	attempts := int64(0)
	if e.work == alt.Outbox {
		attempts = int64(e.attempt)
	}
	if _, err := t.exec("UPDATE items SET state = ?, attempts = attempts + ?, body = NULL WHERE id = ?", int64(stateDone), attempts, e.id); err != nil {
		return err
	}
	switch e.kind {
	case received, edited, echoed:
		return t.blank(e.id)
	}
	return nil
}
