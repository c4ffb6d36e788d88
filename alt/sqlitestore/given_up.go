package sqlitestore

import (
	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// bury makes an item a letter: it is in no queue and holds nothing.
func (t *tx) bury(e *entry, code string) error {
	state, talk := alt.Dead, e.talk
	if e.work == alt.Reconcile {
		state = alt.Uncertain
	}
	if e.kind != outgoing {
		p, err := t.person(e.address)
		if err != nil {
			return err
		}
		talk = p.open()
	}
	attempts := int64(e.attempt)
	if e.work == alt.Reconcile {
		attempts = 0 // they were no attempts to send
	}
	if _, err := t.exec("UPDATE items SET attempts = attempts + ? WHERE id = ?", attempts, e.id); err != nil {
		return err
	}
	if e.kind == edited || e.kind == echoed { // raw is not kept for as long as a letter
		ev, err := t.event(e.id)
		if err != nil {
			return err
		}
		if err := t.rewriteEvent(e.id, ev); err != nil {
			return err
		}
	}
	if e.kind == outgoing {
		t.touch(e.address, talk)
	}
	if err := t.unqueue(e.id); err != nil {
		return err
	}
	return t.letter(e.id, e.address, talk, state, code)
}

// letter makes one of an item that is in no queue. The parts of a message that
// wait behind one that is dead become letters too: the person would get an end
// without its beginning.
func (t *tx) letter(id int64, a channels.Address, talk int64, state alt.LetterState, code string) error {
	if _, err := t.exec("UPDATE items SET state = ? WHERE id = ?", int64(stateLetter), id); err != nil {
		return err
	}
	_, err := t.exec("INSERT INTO letters (place, item, agency, channel, state, code, at, talk) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		t.next(), id, string(a.Agency), string(a.Channel), string(state), code, t.now.UnixMicro(), number(talk))
	if err != nil || state != alt.Dead || code == alt.PartBefore {
		return err
	}
	later, err := t.partsAfter(id, "JOIN live l ON l.id = i.id WHERE l.work = ? AND l.claimed = 0", string(alt.Outbox))
	if err != nil {
		return err
	}
	for _, id := range later {
		m, err := t.message(id)
		if err != nil {
			return err
		}
		if err := t.done(m); err != nil {
			return err
		}
		if _, err := t.exec("UPDATE items SET code = ? WHERE id = ?", alt.PartBefore, id); err != nil {
			return err
		}
		if err := t.letter(id, m.address, m.talk, alt.Dead, alt.PartBefore); err != nil {
			return err
		}
	}
	return nil
}

// partsAfter returns the later parts of the message that an item is a part of,
// in their order, of which a condition holds.
func (t *tx) partsAfter(id int64, condition, arg string) ([]int64, error) {
	rows, err := t.all("SELECT i.id FROM items first JOIN items i ON i.agency = first.agency AND i.message = first.message AND i.part > first.part "+
		condition+" AND first.id = ? ORDER BY i.part", arg, id)
	if err != nil {
		return nil, err
	}
	found := make([]int64, len(rows))
	for i, r := range rows {
		found[i] = r.num(0)
	}
	return found, nil
}

// done ends all work on m.
func (t *tx) done(m *message) error {
	if m.letter != "" {
		if _, err := t.exec("DELETE FROM letters WHERE item = ?", m.id); err != nil {
			return err
		}
	}
	_, err := t.exec(`UPDATE items SET state = ?, attempts = attempts + coalesce((SELECT attempt FROM live WHERE id = ? AND work = 'outbox'), 0)
		WHERE id = ?`, int64(stateDone), m.id, m.id)
	if err != nil {
		return err
	}
	return t.unqueue(m.id)
}

// settleReported ends the work on a message of which a report has told enough.
// What a worker is sending now is left to it.
func (t *tx) settleReported(m *message, before channels.Status) error {
	switch {
	case m.work == alt.Outbox && m.claimed:
	case m.status == channels.Failed && before != channels.Failed && m.ours:
		return t.fail(m)
	case m.work == "" && m.letter == "":
	case m.work == alt.Reconcile, m.letter == alt.Uncertain,
		m.status == channels.Sent, m.status == channels.Delivered, m.status == channels.Read:
		return t.done(m)
	}
	return nil
}

// fail makes a letter of a message that the provider took and gave up later.
func (t *tx) fail(m *message) error {
	if err := t.done(m); err != nil {
		return err
	}
	return t.letter(m.id, m.address, m.talk, alt.Dead, m.code)
}
