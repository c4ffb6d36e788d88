package mobileid

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/trust"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// What says something of the service and nothing of the authentication.
var (
	// ErrUnavailable: the service could not be reached or is out of order; with
	// trust.ErrPin it showed a key that is not pinned. What was begun may be asked for
	// again until it expires. A failed Begin is not to be repeated by itself: the
	// phone may be ringing.
	ErrUnavailable = errors.New("eid/mobileid: service unavailable")
	// ErrCredentials: the service does not know the relying party: its UUID, its
	// name, or the address that the request came from.
	ErrCredentials = errors.New("eid/mobileid: relying party refused by the service")
	// ErrProtocol: an answer that the service's interface does not have.
	ErrProtocol = errors.New("eid/mobileid: unexpected answer of the service")
)

// Failure is what the service said instead of yes.
type Failure struct {
	// Op is what was asked: "authentication", "signature", "certificate" or
	// "session".
	Op string
	// Result is the service's word for it as it came, such as "PHONE_ABSENT"; a
	// word that is not known too, of which at most 64 bytes. Empty: it said none.
	Result string
	// Status is the HTTP status of an answer other than 200, otherwise 0.
	Status int
	// Trace is the number under which the service's operator finds the request;
	// empty when it gave none.
	Trace string
	// Advice is what is to be done.
	Advice Advice
	// Uncertain says of what was to begin that the phone may be ringing nevertheless,
	// for a session whose result nobody will ask for.
	Uncertain bool
	// Err is the error of package eid that it is, or one of this package.
	Err error

	cause error
}

// Advice is what is to be done about a failure: a word for logs and for the
// choice of a text. It is coarse on purpose, because who asks may be somebody
// else: what is wrong with a person's Mobile-ID is in Result, which is for logs.
type Advice string

// Pieces of advice.
const (
	AdviceNone      Advice = ""
	AdviceAgain     Advice = "begin again"           // if the person wants to, with the phone at hand
	AdviceOther     Advice = "another method"        // this one does not work for the person
	AdviceLater     Advice = "later"                 // the service is the trouble
	AdviceConfigure Advice = "correct configuration" // nobody can use it until then
	AdviceReport    Advice = "look into it"          // ours or the service's mistake, or an attack
)

// Error names operation, result, status and trace; never a person, and no word
// of the service that is not one.
func (f *Failure) Error() string {
	var b strings.Builder
	b.WriteString("eid/mobileid: " + f.Op + ": ")
	switch {
	case word(f.Result):
		b.WriteString(f.Result + ": ")
	case f.Result != "":
		b.WriteString("unreadable result: ")
	case f.Status != 0:
		fmt.Fprintf(&b, "status %d: ", f.Status)
	}
	b.WriteString(fmt.Sprint(f.Err))
	if f.Trace != "" {
		b.WriteString(" (trace " + f.Trace + ")")
	}
	return b.String()
}

// Unwrap returns Err and what caused it: the end of a context, a failed call.
func (f *Failure) Unwrap() []error {
	if f.cause == nil {
		return []error{f.Err}
	}
	return []error{f.Err, f.cause}
}

// word reports whether s is a word as the service writes its results, which can
// be logged.
func word(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

type outcome struct {
	err    error
	advice Advice
}

// outcomes are the results of sessions and of certificate requests; OK is none of
// them. A session that ended because nobody decided is ErrExpired, and one in which
// something broke ErrFailed: a new one may succeed.
func outcomes() map[string]outcome {
	undecided := outcome{eid.ErrExpired, AdviceAgain}
	broken := outcome{eid.ErrFailed, AdviceAgain}
	unusable := outcome{eid.ErrNoAccount, AdviceOther}
	return map[string]outcome{
		"USER_CANCELLED":          {eid.ErrRefused, AdviceAgain},
		"TIMEOUT":                 undecided,
		"EXPIRED_TRANSACTION":     undecided, // TIMEOUT, in older versions of the service
		"PHONE_ABSENT":            undecided, // switched off, or out of reach
		"DELIVERY_ERROR":          broken,    // of the message to the phone
		"SIM_ERROR":               broken,    // of the application on the card
		"ERROR":                   broken,    // seen, not documented
		"SIGNATURE_HASH_MISMATCH": unusable,  // card and service disagree about the keys
		"NOT_MID_CLIENT":          unusable,
		"NOT_FOUND":               unusable,
		"NOT_ACTIVE":              unusable,
		"MID_NOT_READY":           unusable, // seen, not documented
	}
}

// resultFailure tells what a result other than OK means. One that nobody knows is
// an end without a proof, and none at all an answer that is not one.
func resultFailure(op, result, trace string) *Failure {
	o, ok := outcomes()[result]
	switch {
	case result == "":
		o = outcome{eid.ErrUntrusted, AdviceReport}
	case !ok:
		o = outcome{eid.ErrFailed, AdviceReport}
	}
	return &Failure{Op: op, Result: result[:min(len(result), 64)], Trace: trace, Advice: o.advice, Err: o.err}
}

// statusFailure tells what an HTTP status other than 200 means.
func statusFailure(op string, status int, trace string) *Failure {
	o := outcome{ErrProtocol, AdviceReport}
	switch {
	case status == http.StatusBadRequest && op != opSession:
		o.err = eid.ErrRequest
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		o = outcome{ErrCredentials, AdviceConfigure}
	case status == http.StatusNotFound && op == opSession: // kept for five minutes
		o = outcome{eid.ErrExpired, AdviceAgain}
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		o = outcome{ErrUnavailable, AdviceLater}
	}
	return &Failure{
		Op: op, Status: status, Trace: trace, Advice: o.advice, Err: o.err,
		Uncertain: begins(op) && status >= http.StatusInternalServerError,
	}
}

// protocolFailure is an answer of status 200 that cannot be understood.
func protocolFailure(op, trace string, cause error) *Failure {
	return &Failure{Op: op, Trace: trace, Advice: AdviceReport, Err: ErrProtocol, Uncertain: begins(op), cause: cause}
}

// callFailure is the failure of a call that brought no answer.
func callFailure(op string, cause error) *Failure {
	var call *httpx.Failure
	sent := !errors.As(cause, &call) || call.Sent != httpx.NotSent
	advice := AdviceLater
	if errors.Is(cause, trust.ErrPin) {
		advice = AdviceConfigure
	}
	return &Failure{Op: op, Advice: advice, Err: ErrUnavailable, Uncertain: begins(op) && sent, cause: cause}
}

// begins reports whether an operation makes a phone ring.
func begins(op string) bool { return op == opAuthentication || op == opSignature }
