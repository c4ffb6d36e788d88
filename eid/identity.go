package eid

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"time"
	"unicode/utf8"
)

// Method names how an identity was proven: 1-32 characters of a-z, 0-9 and
// '-'. It is not personal. Behind TARA the person chose a means of their own,
// which the Evidence tells.
type Method string

// Methods of the authenticators that come with the library.
const (
	SmartID  Method = "smart-id"
	MobileID Method = "mobile-id"
	TARA     Method = "tara"
)

// Valid returns ErrIdentity unless m is written as [Method] says.
func (m Method) Valid() error {
	if len(m) == 0 || len(m) > 32 {
		return fmt.Errorf("%w: Method", ErrIdentity)
	}
	for _, b := range []byte(m) {
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '-' {
			return fmt.Errorf("%w: Method", ErrIdentity)
		}
	}
	return nil
}

// Identity is a person as an authenticator has proven them. All of it but
// Method, Level and At is personal; it prints Method and Level only. A session
// keeps the register's word on the person with it.
type Identity struct {
	Code       PersonalCode `json:"code"`
	GivenName  string       `json:"given_name,omitempty"`
	FamilyName string       `json:"family_name,omitempty"`
	Born       Date         `json:"born,omitempty"` // empty when unknown
	Method     Method       `json:"method"`
	Level      Level        `json:"level"` // never Undefined
	At         time.Time    `json:"at"`    // when it was proven
	// Standing is what a register has said of the person since, see
	// session.Session.Confirm; nil: nothing. Authenticators leave it nil.
	Standing *Standing `json:"standing,omitempty"`
	// Evidence is what proved it, in the method's own form, for the day when
	// somebody asks. Nothing reads it in operation.
	Evidence []byte `json:"evidence,omitempty"`
}

// Valid returns ErrIdentity, with the name of the field, unless the identity
// says who, how, how surely and when.
func (id Identity) Valid() error {
	var field string
	_, dated := id.Born.Time()
	switch {
	case id.Code.Valid() != nil:
		field = "Code"
	case !utf8.ValidString(id.GivenName):
		field = "GivenName"
	case !utf8.ValidString(id.FamilyName):
		field = "FamilyName"
	case id.Level < Low || id.Level > High:
		field = "Level"
	case id.At.IsZero():
		field = "At"
	case id.Born != "" && !dated:
		field = "Born"
	case id.Standing != nil && id.Standing.Valid() != nil:
		field = "Standing"
	default:
		return id.Method.Valid()
	}
	return fmt.Errorf("%w: %s", ErrIdentity, field)
}

// Equal reports whether both say the same, down to the evidence.
func (id Identity) Equal(other Identity) bool {
	return id.Code == other.Code && id.GivenName == other.GivenName && id.FamilyName == other.FamilyName &&
		id.Born == other.Born && id.Method == other.Method && id.Level == other.Level &&
		id.At.Equal(other.At) && bytes.Equal(id.Evidence, other.Evidence) && sameStanding(id.Standing, other.Standing)
}

func sameStanding(a, b *Standing) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && a.Company == b.Company && a.Source == b.Source && a.At.Equal(b.At)
}

// Clone returns an independent copy.
func (id Identity) Clone() Identity {
	id.Evidence = bytes.Clone(id.Evidence)
	if id.Standing != nil {
		known := *id.Standing
		id.Standing = &known
	}
	return id
}

// Format prints method and level only, whatever the verb.
func (id Identity) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "identity ("+string(id.Method)+", "+id.Level.String()+")")
}

// LogValue gives method and level only.
func (id Identity) LogValue() slog.Value {
	return slog.GroupValue(slog.String("method", string(id.Method)), slog.String("level", id.Level.String()))
}
