// Package alttest is a whole service on fakes, for an agency's own tests: a
// memory store, a clock that moves only when told, and lines like WhatsApp,
// Messenger and SMS, without network, goroutines or sleeps. What runs is the
// production code, one step at a time.
//
//	hs := alttest.New(t, handler)
//	chat := hs.Chat("whatsapp")
//	chat.Says("tere").Expect("Tere!")
//	chat.Redelivered().ExpectNothing()
//	chat.Proves(alttest.Mary()) // whom Turn.Authenticate has asked
//	hs.Advance(25 * time.Hour)
package alttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// Start is the harness's time at the beginning: a Monday noon in Estonia.
func Start() time.Time { return time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC) }

// publicURL is where the fakes' providers call.
const publicURL = "https://agency.example/webhooks"

// Config changes what New makes; zero fields are New's defaults.
type Config struct {
	// Handler is required.
	Handler alt.Handler
	// Lines are the fakes by name. Default: "whatsapp", "messenger" and "sms".
	Lines map[channels.ID]channels.Kind
	// Change is called with the service's configuration before it is used.
	Change func(*alt.Config)
	// Twice runs every handler once in vain before each real turn, as a crash
	// between handling and commit would: a handler that passes may be repeated.
	Twice bool
	// Shuffle, when not 0, seeds a shuffle of all provider reports.
	Shuffle uint64
}

// Harness is a service on fakes. It is used by one goroutine.
type Harness struct {
	tb      testing.TB
	cfg     Config
	clock   *Clock
	fakes   map[channels.ID]*channeltest.Fake
	store   *memstore.Store
	people  *service
	svc     *alt.Service
	random  *rand.Rand
	reports []channels.Event
}

// Clock is a clock that moves only when told. It may be used concurrently.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows t.
func NewClock(t time.Time) *Clock { return &Clock{now: t} }

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// New makes a service that answers with h on fake lines.
func New(tb testing.TB, h alt.Handler) *Harness {
	tb.Helper()
	return NewWith(tb, Config{Handler: h})
}

// NewWith makes a service as cfg says.
func NewWith(tb testing.TB, cfg Config) *Harness {
	tb.Helper()
	if cfg.Lines == nil {
		cfg.Lines = map[channels.ID]channels.Kind{"whatsapp": channels.WhatsApp, "messenger": channels.Messenger, "sms": channels.SMS}
	}
	hs := &Harness{tb: tb, cfg: cfg, clock: NewClock(Start()), fakes: make(map[channels.ID]*channeltest.Fake)}
	hs.store = memstore.New(memstore.Config{Now: hs.clock.Now})
	hs.people = &service{now: hs.clock.Now}
	hs.random = rand.New(rand.NewPCG(cfg.Shuffle, 1))
	for id, kind := range cfg.Lines {
		hs.fakes[id] = channeltest.New(channeltest.Config{ID: id, Kind: kind, Now: hs.clock.Now,
			ReturnLink: "https://chat.example/" + string(id) + "?word={word}"})
	}
	hs.build()
	return hs
}

// build makes the service anew over the same store and lines.
func (hs *Harness) build() {
	hs.tb.Helper()
	cfg := alt.Config{Store: hs.store, Handler: hs.cfg.Handler, PublicURL: publicURL, Now: hs.clock.Now, Logins: hs.logins()}
	for _, f := range hs.fakes {
		cfg.Channels = append(cfg.Channels, f)
	}
	if hs.cfg.Twice {
		cfg.Middleware = append(cfg.Middleware, twice)
	}
	if hs.cfg.Change != nil {
		hs.cfg.Change(&cfg)
	}
	svc, err := alt.New(cfg)
	if err != nil {
		hs.tb.Fatalf("alttest: %v", err)
	}
	hs.svc = svc
}

// errAgain makes the first of two runs a failure.
var errAgain = errors.New("alttest: first run of two")

func twice(next alt.Handler) alt.Handler {
	seen := make(map[string]bool)
	return alt.HandlerFunc(func(ctx context.Context, t *alt.Turn) error {
		err := next.Handle(ctx, t)
		if err == nil && !seen[t.Key()] {
			seen[t.Key()] = true
			return errAgain
		}
		return err
	})
}

// Service returns the service, e.g. for a desk.
func (hs *Harness) Service() *alt.Service { return hs.svc }

// Store returns the memory store, for looking.
func (hs *Harness) Store() *memstore.Store { return hs.store }

// Clock returns the clock.
func (hs *Harness) Clock() *Clock { return hs.clock }

