package alt

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/session"
)

// Config is all that a Service needs. Store and Handler are required, and at
// least one line in Channels or Providers. HTTP clients (an egress proxy, an
// own CA) are given to the drivers, which are the only ones to call out.
type Config struct {
	// Agency owns lines whose Info names none. Default "agency".
	Agency channels.Agency
	// Channels are lines with a webhook of their own, Providers accounts with
	// one webhook for many lines. Their webhooks are named by line id and
	// provider name.
	Channels  []channels.Channel
	Providers []msp.Provider
	// LinesLater says that Service.SetProvider will bring lines: then none is
	// needed here, Rates may name lines that are not there yet, and PublicURL is
	// required. A provider may have no line then, before the first one or after
	// the last: its webhook answers handshakes, and whatever else is authentic is
	// accepted, counted and not kept.
	LinesLater bool
	Store      Store

	// Handler answers people's messages (and Due events of its own).
	Handler Handler
	// Middleware wraps Handler, the first one outermost.
	Middleware []Middleware
	// Notices gets what is not a message: edits, withdrawals, opt-outs, deep
	// links, ends of sessions. The end of a session may be told when the next one
	// has begun: compare Turn.Session().ID. Optional.
	Notices Handler
	// Operator gets events about no person: template states, account warnings,
	// requests that were not understood, and of the service's own a LineChanged
	// with the Subject "health" whenever Service.Health of a line changes for the
	// worse or better. It must return quickly. Optional.
	Operator func(ctx context.Context, e channels.Event)

	// Topic is asked before a text, file or choice that a machine wrote
	// (channels.Bot, channels.System) is queued on a line with a reply window: such
	// lines let an agency answer what the person asked, and nothing else. c is the
	// conversation, zero when none is open; o is one part of the message. An error
	// that is ErrPolicy refuses it: Service.Send returns the error, and a turn whose
	// answer is refused becomes a letter. With another error a turn is tried again.
	// Templates and what specialists write are not asked about. It may be called
	// again for the same message. Nil: all passes.
	Topic func(ctx context.Context, c Conversation, o channels.Outbound) error

	// Template tells how far a template is with the provider of a line. It is asked
	// before a message with one is queued, by a handler, a specialist or a program,
	// and again when it goes out, which may be later: unless it is Approved, the
	// message is refused with an error of class channels.ErrTemplate, or becomes a
	// letter with its code. An error of the hook is tried again. Nil: drivers and
	// providers decide alone.
	Template func(ctx context.Context, line channels.ID, t channels.Template) (Approval, error)

	// PublicURL is the address at which providers call Webhooks(), without a
	// trailing slash, e.g. "https://alt.agency.ee/webhooks". Signatures cover
	// it, so it is never taken from the request. Required when a line or
	// provider has a webhook.
	PublicURL string
	// MaxBody bounds a webhook request, in bytes. Default 3 MiB.
	MaxBody int64
	// MaxMedia bounds an inbound file, in bytes. Default 25 MiB.
	MaxMedia int64
	// MediaURL is the address at which Service.Media() is mounted, without a
	// trailing slash, e.g. "https://alt.agency.ee/media". With it, drivers whose
	// providers fetch files by themselves give them links that end. Optional.
	MediaURL string
	// MediaKeys sign the links: random, at least 32 bytes each, the same after a
	// restart. It is read at each use; the first key signs, all of them are good.
	// Required with MediaURL.
	MediaKeys func() [][]byte
	// MediaFor is how long a link is good: longer than a provider may take to
	// fetch the file, retries included. Default 24 hours.
	MediaFor time.Duration
	// Language is the language of people who have told none, BCP 47. Default "et".
	Language string
	// Logins says how people prove who they are. Nil: they cannot.
	Logins *Logins
	// Session bounds sessions. Default: 24 hours, 30 minutes idle.
	Session session.Policy

	// Rates bounds sends of a line. Lines without one are not bounded.
	Rates map[channels.ID]Rate
	// TurnWorkers, SendWorkers and MediaWorkers run at the same time. Send
	// workers bound the unknown outcomes after a crash. Default 64, 64, 8.
	TurnWorkers, SendWorkers, MediaWorkers int
	// HandlerTimeout ends a turn's context. Default 20 s; SendTimeout bounds one
	// send, default 20 s. Both must be shorter than Lease, default 60 s.
	HandlerTimeout, SendTimeout, Lease time.Duration
	// MaxAttempts and MaxHold bound retries of one item: whichever comes first
	// makes it a dead letter. Default 10 attempts for turns, and 1 hour for
	// turns and sends alike. What waited so long before its first attempt still
	// has a few of them.
	MaxAttempts int
	MaxHold     time.Duration
	// ReconcileFor is how long an unknown outcome waits for the provider's
	// word before it goes to a person. Default 15 min.
	ReconcileFor time.Duration
	// HealthEvery is how often lines whose drivers can tell are asked whether they
	// work. Default 30 min, so that a dead token is known within the hour also
	// when one question stays without an answer.
	HealthEvery time.Duration
	// EraseAfter is how long after its end a talk is erased at the provider, as far
	// as the line can: after the end of the conversation, or of a session in which
	// no people of the agency have it. Ends from before it was set are not looked
	// for. The record here stays; Service.Erasures tells what came of it.
	// Default 0: never.
	EraseAfter time.Duration
	// DrainTimeout bounds how long Run finishes what it began. Default 10 s.
	DrainTimeout time.Duration
	// Poll is how often queues are looked at without a reason. Default 100 ms.
	Poll time.Duration

	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Logger gets the technical log, without personal data. Default: none.
	Logger *slog.Logger
	// InsecureLogErrors writes the text of handlers' errors to the log. It may
	// hold what people wrote: for development only.
	InsecureLogErrors bool
	// Observe gets counts and durations; see Observation. It must be quick and
	// safe for concurrent calls. Optional.
	Observe func(Observation)
}

