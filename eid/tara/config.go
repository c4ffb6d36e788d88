package tara

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

// Issuers. They are also the addresses.
const (
	Demo       = "https://tara-test.ria.ee"
	Live       = "https://tara.ria.ee"
	GovSSO     = "https://govsso.ria.ee/"
	GovSSODemo = "https://govsso-demo.ria.ee/"
)

// Bounds and defaults.
const (
	defaultLifetime = 10 * time.Minute
	maxLifetime     = 30 * time.Minute // a session of TARA
	defaultSkew     = 20 * time.Second
	maxSkew         = time.Minute
	defaultTimeout  = 10 * time.Second // a code lives for 30
)

// Config describes one registered client of TARA. Issuer, ClientID, ClientSecret
// and RedirectURL are required; every other field has a usable zero value.
type Config struct {
	// Issuer is Demo, Live or another address, exactly as tokens name it.
	Issuer string
	// ClientID is the name under which the client was registered.
	ClientID string
	// ClientSecret returns the client's secret. It is asked at each exchange,
	// concurrently, so that the secret can be replaced without a restart.
	ClientSecret func() string
	// SecretInForm sends the secret as client_secret_post, for clients that were
	// registered so. Default: client_secret_basic.
	SecretInForm bool
	// RedirectURL is the registered address to which browsers come back, to the
	// letter: https, without a fragment. A Request's ReturnURL is empty or the same.
	RedirectURL string
	// Scopes are what is asked for beyond "openid": the means that are offered
	// (idcard, mid, smartid, eidas, or eidasonly, alone or with eidas:country:xx),
	// email, phone. Without any means all are offered that TARA has.
	Scopes []string
	// Level is what a Request without one asks for: Substantial (the default) or High.
	Level eid.Level
	// GovSSOClaims reads given_name, family_name and birthdate from the top of the
	// token, where GovSSO has them, instead of from profile_attributes.
	GovSSOClaims bool
	// Lifetime is how long a challenge may take. Default 10 minutes, at most 30.
	Lifetime time.Duration
	// Skew is how far TARA's clock and ours may differ. Default 20 s, at most a
	// minute; a token lives for 40.
	Skew time.Duration
	// Client is the way out: roots, egress proxy. Its jar and its redirect policy
	// are not used. Default: a client of our own with the system's roots.
	Client *http.Client
	// Timeout bounds a call. Default 10 s.
	Timeout time.Duration
	// InsecureHTTP allows addresses without TLS, for simulators on loopback.
	InsecureHTTP bool
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Rand is where one-time words come from. Default crypto/rand.
	Rand io.Reader
}

// check fills defaults in and returns the origin of the issuer.
func (c *Config) check() (origin string, err error) {
	origin, err = c.origin()
	if err != nil {
		return "", fmt.Errorf("tara: Config.Issuer %w", err)
	}
	redirect, err := c.web(c.RedirectURL)
	if err != nil {
		return "", fmt.Errorf("tara: Config.RedirectURL %w", err)
	}
	c.Scopes = slices.Clone(c.Scopes)
	if c.Level == eid.Undefined {
		c.Level = eid.Substantial
	}
	setDefault(&c.Lifetime, defaultLifetime)
	setDefault(&c.Skew, defaultSkew)
	setDefault(&c.Timeout, defaultTimeout)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	switch {
	case c.ClientID == "":
		return "", errors.New("tara: Config.ClientID is required")
	case c.ClientSecret == nil:
		return "", errors.New("tara: Config.ClientSecret is required")
	case redirect.User != nil:
		return "", errors.New("tara: Config.RedirectURL must not hold user info")
	case c.Level != eid.Substantial && c.Level != eid.High:
		return "", errors.New("tara: Config.Level must be substantial or high")
	case c.Lifetime < 0 || c.Lifetime > maxLifetime:
		return "", errors.New("tara: Config.Lifetime must be at most 30 minutes")
	case c.Skew < 0 || c.Skew > maxSkew:
		return "", errors.New("tara: Config.Skew must be at most a minute")
	case c.Timeout < 0:
		return "", errors.New("tara: Config.Timeout must not be negative")
	}
	if err := checkScopes(c.Scopes); err != nil {
		return "", fmt.Errorf("tara: Config.Scopes %w", err)
	}
	return origin, nil
}

// origin returns scheme and host of the issuer.
func (c *Config) origin() (string, error) {
	u, err := c.web(c.Issuer)
	if err != nil {
		return "", err
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery {
		return "", errors.New("must not hold user info or a query")
	}
	return u.Scheme + "://" + u.Host, nil
}

func (c *Config) web(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return nil, errors.New("is required")
	case err != nil || u.Opaque != "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("is not an https address")
	case u.Scheme == "http" && !c.InsecureHTTP:
		return nil, errors.New("must be https (InsecureHTTP is for simulators)")
	case strings.Contains(raw, "#"):
		return nil, errors.New("must not hold a fragment")
	}
	return u, nil
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}
