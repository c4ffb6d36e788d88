package mobileid

import (
	"context"
	"crypto/subtle"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/trust"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// VerifierConfig says what a Verifier believes.
type VerifierConfig struct {
	// Environment whose answers are verified. Its two profiles are used. Required.
	Environment Environment
	// Trust holds the authorities of that environment. Required.
	Trust *trust.Store
	// Revocation is asked last, once everything else is right. Required unless
	// InsecureSkipRevocation.
	Revocation trust.Checker
	// InsecureSkipRevocation takes certificates that may have been revoked. It is
	// for tests, and for answers whose certificate was checked in its time.
	InsecureSkipRevocation bool
}

// Verifier judges answers of the service. It does no I/O but that of its Checker.
// All methods may be called concurrently.
type Verifier struct {
	trust       *trust.Store
	environment Environment
	revocation  trust.Checker // nil: not asked
}

// NewVerifier checks cfg. Errors name the field.
func NewVerifier(cfg VerifierConfig) (*Verifier, error) {
	var fault string
	switch f := cfg.Environment.fault(); {
	case f != "":
		fault = "Environment" + f
	case cfg.Trust == nil:
		fault = "Trust is required"
	case cfg.Revocation == nil && !cfg.InsecureSkipRevocation:
		fault = "Revocation is required (or InsecureSkipRevocation)"
	case cfg.Revocation != nil && cfg.InsecureSkipRevocation:
		fault = "Revocation and InsecureSkipRevocation exclude each other"
	default:
		return &Verifier{trust: cfg.Trust, environment: cfg.Environment, revocation: cfg.Revocation}, nil
	}
	return nil, errors.New("eid/mobileid: VerifierConfig." + fault)
}

// Asked is what was asked of the person. Nothing of it is taken from an answer.
type Asked struct {
	// Digest is what the phone had to sign, a value of Hash.
	Hash   Hash
	Digest []byte
	// Code is who had to.
	Code eid.PersonalCode
	// Level is the least that is accepted. Undefined stands for Substantial.
	Level eid.Level
}

// Format prints a fixed text, whatever the verb.
func (Asked) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[asked]") }

// LogValue returns the same fixed text for slog.
func (Asked) LogValue() slog.Value { return slog.StringValue("[asked]") }

// valid returns ErrRequest with the name of the field.
func (a Asked) valid() error {
	switch {
	case a.Hash.Size() == 0:
		return refuse("Asked.Hash")
	case len(a.Digest) != a.Hash.Size():
		return refuse("Asked.Digest")
	case a.Code.Valid() != nil:
		return refuse("Asked.Code")
	case a.Level < eid.Undefined || a.Level > eid.High:
		return refuse("Asked.Level")
	}
	return nil
}

// Evidence is the form of [eid.Identity].Evidence, as JSON: with the person's code
// and the time of the identity it is all that [Verifier.Verify] needs to come to
// the same result.
type Evidence struct {
	Hash   Hash            `json:"hash"`
	Digest []byte          `json:"digest"`
	Answer json.RawMessage `json:"answer"` // as the service wrote it, with its time and traceId
}

// Format prints a fixed text, whatever the verb.
func (Evidence) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[evidence]") }

// LogValue returns the same fixed text for slog.
func (Evidence) LogValue() slog.Value { return slog.StringValue("[evidence]") }

// Verify judges the answer to a poll of an authentication session, JSON as it
// came from the service, at the time when it came. The identity is that of the
// certificate, after all of this holds:
//
//   - the session is complete, and its result is OK;
//   - the certificate was issued by an authority of the store, under a policy of the
//     environment and for authentication, and all of the chain is valid;
//   - it names the person who was asked;
//   - its level is the one asked for at least;
//   - the signature was made with its key, by the algorithm that was asked for, over
//     the digest that was asked for;
//   - it was not revoked.
//
// ErrPending: the session runs. A [*Failure]: it ended in another way. What wraps
// eid.ErrUntrusted or eid.ErrTooWeak is final. Other errors are of the Checker,
// and the answer may be judged again.
func (v *Verifier) Verify(ctx context.Context, answer []byte, asked Asked, at time.Time) (eid.Identity, error) {
	if err := asked.valid(); err != nil {
		return eid.Identity{}, err
	}
	s, err := completed(answer)
	if err != nil {
		return eid.Identity{}, err
	}
	cert, err := certificate(s.Cert)
	if err != nil {
		return eid.Identity{}, err
	}
	verified, person, err := v.holder(cert, v.environment.Authentication, asked.Code, at)
	if err != nil {
		return eid.Identity{}, err
	}
	if required := (eid.Request{Level: asked.Level}).Required(); !verified.Level.AtLeast(required) {
		return eid.Identity{}, fmt.Errorf("eid/mobileid: %w", eid.ErrTooWeak)
	}
	if _, err := s.verify(cert, asked.Hash, asked.Digest); err != nil {
		return eid.Identity{}, err
	}
	if err := v.notRevoked(ctx, verified, at); err != nil {
		return eid.Identity{}, err
	}
	evidence, err := json.Marshal(Evidence{Hash: asked.Hash, Digest: asked.Digest, Answer: answer})
	if err != nil {
		return eid.Identity{}, fmt.Errorf("eid/mobileid: evidence: %w", err)
	}
	return eid.Identity{
		Code: person.Code, GivenName: person.GivenName, FamilyName: person.FamilyName, Born: person.Born,
		Method: eid.MobileID, Level: verified.Level, At: at, Evidence: evidence,
	}, nil
}

// holder verifies a certificate and that it names the person of the code.
func (v *Verifier) holder(cert *x509.Certificate, profile trust.Profile, code eid.PersonalCode, at time.Time) (*trust.Verified, trust.Subject, error) {
	verified, err := v.trust.Verify(cert, profile, at)
	if err != nil {
		return nil, trust.Subject{}, fmt.Errorf("eid/mobileid: %w", err)
	}
	person, err := trust.Person(cert)
	if err != nil {
		return nil, trust.Subject{}, fmt.Errorf("eid/mobileid: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(person.Code), []byte(code)) != 1 {
		return nil, trust.Subject{}, untrusted("the certificate names another person")
	}
	return verified, person, nil
}

func (v *Verifier) notRevoked(ctx context.Context, c *trust.Verified, at time.Time) error {
	if v.revocation == nil {
		return nil
	}
	if err := v.revocation.Check(ctx, c.Chain[0], c.Issuer, at); err != nil {
		return fmt.Errorf("eid/mobileid: revocation: %w", err)
	}
	return nil
}

// completed reads an answer whose session ended with OK.
func completed(answer []byte) (status, error) {
	var s status
	if err := decode(opSession, answer, &s); err != nil {
		return status{}, err
	}
	switch {
	case s.State == "RUNNING":
		return status{}, eid.ErrPending
	case s.State != "COMPLETE":
		return status{}, protocolFailure(opSession, trace(s.TraceID), nil)
	case s.Result != "OK":
		return status{}, resultFailure(opSession, s.Result, trace(s.TraceID))
	}
	return s, nil
}

// certificate reads base64 of DER, and nothing more than one certificate.
func certificate(text string) (*x509.Certificate, error) {
	der, err := httpx.DecodeBase64(text)
	if err != nil {
		return nil, untrusted("the certificate is not base64")
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, untrusted("the certificate cannot be read") // the cause may quote it
	}
	return cert, nil
}

func untrusted(why string) error { return fmt.Errorf("eid/mobileid: %w: %s", eid.ErrUntrusted, why) }
