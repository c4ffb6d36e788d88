package channels

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
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
	ErrNoBroadcast    = errors.New("no mass notices on this channel")
)

// classes returns all classes with the names under which they are stored.
func classes() []struct {
	err  error
	code string
} {
	return []struct {
		err  error
		code string
	}{
		{ErrSignature, "signature"}, {ErrMalformed, "malformed"}, {ErrUnsupported, "unsupported"}, {ErrTooLong, "too_long"},
		{ErrRateLimited, "rate_limited"}, {ErrUnavailable, "unavailable"}, {ErrRejected, "rejected"}, {ErrUnreachable, "unreachable"},
		{ErrOptedOut, "opted_out"}, {ErrWindowClosed, "window_closed"}, {ErrCannotInitiate, "cannot_initiate"},
		{ErrCredentials, "credentials"}, {ErrTemplate, "template"},
		{ErrNoBroadcast, "no_broadcast"},
	}
}

// Code returns a class's stable name for storage, metrics and APIs, such as
// "window_closed". An error of no class that has a method Code() string chooses
// its own, of at most 32 characters a-z, 0-9 and '_'; any other is "internal".
func Code(err error) string {
	for _, c := range classes() {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	var own interface{ Code() string }
	if errors.As(err, &own) && validCode(own.Code()) {
		return own.Code()
	}
	return "internal"
}

// validCode keeps whatever a foreign error calls its code out of labels.
func validCode(s string) bool {
	safe := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' }
	return s != "" && len(s) <= 32 && strings.TrimFunc(s, safe) == ""
}

// ClassByCode is the inverse of Code; nil when there is no such class.
func ClassByCode(code string) error {
	for _, c := range classes() {
		if c.code == code {
			return c.err
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
	// Person tells that an ErrRateLimited is about messages to this one person:
	// those wait, and the rest of the line goes on.
	Person   bool
	Provider string // the provider's code, e.g. "131047"; no free text
	Instead  []Alternative
	Err      error // the cause, for errors.Is and errors.As only
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

// Format prints what Error does, whatever the verb.
func (e Error) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, e.Error()) }

// LogValue returns what Error prints.
func (e Error) LogValue() slog.Value { return slog.StringValue(e.Error()) }

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
