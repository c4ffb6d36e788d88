package memstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/session"
)

// Dossier implements alt.People.
func (s *Store) Dossier(ctx context.Context, a channels.Address) (alt.Dossier, error) {
	if err := s.enter(ctx); err != nil {
		return alt.Dossier{}, err
	}
	defer s.mu.Unlock()
	var d alt.Dossier
	if c := s.contacts[a]; c != nil {
		d.Contact = cloneContact(c)
	}
	if t := s.lastTalk[a]; t != nil {
		c := t.Conversation
		d.Conversation = &c
	}
	if ss := s.sessions[a]; ss != nil {
		d.Session = ss.Clone()
	}
	return d, nil
}

func cloneContact(c *alt.Contact) *alt.Contact {
	v := *c
	v.Offer = slices.Clone(c.Offer)
	return &v
}

// open returns the address's open conversation, if there is one. It is always
// the latest one, because a second one cannot be opened.
func (s *Store) open(a channels.Address) *talk {
	if t := s.lastTalk[a]; t != nil && t.State == alt.Open {
		return t
	}
	return nil
}

// Load implements session.Store.
func (s *Store) Load(ctx context.Context, a channels.Address) (*session.Session, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if ss := s.sessions[a]; ss != nil {
		return ss.Clone(), nil
	}
	return nil, session.ErrNotFound
}

// Save implements session.Store.
func (s *Store) Save(ctx context.Context, ss *session.Session) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.sessionVersion(ss.Address) != ss.Version {
		return session.ErrConflict
	}
	s.saveSession(ss)
	return nil
}

// ByCode implements session.Lookup.
func (s *Store) ByCode(ctx context.Context, agency channels.Agency, code eid.PersonalCode) ([]session.Session, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var found []session.Session
	for a, ss := range s.sessions {
		if a.Agency == agency && ss.Active() && ss.Identity != nil && ss.Identity.Code == code {
			found = append(found, *ss.Clone())
		}
	}
	slices.SortFunc(found, func(a, b session.Session) int {
		return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(b.ID, a.ID))
	})
	return found, nil
}

func (s *Store) sessionVersion(a channels.Address) int64 {
	if ss := s.sessions[a]; ss != nil {
		return ss.Version
	}
	return 0
}

func (s *Store) saveSession(ss *session.Session) {
	ss.Version++
	s.sessions[ss.Address] = ss.Clone()
}

// Expire implements session.Store.
func (s *Store) Expire(ctx context.Context, p session.Policy, now time.Time, max int) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	var over []*session.Session
	for _, ss := range s.sessions {
		if c := ss.Clone(); p.Expire(c, now) {
			over = append(over, c)
		}
	}
	slices.SortFunc(over, func(a, b *session.Session) int {
		return cmp.Or(a.Ended.Compare(b.Ended), cmp.Compare(a.ID, b.ID))
	})
	over = over[:min(max, len(over))]
	ends := make([]arrival, len(over))
	for i, ss := range over {
		var err error
		if ends[i], err = arrive(ended(ss)); err != nil {
			return 0, err
		}
	}
	for i, ss := range over {
		s.saveSession(ss)
		s.insert(ends[i], time.Time{})
	}
	return len(over), nil
}

func ended(ss *session.Session) channels.Event {
	a := ss.Address
	return &channels.SessionEnded{
		EventMeta: channels.EventMeta{Key: "session/" + ss.ID, Channel: a.Channel, Agency: a.Agency, Peer: a.Peer, At: ss.Ended},
		Session:   ss.ID, Reason: string(ss.Reason),
	}
}
