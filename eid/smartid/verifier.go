package smartid

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/trust"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// VerifierConfig says whom a verifier believes.
type VerifierConfig struct {
	// Environment whose answers are verified. Its policies are used.
	Environment Environment
	// Trust holds the authorities of that environment. Required.
	Trust *trust.Store
	// Revocation is asked last, once everything else is right. Required unless
	// InsecureSkipRevocation.
	Revocation trust.Checker
	// InsecureSkipRevocation is for tests and for answers of the past.
	InsecureSkipRevocation bool
}

// Verifier decides whether an answer of the service proves anything. It does no
// I/O but through its Checker, and all methods may be called concurrently.
type Verifier struct {
	environment Environment
	trust       *trust.Store
	revocation  trust.Checker
}

// NewVerifier checks cfg. Errors name the field.
func NewVerifier(cfg VerifierConfig) (*Verifier, error) {
	if problem := validPolicies(cfg.Environment.Authentication); problem != "" {
		return nil, errors.New("eid/smartid: Config.Environment.Authentication " + problem)
	}
	if problem := validPolicies(cfg.Environment.Signing); problem != "" {
		return nil, errors.New("eid/smartid: Config.Environment.Signing " + problem)
	}
	switch {
	case cfg.Trust == nil:
		return nil, errors.New("eid/smartid: Config.Trust is required")
	case cfg.InsecureSkipRevocation && cfg.Revocation != nil:
		return nil, errors.New("eid/smartid: Config.Revocation and InsecureSkipRevocation exclude each other")
	case cfg.InsecureSkipRevocation:
		cfg.Revocation = nil
	case cfg.Revocation == nil:
		return nil, errors.New("eid/smartid: Config.Revocation is required")
	}
	return &Verifier{environment: cfg.Environment.clone(), trust: cfg.Trust, revocation: cfg.Revocation}, nil
}

// Verified is an answer that proves what it says.
type Verified struct {
	// Identity is the person. Its Evidence is an [Evidence] as JSON.
	Identity eid.Identity
	// Document is the number of the person's account, by which the same account is
	// asked again. Of older certificates it is what the service said, which
	// nobody signed.
	Document string
	// Certificate is the person's.
	Certificate *x509.Certificate
	// Flow and Interaction are how it was done. API v2 says the second at most.
	Flow        FlowType
	Interaction InteractionType
	// DeviceIP is the address of the person's device, where the contract lets the
	// service tell it. Nobody signed it.
	DeviceIP string
}

// Format prints the identity's method and level only, whatever the verb.
func (v Verified) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "verified "+fmt.Sprint(v.Identity))
}

// LogValue gives the identity's method and level only.
func (v Verified) LogValue() slog.Value { return v.Identity.LogValue() }

// AuthenticationProfile is what is asked of a certificate that authenticates and
// is said to be of that level.
func (e Environment) AuthenticationProfile(l CertificateLevel) trust.Profile {
	return trust.Profile{
		Purposes: []trust.Purpose{
			{Usage: x509.KeyUsageDigitalSignature, ExtUsage: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62306, 5, 7, 0}},
			{ // until 2025: that of a client in TLS
				Usage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment,
				ExtUsage: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 2},
			},
		},
		Policies: policiesOf(e.Authentication, l),
	}
}

// SigningProfile is what is asked of a certificate that signs and is said to be
// of that level.
func (e Environment) SigningProfile(l CertificateLevel) trust.Profile {
	return trust.Profile{
		Purposes: []trust.Purpose{{Usage: x509.KeyUsageContentCommitment}},
		Policies: policiesOf(e.Signing, l),
	}
}

func policiesOf(policies []Policy, l CertificateLevel) []trust.Policy {
	var out []trust.Policy
	for _, p := range policies {
		if p.Certificates == l {
			out = append(out, trust.Policy{Level: p.Level, All: p.All})
		}
	}
	return out
}

// certified is a certificate that was issued by whom we trust, for what is
// needed, at the level that it was said to have.
type certified struct {
	leaf, issuer *x509.Certificate
	level        eid.Level
	person       trust.Subject
}

// certify verifies the certificate of an answer. The level beside it is signed by
// nobody, so it only says which policies the certificate has to have.
func (v *Verifier) certify(
	c *sessionCert, profile func(CertificateLevel) trust.Profile, least CertificateLevel, at time.Time,
) (*certified, error) {
	switch {
	case c == nil:
		return nil, malformed("no certificate")
	case !c.Level.known():
		return nil, malformed("unknown level of certificate")
	case !c.Level.satisfies(least):
		return nil, fmt.Errorf("eid/smartid: certificate is not qualified: %w", eid.ErrTooWeak)
	}
	der, err := httpx.DecodeBase64(c.Value)
	if err != nil {
		return nil, malformed("certificate is not base64")
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, malformed("certificate cannot be read") // the cause may quote it
	}
	verified, err := v.trust.Verify(leaf, profile(c.Level), at)
	if err != nil {
		return nil, fmt.Errorf("eid/smartid: %w", err)
	}
	person, err := trust.Person(leaf)
	if err != nil {
		return nil, fmt.Errorf("eid/smartid: %w", err)
	}
	return &certified{leaf, verified.Issuer, verified.Level, person}, nil
}

// identify holds the certificate against whom was asked for. said is the number
// of the account that the service names. Where the certificate holds none, the
// number still begins with the person's identifier.
func (c *certified) identify(code eid.PersonalCode, document, said string) error {
	switch {
	case c.person.Code == "":
		return malformed("certificate of no person")
	case code != "" && c.person.Code != code:
		return malformed("another person")
	case document != "" && said != document:
		return malformed("another account")
	case c.person.Document != "" && said != c.person.Document:
		return malformed("certificate of another account")
	case said != "" && !strings.HasPrefix(said, string(c.person.Identifier)+"-"):
		return malformed("account of another person")
	}
	return nil
}

// unrevoked asks the checker. It comes last, so that an answer that proves
// nothing makes no call.
func (v *Verifier) unrevoked(ctx context.Context, c *certified, at time.Time) error {
	if v.revocation == nil {
		return nil
	}
	if err := v.revocation.Check(ctx, c.leaf, c.issuer, at); err != nil {
		return fmt.Errorf("eid/smartid: %w", err)
	}
	return nil
}
