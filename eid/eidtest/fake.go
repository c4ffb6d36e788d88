package eidtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/eid"
)

// TextLimit is the longest Request.Text that a Fake takes, in characters.
const TextLimit = 200

// Config of a Fake. The zero value is good.
type Config struct {
	// Method is the Fake's name. Default "fake".
	Method eid.Method
	// Person is who approves. Default: MARY ÄNN, a person of tests, at level high.
	// Method and At are the Fake's own.
	Person eid.Identity
	// Browser makes it a method that sends a browser elsewhere: Begin needs a
	// ReturnURL, and Resolve the query of Return.
	Browser bool
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Lifetime is how long a challenge can be decided. Default five minutes.
	Lifetime time.Duration
}

// Fake is an authenticator without a service. What it decides is told by Script
// and Answer; otherwise everybody approves. All methods may be called
// concurrently. It implements [eid.Authenticator] and [eid.LiveLinker].
type Fake struct {
	cfg   Config
	world *world
}

// world is what a service would remember, so that several Fakes can share it.
type world struct {
	mu       sync.Mutex
	script   []Outcome
	requests []eid.Request
	begun    map[string]*challenge
}

type challenge struct {
	request eid.Request
	outcome Outcome
	begun   time.Time
	expires time.Time
}

var (
	_ eid.Authenticator = (*Fake)(nil)
	_ eid.LiveLinker    = (*Fake)(nil)
)

