package smartid

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// AskedV2 is what a session of API v2 was begun with. It prints a fixed text.
type AskedV2 struct {
	RelyingPartyName string // as it was sent; nobody signs it
	Digest           string // base64 of the hash to be signed, as it was sent
	Hash             Hash   // of which algorithm the hash is said to be
	Interactions     string // base64 of what was offered, minified, as in API v3
	// Certificates is the least level of a certificate that was asked for, and
	// Level what it has to be worth.
	Certificates CertificateLevel
	Level        eid.Level
	// Code and Document are whom the session was begun for; empty: anybody.
	Code     eid.PersonalCode
	Document string
}

// Format prints a fixed text, whatever the verb.
func (AskedV2) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[asked]") }

// LogValue returns the same fixed text for slog.
func (AskedV2) LogValue() slog.Value { return slog.StringValue("[asked]") }

// VerifyV2 decides whether the answer to an authentication of API v2 proves who
// the person is. The signature is RSASSA-PKCS1-v1_5 over the very hash that was
// sent, with the algorithm that was sent beside it. Nothing else of the session
// is signed there.
func (v *Verifier) VerifyV2(ctx context.Context, s Session, a AskedV2, at time.Time) (*Verified, error) {
	digest, err := a.digest()
	if err != nil {
		return nil, err
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	_, pkcs1, _ := a.Hash.sha2()
	sig, used := s.status.Signature, s.status.InteractionFlowUsed
	switch {
	case sig == nil:
		return nil, malformed("no signature")
	case sig.Algorithm != pkcs1:
		return nil, malformed("not the algorithm that was asked for")
	case used != "" && !interactionOffered(a.Interactions, used): // older answers leave it out
		return nil, foreign("interaction was not offered")
	}
	c, err := v.certify(s.status.Cert, v.environment.AuthenticationProfile, a.Certificates, at)
	if err != nil {
		return nil, err
	}
	if err := c.identify(a.Code, a.Document, s.status.Result.DocumentNumber); err != nil {
		return nil, err
	}
	if err := verifyPKCS1(c.leaf.PublicKey, a.Hash, digest, sig.Value); err != nil {
		return nil, err
	}
	if !c.level.AtLeast(a.Level) {
		return nil, fmt.Errorf("eid/smartid: %w", eid.ErrTooWeak)
	}
	if err := v.unrevoked(ctx, c, at); err != nil {
		return nil, err
	}
	return verified(c, s, at, Evidence{
		API: 2, Party: a.RelyingPartyName, Challenge: a.Digest, Interactions: a.Interactions, Hash: a.Hash, Session: s.raw,
	})
}

// digest returns the hash, and names what is missing.
func (a AskedV2) digest() ([]byte, error) {
	var field string
	digest, err := httpx.DecodeBase64(a.Digest)
	algorithm, _ := a.Hash.crypto()
	_, _, known := a.Hash.sha2()
	switch {
	case !known:
		field = "Hash"
	case err != nil || len(digest) != algorithm.Size():
		field = "Digest"
	case a.Interactions == "":
		field = "Interactions"
	case !a.Certificates.known():
		field = "Certificates"
	case a.Level < eid.Low || a.Level > eid.High:
		field = "Level"
	default:
		return digest, nil
	}
	return nil, fmt.Errorf("eid/smartid: AskedV2.%s: %w", field, eid.ErrRequest)
}

// askedV2 returns what the session was begun with.
func (s *settings) askedV2(st *state) AskedV2 {
	level, _ := eid.ParseLevel(st.level) // valid has seen it
	return AskedV2{
		RelyingPartyName: s.RelyingPartyName, Digest: st.challenge, Hash: Hash(st.hash), Interactions: st.interactions,
		Certificates: CertificateLevel(st.certificates), Level: level, Code: eid.PersonalCode(st.code), Document: st.document,
	}
}
