package pgstore

import (
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// watermark is up to when a person was reported to have got or read everything.
type watermark struct {
	status   channels.Status
	until    time.Time
	reported time.Time
	at       time.Time // when it came
}

// reportUntil applies a report to all of a person's messages up to a time.
func (t *tx) reportUntil(r alt.Report) error {
	if err := t.hold(t.s.addressLock(r.Address)); err != nil {
		return err
	}
	rows, err := t.all(`SELECT i.id FROM conversations c JOIN items i ON i.talk = c.id WHERE c.agency = $1 AND c.channel = $2 AND c.peer = $3
			AND i.direction = 2 AND i.status IN ('sent', 'delivered', 'read') AND coalesce(i.sent, i.at) <= $4 AND i.status <> $5
		UNION ALL SELECT i.id FROM items i WHERE i.agency = $1 AND i.channel = $2 AND i.peer = $3 AND i.direction IS NOT NULL AND i.talk IS NULL
			AND i.direction = 2 AND i.status IN ('sent', 'delivered', 'read') AND coalesce(i.sent, i.at) <= $4 AND i.status <> $5`,
		string(r.Address.Agency), string(r.Address.Channel), string(r.Address.Peer), r.Until, string(r.Status))
	if err != nil {
		return err
	}
	for _, row := range rows {
		m, err := t.item(row.num(0))
		if err != nil {
			return err
		}
		t.merge(m, r.Status, r.Code, r.At)
		t.touch(m.address.Agency, m.talk)
	}
	t.mark(r)
	return nil
}

// mark keeps a report up to a time for messages whose receipt is on its way.
func (t *tx) mark(r alt.Report) {
	if r.Status != channels.Delivered && r.Status != channels.Read {
		return
	}
	delete(t.marks, r.Address)
	t.exec(`INSERT INTO watermarks AS w (agency, channel, peer, status, until, reported, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (agency, channel, peer, status) DO UPDATE SET until = excluded.until, reported = excluded.reported, at = excluded.at
			WHERE excluded.until > w.until`,
		string(r.Address.Agency), string(r.Address.Channel), string(r.Address.Peer), string(r.Status), r.Until, r.At, t.now)
}

// passed applies what was reported before it was known that m went out at sent.
func (t *tx) passed(m *item, sent time.Time) error {
	if m.status != channels.Sent && m.status != channels.Delivered {
		return nil
	}
	list, read := t.marks[m.address]
	if !read {
		if err := t.send(append(t.pending(), t.readReported(&needs{marks: []channels.Address{m.address}})...)); err != nil {
			return err
		}
		list = t.marks[m.address]
	}
	for _, w := range list {
		if !sent.Truncate(time.Microsecond).After(w.until) && t.now.Sub(w.at) <= alt.ParkFor {
			t.merge(m, w.status, "", w.reported)
		}
	}
	return nil
}
