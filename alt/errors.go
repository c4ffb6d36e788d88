package alt

import (
	"errors"

	"github.com/liidestuja/liidestuja/session"
)

// Errors of stores and of the service, to be compared with errors.Is.
var (
	// ErrNotFound: there is no such thing, or it is another agency's.
	ErrNotFound = session.ErrNotFound
	// ErrConflict: a session, contact or conversation changed meanwhile; load
	// and decide again.
	ErrConflict = session.ErrConflict
	// ErrLeaseLost: the item was claimed again or finished by somebody else;
	// nothing was changed.
	ErrLeaseLost = errors.New("alt: lease lost")
	// ErrIDReused: the id was used before, with other content.
	ErrIDReused = errors.New("alt: id used for something else")
	// ErrUnknownLine: no line of that name is configured.
	ErrUnknownLine = errors.New("alt: unknown line")
	// ErrHeld: somebody else holds the conversation.
	ErrHeld = errors.New("alt: conversation is held by someone else")
	// ErrNotMine is returned by a handler of a Chain that leaves the message
	// to the next one.
	ErrNotMine error = &coded{"not_mine", "not mine"}
	// ErrClosed: the store or the service was closed.
	ErrClosed = errors.New("alt: closed")
	// ErrTooBig: a file is over its limit.
	ErrTooBig = errors.New("alt: too big")
	// ErrPolicy: what was asked for is switched off, was asked for too often, or
	// Config.Topic refused it.
	ErrPolicy error = &coded{"policy", "not allowed by policy"}
	// ErrInput: an argument is malformed; nothing was changed.
	ErrInput = errors.New("alt: malformed input")
)

// coded is an error with a code of its own, see channels.Code.
type coded struct{ code, text string }

func (e *coded) Error() string { return "alt: " + e.text }

// Code returns the stored code.
func (e *coded) Code() string { return e.code }

// Causes that only the engine knows.
var (
	errPanic    = &coded{"panic", "panicked"}
	errTimeout  = &coded{"timeout", "handler took too long"}
	errStale    = &coded{"stale", "older than duplicates are known"}
	errLost     = &coded{"lease_lost", "no attempt came to an end"}
	errNoKey    = &coded{"no_key", "Config.MediaKeys gave no key"}
	errNoLogins = &coded{"no_logins", "a link of an authentication that is not configured any more"}
	errSeek     = &coded{"seek", "before the beginning"}
)
