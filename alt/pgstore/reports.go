package pgstore

import (
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// merge writes what became of a message, if that is news.
func (t *tx) merge(m *item, st channels.Status, code string, at time.Time) {
	merged := m.status.Merge(st)
	if merged == m.status {
		return
	}
	if merged != channels.Failed {
		code = ""
	}
	m.status, m.code = merged, code
	t.update(setStatus, rowKey{items, m.id}, m.id, string(merged), at, text(code))
}

const setStatus = `UPDATE items SET status = n.status, status_at = n.at, code = n.code
	FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[]) AS n(id, status, at, code) WHERE items.id = n.id`

// name lets a message be found by the provider's id.
func (t *tx) name(m *item, id channels.ProviderID) {
	if id != "" && m.provider == "" {
		t.called(m, id)
		t.exec("UPDATE items SET provider = $2 WHERE id = $1", m.id, string(id))
	}
}

// called remembers the provider's id of a message for the rest of the
// transaction.
func (t *tx) called(m *item, id channels.ProviderID) {
	m.provider = id
	k := providerKey{m.address.Agency, m.address.Channel, id}
	t.named[k] = max(t.named[k], m.id)
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
	m, err := t.meant(r, echo)
	switch {
	case err != nil:
		return err
	case m == nil:
		t.park(r)
		return nil
	}
	before := m.status
	if before == channels.Unknown {
		t.merge(m, channels.Sent, "", r.At)
		t.exec("UPDATE items SET sent = $2 WHERE id = $1", m.id, r.At)
		if err := t.passed(m, r.At); err != nil {
			return err
		}
	}
	t.merge(m, r.Status, r.Code, r.At)
	if r.ID != "" {
		t.name(m, r.ID)
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
	t.touch(m.address.Agency, m.talk)
	return nil
}

// meant returns the message that a report is about; nil when it is not stored.
func (t *tx) meant(r alt.Report, echo string) (*item, error) {
	if r.ID != "" {
		id, err := t.idOf(providerKey{r.Address.Agency, r.Address.Channel, r.ID})
		if err != nil {
			return nil, err
		}
		if id != 0 {
			return t.find(id)
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
	return t.findEcho(r.Address, echo)
}

// idOf returns the message with a provider's id, 0 when there is none.
func (t *tx) idOf(k providerKey) (int64, error) {
	if id, asked := t.named[k]; asked {
		return id, nil
	}
	r, err := t.one("SELECT id FROM items WHERE agency = $1 AND channel = $2 AND provider = $3 AND direction = 2 ORDER BY id DESC LIMIT 1",
		string(k.agency), string(k.channel), string(k.id))
	if err != nil || r == nil {
		return 0, err
	}
	return r.num(0), nil
}

// findEcho returns the only message of unknown outcome to an address whose
// content is the same.
func (t *tx) findEcho(a channels.Address, echo string) (*item, error) {
	rows, err := t.all(`SELECT i.id, `+bodyOf+` FROM live l JOIN items i ON i.id = l.id
			WHERE l.lane = $1 AND l.work = 'reconcile' AND i.agency = $2 AND i.channel = $3 AND i.peer = $4 AND i.status = 'unknown'
		UNION ALL
		SELECT i.id, `+bodyOf+` FROM items i WHERE i.state = 2 AND i.agency = $2 AND i.channel = $3 AND i.peer = $4 AND i.status = 'unknown'`,
		t.s.addressLock(a), string(a.Agency), string(a.Channel), string(a.Peer))
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
			return nil, nil // which of them, nobody can say
		}
		only = row.num(0)
	}
	if only == 0 {
		return nil, nil
	}
	return t.find(only)
}

// findRef finds a message by Outbound.Ref: its id, with the part when there
// are several.
func (t *tx) findRef(r alt.Report) (*item, error) {
	try := func(id string, part int) (*item, error) {
		found, err := t.one("SELECT i.id, "+bodyOf+" FROM items i WHERE i.agency = $1 AND i.message = $2 AND i.part = $3 AND i.channel = $4",
			string(r.Address.Agency), id, part, string(r.Address.Channel))
		if err != nil || found == nil {
			return nil, err
		}
		o, err := channels.UnmarshalOutbound(found.blob(1))
		if err != nil {
			return nil, &broken{err}
		}
		if o.Ref() != r.Ref {
			return nil, nil
		}
		return t.find(found.num(0))
	}
	if m, err := try(r.Ref, 0); m != nil || err != nil {
		return m, err
	}
	dot := strings.LastIndexByte(r.Ref, '.')
	if dot < 0 {
		return nil, nil
	}
	if part, err := strconv.ParseInt(r.Ref[dot+1:], 10, 32); err == nil {
		return try(r.Ref[:dot], int(part))
	}
	return nil, nil
}

// taken refuses to find a message at the provider that is another of ours. Who
// sent it knows better.
func (t *tx) taken(m *item, id channels.ProviderID) error {
	r, err := t.one(`SELECT 1 FROM items WHERE agency = $1 AND channel = $2 AND provider = $3 AND direction = 2 AND message IS NOT NULL AND id <> $4`,
		string(m.address.Agency), string(m.address.Channel), string(id), m.id)
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
		m, err := t.meant(r, p.echoes[i])
		if err != nil {
			return err
		}
		if m == nil {
			return alt.ErrNotFound
		}
	}
	return nil
}

// parked is a report that came before the receipt of its message.
type parked struct {
	at       time.Time // when it came
	status   channels.Status
	code     string
	reported time.Time
}

// park keeps a report until its message has the provider's id.
func (t *tx) park(r alt.Report) {
	if r.ID == "" {
		return
	}
	k := providerKey{r.Address.Agency, r.Address.Channel, r.ID}
	t.parked[k] = append(t.parked[k], parked{t.now, r.Status, r.Code, r.At})
	t.exec("INSERT INTO parked (id, agency, channel, provider, at, status, code, reported) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		t.next(), string(k.agency), string(k.channel), string(k.id), t.now, string(r.Status), r.Code, r.At)
}

// unpark applies what was reported on an id before it was known.
func (t *tx) unpark(m *item, id channels.ProviderID) error {
	k := providerKey{m.address.Agency, m.address.Channel, id}
	list, read := t.parked[k]
	if !read {
		if err := t.send(t.readReported(&needs{parked: []providerKey{k}})); err != nil {
			return err
		}
		list = t.parked[k]
	}
	if len(list) == 0 {
		return nil
	}
	for _, p := range list {
		if t.now.Sub(p.at) <= alt.ParkFor {
			t.merge(m, p.status, p.code, p.reported)
		}
	}
	t.parked[k] = nil
	t.exec("DELETE FROM parked WHERE agency = $1 AND channel = $2 AND provider = $3", string(k.agency), string(k.channel), string(k.id))
	return nil
}
