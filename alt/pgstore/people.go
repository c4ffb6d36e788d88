package pgstore

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
	p, err := s.person(ctx, a)
	if err != nil {
		return alt.Dossier{}, err
	}
	return alt.Dossier{Contact: p.contact, Conversation: p.talk, Session: p.session}, nil
}

// Load implements session.Store.
func (s *Store) Load(ctx context.Context, a channels.Address) (*session.Session, error) {
	p, err := s.person(ctx, a)
	if err != nil {
		return nil, err
	}
	if p.session == nil {
		return nil, session.ErrNotFound
	}
	return p.session, nil
}

// ByCode implements session.Lookup.
func (s *Store) ByCode(ctx context.Context, agency channels.Agency, code eid.PersonalCode) ([]session.Session, error) {
	rows, err := s.read(ctx, "SELECT session, identity FROM people WHERE agency = $1 AND code = $2", string(agency), s.vault.Hash(agency, code))
	if err != nil {
		return nil, err
	}
	found := make([]session.Session, len(rows))
	for i, r := range rows {
		ss, err := s.vault.Decode(r.blob(0), r.blob(1))
		if err != nil {
			return nil, err
		}
		found[i] = *ss
	}
	slices.SortFunc(found, func(a, b session.Session) int {
		return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(b.ID, a.ID))
	})
	return found, nil
}

// Save implements session.Store.
func (s *Store) Save(ctx context.Context, ss *session.Session) error {
	return s.Commit(ctx, alt.Item{}, alt.Changes{Session: ss})
}

// Expire implements session.Store.
func (s *Store) Expire(ctx context.Context, p session.Policy, now time.Time, max int) (int, error) {
	ended := 0
	for ended < max {
		over, late, err := s.overdue(ctx, p, now, max-ended)
		if err != nil || len(over)+len(late) == 0 {
			return ended, err
		}
		n := &needs{}
		for _, e := range over {
			n.people, n.locks = append(n.people, e.session.Address), append(n.locks, s.addressLock(e.session.Address))
			s.needArrival(n, e.notice)
		}
		did := 0
		err = s.do(ctx, n, func(t *tx) error {
			did = 0
			for _, e := range over {
				ok, err := t.expire(e)
				if err != nil {
					return err
				}
				if ok {
					did++
				}
			}
			for row, seen := range late {
				t.exec("UPDATE people SET seen = $2 WHERE id = $1 AND seen < $2", row, seen)
			}
			return nil
		})
		if err != nil {
			return ended, err
		}
		ended += did
	}
	return ended, nil
}

// ending is a session that is over, with what will be stored.
type ending struct {
	session *session.Session
	row     sessionRow
	notice  *arrival
}

// overdue finds sessions whose time is over, and, by their rows, those whose
// person was seen later than the index knows.
func (s *Store) overdue(ctx context.Context, p session.Policy, now time.Time, max int) (over []ending, late map[int64]time.Time, err error) {
	age, idle := p.Max, p.Idle
	if age <= 0 || age > session.MaxAge {
		age = session.MaxAge
	}
	if idle == 0 {
		idle = session.DefaultIdle
	}
	rows, err := s.read(ctx, "SELECT id, session, seen FROM people WHERE started <= $1 ORDER BY started LIMIT $2", now.Add(-age), max)
	if err == nil && idle > 0 && len(rows) < max {
		var more []row
		more, err = s.read(ctx, "SELECT id, session, seen FROM people WHERE seen <= $1 ORDER BY seen LIMIT $2", now.Add(-idle), max)
		rows = append(rows, more...)
	}
	if err != nil {
		return nil, nil, err
	}
	late = make(map[int64]time.Time)
	found := make(map[int64]bool)
	for _, r := range rows {
		ss, err := s.vault.Decode(r.blob(1), nil) // what ends loses its identity
		if err != nil {
			return nil, nil, err
		}
		switch seen := ss.LastSeen.Truncate(time.Microsecond); {
		case found[r.num(0)] || len(over) == max:
		case p.Expire(ss, now):
			found[r.num(0)] = true
			e, err := s.end(ss)
			if err != nil {
				return nil, nil, err
			}
			over = append(over, e)
		case seen.After(r.time(2)):
			late[r.num(0)] = seen
		}
	}
	return over, late, nil
}

func (s *Store) end(ss *session.Session) (ending, error) {
	a := ss.Address
	notice, err := arrive(&channels.SessionEnded{
		EventMeta: channels.EventMeta{Key: "session/" + ss.ID, Channel: a.Channel, Agency: a.Agency, Peer: a.Peer, At: ss.Ended},
		Session:   ss.ID, Reason: string(ss.Reason),
	})
	if err != nil {
		return ending{}, err
	}
	row, err := s.vault.encode(ss)
	return ending{ss, row, notice}, err
}

// expire ends a session unless it was saved meanwhile.
func (t *tx) expire(e ending) (bool, error) {
	a := e.session.Address
	old, err := t.person(a)
	if err != nil {
		return false, err
	}
	if old.session == nil || old.session.Version+1 != e.session.Version {
		return false, nil
	}
	if err := t.savePerson(a, contactRow{}, e.row); err != nil {
		return false, err
	}
	t.arrive(e.notice)
	return true, nil
}
