package smartid

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// AskedSignature is what a signature was begun with. It prints a fixed text.
type AskedSignature struct {
	Digest       string // base64, as it was sent
	Hash         Hash
	Scheme       Scheme
	Interactions string // base64, as it was sent
	// Value and Secret are those of the session of a device link, or of the choice
	// that it is linked to.
	Value  string
	Secret []byte
	// Flows are the ways in which an answer was possible. Linked says that a choice
	// came before.
	Flows        []FlowType
	Linked       bool
	Certificates CertificateLevel
	Level        eid.Level
	// Document is the account that signs. Code, when it is given, is whose it has to be.
	Document string
	Code     eid.PersonalCode
	Return   *Return
}

// Format prints a fixed text, whatever the verb.
func (AskedSignature) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[asked]") }

// LogValue returns the same fixed text for slog.
func (AskedSignature) LogValue() slog.Value { return slog.StringValue("[asked]") }

// VerifySignature decides whether the answer is the signature that was asked for.
func (v *Verifier) VerifySignature(ctx context.Context, s Session, a AskedSignature, at time.Time) (*Signature, error) {
	digest, algorithm, err := a.valid()
	if err != nil {
		return nil, err
	}
	if a.Return != nil {
		if err := a.Return.Belongs(a.Value, a.Secret); err != nil {
			return nil, err
		}
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	if err := a.answered(s.status, algorithm); err != nil {
		return nil, err
	}
	value := s.status.Signature.Value
	check := verifyPSS
	if a.Scheme == PKCS1 {
		check = verifyPKCS1
	}
	c, err := v.certify(s.status.Cert, v.environment.SigningProfile, a.Certificates, at)
	if err != nil {
		return nil, err
	}
	if err := c.identify(a.Code, a.Document, s.status.Result.DocumentNumber); err != nil {
		return nil, err
	}
	if err := check(c.leaf.PublicKey, a.Hash, digest, value); err != nil {
		return nil, err
	}
	if !c.level.AtLeast(a.Level) {
		return nil, fmt.Errorf("eid/smartid: %w", eid.ErrTooWeak)
	}
	if err := v.unrevoked(ctx, c, at); err != nil {
		return nil, err
	}
	signature, _ := httpx.DecodeBase64(value) // check has seen it
	return &Signature{
		Value: signature, Scheme: a.Scheme, Hash: a.Hash, By: c.signing(s.status.Result.DocumentNumber), At: at,
	}, nil
}

// valid returns digest and algorithm, and names what is missing.
func (a AskedSignature) valid() (digest []byte, algorithm string, err error) {
	digest, decodeErr := httpx.DecodeBase64(a.Digest)
	hash, _ := a.Hash.crypto()
	algorithm, known := a.Scheme.algorithm(a.Hash)
	var field string
	switch {
	case !known:
		field = "Scheme"
	case decodeErr != nil || len(digest) != hash.Size():
		field = "Digest"
	case a.Interactions == "":
		field = "Interactions"
	case len(a.Flows) == 0:
		field = "Flows"
	case !a.Certificates.known():
		field = "Certificates"
	case a.Level < eid.Low || a.Level > eid.High:
		field = "Level"
	case !validDocument(a.Document):
		field = "Document"
	default:
		return digest, algorithm, nil
	}
	return nil, "", fmt.Errorf("eid/smartid: AskedSignature.%s: %w", field, eid.ErrRequest)
}

func (a AskedSignature) answered(s sessionStatus, algorithm string) error {
	sig := s.Signature
	switch {
	case s.SignatureProtocol != protocolRaw:
		return malformed("not the protocol of a signature")
	case sig == nil:
		return malformed("no signature")
	case !slices.Contains(a.Flows, sig.FlowType):
		return foreign("flow was not offered")
	case !interactionOffered(a.Interactions, s.InteractionTypeUsed):
		return foreign("interaction was not offered")
	case sig.FlowType.returns() && a.Return == nil:
		return foreign("nobody returned")
	case !sig.FlowType.returns() && a.Return != nil && !a.Linked:
		return foreign("a return from nowhere")
	case sig.Named != algorithm:
		return malformed("not the algorithm that was asked for")
	case a.Scheme == PSS:
		return sig.pss(a.Hash)
	}
	return nil
}

// VerifyChoice decides whether the certificate that somebody chose is one for
// signatures. The account is the one that the certificate names, where it does.
func (v *Verifier) VerifyChoice(ctx context.Context, s Session, least CertificateLevel, at time.Time) (*SigningCertificate, error) {
	if err := s.Err(); err != nil {
		return nil, err
	}
	document := s.status.Result.DocumentNumber
	if !validDocument(document) {
		return nil, malformed("no account")
	}
	return v.signer(ctx, s.status.Cert, least, document, at)
}

// signer verifies a certificate for signatures alone.
func (v *Verifier) signer(
	ctx context.Context, cert *sessionCert, least CertificateLevel, document string, at time.Time,
) (*SigningCertificate, error) {
	if !least.known() {
		return nil, fmt.Errorf("eid/smartid: level of certificates: %w", eid.ErrRequest)
	}
	c, err := v.certify(cert, v.environment.SigningProfile, least, at)
	if err != nil {
		return nil, err
	}
	if err := c.identify("", document, document); err != nil {
		return nil, err
	}
	if err := v.unrevoked(ctx, c, at); err != nil {
		return nil, err
	}
	signing := c.signing(document)
	return &signing, nil
}

func (c *certified) signing(document string) SigningCertificate {
	return SigningCertificate{Certificate: c.leaf, Issuer: c.issuer, Level: c.level, Person: c.person, Document: document}
}

// askedSignature returns what the session was begun with.
func (s *state) askedSignature() AskedSignature {
	level, _ := eid.ParseLevel(s.level) // valid has seen it
	value, secret := s.binding()
	return AskedSignature{
		Digest: s.challenge, Hash: Hash(s.hash), Scheme: Scheme(s.algorithm), Interactions: s.interactions,
		Value: value, Secret: secret, Flows: s.flows(), Linked: s.linkedSecret != "",
		Certificates: CertificateLevel(s.certificates), Level: level, Document: s.document, Code: eid.PersonalCode(s.code),
	}
}
