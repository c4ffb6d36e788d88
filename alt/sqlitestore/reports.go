package sqlitestore

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// message is a message that a report may be about.
type message struct {
	id, talk int64
	address  channels.Address
	out      bool
	status   channels.Status
	code     string
	provider channels.ProviderID
	ours     bool
	work     alt.Work // empty when it is in no queue
	claimed  bool
	letter   alt.LetterState
}

const selectMessage = `SELECT i.id, i.talk, i.agency, i.channel, i.peer, i.direction, i.status, i.provider, q.work, q.claimed, l.state,
		i.code, i.message
	FROM items i LEFT JOIN live q ON q.id = i.id LEFT JOIN letters l ON l.item = i.id `

func messageOf(r row) *message {
	return &message{
		id: r.num(0), talk: r.num(1), out: r.num(5) == 2, status: channels.Status(r.str(6)), provider: channels.ProviderID(r.str(7)),
		address: channels.Address{Agency: channels.Agency(r.str(2)), Channel: channels.ID(r.str(3)), Peer: channels.Peer(r.str(4))},
		work:    alt.Work(r.str(8)), claimed: r.num(9) != 0, letter: alt.LetterState(r.str(10)),
		code: r.str(11), ours: r.str(12) != "",
	}
}

func (t *tx) message(id int64) (*message, error) {
	r, err := t.one(selectMessage+"WHERE i.id = ?", id)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, &broken{fmt.Errorf("item %d is gone", id)}
	}
	return messageOf(r), nil
}

// merge writes what became of m, if that is news.
func (t *tx) merge(m *message, st channels.Status, code string, at time.Time) error {
	merged := m.status.Merge(st)
	if merged == m.status {
		return nil
	}
	if merged != channels.Failed {
		code = ""
	}
	m.status, m.code = merged, code
	_, err := t.exec("UPDATE items SET status = ?, status_at = ?, code = ? WHERE id = ?", string(merged), at.UnixMicro(), text(code), m.id)
	return err
}

// nameMessage lets a message be found by the provider's id.
func (t *tx) nameMessage(m *message, id channels.ProviderID) error {
	if id == "" || m.provider != "" {
		return nil
	}
	m.provider = id
	if _, err := t.exec("UPDATE items SET provider = ? WHERE id = ?", string(id), m.id); err != nil {
		return err
	}
	return t.name(providerName(m.address.Agency, m.address.Channel, id), m.id)
}

// report applies a provider's word.
func (t *tx) report(r alt.Report, echo string) error {
	if r.Status == "" {
		r.Status = channels.Sent
	}
	if r.At.IsZero() {
		r.At = t.now
	}
	if !r.Until.IsZero() {
		return t.reportUntil(r)
	}
	m, err := t.find(r, echo)
	switch {
	case err != nil:
		return err
	case m == nil:
		return t.park(r)
	}
	before := m.status
	if before == channels.Unknown {
		if err := t.merge(m, channels.Sent, "", r.At); err != nil {
			return err
		}
		if _, err := t.exec("UPDATE items SET sent = ? WHERE id = ?", r.At.UnixMicro(), m.id); err != nil {
			return err
		}
		if err := t.passed(m, r.At); err != nil {
			return err
		}
	}
	if err := t.merge(m, r.Status, r.Code, r.At); err != nil {
		return err
	}
	if r.ID != "" {
		if err := t.nameMessage(m, r.ID); err != nil {
			return err
		}
		if err := t.unpark(m, r.ID); err != nil {
			return err
		}
	}
	if err := t.settleReported(m, before); err != nil {
		return err
	}
	if err := t.thread(m.address, m.talk, r.Thread); err != nil {
		return err
	}
	t.touch(m.address, m.talk)
	return nil
}

