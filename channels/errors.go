package channels

import (
	"errors"
	"strings"
	"time"
)

// Classes of errors, to be compared with errors.Is.
var (
	ErrSignature      = errors.New("signature refused")
	ErrMalformed      = errors.New("malformed")
	ErrUnsupported    = errors.New("unsupported")
	ErrTooLong        = errors.New("too long")
	ErrRateLimited    = errors.New("rate limited")
	ErrUnavailable    = errors.New("unavailable")
	ErrRejected       = errors.New("rejected")
	ErrUnreachable    = errors.New("unreachable")
	ErrOptedOut       = errors.New("opted out")
	ErrWindowClosed   = errors.New("reply window closed")
	ErrCannotInitiate = errors.New("cannot initiate")
	ErrCredentials    = errors.New("credentials refused")
	ErrTemplate       = errors.New("template refused")
)

// classes in the order of their codes; used by Class.Code and ClassOf.
func classes() []error {
	return []error{ErrSignature, ErrMalformed, ErrUnsupported, ErrTooLong, ErrRateLimited, ErrUnavailable, ErrRejected,
		ErrUnreachable, ErrOptedOut, ErrWindowClosed, ErrCannotInitiate, ErrCredentials, ErrTemplate}
}

// Code returns a class's stable name for storage and APIs, such as
// "window_closed"; "internal" for an error of no class. An error of another
// package that has a method Code() string chooses its own.
func Code(err error) string {
	var own interface{ Code() string }
	switch {
	case errors.As(err, &own):
		return own.Code()
	case errors.Is(err, ErrSignature):
		return "signature"
	case errors.Is(err, ErrWindowClosed):
		return "window_closed"
	case errors.Is(err, ErrCredentials):
		return "credentials"
	case errors.Is(err, ErrTemplate):
		return "template"
	}
	for _, c := range classes() {
		if errors.Is(err, c) {
			return strings.ReplaceAll(c.Error(), " ", "_")
		}
	}
	return "internal"
}

// ClassByCode is the inverse of Code; nil when there is no such class.
func ClassByCode(code string) error {
	for _, c := range classes() {
		if Code(c) == code {
			return c
		}
	}
	return nil
}

// Outcome says whether a failed send may have reached the person.
type Outcome int

// Outcomes. The zero value is the careful one.
const (
	OutcomeUnknown Outcome = iota
	NotSent
)

// Alternative is what may be tried instead of a refused send.
type Alternative string

// Alternatives.
const (
	UseTemplate     Alternative = "template"
	UseHumanAgent   Alternative = "human_agent"
	UseOtherChannel Alternative = "other_channel"
)

// Error is the only error type that a driver returns. It prints the
// operation, the line, the class and the provider's code, never the cause,
// which may hold bodies or secrets.
type Error struct {
	Op         string // e.g. "send"
	Channel    ID
	Class      error // one of the Err... classes
	Outcome    Outcome
	RetryAfter time.Duration // asked for by the provider; 0 = not said
	Provider   string        // the provider's code, e.g. "131047"; no free text
	Instead    []Alternative
	Err        error // the cause, for errors.Is and errors.As only
}

// Error prints no cause and nothing personal.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Channel != "" {
		b.WriteString(" on " + string(e.Channel))
	}
	b.WriteString(": ")
	if e.Class != nil {
		b.WriteString(e.Class.Error())
	} else {
		b.WriteString("failed")
	}
	if e.Provider != "" {
		b.WriteString(" (provider code " + e.Provider + ")")
	}
	for i, a := range e.Instead {
		if i == 0 {
			b.WriteString("; instead: ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(string(a))
	}
	return b.String()
}

// Unwrap returns the class and the cause.
func (e *Error) Unwrap() []error {
	switch {
	case e.Class == nil && e.Err == nil:
		return nil
	case e.Err == nil:
		return []error{e.Class}
	case e.Class == nil:
		return []error{e.Err}
	}
	return []error{e.Class, e.Err}
}

// Retryable reports whether the same message may be sent again: it certainly
// did not go out (or the channel recognises a repeated id) and the reason
// passes by itself.
func (e *Error) Retryable(idempotent bool) bool {
	if e.Outcome != NotSent && !idempotent {
		return false
	}
	return errors.Is(e, ErrRateLimited) || errors.Is(e, ErrUnavailable)
}
