package trust

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Defaults of RevocationConfig.
const (
	DefaultMaxAge  = 10 * time.Minute
	DefaultSkew    = time.Minute
	DefaultTimeout = 10 * time.Second
	DefaultMaxList = 16 << 20
	DefaultKeep    = 5 * time.Minute
)

// RevocationConfig says how the status of certificates is asked for.
type RevocationConfig struct {
	// Hosts may be asked, and no others: "aia.sk.ee", or "127.0.0.1:8085" for a port
	// that is not the standard one. Certificates name the address, over plain http
	// as a rule, since what comes back is signed. Required.
	Hosts []string
	// Client is the way out. Only its Transport is used, or net/http's default when
	// it has none. Nil: a client of our own, which takes the proxy of the environment
	// and without one refuses to connect to addresses that are not public.
	Client *http.Client
	// Responders may answer for any issuer, besides those that the issuer appointed.
	// Few need it: authorities whose responder is not below them.
	Responders []*x509.Certificate
	// NonceOptional believes an answer that does not repeat our random number, as
	// long as it is no older than MaxAge. Whoever stands between can then repeat an
	// answer for that long. Some responders know no other way.
	NonceOptional bool
	// MaxAge is how old an answer of OCSP may be. Default DefaultMaxAge.
	MaxAge time.Duration
	// Skew is how far the clocks may differ. Default DefaultSkew.
	Skew time.Duration
	// Timeout bounds each request. Default DefaultTimeout.
	Timeout time.Duration
	// MaxList is the longest revocation list, in bytes. Default DefaultMaxList.
	MaxList int64
	// Keep is how long a list is used again before it is fetched anew, within its own
	// validity. At most an hour. Default DefaultKeep.
	Keep time.Duration
	// Rand makes the nonces, for several callers at once. Default crypto/rand.
	Rand io.Reader
}

// Revocation is the Checker that asks the issuer: by OCSP at the address in the
// certificate, and where there is none or no believable answer comes, by the
// revocation list that the certificate names. Answers of OCSP are not kept.
//
// The clock is the time that Check is given: statements must be fresh then.
// A signed "revoked" or "unknown" counts however old it is.
type Revocation struct {
	cfg   RevocationConfig
	http  *http.Client
	lists *lists
}

var _ Checker = (*Revocation)(nil)

// NewRevocation checks cfg. It does no I/O. Errors name the field.
func NewRevocation(cfg RevocationConfig) (*Revocation, error) {
	if len(cfg.Hosts) == 0 {
		return nil, errors.New("eid/trust: RevocationConfig.Hosts is required")
	}
	hosts, err := httpx.NewHostList(cfg.Hosts...)
	if err != nil {
		return nil, fmt.Errorf("eid/trust: RevocationConfig.Hosts: %w", err)
	}
	for i, cert := range cfg.Responders {
		if cert == nil || !strongKey(cert.PublicKey) {
			return nil, fmt.Errorf("eid/trust: RevocationConfig.Responders[%d] has no usable key", i)
		}
	}
	for _, d := range []struct {
		field    string
		value    *time.Duration
		fallback time.Duration
	}{
		{"MaxAge", &cfg.MaxAge, DefaultMaxAge}, {"Skew", &cfg.Skew, DefaultSkew},
		{"Timeout", &cfg.Timeout, DefaultTimeout}, {"Keep", &cfg.Keep, DefaultKeep},
	} {
		if *d.value < 0 {
			return nil, fmt.Errorf("eid/trust: RevocationConfig.%s must not be negative", d.field)
		}
		if *d.value == 0 {
			*d.value = d.fallback
		}
	}
	if cfg.Keep > time.Hour {
		return nil, errors.New("eid/trust: RevocationConfig.Keep must not be more than an hour")
	}
	if cfg.MaxList < 0 {
		return nil, errors.New("eid/trust: RevocationConfig.MaxList must not be negative")
	}
	if cfg.MaxList == 0 {
		cfg.MaxList = DefaultMaxList
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	var way http.RoundTripper = newRoute()
	switch {
	case cfg.Client == nil:
	case cfg.Client.Transport == nil:
		way = http.DefaultTransport
	default:
		way = cfg.Client.Transport
	}
	return &Revocation{
		cfg: cfg, lists: newLists(),
		http: &http.Client{Transport: httpx.AllowHosts(way, hosts)},
	}, nil
}

// Check implements [Checker].
func (r *Revocation) Check(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) error {
	if cert == nil || issuer == nil || cert.SerialNumber == nil {
		return RuleForm
	}
	if !bytes.Equal(cert.RawIssuer, issuer.RawSubject) {
		return RuleChain // it would be asked about somebody else's certificate
	}
	byOCSP := r.ask(ctx, cert, issuer, at)
	if byOCSP == nil || errors.Is(byOCSP, ErrRevoked) || errors.Is(byOCSP, ErrUnknownStatus) {
		return byOCSP
	}
	byList := r.list(ctx, cert, issuer, at)
	switch {
	case byList == nil || errors.Is(byList, ErrRevoked):
		return byList
	case errors.Is(byOCSP, errNoAddress) && errors.Is(byList, errNoAddress):
		return fmt.Errorf("%w: it does not say where to ask", ErrUnknownStatus)
	}
	return &statusError{ocsp: byOCSP, list: byList}
}

// ErrStatusAnswer says that something was answered which cannot be believed. It is
// also ErrStatusUnreachable, for it says nothing of the certificate; it belongs
// into the security log, because an honest service does not do that.
var ErrStatusAnswer = fmt.Errorf("%w: unbelievable answer", ErrStatusUnreachable)

var errNoAddress = errors.New("no address in the certificate")

// unbelievable names what is wrong with an answer.
type unbelievable string

func (u unbelievable) Error() string { return "unbelievable: " + string(u) }

func (unbelievable) Unwrap() error { return ErrStatusAnswer }

// statusError says why neither way led to an answer.
type statusError struct{ ocsp, list error }

func (e *statusError) Error() string {
	return ErrStatusUnreachable.Error() + ": OCSP: " + e.ocsp.Error() + "; list: " + e.list.Error()
}

func (e *statusError) Unwrap() []error { return []error{ErrStatusUnreachable, e.ocsp, e.list} }

// maxAddresses bounds how many addresses of a certificate are tried.
const maxAddresses = 3

// each asks the addresses until one has led to something. The last error stands
// for all.
func each(addresses []string, ask func(address string) error) error {
	err := errNoAddress
	for _, address := range addresses[:min(len(addresses), maxAddresses)] {
		err = ask(address)
		if err == nil || errors.Is(err, ErrRevoked) || errors.Is(err, ErrUnknownStatus) {
			break
		}
	}
	return err
}