// find returns the message that a report is about; nil when it is not stored.
func (t *tx) find(r alt.Report, echo string) (*message, error) {
	agency, channel := string(r.Address.Agency), string(r.Address.Channel)
	if r.ID != "" {
		x := providerName(r.Address.Agency, r.Address.Channel, r.ID)
		found, err := t.one(selectMessage+"WHERE i.id IN "+namedItems+" AND i.provider = ? AND i.direction = 2 AND i.agency = ? AND i.channel = ? ORDER BY i.id DESC LIMIT 1",
			x[:], t.itemNamed(x), string(r.ID), agency, channel)
		if err != nil || found != nil {
			return maybe(found), err
		}
	}
	if r.Ref != "" {
		if m, err := t.findRef(r); m != nil || err != nil {
			return m, err
		}
	}
	if r.Echo == nil {
		return nil, nil
	}
	rows, err := t.all(`SELECT i.id, b.body FROM items i INDEXED BY items_unknown JOIN texts b ON b.id = i.text
		WHERE i.agency = ? AND i.channel = ? AND i.peer = ? AND i.status = 'unknown'`, agency, channel, string(r.Address.Peer))
	if err != nil {
		return nil, err
	}
	only := int64(0)
	for _, row := range rows {
		o, err := channels.UnmarshalOutbound(row.blob(1))
		if err != nil {
			return nil, &broken{err}
		}
		content, err := channels.MarshalContent(o.Content)
		if err != nil {
			return nil, &broken{err}
		}
		if string(content) != echo {
			continue
		}
		if only != 0 {
			return nil, nil
		}
		only = row.num(0)
	}
	if only == 0 {
		return nil, nil
	}
	return t.message(only)
}

func maybe(r row) *message {
	if r == nil {
		return nil
	}
	return messageOf(r)
}

// findRef finds a message by Outbound.Ref: its id, with the part when there
// are several.
func (t *tx) findRef(r alt.Report) (*message, error) {
	try := func(id string, part int) (*message, error) {
		found, err := t.one(selectMessage+"WHERE i.agency = ? AND i.message = ? AND i.part = ? AND i.channel = ?",
			string(r.Address.Agency), id, int64(part), string(r.Address.Channel))
		if err != nil || found == nil {
			return nil, err
		}
		o, err := t.outbound(found.num(0))
		if err != nil || o.Ref() != r.Ref {
			return nil, err
		}
		return messageOf(found), nil
	}
	if m, err := try(r.Ref, 0); m != nil || err != nil {
		return m, err
	}
	dot := strings.LastIndexByte(r.Ref, '.')
	if dot < 0 {
		return nil, nil
	}
	if part, err := strconv.Atoi(r.Ref[dot+1:]); err == nil {
		return try(r.Ref[:dot], part)
	}
	return nil, nil
}

// taken refuses to find a message at the provider that is another of ours. Who
// sent it knows better.
func (t *tx) taken(e *entry, id channels.ProviderID) error {
	x := providerName(e.address.Agency, e.address.Channel, id)
	r, err := t.one("SELECT 1 FROM items WHERE id IN "+namedItems+" AND provider = ? AND direction = 2 AND agency = ? AND channel = ? AND message IS NOT NULL AND id <> ?",
		x[:], t.itemNamed(x), string(id), string(e.address.Agency), string(e.address.Channel), e.id)
	if err == nil && r != nil {
		err = alt.ErrIDReused
	}
	return err
}

// strangeEcho refuses echoes of messages that are not ours.
func (t *tx) strangeEcho(p *change) error {
	for i, r := range p.Reports {
		if r.Echo == nil {
			continue
		}
		m, err := t.find(r, p.echoes[i])
		if err != nil {
			return err
		}
		if m == nil {
			return alt.ErrNotFound
		}
	}
	return nil
}

// park keeps a report until its message has the provider's id.
func (t *tx) park(r alt.Report) error {
	if r.ID == "" {
		return nil
	}
	t.parked++
	_, err := t.exec("INSERT INTO parked (agency, channel, provider, at, status, code, reported) VALUES (?, ?, ?, ?, ?, ?, ?)",
		string(r.Address.Agency), string(r.Address.Channel), string(r.ID), t.now.UnixMicro(), string(r.Status), r.Code, r.At.UnixMicro())
	return err
}

// unpark applies what was reported on an id before it was known.
func (t *tx) unpark(m *message, id channels.ProviderID) error {
	if t.parked == 0 {
		return nil
	}
	agency, channel := string(m.address.Agency), string(m.address.Channel)
	rows, err := t.all("SELECT status, code, reported FROM parked WHERE provider = ? AND agency = ? AND channel = ? AND at >= ? ORDER BY id",
		string(id), agency, channel, t.now.Add(-alt.ParkFor).UnixMicro())
	if err != nil || len(rows) == 0 {
		return err
	}
	for _, r := range rows {
		if err := t.merge(m, channels.Status(r.str(0)), r.str(1), r.time(2)); err != nil {
			return err
		}
	}
	n, err := t.exec("DELETE FROM parked WHERE provider = ? AND agency = ? AND channel = ?", string(id), agency, channel)
	t.parked -= n
	return err
}
