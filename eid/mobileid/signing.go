package mobileid

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// maxSigner bounds a certificate that travels in a state, in bytes.
const maxSigner = 8 << 10

// Signer is a person's signing certificate, verified. It prints as "[signer]".
type Signer struct {
	// Certificate is what goes into a container, beside the signature.
	Certificate *x509.Certificate
	// Chain begins with Certificate and ends with an anchor.
	Chain []*x509.Certificate
	// Person is whom it names.
	Person trust.Subject
	Level  eid.Level
}

// Format prints a fixed text, whatever the verb.
func (*Signer) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[signer]") }

// LogValue returns the same fixed text for slog.
func (*Signer) LogValue() slog.Value { return slog.StringValue("[signer]") }

// SignatureRequest says what is to be signed, and by whom.
type SignatureRequest struct {
	// Signer is whose signature it will be, from [Authenticator.Certificate]: most
	// containers hold the certificate within what is signed. Required.
	Signer *Signer
	// HashType and Hash are of what is signed. Required.
	HashType Hash
	Hash     []byte
	// Phone is the person's number. Required.
	Phone eid.Phone
	// Text and Language are as in [eid.Request].
	Text     string
	Language string
}

// Format prints a fixed text, whatever the verb.
func (SignatureRequest) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[signature request]") }

// LogValue returns the same fixed text for slog.
func (SignatureRequest) LogValue() slog.Value { return slog.StringValue("[signature request]") }

// Signature is a signature that was verified. It prints as "[signature]".
type Signature struct {
	// Value is r and s one behind the other for an EC key, as XML signatures have
	// it, and PKCS #1 v1.5 for an RSA key.
	Value []byte
	// Algorithm is the service's name of it, such as "SHA256WithECEncryption".
	Algorithm string
	// Hash is what was signed, made with HashType.
	HashType Hash
	Hash     []byte
	// Signer is whose it is, verified again when the signature came.
	Signer *Signer
	At     time.Time
}

// Format prints a fixed text, whatever the verb.
func (*Signature) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[signature]") }

// LogValue returns the same fixed text for slog.
func (*Signature) LogValue() slog.Value { return slog.StringValue("[signature]") }

// Certificate asks the service for a person's signing certificate and verifies
// it. The person notices nothing, so it proves nothing of who asks. The errors are
// those of Begin and of [Verifier.Verify], eid.ErrNoAccount among them.
func (a *Authenticator) Certificate(ctx context.Context, code eid.PersonalCode, phone eid.Phone) (*Signer, error) {
	body, err := a.person(code, phone)
	if err != nil {
		return nil, err
	}
	raw, err := a.post(ctx, opCertificate, body)
	if err != nil {
		return nil, err
	}
	var answer certificateAnswer
	if err := decode(opCertificate, raw, &answer); err != nil {
		return nil, err
	}
	if answer.Result != "OK" {
		return nil, resultFailure(opCertificate, answer.Result, trace(answer.TraceID))
	}
	cert, err := certificate(answer.Cert)
	if err != nil {
		return nil, err
	}
	return a.signers.signer(ctx, cert, code, a.now())
}

// BeginSignature starts a signature: the phone rings and shows the control code
// of the hash. The challenge is one of [Authenticator.ResolveSignature]. What is
// signed is decided by the caller; that the person sees it before is the caller's
// duty too.
func (a *Authenticator) BeginSignature(ctx context.Context, r SignatureRequest) (eid.Challenge, error) {
	switch {
	case r.Signer == nil || r.Signer.Certificate == nil || len(r.Signer.Certificate.Raw) > maxSigner:
		return eid.Challenge{}, refuse("Signer")
	case r.HashType.Size() == 0:
		return eid.Challenge{}, refuse("HashType")
	case len(r.Hash) != r.HashType.Size():
		return eid.Challenge{}, refuse("Hash")
	}
	code := r.Signer.Person.Code
	body, err := a.session(code, r.Phone, r.Text, r.Language)
	if err != nil {
		return eid.Challenge{}, err
	}
	if _, _, err := a.signers.holder(r.Signer.Certificate, code, a.now()); err != nil {
		return eid.Challenge{}, err
	}
	body.HashType, body.Hash = r.HashType, slices.Clone(r.Hash)
	return a.begin(ctx, body, state{Op: opSignature, Code: code, Signer: r.Signer.Certificate.Raw})
}

// ResolveSignature returns the signature, once the person has given it: made with
// the key of the certificate, over the hash, by the algorithm that BeginSignature
// named. It is used as [Authenticator.Resolve] is, with the same errors.
func (a *Authenticator) ResolveSignature(ctx context.Context, sealed eid.State) (*Signature, error) {
	s, answer, err := a.await(ctx, sealed, opSignature)
	if err != nil {
		return nil, err
	}
	done, err := completed(answer)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(s.Signer)
	if err != nil {
		return nil, fmt.Errorf("mobileid: %w: certificate", eid.ErrState)
	}
	if done.Cert != "" && done.Cert != base64.StdEncoding.EncodeToString(s.Signer) {
		return nil, untrusted("the signature is of another certificate")
	}
	value, err := done.verify(cert, s.HashType, s.Hash)
	if err != nil {
		return nil, err
	}
	at := a.now()
	signer, err := a.signers.signer(ctx, cert, s.Code, at)
	if err != nil {
		return nil, err
	}
	return &Signature{
		Value: value, Algorithm: done.Signature.Algorithm, HashType: s.HashType, Hash: s.Hash, Signer: signer, At: at,
	}, nil
}

// signer verifies a certificate to its revocation.
func (v *Verifier) signer(ctx context.Context, cert *x509.Certificate, code eid.PersonalCode, at time.Time) (*Signer, error) {
	verified, person, err := v.holder(cert, code, at)
	if err != nil {
		return nil, err
	}
	if err := v.notRevoked(ctx, verified, at); err != nil {
		return nil, err
	}
	return &Signer{Certificate: cert, Chain: verified.Chain, Person: person, Level: verified.Level}, nil
}
