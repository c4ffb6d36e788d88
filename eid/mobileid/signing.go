package mobileid

import (
	"context"
	"crypto/x509"
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

// SigningCertificate is a person's certificate for signatures, verified. It
// prints its level only.
type SigningCertificate struct {
	Certificate, Issuer *x509.Certificate
	Level               eid.Level
	Person              trust.Subject
}

// Format prints the level only, whatever the verb.
func (c SigningCertificate) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "signing certificate ("+c.Level.String()+")")
}

// LogValue gives the level only.
func (c SigningCertificate) LogValue() slog.Value {
	return slog.GroupValue(slog.String("level", c.Level.String()))
}

// SignatureRequest says what is to be signed, and by whom. It prints a fixed text.
type SignatureRequest struct {
	// By is whose signature it will be, from [Authenticator.Certificate]: most
	// containers hold the certificate within what is signed. Required.
	By *SigningCertificate
	// Digest is what is signed, a value of Hash. Both are required.
	Digest []byte
	Hash   Hash
	// Phone is the person's number. Required.
	Phone eid.Phone
	// Text and Language are as in [eid.Request].
	Text, Language string
}

// Format prints a fixed text, whatever the verb.
func (SignatureRequest) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[signature request]") }

// LogValue returns the same fixed text for slog.
func (SignatureRequest) LogValue() slog.Value { return slog.StringValue("[signature request]") }

// Signature is a verified signature. What it is put into is not made here. It
// prints a fixed text.
type Signature struct {
	// Value is r and s one behind the other for an EC key, as XML signatures have
	// it, and PKCS #1 v1.5 for an RSA key.
	Value []byte
	// Algorithm is the service's name of it, such as "SHA256WithECEncryption".
	Algorithm string
	Hash      Hash
	Digest    []byte
	// By is whose it is, verified again when the signature came.
	By SigningCertificate
	At time.Time
}

// Format prints a fixed text, whatever the verb.
func (Signature) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[signature]") }

// LogValue returns the same fixed text for slog.
func (Signature) LogValue() slog.Value { return slog.StringValue("[signature]") }

// Certificate asks the service for a person's signing certificate and verifies
// it. The person notices nothing, so it proves nothing of who asks. The errors are
// those of Begin and of [Verifier.Verify], eid.ErrNoAccount among them.
func (a *Authenticator) Certificate(ctx context.Context, code eid.PersonalCode, phone eid.Phone) (*SigningCertificate, error) {
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
	return a.verifier.signer(ctx, cert, code, a.now())
}

// BeginSignature starts a signature: the phone rings and shows the control code
// of the digest. The challenge is one of [Authenticator.ResolveSignature]. What is
// signed is decided by the caller; that the person sees it before is the caller's
// duty too.
func (a *Authenticator) BeginSignature(ctx context.Context, r SignatureRequest) (eid.Challenge, error) {
	switch {
	case r.By == nil || r.By.Certificate == nil || len(r.By.Certificate.Raw) > maxSigner:
		return eid.Challenge{}, refuse("By")
	case r.Hash.Size() == 0:
		return eid.Challenge{}, refuse("Hash")
	case len(r.Digest) != r.Hash.Size():
		return eid.Challenge{}, refuse("Digest")
	}
	code := r.By.Person.Code
	body, err := a.session(code, r.Phone, r.Text, r.Language)
	if err != nil {
		return eid.Challenge{}, err
	}
	if _, _, err := a.verifier.holder(r.By.Certificate, a.verifier.environment.Signing, code, a.now()); err != nil {
		return eid.Challenge{}, err
	}
	body.HashType, body.Hash = r.Hash, slices.Clone(r.Digest)
	return a.begin(ctx, body, state{Op: opSignature, Code: code, Signer: r.By.Certificate.Raw})
}

// ResolveSignature returns the signature, once the person has given it: made with
// the key of the certificate, over the digest, by the algorithm that BeginSignature
// named. It is used as [Authenticator.Resolve] is, with the same errors.
func (a *Authenticator) ResolveSignature(ctx context.Context, sealed eid.State) (*Signature, error) {
	s, answer, err := a.await(ctx, sealed, opSignature)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(s.Signer)
	if err != nil {
		return nil, fmt.Errorf("eid/mobileid: %w: certificate", eid.ErrState)
	}
	return a.verifier.VerifySignature(ctx, answer, AskedSignature{
		Hash: s.Hash, Digest: s.Digest, Certificate: cert, Code: s.Code,
	}, a.now())
}