// Fake returns a line, to script its failures.
func (hs *Harness) Fake(id channels.ID) *channeltest.Fake {
	hs.tb.Helper()
	f := hs.fakes[id]
	if f == nil {
		hs.tb.Fatalf("alttest: no line is named %q", id)
	}
	return f
}

// Advance moves the clock and works off what became due, in steps, so that
// things due one after another happen in their order.
func (hs *Harness) Advance(d time.Duration) {
	hs.tb.Helper()
	const steps = 20
	for range steps {
		hs.clock.Advance(d / steps)
		hs.Settle()
	}
	hs.clock.Advance(d % steps)
	hs.Settle()
}

// Restart lets the process die and start again on the same store: what was
// claimed and not finished is as after a crash.
func (hs *Harness) Restart() {
	hs.tb.Helper()
	hs.store.Restart()
	hs.build()
	hs.Settle()
}

// Move lets the process stop and start again with a line at another provider,
// under the same id: a new fake, which knows nothing of what the old one did.
// to describes it; its Kind is the old one's and its Provider another name unless
// they are set.
func (hs *Harness) Move(line channels.ID, to channeltest.Config) *channeltest.Fake {
	hs.tb.Helper()
	old := hs.Fake(line).Info()
	if to.Provider == "" || to.Provider == old.Provider {
		to.Provider = old.Provider + "2"
	}
	if to.Kind == "" {
		to.Kind = old.Kind
	}
	to.ID, to.Now = line, hs.clock.Now
	hs.fakes[line] = channeltest.New(to)
	hs.Restart()
	return hs.fakes[line]
}

// Settle works off all that is due now.
func (hs *Harness) Settle() {
	hs.tb.Helper()
	// With Twice, a first run fails and waits for its second; a few rounds with
	// a moving clock see it through.
	for round := 0; ; round++ {
		n, err := hs.svc.Step(context.Background())
		if err != nil {
			hs.tb.Fatalf("alttest: step: %v", err)
		}
		if n == 0 {
			break
		}
		if round > 1000 {
			hs.tb.Fatal("alttest: the service does not come to rest")
		}
		if hs.cfg.Twice {
			hs.clock.Advance(2 * time.Second)
		}
	}
}

// Deliver posts events to a line's webhook, signed, as a provider does, works
// them off, and returns the HTTP status.
func (hs *Harness) Deliver(line channels.ID, evs ...channels.Event) int {
	hs.tb.Helper()
	status := hs.post(line, evs...)
	hs.Settle()
	return status
}

// Serve gives any request to the webhooks and returns the HTTP status.
func (hs *Harness) Serve(r *http.Request) int {
	w := httptest.NewRecorder()
	http.StripPrefix("/webhooks", hs.svc.Webhooks()).ServeHTTP(w, r)
	return w.Code
}

func (hs *Harness) post(line channels.ID, evs ...channels.Event) int {
	hs.tb.Helper()
	return hs.Serve(channeltest.HTTP(hs.Fake(line).Post(evs...)))
}

// Report delivers provider reports; with Config.Shuffle they are kept until
// Flush and then come in another order.
func (hs *Harness) Report(line channels.ID, evs ...channels.Event) {
	hs.tb.Helper()
	if hs.cfg.Shuffle == 0 {
		hs.Deliver(line, evs...)
		return
	}
	for _, e := range evs {
		e.Meta().Channel = line
		hs.reports = append(hs.reports, e)
	}
}

// Flush delivers the reports that Config.Shuffle kept.
func (hs *Harness) Flush() {
	hs.tb.Helper()
	hs.random.Shuffle(len(hs.reports), func(i, j int) { hs.reports[i], hs.reports[j] = hs.reports[j], hs.reports[i] })
	for _, e := range hs.reports {
		hs.Deliver(e.Meta().Channel, e)
	}
	hs.reports = nil
}

// Letters returns what waits for a person.
func (hs *Harness) Letters() []alt.Letter {
	hs.tb.Helper()
	page, _, err := hs.store.Letters(context.Background(), alt.LetterQuery{Agency: "agency", Limit: 200})
	if err != nil {
		hs.tb.Fatalf("alttest: letters: %v", err)
	}
	return page
}

// describe is what a person sees of a content, as one line.
func describe(c channels.Content) string {
	switch c := c.(type) {
	case channels.Text:
		return c.Body
	case channels.Choices:
		s := c.Body
		for _, o := range c.Options {
			s += " [" + o.Title + "]"
		}
		return s
	case channels.Template:
		return "template " + c.Name
	}
	return fmt.Sprint(c)
}
