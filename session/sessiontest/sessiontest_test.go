package sessiontest_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/session"
	"github.com/liidestuja/liidestuja/session/sessiontest"
)

// memory is the smallest store that keeps the contract.
type memory struct {
	mu       sync.Mutex
	sessions map[channels.Address]*session.Session
	ended    []sessiontest.Ending
}

func (m *memory) Load(_ context.Context, a channels.Address) (*session.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.sessions[a]; s != nil {
		return s.Clone(), nil
	}
	return nil, session.ErrNotFound
}

func (m *memory) Save(_ context.Context, s *session.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	version := int64(0)
	if old := m.sessions[s.Address]; old != nil {
		version = old.Version
	}
	if s.Version != version {
		return session.ErrConflict
	}
	s.Version++
	m.sessions[s.Address] = s.Clone()
	return nil
}

func (m *memory) Expire(_ context.Context, p session.Policy, now time.Time, max int) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for a, s := range m.sessions {
		if n < max && p.Expire(s, now) {
			n++
			s.Version++
			m.ended = append(m.ended, sessiontest.Ending{Address: a, Session: s.ID, Reason: s.Reason, At: s.Ended})
		}
	}
	return n, nil
}

func (m *memory) ByCode(_ context.Context, agency channels.Agency, code eid.PersonalCode) ([]session.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []session.Session
	for a, s := range m.sessions {
		if a.Agency == agency && s.Identity != nil && s.Identity.Code == code {
			found = append(found, *s.Clone())
		}
	}
	slices.SortFunc(found, func(a, b session.Session) int { return b.Started.Compare(a.Started) })
	return found, nil
}

func (m *memory) take() []sessiontest.Ending {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.ended
	m.ended = nil
	return taken
}

func subject() sessiontest.Subject {
	return sessiontest.Subject{
		Open: func(*testing.T, func() time.Time) session.Store {
			return &memory{sessions: make(map[channels.Address]*session.Session)}
		},
		Ended: func(_ *testing.T, st session.Store) []sessiontest.Ending { return st.(*memory).take() },
	}
}

func TestRun(t *testing.T) { sessiontest.Run(t, subject()) }

// The whole test of a store that keeps sessions.
func ExampleRun() {
	testSessions := func(t *testing.T) {
		sessiontest.Run(t, subject())
	}
	_ = testSessions
}
