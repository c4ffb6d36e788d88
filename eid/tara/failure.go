package tara

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"github.com/liidestuja/liidestuja/eid"
)

// Stage says how far an authentication came.
type Stage string

// Stages in their order.
const (
	Discovery Stage = "discovery" // what TARA says of itself could not be had, or is not usable
	Return    Stage = "return"    // the query with which the browser came back
	Exchange  Stage = "exchange"  // of the code for a token
	Keys      Stage = "keys"      // the keys with which tokens are signed could not be had
	Token     Stage = "token"     // what the token says, or its signature
)

// Failure is why nobody was authenticated. It prints no more than Stage, Code,
// Status and Err, whatever the verb or logger.
type Failure struct {
	Stage Stage
	// Code is TARA's own word at Return and Exchange, such as "user_cancel",
	// "invalid_scope" or "invalid_grant" ("other" when it is none of a word's form),
	// and the claim or rule that was broken otherwise, such as "nonce".
	Code string
	// Status is that of TARA's answer, 0 when there was none or it was not the reason.
	Status int
	// Err is eid.ErrRefused, ErrState, ErrUntrusted, ErrTooWeak or ErrFailed; the
	// last is ErrRequest too when how the client is configured or registered is
	// wrong. Nil: TARA could not be asked, and Resolve may be called again.
	Err error
	// Spent says that the code may have been redeemed although no identity came of
	// it: calling Resolve with it again would end with eid.ErrState, unless the
	// request was lost on its way. Whoever wants certainty begins anew.
	Spent bool
	// Token is the ID token that was refused, which is personal data: for the
	// security log, sealed. Empty at the other stages.
	Token []byte

	cause error // prints no addresses; for errors.Is
}

// Error names stage, code and status.
func (f *Failure) Error() string {
	var b strings.Builder
	b.WriteString("tara: " + string(f.Stage) + ": " + f.Code)
	if f.Status != 0 {
		b.WriteString(" (" + strconv.Itoa(f.Status) + ")")
	}
	switch {
	case f.Err != nil:
		b.WriteString(": " + f.Err.Error())
	case f.cause != nil:
		b.WriteString(": " + f.cause.Error())
	}
	return b.String()
}

// Unwrap returns Err, and what the network reported.
func (f *Failure) Unwrap() []error {
	var out []error
	for _, err := range []error{f.Err, f.cause} {
		if err != nil {
			out = append(out, err)
		}
	}
	return out
}

// Format prints what Error says, whatever the verb.
func (f *Failure) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, f.Error()) }

// LogValue gives stage, code and status only.
func (f *Failure) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stage", string(f.Stage)), slog.String("code", f.Code), slog.Int("status", f.Status))
}

// errMisfit is an end for which the client is at fault.
var errMisfit = fmt.Errorf("%w: %w", eid.ErrFailed, eid.ErrRequest)

// meaning is what one of TARA's words says of the authentication. One that nobody
// knows is an end all the same.
func meaning(word string) error {
	switch word {
	case "user_cancel":
		return eid.ErrRefused
	case "invalid_grant": // the code is spent, too old, or was another's
		return eid.ErrState
	case "invalid_request", "invalid_scope", "invalid_client", "unauthorized_client", //nolint:misspell // as OAuth writes it
		"unsupported_response_type", "unsupported_grant_type":
		return errMisfit
	}
	return eid.ErrFailed
}

// word returns s when it has the form of an error code, so that nothing else that
// somebody put into a query gets into a log.
func word(s string) string {
	if s == "" || len(s) > 40 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "other"
	}
	return s
}
