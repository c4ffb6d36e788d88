package pgstore

import (
	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// bury makes an item a letter: it is in no queue and holds nothing.
func (t *tx) bury(e *item, code string) error {
	state, talk, attempts := alt.Dead, e.talk, e.attempt
	if e.work == alt.Reconcile {
		state, attempts = alt.Uncertain, 0 // they were no attempts to send
	}
	if e.kind == outgoing {
		t.touch(e.address.Agency, talk)
	} else {
		p, err := t.person(e.address)
		if err != nil {
			return err
		}
		talk = p.open()
	}
	t.exec("UPDATE items SET attempts = attempts + $2 WHERE id = $1", e.id, attempts)
	t.unqueue(e)
	return t.makeLetter(e, talk, state, code)
}

// makeLetter makes a letter of an item that is in no queue. The parts of a
// message that wait behind one that is dead become letters too: the person would
// get an end without its beginning.
func (t *tx) makeLetter(e *item, talk int64, state alt.LetterState, code string) error {
	t.exec("UPDATE items SET state = $2 WHERE id = $1", e.id, stateLetter)
	t.exec("INSERT INTO letters (place, item, agency, channel, state, code, at, talk) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		t.next(), e.id, string(e.address.Agency), string(e.address.Channel), string(state), code, t.now, number(talk))
	t.letters = append(t.letters, newLetter{e.id, e.address.Agency})
	e.letter, e.code = state, code
	if state != alt.Dead || code == alt.PartBefore || e.kind != outgoing {
		return nil
	}
	later, err := t.partsAfter(e.id, "JOIN live l ON l.id = i.id WHERE l.work = 'outbox' AND NOT l.claimed")
	if err != nil {
		return err
	}
	for _, it := range later {
		if it.work != alt.Outbox || it.claimed { // meanwhile
			continue
		}
		t.done(it)
		t.exec("UPDATE items SET code = $2 WHERE id = $1", it.id, alt.PartBefore)
		if err := t.makeLetter(it, it.talk, alt.Dead, alt.PartBefore); err != nil {
			return err
		}
		t.touch(it.address.Agency, it.talk)
	}
	return nil
}

// partsAfter returns the later parts of the message that an item is a part of,
// in their order, of which a condition holds.
func (t *tx) partsAfter(id int64, condition string) ([]*item, error) {
	rows, err := t.all("SELECT i.id FROM items first JOIN items i ON i.agency = first.agency AND i.message = first.message AND i.part > first.part "+
		condition+" AND first.id = $1 ORDER BY i.part", id)
	if err != nil {
		return nil, err
	}
	found := make([]*item, len(rows))
	for i, r := range rows {
		if found[i], err = t.item(r.num(0)); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// done ends all work on a message.
func (t *tx) done(m *item) {
	if m.letter != "" {
		t.dropLetter(m)
	}
	attempts := 0
	if m.work == alt.Outbox {
		attempts = m.attempt
	}
	t.exec("UPDATE items SET state = $2, attempts = attempts + $3 WHERE id = $1", m.id, stateDone, attempts)
	t.unqueue(m)
}

// settleReported ends the work on a message of which a report has told enough.
// What a worker is sending now is left to it.
func (t *tx) settleReported(m *item, before channels.Status) error {
	switch {
	case m.work == alt.Outbox && m.claimed:
	case m.status == channels.Failed && before != channels.Failed && m.ours:
		return t.fail(m)
	case m.work == "" && m.letter == "":
	case m.work == alt.Reconcile, m.letter == alt.Uncertain,
		m.status == channels.Sent, m.status == channels.Delivered, m.status == channels.Read:
		t.done(m)
	}
	return nil
}

// fail makes a letter of a message that the provider took and gave up later.
func (t *tx) fail(m *item) error {
	t.done(m)
	return t.makeLetter(m, m.talk, alt.Dead, m.code)
}
