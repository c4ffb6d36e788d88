package pgstore

import (
	"bytes"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// reused refuses ids that name another message.
func (t *tx) reused(p *change) error {
	batch := make(map[messageKey][32]byte, len(p.send))
	for _, o := range p.send {
		key := messageKey{o.out.To.Agency, o.out.ID, o.out.Part}
		if print, twice := batch[key]; twice && print != o.print {
			return alt.ErrIDReused
		}
		batch[key] = o.print
		if print := t.prints[key]; print != nil && !bytes.Equal(print, o.print[:]) {
			return alt.ErrIDReused
		}
	}
	return nil
}

const insertMessage = `INSERT INTO items (id, agency, channel, peer, lane, state, kind, accepted, direction, talk, at, status, status_at,
		message, part, print)
	SELECT id, agency, channel, peer, lane, 0, 4, at, 2, talk, at, 'queued', at, message, part, print
	FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::timestamptz[], $8::text[],
		$9::bigint[], $10::bytea[]) AS n(id, agency, channel, peer, lane, talk, at, message, part, print)`

// queue makes a message wait in the Outbox, unless it is there already. It reports
// whether it did.
func (t *tx) queue(o *sending, talk int64) (fresh bool, err error) {
	to := o.out.To
	key := messageKey{to.Agency, o.out.ID, o.out.Part}
	if t.prints[key] != nil {
		return false, nil
	}
	t.prints[key] = o.print[:]
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
	it := &item{
		id: t.next(), lane: t.s.addressLock(to), talk: talk, kind: outgoing, address: to, accepted: t.now, kept: true, out: true, ours: true,
		status: channels.Queued, work: alt.Outbox,
	}
	t.insert(insertBody, it.id, o.body, text(o.search))
	t.insert(insertMessage, it.id, string(to.Agency), string(to.Channel), string(to.Peer), it.lane, number(talk), t.now,
		string(o.out.ID), int64(o.out.Part), o.print[:])
	t.contents = append(t.contents, content{id: it.id, kind: outgoing, accepted: t.now, body: o.body})
	t.enqueue(it, it.id, o.out.Priority, time.Time{})
	t.touch(to.Agency, talk)
	return true, nil
}

// cancelBot takes back what no person wrote and nobody has begun to send.
func (t *tx) cancelBot(a channels.Address) error {
	if err := t.hold(t.s.addressLock(a)); err != nil {
		return err
	}
	rows, err := t.all(`SELECT i.id, `+bodyOf+` FROM live l JOIN items i ON i.id = l.id
		WHERE l.lane = $1 AND l.work = 'outbox' AND NOT l.claimed AND i.agency = $2 AND i.channel = $3 AND i.peer = $4`,
		t.s.addressLock(a), string(a.Agency), string(a.Channel), string(a.Peer))
	if err != nil {
		return err
	}
	for _, r := range rows {
		o, err := channels.UnmarshalOutbound(r.blob(1))
		if err != nil {
			return &broken{err}
		}
		if o.Author == channels.Person {
			continue
		}
		it, err := t.item(r.num(0))
		if err != nil {
			return err
		}
		if it.work != alt.Outbox || it.claimed { // meanwhile
			continue
		}
		t.unqueue(it)
		t.exec("UPDATE items SET state = $2 WHERE id = $1", it.id, stateCanceled)
		t.merge(it, channels.Canceled, "", t.now)
		t.touch(a.Agency, it.talk)
	}
	return nil
}

// unknown moves a message from the Outbox to Reconcile, unless a report has
// told meanwhile what became of it. Its token stays good for a late receipt.
func (t *tx) unknown(it *item) error {
	t.touch(it.address.Agency, it.talk)
	t.merge(it, channels.Unknown, "", t.now)
	switch it.status {
	case channels.Unknown:
	case channels.Failed:
		return t.fail(it)
	default:
		t.done(it)
		return nil
	}
	t.exec("UPDATE items SET attempts = attempts + $2 WHERE id = $1", it.id, it.attempt)
	t.dropped = append(t.dropped, it.id)
	t.offer("UPDATE live SET work = 'reconcile', head = true, rank = 0, claimed = false, attempt = 0, due = NULL, since = $2 WHERE id = $1"+returningHeads,
		it.id, t.now)
	it.work, it.claimed, it.attempt = alt.Reconcile, false, 0
	t.freed[it.lane] = true
	t.wakes[string(alt.Reconcile)] = true
	return nil
}

const markSent = `UPDATE items SET state = 1, attempts = items.attempts + n.attempts, sent = n.sent, code = NULL, provider = n.provider, status = n.status,
		status_at = n.sent
	FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[]) AS n(id, attempts, sent, provider, status) WHERE items.id = n.id`

// receive finishes a message as sent, with what was reported of it before.
func (t *tx) receive(it *item, r *channels.Receipt) error {
	at := r.At
	if at.IsZero() {
		at = t.now
	}
	attempts := 0
	if it.work == alt.Outbox {
		attempts = it.attempt
	}
	status := channels.Sent.Merge(r.Status)
	if it.status == channels.Queued && it.provider == "" {
		// As a rule nothing was reported yet, and one statement says it all.
		t.update(markSent, rowKey{items, it.id}, it.id, int64(attempts), at, string(r.ID), string(status))
		it.status, it.code = status, ""
		t.called(it, r.ID)
	} else {
		t.exec("UPDATE items SET state = $2, attempts = attempts + $3, sent = $4, code = CASE status WHEN 'failed' THEN code END WHERE id = $1",
			it.id, stateDone, attempts, at)
		t.merge(it, status, "", at)
		t.name(it, r.ID)
	}
	if err := t.unpark(it, r.ID); err != nil {
		return err
	}
	if err := t.passed(it, at); err != nil {
		return err
	}
	if err := t.thread(it.address, it.talk, r.Thread); err != nil {
		return err
	}
	t.touch(it.address.Agency, it.talk)
	t.unqueue(it)
	if it.status != channels.Failed {
		return nil
	}
	return t.makeLetter(it, it.talk, alt.Dead, it.code) // it was reported before
}
