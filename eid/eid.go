// Package eid is what the library knows of a person's proven identity: who it
// is ([Identity], [PersonalCode]) and how sure that is ([Level]). A chat account
// by itself proves nothing, so a session starts at [Undefined] without an
// identity, and a handler asks for as much as it needs:
//
//	s := t.Session()
//	if !s.Level.AtLeast(eid.Substantial) { … }
//	benefits, err := register.BenefitsOf(ctx, string(s.Identity.Code))
//
// Codes, dates and identities are personal data and print as fixed texts,
// whatever the verb; a conversion such as string(code) gives the value.
package eid

import (
	"errors"
	"fmt"
)

// Level is an assurance level of regulation (EU) No 910/2014, article 8. The
// zero value, Undefined, is what the login of a chat channel is worth.
type Level int

// Levels in their order.
const (
	Undefined Level = iota
	Low
	Substantial
	High
)

// ErrLevel is returned for a text that names no level.
var ErrLevel = errors.New("eid: unknown level")

// AtLeast reports whether l satisfies a demand for min.
func (l Level) AtLeast(min Level) bool { return l >= min }

// String returns the level as it is written in the regulation, in lower case.
func (l Level) String() string {
	switch l {
	case Low:
		return "low"
	case Substantial:
		return "substantial"
	case High:
		return "high"
	}
	return "undefined"
}

// ParseLevel is the inverse of String; ErrLevel for anything else.
func ParseLevel(s string) (Level, error) {
	for _, l := range []Level{Undefined, Low, Substantial, High} {
		if l.String() == s {
			return l, nil
		}
	}
	return Undefined, fmt.Errorf("%w: %.16q", ErrLevel, s)
}

// MarshalText implements encoding.TextMarshaler.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *Level) UnmarshalText(b []byte) error {
	v, err := ParseLevel(string(b))
	if err == nil {
		*l = v
	}
	return err
}
