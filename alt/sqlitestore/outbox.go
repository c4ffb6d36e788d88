package sqlitestore

import (
	"bytes"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// reused refuses ids that name another message.
func (t *tx) reused(p *change) error {
	type part struct {
		agency channels.Agency
		id     channels.MessageID
		n      int
	}
	var batch map[part][32]byte
	if len(p.send) > 1 {
		batch = make(map[part][32]byte)
	}
	for _, o := range p.send {
		if batch != nil {
			key := part{o.out.To.Agency, o.out.ID, o.out.Part}
			if print, twice := batch[key]; twice && print != o.print {
				return alt.ErrIDReused
			}
			batch[key] = o.print
		}
		r, err := t.one("SELECT print FROM items WHERE agency = ? AND message = ? AND part = ?", string(o.out.To.Agency), string(o.out.ID), int64(o.out.Part))
		if err != nil {
			return err
		}
		if r != nil && !bytes.Equal(r.blob(0), o.print[:]) {
			return alt.ErrIDReused
		}
	}
	return nil
}

// send makes a message wait in the Outbox, unless it is there already. It reports
// whether it did.
func (t *tx) send(o *sending, talk int64) (fresh bool, err error) {
	to := o.out.To
	switch {
	case o.out.Private:
		talk = 0
	case talk == 0:
		p, err := t.person(to)
		if err != nil {
			return false, err
		}
		talk = p.open()
	}
	id, now := t.seq+1, t.now.UnixMicro()
	n, err := t.exec(`INSERT INTO items (id, agency, channel, peer, state, accepted, text, direction, talk, at, status, status_at, message, part, print)
		VALUES (?, ?, ?, ?, 0, ?, ?, 2, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (agency, message, part) WHERE message IS NOT NULL DO NOTHING`,
		id, string(to.Agency), string(to.Channel), string(to.Peer), now, id, number(talk), now, string(channels.Queued), now,
		string(o.out.ID), int64(o.out.Part), o.print[:])
	if err != nil || n == 0 {
		return false, err
	}
	t.seq = id
	if err := t.insertText(id, o.body, o.search); err != nil {
		return false, err
	}
	out := o.out
	e := &entry{
		id: id, work: alt.Outbox, kind: outgoing, address: to, lane: personLane(to), talk: talk, priority: out.Priority, accepted: t.now, outbound: &out,
	}
	if err := t.insertLive(e); err != nil {
		return false, err
	}
	t.touch(to, talk)
	t.then(func() { t.s.enter(e) })
	return true, nil
}

// cancelBot takes back what no person wrote and nobody has begun to send.
func (t *tx) cancelBot(a channels.Address, talk int64) error {
	agency, channel, peer := string(a.Agency), string(a.Channel), string(a.Peer)
	rows, err := t.all(`SELECT i.id, i.talk, i.status, b.body
		FROM conversations c JOIN items i ON i.talk = c.id JOIN live l ON l.id = i.id JOIN texts b ON b.id = i.text
		WHERE c.agency = ? AND c.channel = ? AND c.peer = ? AND l.work = 'outbox' AND l.claimed = 0
		UNION ALL
		SELECT i.id, i.talk, i.status, b.body
		FROM items i JOIN live l ON l.id = i.id JOIN texts b ON b.id = i.text
		WHERE i.talk = ? AND l.work = 'outbox' AND l.claimed = 0
		UNION ALL
		SELECT i.id, i.talk, i.status, b.body
		FROM items i INDEXED BY items_alone JOIN live l ON l.id = i.id JOIN texts b ON b.id = i.text
		WHERE i.agency = ? AND i.channel = ? AND i.peer = ? AND i.direction IS NOT NULL AND i.talk IS NULL AND l.work = 'outbox' AND l.claimed = 0`,
		agency, channel, peer, number(talk), agency, channel, peer)
	if err != nil {
		return err
	}
	for _, r := range rows {
		o, err := channels.UnmarshalOutbound(r.blob(3))
		if err != nil {
			return &broken{err}
		}
		if o.Author == channels.Person || o.To != a {
			continue
		}
		m := &message{id: r.num(0), talk: r.num(1), status: channels.Status(r.str(2)), address: a}
		if err := t.unqueue(m.id); err != nil {
			return err
		}
		if _, err := t.exec("UPDATE items SET state = ? WHERE id = ?", int64(stateCanceled), m.id); err != nil {
			return err
		}
		if err := t.merge(m, channels.Canceled, "", t.now); err != nil {
			return err
		}
		t.touch(a, m.talk)
	}
	return nil
}

// unknown moves a message from the Outbox to Reconcile, unless a report has
// told meanwhile what became of it. Its token stays good for a late receipt.
func (t *tx) unknown(id int64) error {
	m, err := t.message(id)
	if err != nil {
		return err
	}
	t.touch(m.address, m.talk)
	if err := t.merge(m, channels.Unknown, "", t.now); err != nil {
		return err
	}
	switch m.status {
	case channels.Unknown:
	case channels.Failed:
		return t.fail(m)
	default:
		return t.done(m)
	}
	if _, err := t.exec("UPDATE items SET attempts = attempts + (SELECT attempt FROM live WHERE id = ?) WHERE id = ?", id, id); err != nil {
		return err
	}
	_, err = t.exec("UPDATE live SET work = ?, claimed = 0, attempt = 0, ready = NULL, since = ? WHERE id = ?", string(alt.Reconcile), t.now.UnixMicro(), id)
	if err != nil {
		return err
	}
	t.changed[id] = true
	t.then(func() {
		e := t.s.live[id]
		if e == nil {
			return // at the start: the queues are read later
		}
		t.s.leave(id)
		t.s.enter(&entry{
			id: id, work: alt.Reconcile, kind: e.kind, address: e.address, lane: e.lane, talk: e.talk, priority: e.priority,
			token: e.token, accepted: e.accepted, since: t.now,
		})
	})
	return nil
}

// receive finishes a message as sent, with what was reported of it before.
func (t *tx) receive(e *entry, r *channels.Receipt) error {
	at := r.At
	if at.IsZero() {
		at = t.now
	}
	status := channels.Sent.Merge(r.Status)
	attempts := int64(0)
	if e.work == alt.Outbox {
		attempts = int64(e.attempt)
	}
	// As a rule nothing was reported yet, and one statement says it all.
	n, err := t.exec(`UPDATE items SET state = ?, attempts = attempts + ?, sent = ?, code = NULL, provider = ?, status = ?, status_at = ?
		WHERE id = ? AND status = 'queued' AND provider IS NULL`,
		int64(stateDone), attempts, at.UnixMicro(), string(r.ID), string(status), at.UnixMicro(), e.id)
	if err != nil {
		return err
	}
	m := &message{id: e.id, talk: e.talk, address: e.address, status: status, provider: r.ID}
	if n > 0 {
		if err := t.name(providerName(e.address.Agency, e.address.Channel, r.ID), e.id); err != nil {
			return err
		}
	} else {
		if m, err = t.message(e.id); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE items SET state = ?, attempts = attempts + ?, sent = ?, code = CASE status WHEN 'failed' THEN code END WHERE id = ?`,
			int64(stateDone), attempts, at.UnixMicro(), e.id); err != nil {
			return err
		}
		if err := t.merge(m, status, "", at); err != nil {
			return err
		}
		if err := t.nameMessage(m, r.ID); err != nil {
			return err
		}
	}
	if err := t.unpark(m, r.ID); err != nil {
		return err
	}
	if err := t.passed(m, at); err != nil {
		return err
	}
	if err := t.thread(m.address, m.talk, r.Thread); err != nil {
		return err
	}
	t.touch(m.address, m.talk)
	if err := t.unqueue(e.id); err != nil || m.status != channels.Failed {
		return err
	}
	return t.letter(e.id, m.address, m.talk, alt.Dead, m.code) // it was reported before
}
