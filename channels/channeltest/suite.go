package channeltest

import (
	"context"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// TB is what a check, or a helper of a Subject, needs of a test. A *testing.T
// is one.
type TB interface { //nolint:interfacebloat // what helpers of drivers use of testing.TB; it is never implemented anew
	Cleanup(f func())
	Context() context.Context
	Errorf(format string, args ...any)
	FailNow()
	Fatalf(format string, args ...any)
	Helper()
	Logf(format string, args ...any)
	Skipf(format string, args ...any)
	TempDir() string
}

// T is a test with subtests. A *testing.T is one.
type T[Self any] interface {
	TB
	Run(name string, f func(Self)) bool
}

// Subject is a driver under test. Fields that are not said to be required may
// stay empty; the checks that need them are skipped and say so.
type Subject struct {
	// New returns a line with a provider of its own: a simulator, or a double
	// that speaks the provider's wire. Required. It is called once a check and
	// may use t.Cleanup.
	New func(t TB) *Instance

	// Peer is a person on the line, written as the driver writes it. Required.
	Peer channels.Peer

	// Secrets are the keys and tokens with which New makes the line. They must
	// not appear in any error or log.
	Secrets []string

	// NewWithoutSecret calls the driver's constructor with an empty secret and
	// returns its error.
	NewWithoutSecret func() error

	// SignatureHeaders are the headers without which a request is refused.
	SignatureHeaders []string

	// URLUnsigned says that the signature does not cover the URL.
	URLUnsigned bool

	// Horizon is how long after a request was signed it is accepted. Zero: the
	// request says no time.
	Horizon time.Duration

	// TextLimit is what the provider of New enforces, if that is not what the
	// capabilities say.
	TextLimit channels.Limit

	// MediaLimit is the size in bytes above which FetchMedia fails.
	MediaLimit int64
}

// Instance is a line and the other end of its wire.
type Instance struct {
	// Line is what is tested. Required.
	Line channels.Channel

	// Webhook receives for the line. Default: what channels.As finds on Line.
	Webhook channels.Webhook

	// Post returns an authentic request with one text message from
	// Subject.Peer for each of texts, in their order; nil if the provider never
	// puts so many into one request.
	Post func(texts ...string) *channels.Request

	// Resign returns the same delivery, authentic, signed anew at a later time.
	Resign func(r *channels.Request) *channels.Request

	// Behave makes the provider answer the next Send in a way of its own;
	// false says that it cannot. It needs Taken.
	Behave func(b Behaviour) bool

	// Ail makes the provider answer questions about the line's health in a way
	// of its own from now on: one of Denies, Breaks, Limits, Absent and Hangs.
	// False says that it cannot.
	Ail func(b Behaviour) bool

	// Taken returns how many messages the provider took.
	Taken func() int

	// File returns what FetchMedia gets for a file of so many bytes that a
	// person sent.
	File func(size int64) channels.Media

	// Handshake returns a GET handshake with the right or a wrong token, and
	// the answer that belongs to the right one.
	Handshake func(right bool) (*channels.Request, []byte)

	// Logs returns what the driver has logged.
	Logs func() string
}

// Behaviour is how a provider answers one Send, or questions about health.
type Behaviour string

// Behaviours.
const (
	Limits  Behaviour = "too many requests, with a time to wait" // RetryAfter
	Breaks  Behaviour = "an internal error, and it took nothing"
	Denies  Behaviour = "credentials refused"
	Absent  Behaviour = "no connection"
	Swallow Behaviour = "it takes the message, and the connection ends without an answer"
	Hangs   Behaviour = "no answer while somebody waits" // of Ail
)

// RetryAfter is the time that a provider names with Limits.
const RetryAfter = 7 * time.Second

// check is one subtest. Its name is a sentence that should be true.
type check struct {
	name string
	run  func(t TB, s Subject, in *Instance)
}

// Run checks that a driver keeps the duties of channels.Channel,
// channels.Webhook and the optional interfaces. Run it with -race.
//
//	func TestDriver(t *testing.T) {
//		channeltest.Run(t, channeltest.Subject{Peer: "+37250000000", New: newInstance, ...})
//	}
func Run[S T[S]](t S, s Subject) {
	t.Helper()
	if s.New == nil || s.Peer == "" {
		t.Fatalf("channeltest: Subject.New and Subject.Peer are required")
	}
	var checks []check
	checks = append(checks, infoChecks()...)
	checks = append(checks, verifyChecks()...)
	checks = append(checks, parseChecks()...)
	checks = append(checks, sendChecks()...)
	checks = append(checks, optionChecks()...)
	checks = append(checks, healthChecks()...)
	for _, c := range checks {
		t.Run(c.name, func(t S) {
			in := s.New(t)
			if in == nil || in.Line == nil {
				t.Fatalf("channeltest: Subject.New returned no line")
			}
			if in.Webhook == nil {
				in.Webhook, _ = channels.As[channels.Webhook](in.Line)
			}
			c.run(t, s, in)
		})
	}
}

// option finds an optional interface on the line or on what receives for it.
func option[I any](t TB, in *Instance) I {
	t.Helper()
	if x, ok := channels.As[I](in.Line); ok {
		return x
	}
	x, ok := channels.As[I](in.Webhook)
	if !ok {
		t.Skipf("the driver has no such operation")
	}
	return x
}

// request returns an authentic request with the texts, or skips the check.
func request(t TB, in *Instance, texts ...string) *channels.Request {
	t.Helper()
	if in.Webhook == nil || in.Post == nil {
		t.Skipf("the line receives nothing: no Webhook or no Instance.Post")
	}
	r := in.Post(texts...)
	if r == nil {
		t.Skipf("the provider never puts %d messages into one request", len(texts))
	}
	return r
}

// outbound is a text message from a bot.
func (s Subject) outbound(in *Instance, id channels.MessageID, body string) channels.Outbound {
	return channels.Outbound{
		ID: id, To: channels.Address{Channel: in.Line.Info().ID, Peer: s.Peer},
		Content: channels.Text{Body: body}, Author: channels.Bot, Parts: 1,
	}
}
