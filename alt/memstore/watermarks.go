package memstore

import (
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// markKey names what was reported of a person.
type markKey struct {
	address channels.Address
	status  channels.Status
}

// mark is up to when it was reported.
type mark struct {
	until  time.Time
	report time.Time
	at     time.Time // when it came
}

// wentOut reports whether the provider took m and nothing bad was told since.
func (m *message) wentOut() bool {
	return m.Status == channels.Sent || m.Status == channels.Delivered || m.Status == channels.Read
}

// reportUntil applies a report to all of a person's messages up to a time.
func (s *Store) reportUntil(r alt.Report, now time.Time) {
	for _, m := range s.byAddress[r.Address] {
		sent := m.sent
		if sent.IsZero() {
			sent = m.At
		}
		if m.wentOut() && !sent.After(r.Until) {
			m.report(r.Status, r.Code, r.At)
			s.touch(m.talk)
		}
	}
	if r.Status != channels.Delivered && r.Status != channels.Read {
		return
	}
	if key := (markKey{r.Address, r.Status}); r.Until.After(s.marks[key].until) {
		s.marks[key] = mark{until: r.Until, report: r.At, at: now}
	}
}

// passed applies what was reported before it was known when m went out.
func (s *Store) passed(m *message, now time.Time) {
	for _, st := range []channels.Status{channels.Delivered, channels.Read} {
		k, known := s.marks[markKey{m.Address, st}]
		if known && m.wentOut() && !m.sent.After(k.until) && now.Sub(k.at) <= alt.ParkFor {
			m.report(st, "", k.report)
		}
	}
}
