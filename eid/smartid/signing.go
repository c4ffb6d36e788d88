package smartid

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// Scheme is how a signature is made with an RSA key.
type Scheme string

// Schemes.
const (
	// PSS is RSASSA-PSS, with any Hash.
	PSS Scheme = algorithmPSS
	// PKCS1 is RSASSA-PKCS1-v1_5, which the tools for containers read. One of SHA-2.
	PKCS1 Scheme = "pkcs1"
)

// algorithm returns the wire's name of the scheme with that hash, and false when
// there is none.
func (s Scheme) algorithm(h Hash) (string, bool) {
	_, known := h.crypto()
	_, pkcs1, sha2 := h.sha2()
	switch s {
	case PSS:
		return algorithmPSS, known
	case PKCS1:
		return pkcs1, sha2
	}
	return "", false
}

// SignatureRequest says what is to be signed and by whom. It prints a fixed text.
type SignatureRequest struct {
	// Document is the account that signs: of an authentication, or of a choice.
	// Required.
	Document string
	// Digest is what is signed, of the length of Hash, which is SHA512 by default.
	Digest []byte
	Hash   Hash
	// Scheme has no default, because whoever reads the signature depends on it.
	Scheme Scheme
	// Level is the least of the certificate. Undefined stands for High: what is
	// called a signature is qualified.
	Level eid.Level
	// Code, when it is given, is whose certificate it has to be.
	Code eid.PersonalCode
	// Text, Language and ReturnURL are as in [eid.Request].
	Text, Language, ReturnURL string
	// Choice is the state of the certificate choice that came before, whose app is
	// still open and signs at once. Nil: the account is asked as Config.Flow says.
	Choice eid.State
}

// Format prints a fixed text, whatever the verb.
func (SignatureRequest) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[signature request]") }

// LogValue returns the same fixed text for slog.
func (SignatureRequest) LogValue() slog.Value { return slog.StringValue("[signature request]") }

// SigningCertificate is a person's certificate for signatures, verified. It
// prints its level only.
type SigningCertificate struct {
	Certificate, Issuer *x509.Certificate
	Level               eid.Level
	Person              trust.Subject
	// Document is the number of the account.
	Document string
}

// Format prints the level only, whatever the verb.
func (c SigningCertificate) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "certificate ("+c.Level.String()+")")
}

// LogValue gives the level only.
func (c SigningCertificate) LogValue() slog.Value {
	return slog.GroupValue(slog.String("level", c.Level.String()))
}

// Signature is a verified signature. What it is put into is not made here.
type Signature struct {
	// Value is the signature as RSA makes it.
	Value  []byte
	Scheme Scheme
	Hash   Hash
	By     SigningCertificate
	At     time.Time
}

// Format prints the level of the certificate only, whatever the verb.
func (s Signature) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "signature ("+s.By.Level.String()+")")
}

// LogValue gives the level of the certificate only.
func (s Signature) LogValue() slog.Value { return s.By.LogValue() }

