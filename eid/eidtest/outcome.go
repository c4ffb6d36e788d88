package eidtest

import (
	"errors"

	"github.com/liidestuja/liidestuja/eid"
)

// Outcome is what becomes of an authentication.
type Outcome string

// Outcomes.
const (
	Approve  Outcome = "approve"            // the person consents
	Refuse   Outcome = "refuse"             // the person declines: eid.ErrRefused
	TimeOut  Outcome = "time out"           // the service stops waiting: eid.ErrExpired
	Wait     Outcome = "wait"               // nothing happens: eid.ErrPending
	Missing  Outcome = "no account"         // the person has none: eid.ErrNoAccount
	Stranger Outcome = "another person"     // somebody else consents: eid.ErrUntrusted when a code was asked for
	Weaker   Outcome = "a lower level"      // at a level below the one asked for: eid.ErrTooWeak, or eid.ErrUntrusted
	Forge    Outcome = "a forged answer"    // not signed by whom it names: eid.ErrUntrusted
	Unknown  Outcome = "an unknown outcome" // an end that nobody knows: eid.ErrFailed
	Break    Outcome = "an outage"          // no answer: an error that is none of package eid's
)

// errOutage is the Fake's own trouble.
var errOutage = errors.New("eidtest: the service is not available")

// wanted returns the errors of which one is expected; none where nothing was decided.
func (o Outcome) wanted() []error {
	switch o {
	case Refuse:
		return []error{eid.ErrRefused}
	case TimeOut:
		return []error{eid.ErrExpired}
	case Missing:
		return []error{eid.ErrNoAccount}
	case Stranger, Forge:
		return []error{eid.ErrUntrusted}
	case Unknown:
		return []error{eid.ErrFailed}
	case Weaker:
		return []error{eid.ErrTooWeak, eid.ErrUntrusted}
	}
	return nil
}
