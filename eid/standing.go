package eid

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Kind is what somebody is to the state.
type Kind string

// Kinds. An empty one says that nothing is known.
const (
	Citizen   Kind = "citizen"    // or whoever else lives here by right
	EResident Kind = "e_resident" // knows the state from afar, by a means that it gave them
)

// Standing is what a register says of a proven person beyond who they are. No
// certificate, no token and no code tells it: an e-resident's look like any
// other's. So no authenticator returns one, and nobody's own word is one. It is
// personal data and prints its kind only.
type Standing struct {
	Kind Kind `json:"kind,omitempty"` // empty: the register does not say
	// Company is for whom the person acts, as the register has confirmed. Empty: for
	// themselves.
	Company Company `json:"company,omitempty"`
	// Source names the register: 1-64 bytes, for people who read it later.
	Source string    `json:"source"`
	At     time.Time `json:"at"` // when it said so
}

// Register is an agency's own check of proven people: the population register, a
// list of e-residents, the state's register of mandates.
type Register interface {
	// Standing says what the person is. person was proven, and has no Standing. With
	// a company, which is no more than what the person claims, it says whether they
	// may act for it now: ErrMandate when they may not. Other errors say that the
	// register could not be asked.
	Standing(ctx context.Context, person Identity, company Company) (Standing, error)
}

// Valid returns ErrStanding, with the name of the field, unless the standing says
// what is known, by whom and since when.
func (s Standing) Valid() error {
	var field string
	switch {
	case s.Kind != "" && s.Kind != Citizen && s.Kind != EResident:
		field = "Kind"
	case s.Company != "" && s.Company.Valid() != nil:
		field = "Company"
	case s.Source == "" || len(s.Source) > 64:
		field = "Source"
	case s.At.IsZero():
		field = "At"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s", ErrStanding, field)
}

// Format prints the kind only, whatever the verb.
func (s Standing) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "standing ("+string(s.Kind)+")")
}

// LogValue gives the kind only.
func (s Standing) LogValue() slog.Value {
	return slog.GroupValue(slog.String("kind", string(s.Kind)))
}
