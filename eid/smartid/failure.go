package smartid

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// What a failure says of the service rather than of the person. The errors of
// package eid say the rest.
var (
	// ErrCredentials: the service does not know us, or does not allow what was
	// asked: the identifier, its addresses, a level, the sharing of addresses. The
	// configuration or the contract is to be changed.
	ErrCredentials = errors.New("eid/smartid: the service does not permit it")
	// ErrClientTooOld: the service does not speak this version of its API any more.
	ErrClientTooOld = errors.New("eid/smartid: the API is too old")
	// ErrUnavailable: the service could not be reached, is overloaded or under
	// maintenance. It may be asked again later.
	ErrUnavailable = errors.New("eid/smartid: the service is not available")
	// ErrProtocol: the service answered something that it does not document.
	ErrProtocol = errors.New("eid/smartid: the answer cannot be understood")
)

// Advice is what is to be done about a failure: a word for logs and for the
// choice of a text. It never tells whether somebody has an account.
type Advice string

// Pieces of advice.
const (
	AdviceNone      Advice = ""
	AdviceAgain     Advice = "begin again"           // if the person wants to
	AdviceOther     Advice = "another method"        // this one does not work for the person
	AdviceUpdate    Advice = "update the app"        // it cannot show what was asked
	AdviceLater     Advice = "later"                 // the service is the trouble
	AdviceConfigure Advice = "correct configuration" // nobody can use it until then
	AdviceReport    Advice = "look into it"          // ours or the service's mistake, or an attack
)

// Failure is what came instead of a result. It wraps an error of package eid or
// one of this package, and what the transport said. Its text holds words of the
// service's own only, nothing of the person.
type Failure struct {
	// Op is what was being done: "begin", "poll" or "certificate".
	Op string
	// Status of HTTP, when it was not 200. 0: there was no answer, or a good one.
	Status int
	// Result is the end result of the session, as the service wrote it.
	Result string
	// Interaction is the screen on which the person declined, when Result says that.
	Interaction string
	// Code and Param are those of a problem report: what is wrong and with which
	// parameter.
	Code, Param string
	// Advice is what is to be done.
	Advice Advice
	// After is how long the service wants to be left alone, 0 when it did not say.
	After time.Duration
	// Uncertain says of "begin" that a session may be running whose number is not
	// known: nobody will ask for its result.
	Uncertain bool

	kind, cause error
}

// Error names what happened in the service's words.
func (f *Failure) Error() string {
	var b strings.Builder
	b.WriteString("eid/smartid: " + f.Op)
	if f.Status != 0 {
		fmt.Fprintf(&b, ": status %d", f.Status)
	}
	for _, word := range []string{f.Result, f.Interaction, f.Code, f.Param} {
		if word != "" {
			b.WriteString(": " + word)
		}
	}
	fmt.Fprintf(&b, ": %v", f.kind)
	return b.String()
}

// Unwrap returns what it is, and what the transport said.
func (f *Failure) Unwrap() []error {
	if f.cause == nil {
		return []error{f.kind}
	}
	return []error{f.kind, f.cause}
}

// outcome is what a word or a number of the service's means.
type outcome struct {
	kind   error
	advice Advice
}

// outcomeOf reads an end result of either API. Whatever is not known is a
// failure: what was begun has come to an end without a proof.
func outcomeOf(result string) outcome {
	refused := outcome{eid.ErrRefused, AdviceAgain}
	unclear := outcome{eid.ErrFailed, AdviceReport}
	o, ok := map[string]outcome{
		"USER_REFUSED":                                    refused,
		"USER_REFUSED_INTERACTION":                        refused,
		"USER_REFUSED_CERT_CHOICE":                        refused,
		"USER_REFUSED_DISPLAYTEXTANDPIN":                  refused,
		"USER_REFUSED_VC_CHOICE":                          refused,
		"USER_REFUSED_CONFIRMATIONMESSAGE":                refused,
		"USER_REFUSED_CONFIRMATIONMESSAGE_WITH_VC_CHOICE": refused,
		"WRONG_VC":          refused,
		"TIMEOUT":           {eid.ErrExpired, AdviceAgain},
		"SERVER_ERROR":      {eid.ErrFailed, AdviceAgain},
		"DOCUMENT_UNUSABLE": {eid.ErrNoAccount, AdviceOther},
		"ACCOUNT_UNUSABLE":  {eid.ErrNoAccount, AdviceOther},
		"REQUIRED_INTERACTION_NOT_SUPPORTED_BY_APP": {eid.ErrNoAccount, AdviceUpdate},
		"PROTOCOL_FAILURE":                          unclear,
		"EXPECTED_LINKED_SESSION":                   unclear,
	}[result]
	if !ok {
		return unclear
	}
	return o
}

// outcomeOfStatus reads a status of HTTP at a call that begins something. That
// there is no account, or another one, or one that needs care, is all the same:
// who asks must not learn which.
func outcomeOfStatus(status int) outcome {
	switch status {
	case http.StatusBadRequest:
		return outcome{eid.ErrRequest, AdviceReport}
	case http.StatusUnauthorized, http.StatusForbidden:
		return outcome{ErrCredentials, AdviceConfigure}
	case http.StatusNotFound, 471, 472:
		return outcome{eid.ErrNoAccount, AdviceOther}
	case 480:
		return outcome{ErrClientTooOld, AdviceConfigure}
	case http.StatusTooManyRequests:
		return outcome{ErrUnavailable, AdviceLater}
	}
	if status >= 500 {
		return outcome{ErrUnavailable, AdviceLater} // 580 is maintenance
	}
	return outcome{ErrProtocol, AdviceReport}
}

// refusedBy is the failure of a reply with another status than 200.
func refusedBy(op string, r *httpx.Reply, now time.Time) *Failure {
	o := outcomeOfStatus(r.Status)
	f := &Failure{Op: op, Status: r.Status, Advice: o.advice, kind: o.kind}
	switch {
	case errors.Is(o.kind, eid.ErrNoAccount) && op == opPoll:
		// Results are kept for a few minutes, then the session is forgotten.
		f.kind, f.Advice = eid.ErrExpired, AdviceAgain
	case errors.Is(o.kind, eid.ErrNoAccount):
		f.Status = http.StatusNotFound
		return f
	case errors.Is(o.kind, eid.ErrRequest) && op == opPoll:
		f.kind = ErrProtocol
	}
	f.After, _ = httpx.RetryAfter(r.Header, now)
	f.Code, f.Param = parseProblem(r.Body)
	return f
}

// parseProblem reads code and parameter of the first error of an RFC 9457 body.
// Details are prose that may quote the request, and are left out.
func parseProblem(body []byte) (code, param string) {
	var problem struct {
		Errors httpx.Items[struct {
			Code  httpx.Loose `json:"code"`
			Param httpx.Loose `json:"paramName"`
		}] `json:"errors"`
	}
	if httpx.DecodeJSON(body, &problem, httpx.JSONLimits{Lenient: true}) != nil || len(problem.Errors) == 0 {
		return "", ""
	}
	return word(string(problem.Errors[0].Code)), word(string(problem.Errors[0].Param))
}

// word returns s when it can be a name that somebody gave to something, so that
// it may be logged, and "unreadable" when it may be anything.
func word(s string) string {
	named := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r == '.'
	}
	if len(s) > 64 || strings.TrimFunc(s, named) != "" {
		return "unreadable"
	}
	return s
}