// BeginSignature starts a signature. The challenge has a LiveLink and a Link as
// that of [Authenticator.Begin] has, or the control code that the service chose.
// Signatures that are linked to a choice have neither.
func (a *Authenticator) BeginSignature(ctx context.Context, r SignatureRequest) (eid.Challenge, error) {
	r.Hash = orDefault(r.Hash, SHA512)
	algorithm, err := r.check()
	if err != nil {
		return eid.Challenge{}, err
	}
	r.Level = orDefault(r.Level, eid.High)
	certificates, err := a.s.certificatesFor(a.s.Environment.Signing, r.Level)
	if err != nil {
		return eid.Challenge{}, err
	}
	path, linked := "/signature/device-link", a.s.Flow == DeviceLink
	if !linked {
		path = "/signature/notification"
	}
	var choice *state
	if len(r.Choice) > 0 {
		if choice, err = a.s.open(r.Choice, kindChoice); err != nil {
			return eid.Challenge{}, err
		}
		if !a.s.Now().Before(choice.expires) {
			return eid.Challenge{}, fmt.Errorf("eid/smartid: %w", eid.ErrExpired)
		}
		// The app comes back to where the choice began.
		path, linked, r.ReturnURL = "/signature/notification/linked/"+url.PathEscape(r.Document), false, ""
	} else {
		path = addressed(path, r.Document, "")
	}
	st, err := a.newState(kindSignature, r.Text, r.Language, r.ReturnURL)
	if err != nil {
		return eid.Challenge{}, err
	}
	st.challenge, st.hash, st.algorithm = base64.StdEncoding.EncodeToString(r.Digest), string(r.Hash), string(r.Scheme)
	st.certificates, st.level = string(certificates), r.Level.String()
	st.code, st.document = string(r.Code), r.Document

	req := a.request(st, protocolRaw)
	req.Parameters = &protocolParameters{Digest: st.challenge, Algorithm: algorithm}
	if r.Scheme == PSS {
		req.Parameters.Parameters = &hashParameters{r.Hash}
	}
	if choice != nil {
		req.LinkedSessionID, st.linkedValue, st.linkedSecret = choice.id, choice.value, choice.secret
	}
	reply, err := a.start(ctx, st, path, req, linked)
	if err != nil {
		return eid.Challenge{}, err
	}
	c := a.challenge(st, SessionSignature)
	if !linked && choice == nil {
		if reply.VC.Type != "numeric4" || len(reply.VC.Value) != 4 || !alphabet(reply.VC.Value, "") {
			return eid.Challenge{}, misunderstood(opBegin, nil)
		}
		c.Code = reply.VC.Value
	}
	return c, nil
}

// check returns the name of the algorithm, or which field is wrong.
func (r SignatureRequest) check() (string, error) {
	hash, _ := r.Hash.crypto()
	algorithm, ok := r.Scheme.algorithm(r.Hash)
	var field string
	switch {
	case !validDocument(r.Document):
		field = "Document"
	case !ok:
		field = "Scheme and Hash"
	case len(r.Digest) != hash.Size():
		field = "Digest"
	case r.Code != "" && r.Code.Valid() != nil:
		field = "Code"
	default:
		return algorithm, nil
	}
	return "", fmt.Errorf("%w: %s", eid.ErrRequest, field)
}

// ResolveSignature returns the signature once it was made and verified. It asks
// and waits, and takes the query of a return, as [Authenticator.Resolve] does.
func (a *Authenticator) ResolveSignature(ctx context.Context, s eid.State, answer url.Values) (*Signature, error) {
	st, err := a.s.open(s, kindSignature)
	if err != nil {
		return nil, err
	}
	session, back, err := a.s.await(ctx, st, answer)
	if err != nil {
		return nil, err
	}
	asked := st.askedSignature()
	asked.Return = back
	return a.s.verifier.VerifySignature(ctx, session, asked, a.s.Now())
}

// Certificate returns the certificate with which the account signs, without
// asking the person. Containers need it before there is something to sign.
func (a *Authenticator) Certificate(ctx context.Context, document string) (*SigningCertificate, error) {
	if !validDocument(document) {
		return nil, fmt.Errorf("%w: document", eid.ErrRequest)
	}
	var reply struct {
		State string       `json:"state"`
		Cert  *sessionCert `json:"cert"`
	}
	err := a.s.api.post(ctx, opCertificate, "/signature/certificate/"+url.PathEscape(document), sessionRequest{
		RelyingPartyUUID: a.s.RelyingPartyUUID, RelyingPartyName: a.s.RelyingPartyName, CertificateLevel: a.s.Certificates,
	}, &reply)
	switch {
	case err != nil:
		return nil, err
	case reply.State != "OK" && reply.State != "DOCUMENT_UNUSABLE":
		return nil, misunderstood(opCertificate, errors.New("unknown state"))
	case reply.State != "OK":
		o := outcomeOf(reply.State)
		return nil, &Failure{Op: opCertificate, Result: reply.State, Advice: o.advice, kind: o.kind}
	}
	return a.s.verifier.signer(ctx, reply.Cert, a.s.Certificates, document, a.s.Now())
}
