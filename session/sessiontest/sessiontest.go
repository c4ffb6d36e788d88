// Package sessiontest proves a session.Store. An author of one runs the whole
// suite in a test of the store's package:
//
//	func TestSessions(t *testing.T) {
//		sessiontest.Run(t, sessiontest.Subject{
//			Open: func(t *testing.T, now func() time.Time) session.Store { … },
//		})
//	}
package sessiontest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/session"
)

// Subject is the store to prove.
type Subject struct {
	// Open makes an empty store, which the subject closes when t ends. now is
	// the suite's clock. Whether sessions are found by who was proven in them is
	// checked where the store is a session.Lookup.
	Open func(t *testing.T, now func() time.Time) session.Store
	// Ended takes the channels.SessionEnded events that were queued since it was
	// called last, in any order. nil skips their checks.
	Ended func(t *testing.T, st session.Store) []Ending
}

// Ending is what a queued channels.SessionEnded says.
type Ending struct {
	Address channels.Address
	Session string
	Reason  session.Reason
	At      time.Time
}

type check struct {
	name string
	run  func(w *world)
}

// Run proves s.
func Run(t *testing.T, s Subject) {
	t.Helper()
	for _, c := range slices.Concat(saving(), expiring(), finding()) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(&world{T: t, subject: s, st: s.Open(t, noon)})
		})
	}
}

// noon is the time at which every check begins.
func noon() time.Time { return time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC) }

// world is one check's store.
type world struct {
	*testing.T

	subject Subject
	st      session.Store
}

func (w *world) address(peer channels.Peer) channels.Address {
	return channels.Address{Agency: "ppa", Channel: "page", Peer: peer}
}

func (w *world) save(s *session.Session) {
	w.Helper()
	require.NoError(w, w.st.Save(w.Context(), s))
}

// start saves a new session.
func (w *world) start(a channels.Address, at time.Time) *session.Session {
	w.Helper()
	s := session.New(a, at)
	w.save(s)
	return s
}

func (w *world) load(a channels.Address) *session.Session {
	w.Helper()
	s, err := w.st.Load(w.Context(), a)
	require.NoError(w, err)
	return s
}

func (w *world) expire(p session.Policy, now time.Time, max int) int {
	w.Helper()
	n, err := w.st.Expire(w.Context(), p, now, max)
	require.NoError(w, err)
	return n
}

// same compares two sessions; times may have lost their zone.
func (w *world) same(want, got *session.Session) {
	w.Helper()
	require.True(w, want.Started.Equal(got.Started), "Started")
	require.True(w, want.LastSeen.Equal(got.LastSeen), "LastSeen")
	require.True(w, want.Ended.Equal(got.Ended), "Ended")
	require.Equal(w, want.Identity == nil, got.Identity == nil, "Identity")
	if want.Identity != nil {
		require.True(w, want.Identity.Equal(*got.Identity), "Identity")
	}
	a, b := want.Clone(), got.Clone()
	for _, s := range []*session.Session{a, b} {
		s.Identity = nil
		s.Started, s.LastSeen, s.Ended = time.Time{}, time.Time{}, time.Time{}
		if len(s.Attrs) == 0 {
			s.Attrs = nil
		}
	}
	require.Equal(w, *a, *b)
}

// proven gives a session everything that one can hold.
func proven(s *session.Session) {
	prove(s, jaak, eid.Substantial, s.Started)
	if err := s.Confirm(eid.Standing{Kind: eid.EResident, Company: "10421629", Source: "register", At: s.Started}); err != nil {
		panic(err) // somebody is proven
	}
	s.Set("topic", "passport")
	s.Set("tema", "õäöü 🙂")
}

// Codes that most checks use.
const (
	jaak eid.PersonalCode = "EE38001085718"
	anna eid.PersonalCode = "EE48507230063"
)

func prove(s *session.Session, code eid.PersonalCode, level eid.Level, at time.Time) {
	id := eid.Identity{Code: code, GivenName: "Jaak-Kristjan", FamilyName: "Jõeorg", Born: code.Born(), Method: eid.SmartID, Level: level, At: at,
		Evidence: []byte("\xffsigned")}
	if err := s.Prove(id); err != nil {
		panic(err) // the checks prove what can be proven
	}
}
