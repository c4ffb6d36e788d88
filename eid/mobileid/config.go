package mobileid

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/trust"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

const (
	defaultPoll = 15 * time.Second
	minPoll     = time.Second // the service's own bounds
	maxPoll     = time.Minute
	travel      = 5 * time.Second // how much longer than the service we wait
	// lifetime is how long the service keeps a session. The person has about two
	// minutes of it.
	lifetime = 5 * time.Minute
)

// Config says who asks, whom to believe, and how the service is reached.
type Config struct {
	// Environment is Demo() or Live(). Required.
	Environment Environment
	// RelyingPartyUUID is agreed with the service, a secret shared with it. Required.
	RelyingPartyUUID string
	// RelyingPartyName is agreed with the service and shown on the phone. Required.
	RelyingPartyName string
	// Trust holds the authorities of the environment. Required.
	Trust *trust.Store
	// Revocation is asked about the certificate of each answer. Required unless
	// InsecureSkipRevocation.
	Revocation trust.Checker
	// InsecureSkipRevocation takes certificates that may have been revoked.
	InsecureSkipRevocation bool
	// Pins are the keys that the service may show, as trust.Pinned reads them:
	// whoever stood between could have people sign something else under the same
	// control code, of which there are 8192. Required unless InsecureNoPins; none
	// are compiled in, because they change every year.
	Pins []string
	// InsecureNoPins takes any certificate that the system trusts for the host.
	InsecureNoPins bool
	// Client is the way out, such as an egress proxy. Default: one of our own.
	Client *http.Client
	// Hash is what people sign in an authentication. Default SHA256, which is as
	// long as the keys on the cards; see Hash for what that means.
	Hash Hash
	// PollTimeout is how long one Resolve waits for the person before it returns
	// eid.ErrPending: 1 s to 60 s. Default 15 s. A ctx that ends earlier, or the end
	// of the session, shortens it.
	PollTimeout time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Rand is the source of what is signed. Default crypto/rand.
	Rand io.Reader
	// InsecureHTTP allows an Environment.BaseURL without TLS, for simulators.
	InsecureHTTP bool
}

// Format prints where and as whom only.
func (c Config) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "eid/mobileid ("+c.Environment.BaseURL+", "+c.RelyingPartyName+")")
}

// LogValue gives where and as whom only.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("base_url", c.Environment.BaseURL), slog.String("relying_party", c.RelyingPartyName))
}

// Authenticator is Mobile-ID as an [eid.Authenticator], and signing with it. It
// keeps nothing but which polls are under way. All methods may be called
// concurrently.
type Authenticator struct {
	name, uuid string
	hash       Hash
	patience   time.Duration
	now        func() time.Time
	rand       io.Reader
	key        [32]byte // of states

	calls, polls *httpx.Client
	flights      flights
	verifier     *Verifier
}

var _ eid.Authenticator = (*Authenticator)(nil)

// Format prints a fixed text, because the relying party's secret is in it.
func (*Authenticator) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[mobileid]") }

// New checks cfg. It does no I/O. Errors name the field.
func New(cfg Config) (*Authenticator, error) {
	cfg.RelyingPartyUUID = strings.ToLower(cfg.RelyingPartyUUID)
	if cfg.Hash == "" {
		cfg.Hash = SHA256
	}
	if cfg.PollTimeout == 0 {
		cfg.PollTimeout = defaultPoll
	}
	if fault := cfg.fault(); fault != "" {
		return nil, errors.New("eid/mobileid: Config." + fault)
	}
	a := &Authenticator{
		name: cfg.RelyingPartyName, uuid: cfg.RelyingPartyUUID, hash: cfg.Hash, patience: cfg.PollTimeout,
		now: cfg.Now, rand: cfg.Rand, key: stateKey(cfg),
		flights:  flights{now: map[string]*flight{}},
		verifier: &Verifier{trust: cfg.Trust, environment: cfg.Environment, revocation: cfg.Revocation},
	}
	if a.now == nil {
		a.now = time.Now
	}
	if a.rand == nil {
		a.rand = rand.Reader
	}
	if err := a.connect(cfg); err != nil {
		return nil, err
	}
	return a, nil
}

// connect makes the two ways to the service: a poll takes as long as a person.
func (a *Authenticator) connect(cfg Config) error {
	client := cfg.Client
	if !cfg.InsecureNoPins {
		var err error
		if client, err = trust.Pinned(cfg.Client, cfg.Pins); err != nil {
			return fmt.Errorf("eid/mobileid: Config.Pins: %w", err)
		}
	}
	way := httpx.Config{
		BaseURL: cfg.Environment.BaseURL, Client: client, MaxResponse: maxAnswer, InsecureHTTP: cfg.InsecureHTTP,
	}
	var err error
	if a.calls, err = httpx.New(way); err != nil {
		return fmt.Errorf("eid/mobileid: Config.Environment: %w", err)
	}
	way.Timeout = cfg.PollTimeout + travel
	if a.polls, err = httpx.New(way); err != nil {
		return fmt.Errorf("eid/mobileid: Config.Environment: %w", err)
	}
	return nil
}

// fault says which field is wrong and why, "" when none is.
func (c Config) fault() string {
	if fault := c.Environment.fault(); fault != "" {
		return "Environment" + fault
	}
	uuid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	switch {
	case !uuid.MatchString(c.RelyingPartyUUID):
		return "RelyingPartyUUID is required, as 8-4-4-4-12 hexadecimal digits"
	case strings.TrimSpace(c.RelyingPartyName) == "" || !utf8.ValidString(c.RelyingPartyName):
		return "RelyingPartyName is required"
	case c.Trust == nil:
		return "Trust is required"
	case c.Revocation == nil && !c.InsecureSkipRevocation:
		return "Revocation is required (or InsecureSkipRevocation)"
	case c.Revocation != nil && c.InsecureSkipRevocation:
		return "Revocation and InsecureSkipRevocation exclude each other"
	case len(c.Pins) == 0 && !c.InsecureNoPins:
		return "Pins is required (or InsecureNoPins)"
	case len(c.Pins) > 0 && c.InsecureNoPins:
		return "Pins and InsecureNoPins exclude each other"
	case c.Hash.Size() == 0:
		return "Hash is not one of SHA256, SHA384 and SHA512"
	case c.PollTimeout < minPoll || c.PollTimeout > maxPoll:
		return fmt.Sprintf("PollTimeout is not within %s and %s", minPoll, maxPoll)
	}
	return ""
}
