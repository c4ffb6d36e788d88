package pgstore

import (
	"bytes"
	"context"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Commit implements alt.Queue.
func (s *Store) Commit(ctx context.Context, it alt.Item, c alt.Changes) error {
	p, err := s.vault.prepare(c)
	if err != nil {
		return err
	}
	if err := s.do(ctx, s.needsOf(it, p), func(t *tx) error { return t.commit(it, p) }); err != nil || !p.applied {
		return err
	}
	if c.Session != nil {
		c.Session.Version = p.Session.Version
	}
	if c.Contact != nil {
		c.Contact.Version, c.Contact.Thread = p.Contact.Version, p.Contact.Thread
	}
	if c.Conversation != nil {
		c.Conversation.Version, c.Conversation.Position = p.Conversation.Version, p.position
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
	print, known := t.onces[onceKey{o.Agency, o.Key}]
	switch {
	case !known:
		return false, nil
	case !bytes.Equal(print, o.Print[:]):
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
func (t *tx) apply(e *item, p *change) error {
	talk, err := t.savePeople(p)
	if err != nil {
		return err
	}
	if !p.CancelBot.IsZero() {
		if err := t.cancelBot(p.CancelBot); err != nil {
			return err
		}
	}
	if p.Record {
		if err := t.record(e, talk, p.RecordAs); err != nil {
			return err
		}
	}
	again := make(map[string]bool) // messages that were queued before
	for _, o := range p.send {
		fresh, err := t.queue(o, talk)
		if err != nil {
			return err
		}
		if !fresh {
			again[string(o.out.ID)] = true
		}
	}
	for _, a := range p.later {
		t.arrive(a)
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
	t.saveFlows(p)
	if err := t.writeLog(p.log, again); err != nil {
		return err
	}
	t.log = append(t.log, redacted...)
	if o := p.Once; o != nil {
		t.onces[onceKey{o.Agency, o.Key}] = bytes.Clone(o.Print[:])
		t.exec("INSERT INTO once (agency, key, print, at) VALUES ($1, $2, $3, $4)", string(o.Agency), o.Key, o.Print[:], t.now)
	}
	return nil
}

// settle does to the item itself what the Commit says.
func (t *tx) settle(e *item, p *change) error {
	switch {
	case p.event != nil:
		t.fetched(e, p.event)
		return nil
	case p.Unknown:
		return t.unknown(e)
	case p.Receipt != nil:
		return t.receive(e, p.Receipt)
	case p.Record:
		t.unqueue(e) // record has finished the row
		return nil
	}
	t.finishItem(e)
	return nil
}

// fetched moves a message whose file was fetched, or given up, to its place in
// the Inbox.
func (t *tx) fetched(e *item, a *arrival) {
	t.rewrite(e.id, a.body, a.search)
	t.exec("UPDATE live SET work = $2, head = false, claimed = false, attempt = 0, token = 0, due = NULL WHERE id = $1", e.id, string(alt.Inbox))
	e.work, e.claimed, e.attempt, e.token = alt.Inbox, false, 0, 0
	t.dropped = append(t.dropped, e.id)
	t.freed[e.lane] = true
	t.wakes[string(alt.Inbox)] = true
}

const finishEvent = `UPDATE items SET state = 1, body = NULL FROM unnest($1::bigint[]) AS n(id) WHERE items.id = n.id`

// finishItem ends the work on an item. The content of an event that did not
// become a message is deleted: nobody has a use for it any more.
func (t *tx) finishItem(e *item) {
	attempts := e.attempt
	if e.work != alt.Outbox {
		attempts = 0
	}
	t.unqueue(e)
	if e.kind == outgoing {
		t.exec("UPDATE items SET state = $2, attempts = attempts + $3 WHERE id = $1", e.id, stateDone, attempts)
		return
	}
	t.update(finishEvent, rowKey{items, e.id}, e.id)
	switch e.kind {
	case received, edited, echoed:
		t.dropBody(e)
		t.dropRaw(e.id)
	}
}

// Release implements alt.Queue.
func (s *Store) Release(ctx context.Context, it alt.Item, at time.Time, cause error) error {
	code := ""
	if cause != nil {
		code = channels.Code(cause)
	}
	if it.ID == 0 {
		return alt.ErrLeaseLost
	}
	n := &needs{numbers: 1}
	s.needItem(n, it)
	return s.do(ctx, n, func(t *tx) error {
		e, err := t.holding(it, false)
		if err != nil {
			return err
		}
		if e.kind == outgoing {
			t.exec("UPDATE items SET code = $2 WHERE id = $1", e.id, text(code))
			e.code = code
		}
		if at.IsZero() {
			return t.bury(e, code)
		}
		e.claimed, e.token = false, 0
		due := any(nil)
		if at.After(t.now) {
			due = at
		} else {
			t.wakes[string(e.work)] = true
		}
		t.dropped = append(t.dropped, e.id)
		t.offer("UPDATE live SET claimed = false, token = 0, due = $2 WHERE id = $1"+returningHeads, e.id, due)
		return nil
	})
}
