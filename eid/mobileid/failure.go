package mobileid

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/liidestuja/liidestuja/eid"
)

// What says something of the service and nothing of the authentication.
var (
	// ErrUnavailable: the service could not be reached or is out of order. What was
	// begun may be asked for again until it expires. A failed Begin is not to be
	// repeated by itself: the phone may be ringing.
	ErrUnavailable = errors.New("mobileid: service unavailable")
	// ErrCredentials: the service does not know the relying party: its UUID, its
	// name, or the address that the request came from.
	ErrCredentials = errors.New("mobileid: relying party refused by the service")
	// ErrProtocol: an answer that the service's interface does not have.
	ErrProtocol = errors.New("mobileid: unexpected answer of the service")
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
	// Advice says what the person can do about it. AdviceNone: nothing is known.
	Advice Advice
	// Err is the error of package eid that it is, or one of this package.
	Err error

	cause error
}

// Advice is what helps a person whose authentication failed.
type Advice string

// What there is to advise. The texts for it are the application's.
const (
	AdviceNone     Advice = ""
	AdviceRetry    Advice = "retry"    // it may work the next time
	AdvicePhone    Advice = "phone"    // switch the phone on, look for coverage, then try again
	AdviceActivate Advice = "activate" // order or activate Mobile-ID, check number and code
	AdviceOperator Advice = "operator" // the SIM card has to be looked at by the mobile operator
)

// Error names operation, result, status and trace; never a person, and no word
// of the service that is not one.
func (f *Failure) Error() string {
	var b strings.Builder
	b.WriteString("mobileid: " + f.Op + ": ")
	switch {
	case word(f.Result):
		b.WriteString(f.Result + ": ")
	case f.Result != "":
		b.WriteString("unreadable result: ")
	case f.Status != 0:
		fmt.Fprintf(&b, "status %d: ", f.Status)
	}
	b.WriteString(f.Err.Error())
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
// them. A session that ended because nobody could decide is ErrExpired: its time
// is over, and a new one may succeed.
func outcomes() map[string]outcome {
	return map[string]outcome{
		"USER_CANCELLED":          {eid.ErrRefused, AdviceNone},
		"TIMEOUT":                 {eid.ErrExpired, AdviceRetry},
		"EXPIRED_TRANSACTION":     {eid.ErrExpired, AdviceRetry}, // TIMEOUT, in older versions of the service
		"PHONE_ABSENT":            {eid.ErrExpired, AdvicePhone},
		"DELIVERY_ERROR":          {eid.ErrExpired, AdvicePhone},
		"ERROR":                   {eid.ErrExpired, AdviceRetry}, // seen, not documented
		"SIM_ERROR":               {eid.ErrNoAccount, AdviceOperator},
		"SIGNATURE_HASH_MISMATCH": {eid.ErrNoAccount, AdviceOperator}, // card and service disagree about the keys
		"NOT_MID_CLIENT":          {eid.ErrNoAccount, AdviceActivate},
		"NOT_FOUND":               {eid.ErrNoAccount, AdviceActivate},
		"NOT_ACTIVE":              {eid.ErrNoAccount, AdviceActivate},
		"MID_NOT_READY":           {eid.ErrNoAccount, AdviceActivate}, // seen, not documented
	}
}

// resultFailure tells what a result other than OK means. One that nobody knows
// proves nothing, so it is ErrUntrusted.
func resultFailure(op, result, trace string) *Failure {
	o, ok := outcomes()[result]
	if !ok {
		o = outcome{eid.ErrUntrusted, AdviceNone}
	}
	return &Failure{Op: op, Result: result[:min(len(result), 64)], Trace: trace, Advice: o.advice, Err: o.err}
}

// statusFailure tells what an HTTP status other than 200 means.
func statusFailure(op string, status int, trace string) *Failure {
	f := &Failure{Op: op, Status: status, Trace: trace, Err: ErrProtocol}
	switch {
	case status == http.StatusBadRequest && op != opSession:
		f.Err = eid.ErrRequest
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		f.Err = ErrCredentials
	case status == http.StatusNotFound && op == opSession: // kept for five minutes
		f.Err, f.Advice = eid.ErrExpired, AdviceRetry
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		f.Err = ErrUnavailable
	}
	return f
}

// callFailure is the failure of a call that brought no answer.
func callFailure(op string, cause error) *Failure {
	return &Failure{Op: op, Err: ErrUnavailable, cause: cause}
}