// Rate bounds the sends of a line: PerSecond on average, Burst at once
// (default: a second's worth, at least 1).
type Rate struct {
	PerSecond float64
	Burst     int
}

// Observation is one measured fact. Names: webhook.accepted, .duplicate,
// .refused, .malformed, .unavailable (N events or requests), .stray (the
// provider has no line); turn.done, .retry, .dead, .panic; send.sent, .retry,
// .dead, .unknown; media.fetched, .missing, .retry, .dead; line.up, .down,
// .unclear (asked in vain); link.served, .refused; reconcile.retry, .uncertain;
// login.asked, .opened, .begun, .proven, .returned, .failed;
// driver.panic, operator.panic; report.applied, message.charged, message.free (Code is the
// provider's category), echo.matched, echo.foreign; erase.done (Code is the result), .retry;
// session.expired. Labels are of low cardinality and hold nothing personal.
type Observation struct {
	Name     string
	Line     channels.ID
	Code     string        // channels.Code of an error, or empty
	N        int           // how many
	Duration time.Duration // 0 when nothing was timed
}

// errField is what New says of a field.
func errField(field, why string) error { return errAt("Config."+field, why) }

func errAt(place, why string) error { return fmt.Errorf("alt: %s: %s", place, why) }

func (c *Config) defaults() error {
	if c.Agency == "" {
		c.Agency = "agency"
	}
	switch {
	case c.Agency.Valid() != nil:
		return errField("Agency", "must be 1-64 characters of a-z, 0-9, '-', '_', '.'")
	case c.Store == nil:
		return errField("Store", "required")
	case c.Handler == nil:
		return errField("Handler", "required")
	case len(c.Channels)+len(c.Providers) == 0 && !c.LinesLater:
		return errField("Channels", "at least one line, here or in Providers (or LinesLater)")
	}
	def(&c.MaxBody, 3<<20)
	def(&c.MaxMedia, 25<<20)
	def(&c.MediaFor, 24*time.Hour)
	def(&c.Language, "et")
	def(&c.TurnWorkers, 64)
	def(&c.SendWorkers, 64)
	def(&c.MediaWorkers, 8)
	def(&c.HandlerTimeout, 20*time.Second)
	def(&c.SendTimeout, 20*time.Second)
	def(&c.Lease, time.Minute)
	def(&c.MaxAttempts, 10)
	def(&c.MaxHold, time.Hour)
	def(&c.ReconcileFor, 15*time.Minute)
	def(&c.HealthEvery, 30*time.Minute)
	def(&c.DrainTimeout, 10*time.Second)
	def(&c.Poll, 100*time.Millisecond)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Observe == nil {
		c.Observe = func(Observation) {}
	}
	for field, v := range map[string]int64{
		"MaxBody": c.MaxBody, "MaxMedia": c.MaxMedia, "MediaFor": int64(c.MediaFor), "TurnWorkers": int64(c.TurnWorkers), "SendWorkers": int64(c.SendWorkers),
		"MediaWorkers": int64(c.MediaWorkers), "HandlerTimeout": int64(c.HandlerTimeout), "SendTimeout": int64(c.SendTimeout),
		"MaxAttempts": int64(c.MaxAttempts), "MaxHold": int64(c.MaxHold), "ReconcileFor": int64(c.ReconcileFor), "HealthEvery": int64(c.HealthEvery), "EraseAfter": int64(c.EraseAfter),
		"DrainTimeout": int64(c.DrainTimeout), "Poll": int64(c.Poll),
	} {
		if v < 0 {
			return errField(field, "must not be negative")
		}
	}
	if c.HandlerTimeout >= c.Lease {
		return errField("HandlerTimeout", "must be shorter than Lease")
	}
	if c.SendTimeout >= c.Lease {
		return errField("SendTimeout", "must be shorter than Lease")
	}
	return c.checkURLs()
}

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func (c *Config) checkURLs() error {
	// New asks for PublicURL when there is a webhook.
	if err := checkURL("PublicURL", c.PublicURL); err != nil {
		return err
	}
	if err := checkURL("MediaURL", c.MediaURL); err != nil || c.MediaURL == "" {
		return err
	}
	if c.MediaKeys == nil {
		return errField("MediaKeys", "required with MediaURL")
	}
	if keys := c.MediaKeys(); len(keys) == 0 || slices.ContainsFunc(keys, func(k []byte) bool { return len(k) < minMediaKey }) {
		return errField("MediaKeys", fmt.Sprintf("at least one key, of at least %d bytes each", minMediaKey))
	}
	return nil
}

// checkURL refuses what is not an address of ours; an empty one is none.
func checkURL(field, address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" || u.Fragment != "" ||
		strings.HasSuffix(address, "/") {
		return errField(field, "must be an absolute address without query, fragment or trailing slash")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return errField(field, "must be https (http is for loopback addresses)")
	}
	return nil
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }
