// Package session keeps one talk of a person with an agency, from the first
// message to its end: at most 24 hours, ended by the person, a specialist,
// idleness or age, with the reason kept. A session is keyed by the person's
// address on a line and holds no identity unless one was proven, which ends
// with it.
//
//	s := session.New(addr, now)      // a first message
//	policy.Expire(s, now)            // before a later one: is its time over?
//	err := s.Prove(identity)         // who it is, and how sure that is
//	s.End(session.BySpecialist, now) // its reason stays with it, the identity does not
package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/uuid"
)

// MaxAge is the longest a session can last.
const MaxAge = 24 * time.Hour

// Errors of a Store.
var (
	ErrNotFound = errors.New("session: not found")
	ErrConflict = errors.New("session: changed meanwhile")
)

// Reason is why a session ended.
type Reason string

// Reasons of an end.
const (
	ByPerson     Reason = "person"
	BySpecialist Reason = "specialist"
	ByIdleness   Reason = "idle"
	ByAge        Reason = "max_age"
	ByNewPeer    Reason = "peer_changed" // the channel no longer vouches that it is the same person
)

// Session is one talk. Copy it with Clone; its fields are plain values.
type Session struct {
	ID      string           `json:"id"` // UUIDv7
	Address channels.Address `json:"address"`
	// Version counts the saves. It is set by the Store; 0 means never saved.
	Version  int64             `json:"version"`
	Started  time.Time         `json:"started"`
	LastSeen time.Time         `json:"last_seen"` // the person's last message
	Attrs    map[string]string `json:"attrs,omitempty"`
	Ended    time.Time         `json:"ended,omitzero"`
	Reason   Reason            `json:"reason,omitempty"`

	// Level and Identity are what Prove made of them: Undefined and nil unless
	// the person has proven who they are.
	Level    eid.Level     `json:"level"`
	Identity *eid.Identity `json:"identity,omitempty"`
}

// New starts a session at now, which is also the first sign of life.
func New(a channels.Address, now time.Time) *Session {
	return &Session{ID: uuid.New(now), Address: a, Started: now, LastSeen: now}
}

// Clone returns an independent copy.
func (s *Session) Clone() *Session {
	c := *s
	c.Attrs = maps.Clone(s.Attrs)
	if s.Identity != nil {
		id := s.Identity.Clone()
		c.Identity = &id
	}
	return &c
}

// Active reports whether the session has not ended.
func (s *Session) Active() bool { return s.Ended.IsZero() }

// Set keeps a value of the application's own with the session; an empty value
// removes it. Values are personal data as far as the application puts any in.
func (s *Session) Set(key, value string) {
	if value == "" {
		delete(s.Attrs, key)
		return
	}
	if s.Attrs == nil {
		s.Attrs = make(map[string]string)
	}
	s.Attrs[key] = value
}

// Get returns a value that Set kept, or "".
func (s *Session) Get(key string) string { return s.Attrs[key] }

// End ends the session, once: a later call changes nothing. What was proven in
// it is gone with it.
func (s *Session) End(r Reason, at time.Time) {
	if s.Active() {
		s.Ended, s.Reason, s.Level, s.Identity = at, r, eid.Undefined, nil
	}
}

// Format prints the id only, whatever the verb.
func (s Session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "session "+s.ID) }

// LogValue gives the id only.
func (s Session) LogValue() slog.Value { return slog.StringValue("session " + s.ID) }

// Policy bounds the length of sessions.
type Policy struct {
	// Max is the greatest age; 0 and anything over MaxAge mean MaxAge.
	Max time.Duration
	// Idle ends a session so long after the person's last message; 0 means 30
	// minutes, negative never (Max still holds).
	Idle time.Duration
}

// DefaultIdle is used when Policy.Idle is 0.
const DefaultIdle = 30 * time.Minute

// Deadline returns when s ends if the person says nothing more, and why.
func (p Policy) Deadline(s *Session) (time.Time, Reason) {
	max := p.Max
	if max <= 0 || max > MaxAge {
		max = MaxAge
	}
	end, why := s.Started.Add(max), ByAge
	idle := p.Idle
	if idle == 0 {
		idle = DefaultIdle
	}
	if idle > 0 {
		if e := s.LastSeen.Add(idle); e.Before(end) {
			end, why = e, ByIdleness
		}
	}
	return end, why
}

// Expire ends s if its time is over at now, and reports whether it did.
func (p Policy) Expire(s *Session, now time.Time) bool {
	end, why := p.Deadline(s)
	if !s.Active() || now.Before(end) {
		return false
	}
	s.End(why, end)
	return true
}

// Store keeps sessions, one for each address. Methods may be called
// concurrently; returned sessions are the caller's own.
type Store interface {
	// Load returns the latest session of a, active or ended; ErrNotFound when
	// there is none.
	Load(ctx context.Context, a channels.Address) (*Session, error)
	// Save writes s if the stored Version is still s.Version, and sets
	// s.Version to the new one; ErrConflict, with nothing changed, if it is
	// not. A first session has Version 0; a new one after an ended one carries
	// the ended one's Version on.
	Save(ctx context.Context, s *Session) error
	// Expire ends at most max sessions whose time is over at now, by p, and
	// returns how many. With each, in the same transaction, a
	// channels.SessionEnded is queued for the address.
	Expire(ctx context.Context, p Policy, now time.Time, max int) (int, error)
}
