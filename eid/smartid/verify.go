package smartid

import (
	"context"
	"crypto/rsa"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Asked is what a session of API v3 was begun with. All base64 is as it was
// sent: the person's key signs over these very characters. It prints a fixed
// text.
type Asked struct {
	SchemeName       string // of the environment
	RelyingPartyName string // as it was sent, capital letters included
	BrokeredName     string // usually empty
	Challenge        string // base64
	Interactions     string // base64
	// Callback is the initialCallbackUrl, with Value in its query, and Secret the
	// session's, decoded. They are empty where no app on the same device can answer.
	Callback, Value string
	Secret          []byte
	Hash            Hash
	// Flows are the ways in which an answer was possible.
	Flows []FlowType
	// Certificates is the least level of a certificate that was asked for, and
	// Level what it has to be worth.
	Certificates CertificateLevel
	Level        eid.Level
	// Code and Document are whom the session was begun for; empty: anybody.
	Code     eid.PersonalCode
	Document string
	// Return is how the app sent the person back. An answer that was given on the
	// same device proves nothing without it.
	Return *Return
}

// Format prints a fixed text, whatever the verb.
func (Asked) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[asked]") }

// LogValue returns the same fixed text for slog.
func (Asked) LogValue() slog.Value { return slog.StringValue("[asked]") }

// Verify decides whether the answer to an authentication proves who the person
// is. Everything that could be chosen is compared with what was asked; nothing of
// the answer chooses how it is verified. What it returns wraps an error of package
// eid, but for a Checker that could not be asked.
func (v *Verifier) Verify(ctx context.Context, s Session, a Asked, at time.Time) (*Verified, error) {
	if err := a.valid(); err != nil {
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
	if err := a.answered(s.status); err != nil {
		return nil, err
	}
	c, err := v.certify(s.status.Cert, v.environment.AuthenticationProfile, a.Certificates, at)
	if err != nil {
		return nil, err
	}
	document := s.status.Result.DocumentNumber
	if err := c.identify(a.Code, a.Document, document); err != nil {
		return nil, err
	}
	sig := s.status.Signature
	signed := a.payload(sig.ServerRandom, sig.UserChallenge, s.status.InteractionTypeUsed, sig.FlowType)
	if err := verifyPSS(c.leaf.PublicKey, a.Hash, hashed(a.Hash, signed), sig.Value); err != nil {
		return nil, err
	}
	if !c.level.AtLeast(a.Level) {
		return nil, fmt.Errorf("eid/smartid: %w", eid.ErrTooWeak)
	}
	if err := v.unrevoked(ctx, c, at); err != nil {
		return nil, err
	}
	return verified(c, s, at, Evidence{
		API: 3, Scheme: a.SchemeName, Party: a.RelyingPartyName, Brokered: a.BrokeredName, Challenge: a.Challenge,
		Interactions: a.Interactions, Callback: a.Callback, Hash: a.Hash, Session: s.raw,
	})
}

// valid names what is missing, before its absence is taken for something.
func (a Asked) valid() error {
	var field string
	challenge, err := httpx.DecodeBase64(a.Challenge)
	_, known := a.Hash.crypto()
	switch {
	case a.SchemeName == "":
		field = "SchemeName"
	case a.RelyingPartyName == "":
		field = "RelyingPartyName"
	case err != nil || len(challenge) < 32:
		field = "Challenge"
	case a.Interactions == "":
		field = "Interactions"
	case !known:
		field = "Hash"
	case len(a.Flows) == 0:
		field = "Flows"
	case !a.Certificates.known():
		field = "Certificates"
	case a.Level < eid.Low || a.Level > eid.High:
		field = "Level"
	default:
		return nil
	}
	return fmt.Errorf("eid/smartid: Asked.%s: %w", field, eid.ErrRequest)
}

// answered compares everything that the answer says of itself with what was
// asked, before any of it is verified.
func (a Asked) answered(s sessionStatus) error {
	sig := s.Signature
	switch {
	case s.SignatureProtocol != protocolACSP:
		return malformed("not the protocol of an authentication")
	case sig == nil:
		return malformed("no signature")
	case !slices.Contains(a.Flows, sig.FlowType):
		return foreign("flow was not offered")
	case !interactionOffered(a.Interactions, s.InteractionTypeUsed):
		return foreign("interaction was not offered")
	case len(sig.UserChallenge) != 43 || !alphabet(sig.UserChallenge, "-_"):
		return malformed("user challenge")
	case len(sig.ServerRandom) < 24 || !alphabet(strings.TrimRight(sig.ServerRandom, "="), "+/"):
		return malformed("server random")
	case sig.FlowType.returns() && a.Return == nil:
		return foreign("nobody returned")
	case sig.FlowType.returns() && !a.Return.answers(sig.UserChallenge):
		return foreign("somebody else returned")
	case !sig.FlowType.returns() && a.Return != nil:
		return foreign("a return from nowhere")
	}
	return sig.pss(a.Hash)
}

// pss reports whether the signature is said to be RSASSA-PSS with exactly the
// parameters that follow from the hash.
func (sig *sessionSignature) pss(h Hash) error {
	algorithm, _ := h.crypto()
	p := sig.Parameters
	if sig.Named != algorithmPSS || p == nil || p.Hash != h || p.Mask.Algorithm != "id-mgf1" ||
		p.Mask.Parameters.Hash != h || p.SaltLength != algorithm.Size() || p.Trailer != "0xbc" {
		return malformed("not the algorithm that was asked for")
	}
	return nil
}

// algorithmPSS is RSASSA-PSS in the service's words.
const algorithmPSS = "rsassa-pss"

// verifyPSS verifies a signature with the one algorithm that was asked for.
func verifyPSS(key any, h Hash, digest []byte, value string) error {
	pub, signature, err := keyAndSignature(key, value)
	if err != nil {
		return err
	}
	algorithm, _ := h.crypto()
	if rsa.VerifyPSS(pub, algorithm, digest, signature, &rsa.PSSOptions{SaltLength: algorithm.Size()}) != nil {
		return malformed("signature")
	}
	return nil
}

// verifyPKCS1 does the same with PKCS #1 v1.5.
func verifyPKCS1(key any, h Hash, digest []byte, value string) error {
	pub, signature, err := keyAndSignature(key, value)
	if err != nil {
		return err
	}
	algorithm, _ := h.crypto()
	if rsa.VerifyPKCS1v15(pub, algorithm, digest, signature) != nil {
		return malformed("signature")
	}
	return nil
}

func keyAndSignature(key any, value string) (*rsa.PublicKey, []byte, error) {
	pub, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, nil, malformed("not an RSA key")
	}
	signature, err := httpx.DecodeBase64(value)
	if err != nil {
		return nil, nil, malformed("signature is not base64")
	}
	return pub, signature, nil
}

// hashed returns the digest of b. The algorithm is a known one.
func hashed(h Hash, b []byte) []byte {
	algorithm, _ := h.crypto()
	d := algorithm.New()
	_, _ = d.Write(b) // never fails
	return d.Sum(nil)
}

// alphabet reports whether s consists of letters, digits and the two others.
func alphabet(s, others string) bool {
	for _, b := range []byte(s) {
		letter := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
		if !letter && strings.IndexByte(others, b) < 0 {
			return false
		}
	}
	return true
}
