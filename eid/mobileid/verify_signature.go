package mobileid

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

// AskedSignature is what a person was asked to sign. It prints a fixed text.
type AskedSignature struct {
	// Digest is what the phone had to sign, a value of Hash.
	Hash   Hash
	Digest []byte
	// Certificate is the one whose key had to, and Code the person whom it names.
	// The service does not send the certificate along.
	Certificate *x509.Certificate
	Code        eid.PersonalCode
}

// Format prints a fixed text, whatever the verb.
func (AskedSignature) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[asked]") }

// LogValue returns the same fixed text for slog.
func (AskedSignature) LogValue() slog.Value { return slog.StringValue("[asked]") }

// VerifySignature judges the answer to a poll of a signature session, as Verify
// does that of an authentication: the certificate is one for signatures.
func (v *Verifier) VerifySignature(ctx context.Context, answer []byte, asked AskedSignature, at time.Time) (*Signature, error) {
	if err := (Asked{Hash: asked.Hash, Digest: asked.Digest, Code: asked.Code}).valid(); err != nil {
		return nil, err
	}
	if asked.Certificate == nil {
		return nil, refuse("Asked.Certificate")
	}
	s, err := completed(answer)
	if err != nil {
		return nil, err
	}
	if s.Cert != "" && s.Cert != base64.StdEncoding.EncodeToString(asked.Certificate.Raw) {
		return nil, untrusted("the signature is of another certificate")
	}
	value, err := s.verify(asked.Certificate, asked.Hash, asked.Digest)
	if err != nil {
		return nil, err
	}
	by, err := v.signer(ctx, asked.Certificate, asked.Code, at)
	if err != nil {
		return nil, err
	}
	return &Signature{
		Value: value, Algorithm: s.Signature.Algorithm, Hash: asked.Hash, Digest: asked.Digest, By: *by, At: at,
	}, nil
}

// signer verifies a certificate for signatures, its revocation too.
func (v *Verifier) signer(ctx context.Context, cert *x509.Certificate, code eid.PersonalCode, at time.Time) (*SigningCertificate, error) {
	verified, person, err := v.holder(cert, v.environment.Signing, code, at)
	if err != nil {
		return nil, err
	}
	if err := v.notRevoked(ctx, verified, at); err != nil {
		return nil, err
	}
	return &SigningCertificate{Certificate: cert, Issuer: verified.Issuer, Level: verified.Level, Person: person}, nil
}
