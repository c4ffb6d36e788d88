package memstore

import (
	"crypto/sha256"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// report merges what became of m.
func (m *message) report(st channels.Status, code string, at time.Time) {
	merged := m.Status.Merge(st)
	if merged == m.Status {
		return
	}
	m.Status, m.StatusAt, m.Code = merged, at, ""
	if merged == channels.Failed {
		m.Code = code
	}
}

// receive finishes a message as sent, with what was reported of it before.
func (s *Store) receive(it *item, r *channels.Receipt, now time.Time) {
	m, at := it.msg, r.At
	if at.IsZero() {
		at = now
	}
	m.sent = at
	if m.Status != channels.Failed {
		m.Code = ""
	}
	m.report(channels.Sent, "", at)
	m.report(r.Status, "", at)
	s.named(m, r.ID)
	s.unpark(m, r.ID, now)
	s.passed(m, now)
	s.thread(m.Address, m.talk, r.Thread)
	s.finish(it)
	if m.Status == channels.Failed { // it was reported before
		s.fail(m)
	}
	s.touch(m.talk)
}

// taken refuses to find a message at the provider that is another of ours. Who
// sent it knows better.
func (s *Store) taken(it alt.Item, row *item, r *channels.Receipt) error {
	if r == nil || it.Work != alt.Reconcile {
		return nil
	}
	a := row.msg.Address
	if m := s.byProvider[providerKey{a.Agency, a.Channel, r.ID}]; m != nil && m != row.msg && m.out.ID != "" {
		return alt.ErrIDReused
	}
	return nil
}

// unpark applies what was reported on an id before it was known.
func (s *Store) unpark(m *message, id channels.ProviderID, now time.Time) {
	key := providerKey{m.Address.Agency, m.Address.Channel, id}
	for _, p := range s.parked[key] {
		if now.Sub(p.at) <= alt.ParkFor {
			m.report(p.status, p.code, p.report)
		}
	}
	delete(s.parked, key)
}

// report applies a provider's word.
func (s *Store) report(r alt.Report, echo [32]byte, now time.Time) {
	if r.Status == "" {
		r.Status = channels.Sent
	}
	if r.At.IsZero() {
		r.At = now
	}
	if !r.Until.IsZero() {
		s.reportUntil(r, now)
		return
	}
	m := s.find(r, echo)
	if m == nil {
		if r.ID != "" {
			key := providerKey{r.Address.Agency, r.Address.Channel, r.ID}
			s.parked[key] = append(s.parked[key], parked{status: r.Status, code: r.Code, report: r.At, at: now})
		}
		return
	}
	if m.Direction != alt.Out {
		return
	}
	before := m.Status
	if before == channels.Unknown {
		m.sent = r.At
		m.report(channels.Sent, "", r.At)
		s.passed(m, now)
	}
	m.report(r.Status, r.Code, r.At)
	if r.ID != "" {
		s.named(m, r.ID)
		s.unpark(m, r.ID, now)
	}
	s.settleReported(m, before)
	s.thread(m.Address, m.talk, r.Thread)
	s.touch(m.talk)
}

// find returns the message that a report is about.
func (s *Store) find(r alt.Report, echo [32]byte) *message {
	if r.ID != "" {
		if m := s.byProvider[providerKey{r.Address.Agency, r.Address.Channel, r.ID}]; m != nil {
			return m
		}
	}
	if r.Ref != "" {
		if m := s.byRef[refKey{r.Address.Agency, r.Address.Channel, r.Ref}]; m != nil {
			return m
		}
	}
	if r.Echo == nil {
		return nil
	}
	var only *message
	for _, m := range s.byAddress[r.Address] {
		if m.Status == channels.Unknown && sha256.Sum256(m.content) == echo {
			if only != nil {
				return nil // which of them, nobody can say
			}
			only = m
		}
	}
	return only
}

// strangeEcho refuses echoes of messages that are not ours.
func (s *Store) strangeEcho(p *change) error {
	for i, r := range p.Reports {
		if r.Echo != nil && s.find(r, p.echoes[i]) == nil {
			return alt.ErrNotFound
		}
	}
	return nil
}
