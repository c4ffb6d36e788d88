package eid

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"
)

// Authenticator proves who somebody is, by one method. It keeps nothing between
// its calls: what it has to remember is in the [State] of the challenge, so an
// authentication survives a restart and goes on at another replica. All methods
// may be called concurrently.
//
// Begin is called once, and what it starts may cost money. Resolve is called
// until it returns something else than ErrPending: again and again without an
// answer for methods where a service is asked, once with the query of the
// return where a browser comes back with the answer.
//
// A State that is damaged, or was made by another method, for another relying
// party or in another environment, is ErrState before anything is asked.
//
// What goes wrong wraps one of the errors of this package, when it says
// something of the authentication. Other errors say that a service could not be
// asked, and Resolve may be called again until the challenge expires. Where it may
// not, because what came back is good for once, the error is ErrFailed.
type Authenticator interface {
	// Method names the method. Constant, no I/O.
	Method() Method
	// Begin starts an authentication. ErrRequest, with the name of the field, says
	// that the method cannot be asked for that; nothing was started then.
	Begin(ctx context.Context, r Request) (Challenge, error)
	// Resolve returns the proven identity, whose Level is at least the one asked
	// for. It may wait for a decision as long as the service lets it, and ends
	// with ctx. answer is nil, or the query with which a browser came back; an
	// authentication whose person was sent to another place is only ever proven
	// with one.
	Resolve(ctx context.Context, s State, answer url.Values) (Identity, error)
}

// LiveLinker is the optional part of an authenticator whose link changes every
// second, so that a photograph of it is worthless: the text of a QR code. It is
// asked each second, does no I/O, and returns ErrExpired when the link is not to
// be shown any longer.
type LiveLinker interface {
	LiveLink(s State, now time.Time) (string, error)
}

// Request says what is to be proven, and to whom. Fields that a method has no
// use for are ignored by it.
type Request struct {
	// Level is the least that is accepted. Undefined stands for Substantial.
	Level Level
	// Text is what the person's device shows beside the name of the service, such
	// as "Vestlus: Terviseamet, Messenger". Methods limit it in their own units; a
	// longer one is ErrRequest, never cut. Empty: a method's own general text.
	Text string
	// Language is "et", "en" or "ru"; empty stands for "et".
	Language string
	// Code is whom the answer must name. Mobile-ID needs it; elsewhere it may be
	// empty, and whoever answers is the person.
	Code PersonalCode
	// Phone is the person's number. Mobile-ID needs it.
	Phone Phone
	// ReturnURL is where a browser is to come back to: an https address without a
	// fragment and without personal data. Methods that send a browser elsewhere
	// need it. A method adds to its query what binds the return to the challenge;
	// that the same browser returned is for the caller to check, with a cookie.
	ReturnURL string
}

// Challenge is what was begun.
type Challenge struct {
	// State is what Resolve needs. It holds secrets: it is kept on the server,
	// encrypted, and no page ever gets it.
	State State
	// Code is the control code that the person compares, such as "0123". Empty:
	// the method has none.
	Code string
	// Link is where the person's browser goes: an authorisation page, or an app on
	// the same device. Empty: nowhere. It may hold one-time secrets, so it is
	// given to that one browser and never logged.
	Link string
	// Expires is the end of it. Resolve returns ErrExpired from then on.
	Expires time.Time
}

// State is an authenticator's own record of what it began, in a form of its own
// and of at most 16 KiB. It holds secrets and personal data and prints as
// "[state]".
type State []byte

// MaxState is the longest State, in bytes.
const MaxState = 16 << 10

// Format prints a fixed text, whatever the verb.
func (State) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[state]") }

// LogValue returns the same fixed text for slog.
func (State) LogValue() slog.Value { return slog.StringValue("[state]") }

// Format prints level and language only, whatever the verb.
func (r Request) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "request (level "+r.Level.String()+")")
}

// LogValue gives the level only.
func (r Request) LogValue() slog.Value {
	return slog.GroupValue(slog.String("level", r.Level.String()))
}

// Format prints when it expires only, whatever the verb.
func (c Challenge) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "challenge (until "+c.Expires.UTC().Format(time.RFC3339)+")")
}

// LogValue gives when it expires only.
func (c Challenge) LogValue() slog.Value {
	return slog.GroupValue(slog.Time("expires", c.Expires))
}

// Required returns the level that r asks for: Substantial unless it says another.
func (r Request) Required() Level {
	if r.Level == Undefined {
		return Substantial
	}
	return r.Level
}
