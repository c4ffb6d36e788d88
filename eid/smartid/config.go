package smartid

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// Flow says how the person's app comes to know of an authentication.
type Flow string

// Flows.
const (
	// DeviceLink is the default: the person scans a code or follows a link. Nobody
	// can be asked from afar, and nobody's code has to be known.
	DeviceLink Flow = "device link"
	// Notification has the service call the app of a person whose code or account is
	// known, who then compares a control code. The service advises against it for
	// people who have not used a device link before: whoever knows a code can call,
	// and the code that is shown can be read out to a victim.
	Notification Flow = "notification"
)

// Config is what an [Authenticator] for API v3 needs.
type Config struct {
	// Environment is [Demo], [Live], or a simulator's. Required.
	Environment Environment
	// RelyingPartyUUID and RelyingPartyName are those of the contract. The name is
	// 1-32 bytes and is signed, so its capital letters matter. Required.
	RelyingPartyUUID, RelyingPartyName string
	// Flow is how people are reached. Default DeviceLink.
	Flow Flow
	// App makes Challenge.Link one that another app opens, instead of a browser. It
	// is for agencies with an app of their own.
	App bool
	// Trust holds the authorities of the environment. Required.
	Trust *trust.Store
	// Revocation is asked about each certificate. Required unless
	// InsecureSkipRevocation.
	Revocation             trust.Checker
	InsecureSkipRevocation bool
	// Pins are the keys of the service's server; see [trust.Pinned]. The service
	// demands it, and its keys change, so that a list is wanted and none is built
	// in. Required unless InsecureNoPins.
	Pins           []string
	InsecureNoPins bool
	// Client is the way out; see [trust.Pinned] and httpx. Nil: one of our own.
	Client *http.Client
	// Hash is the algorithm of signatures. Default SHA512.
	Hash Hash
	// Certificates is the least level that is asked for where the request's own
	// level allows it. Default Qualified.
	Certificates CertificateLevel
	// Interactions are the screens in their order of preference. Default:
	// DisplayTextAndPIN for device links, and
	// ConfirmationMessageAndVerificationCodeChoice for notifications.
	Interactions []InteractionType
	// ShareIP asks for the address of the person's device. The contract has to
	// allow it.
	ShareIP bool
	// PollTimeout is how long one Resolve waits for a decision: 1 s to 2 minutes.
	// Default 30 s.
	PollTimeout time.Duration
	// Lifetime is how long a person may take: at most 10 minutes. Default 5 minutes.
	Lifetime time.Duration
	// QRFor is how long the QR code is shown. Default 1 minute, as the service
	// advises.
	QRFor time.Duration
	// Now tells the time. Default time.Now.
	Now func() time.Time
	// Rand is where challenges come from. Default crypto/rand.
	Rand io.Reader
	// InsecureHTTP allows an Environment without TLS, and a ReturnURL of this
	// machine without it, for simulators on loopback.
	InsecureHTTP bool
}

// Format prints whose it is and where it goes, whatever the verb.
func (c Config) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "smartid.Config("+c.Environment.BaseURL+")")
}

// LogValue gives where it goes.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.Environment.BaseURL) }

// settings is a checked configuration of either API.
type settings struct {
	Config
	api      *client
	verifier *Verifier
	key      []byte // of states
}

// defaults of an API: which interactions it has, and which it uses.
type defaults struct{ allowed, used []InteractionType }

func interactionsIn(f Flow) defaults {
	if f == Notification {
		all := []InteractionType{DisplayTextAndPIN, ConfirmationMessage, ConfirmationMessageAndVerificationCodeChoice}
		return defaults{all, all[2:]}
	}
	all := []InteractionType{DisplayTextAndPIN, ConfirmationMessage}
	return defaults{all, all[:1]}
}

// check fills in what was left out. Errors name the field.
func (c Config) check(screens defaults) (*settings, error) {
	refuse := func(format string, args ...any) (*settings, error) {
		return nil, fmt.Errorf("eid/smartid: Config."+format, args...)
	}
	c.Environment = c.Environment.clone()
	c.Hash = orDefault(c.Hash, SHA512)
	c.Certificates = orDefault(c.Certificates, Qualified)
	c.PollTimeout = orDefault(c.PollTimeout, 30*time.Second)
	c.Lifetime = orDefault(c.Lifetime, 5*time.Minute)
	c.QRFor = orDefault(c.QRFor, time.Minute)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	_, known := c.Hash.crypto()
	switch {
	case c.Environment.SchemeName == "" || strings.Contains(c.Environment.SchemeName, "|"):
		return refuse("Environment.SchemeName is required, without |")
	case !validUUID(c.RelyingPartyUUID):
		return refuse("RelyingPartyUUID is required, in small letters")
	case c.RelyingPartyName == "" || len(c.RelyingPartyName) > 32 || !utf8.ValidString(c.RelyingPartyName):
		return refuse("RelyingPartyName is required, of at most 32 bytes")
	case !known:
		return refuse("Hash is unknown")
	case !c.Certificates.known():
		return refuse("Certificates is unknown")
	case c.PollTimeout < shortestPoll || c.PollTimeout > longestPoll:
		return refuse("PollTimeout is not within %v and %v", shortestPoll, longestPoll)
	case c.Lifetime < time.Second || c.Lifetime > 10*time.Minute:
		return refuse("Lifetime is not within a second and 10 minutes")
	case c.QRFor < time.Second || c.QRFor > c.Lifetime:
		return refuse("QRFor is not within a second and Lifetime")
	case c.InsecureNoPins && len(c.Pins) > 0:
		return refuse("Pins and InsecureNoPins exclude each other")
	case !c.InsecureNoPins && len(c.Pins) == 0:
		return refuse("Pins is required")
	}
	var err error
	if c.Interactions, err = checkInteractions(c.Interactions, screens.used, screens.allowed); err != nil {
		return nil, fmt.Errorf("eid/smartid: %w", err)
	}
	if len(c.Pins) > 0 {
		if c.Client, err = trust.Pinned(c.Client, c.Pins); err != nil {
			return refuse("Pins: %w", err)
		}
	}
	s := &settings{Config: c, key: stateKey(c)}
	if s.api, err = newClient(c.Environment.BaseURL, c.Client, c.PollTimeout, c.Now, c.InsecureHTTP); err != nil {
		return refuse("Environment: %w", err)
	}
	s.verifier, err = NewVerifier(VerifierConfig{
		Environment: c.Environment, Trust: c.Trust, Revocation: c.Revocation, InsecureSkipRevocation: c.InsecureSkipRevocation,
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// certificatesFor returns the level of certificates to ask for, so that whoever
// answers has a chance to be strong enough.
func (s *settings) certificatesFor(policies []Policy, level eid.Level) (CertificateLevel, error) {
	for _, l := range slices.Compact([]CertificateLevel{s.Certificates, Qualified}) {
		if level > eid.Undefined && offers(policies, l, level) {
			return l, nil
		}
	}
	return "", fmt.Errorf("%w: Level", eid.ErrRequest)
}

// draw returns random bytes.
func (s *settings) draw(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.Rand, b); err != nil {
		return nil, errors.New("eid/smartid: no random bytes")
	}
	return b, nil
}

// screens returns what is offered to the person.
func (s *settings) screens(text, language string) ([]interaction, error) {
	if text == "" {
		text = generalText(language)
	}
	return interactionsOf(s.Interactions, text)
}

func validUUID(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	return strings.Count(s, "-") == 4 && strings.Trim(s, "0123456789abcdef-") == ""
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