// New returns a Fake.
func New(cfg Config) *Fake {
	if cfg.Method == "" {
		cfg.Method = "fake"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Lifetime == 0 {
		cfg.Lifetime = 5 * time.Minute
	}
	if cfg.Person.Code == "" {
		cfg.Person = eid.Identity{
			Code: "EE60001019906", GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ-ŠUSLIK TESTNUMBER",
			Born: "2000-01-01", Level: eid.High,
		}
	}
	return &Fake{cfg: cfg, world: &world{begun: map[string]*challenge{}}}
}

// Replica returns another Fake of the same service, as after a restart.
func (f *Fake) Replica() *Fake { return &Fake{cfg: f.cfg, world: f.world} }

// Script says what becomes of the next authentications, one each, behind those
// that were scripted before.
func (f *Fake) Script(outcomes ...Outcome) {
	f.world.mu.Lock()
	defer f.world.mu.Unlock()
	f.world.script = append(f.world.script, outcomes...)
}

// Answer decides one that was begun, whatever was decided before, and returns the
// query with which a browser comes back; nil when the Fake sends none away, or
// nobody comes back.
func (f *Fake) Answer(s eid.State, o Outcome) url.Values {
	f.world.mu.Lock()
	defer f.world.mu.Unlock()
	c := f.world.begun[string(s)]
	if c == nil {
		return nil
	}
	c.outcome = o
	if !f.cfg.Browser || o == Wait || o == TimeOut {
		return nil
	}
	return url.Values{"ticket": {ticket(s)}}
}

// Return returns the query with which a browser comes back from a challenge.
func (f *Fake) Return(s eid.State) url.Values { return url.Values{"ticket": {ticket(s)}} }

// Requests returns what was asked so far, also what was refused.
func (f *Fake) Requests() []eid.Request {
	f.world.mu.Lock()
	defer f.world.mu.Unlock()
	return slices.Clone(f.world.requests)
}

// Method implements [eid.Authenticator].
func (f *Fake) Method() eid.Method { return f.cfg.Method }

// Begin implements [eid.Authenticator]. It is as strict as the real ones.
func (f *Fake) Begin(ctx context.Context, r eid.Request) (eid.Challenge, error) {
	if err := ctx.Err(); err != nil {
		return eid.Challenge{}, err
	}
	f.world.mu.Lock()
	defer f.world.mu.Unlock()
	f.world.requests = append(f.world.requests, r)
	if field := f.fault(r); field != "" {
		return eid.Challenge{}, fmt.Errorf("%w: %s", eid.ErrRequest, field)
	}
	outcome := Approve
	if len(f.world.script) > 0 {
		outcome, f.world.script = f.world.script[0], f.world.script[1:]
	}
	now := f.cfg.Now()
	body := "fake1." + rand.Text()
	state := body + "." + digest(body)
	f.world.begun[state] = &challenge{request: r, outcome: outcome, begun: now, expires: now.Add(f.cfg.Lifetime)}
	c := eid.Challenge{State: eid.State(state), Code: "4271", Expires: now.Add(f.cfg.Lifetime)}
	if f.cfg.Browser {
		c.Code, c.Link = "", "https://authentication.invalid/"+ticket(c.State)
	}
	return c, nil
}

func (f *Fake) fault(r eid.Request) string {
	back, err := url.Parse(r.ReturnURL)
	https := err == nil && back.Scheme == "https" && back.Host != "" && back.User == nil && !strings.Contains(r.ReturnURL, "#")
	switch {
	case r.Level < eid.Undefined || r.Level > eid.High:
		return "Level"
	case utf8.RuneCountInString(r.Text) > TextLimit:
		return "Text"
	case r.Code != "" && r.Code.Valid() != nil:
		return "Code"
	case r.Phone != "" && r.Phone.Valid() != nil:
		return "Phone"
	case (f.cfg.Browser || r.ReturnURL != "") && !https:
		return "ReturnURL"
	}
	return ""
}

// Resolve implements [eid.Authenticator].
func (f *Fake) Resolve(ctx context.Context, s eid.State, answer url.Values) (eid.Identity, error) {
	if err := ctx.Err(); err != nil {
		return eid.Identity{}, err
	}
	f.world.mu.Lock()
	defer f.world.mu.Unlock()
	c := f.world.begun[string(s)]
	now := f.cfg.Now()
	switch {
	case c == nil:
		return eid.Identity{}, fmt.Errorf("eidtest: %w", eid.ErrState)
	case !now.Before(c.expires):
		return eid.Identity{}, fmt.Errorf("eidtest: %w", eid.ErrExpired)
	case f.cfg.Browser && answer == nil && c.outcome != TimeOut:
		return eid.Identity{}, fmt.Errorf("eidtest: %w", eid.ErrPending)
	case f.cfg.Browser && answer != nil && !slices.Equal(answer["ticket"], []string{ticket(s)}):
		return eid.Identity{}, fmt.Errorf("eidtest: %w", eid.ErrState)
	}
	return f.decided(c, now)
}

func (f *Fake) decided(c *challenge, now time.Time) (eid.Identity, error) {
	id := f.cfg.Person.Clone()
	id.Method, id.At = f.cfg.Method, now
	switch c.outcome {
	case Approve:
	case Stranger:
		id.Code, id.GivenName, id.FamilyName, id.Born = "EE38001085718", "JAAK-KRISTJAN", "JÕEORG", "1980-01-08"
	case Weaker:
		id.Level = c.request.Required() - 1
	case Wait:
		return eid.Identity{}, fmt.Errorf("eidtest: %w", eid.ErrPending)
	case Break:
		return eid.Identity{}, errOutage
	default:
		if want := c.outcome.wanted(); len(want) > 0 {
			return eid.Identity{}, fmt.Errorf("eidtest: %w", want[0])
		}
		return eid.Identity{}, errOutage
	}
	switch {
	case !id.Level.AtLeast(c.request.Required()):
		return eid.Identity{}, fmt.Errorf("eidtest: %w", eid.ErrTooWeak)
	case c.request.Code != "" && c.request.Code != id.Code:
		return eid.Identity{}, fmt.Errorf("eidtest: %w: another person", eid.ErrUntrusted)
	}
	return id, nil
}

// LiveLink implements [eid.LiveLinker]: another text each second, for a minute.
func (f *Fake) LiveLink(s eid.State, now time.Time) (string, error) {
	f.world.mu.Lock()
	defer f.world.mu.Unlock()
	c := f.world.begun[string(s)]
	if c == nil {
		return "", fmt.Errorf("eidtest: %w", eid.ErrState)
	}
	second := int(now.Sub(c.begun) / time.Second)
	if second < 0 || second >= 60 {
		return "", fmt.Errorf("eidtest: %w", eid.ErrExpired)
	}
	n := strconv.Itoa(second)
	return "https://authentication.invalid/qr?second=" + n + "&proof=" + digest(string(s)+n), nil
}

func ticket(s eid.State) string { return digest("ticket " + string(s)) }

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}
