package sqlitestore

import (
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// reportUntil applies a report to all of a person's messages up to a time.
func (t *tx) reportUntil(r alt.Report) error {
	agency, channel, peer, until := string(r.Address.Agency), string(r.Address.Channel), string(r.Address.Peer), r.Until.UnixMicro()
	rows, err := t.all(selectMessage+`JOIN conversations c ON c.id = i.talk WHERE c.agency = ? AND c.channel = ? AND c.peer = ?
			AND i.direction = 2 AND i.status IN ('sent', 'delivered', 'read') AND coalesce(i.sent, i.at) <= ?
		UNION ALL `+selectMessage+`WHERE i.agency = ? AND i.channel = ? AND i.peer = ? AND i.direction = 2 AND i.direction IS NOT NULL AND i.talk IS NULL
			AND i.status IN ('sent', 'delivered', 'read') AND coalesce(i.sent, i.at) <= ?`,
		agency, channel, peer, until, agency, channel, peer, until)
	if err != nil {
		return err
	}
	for _, row := range rows {
		m := messageOf(row)
		if err := t.merge(m, r.Status, r.Code, r.At); err != nil {
			return err
		}
		t.touch(m.address, m.talk)
	}
	return t.mark(r)
}

// mark keeps a report up to a time for messages whose receipt is on its way.
func (t *tx) mark(r alt.Report) error {
	if r.Status != channels.Delivered && r.Status != channels.Read {
		return nil
	}
	t.marked = true
	_, err := t.exec(`INSERT INTO watermarks (agency, channel, peer, status, until, reported, at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET until = excluded.until, reported = excluded.reported, at = excluded.at WHERE excluded.until > until`,
		string(r.Address.Agency), string(r.Address.Channel), string(r.Address.Peer), string(r.Status),
		r.Until.UnixMicro(), r.At.UnixMicro(), t.now.UnixMicro())
	return err
}

// passed applies what was reported before it was known that m went out at sent.
func (t *tx) passed(m *message, sent time.Time) error {
	if !t.marked || m.status != channels.Sent && m.status != channels.Delivered {
		return nil
	}
	rows, err := t.all("SELECT status, reported FROM watermarks WHERE agency = ? AND channel = ? AND peer = ? AND until >= ? AND at >= ?",
		string(m.address.Agency), string(m.address.Channel), string(m.address.Peer), sent.UnixMicro(), t.now.Add(-alt.ParkFor).UnixMicro())
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := t.merge(m, channels.Status(r.str(0)), "", r.time(1)); err != nil {
			return err
		}
	}
	return nil
}
