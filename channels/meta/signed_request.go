package meta

import (
	"encoding/base64"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

const (
	// maxSignedRequest bounds the work for a stranger; genuine ones have some
	// 200 bytes.
	maxSignedRequest = 4096
	signedRequestAlg = "HMAC-SHA256"
	// aheadOfUs is how far Meta's clock may be before ours.
	aheadOfUs = 5 * time.Minute
)

// SignedRequest is what Meta posts, as the form field signed_request, when
// somebody who connected an account with Facebook Login takes that back, or
// wants their data deleted.
type SignedRequest struct {
	// User is the person's id within the app, as TokenState.User tells it of their
	// tokens. It is no Peer: people who only write to an account never have one.
	User   string
	Issued time.Time
}

// Format prints nothing personal.
func (SignedRequest) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "signed request") }

// LogValue returns nothing personal.
func (SignedRequest) LogValue() slog.Value { return slog.StringValue("signed request") }

// SignedRequest opens the value of the form field signed_request. It fails with
// a *channels.Error: of class ErrSignature when Meta did not sign it, or longer
// ago than Config.SignedRequestAge; of ErrMalformed when Meta did and it says
// no user.
func (a *App) SignedRequest(value string) (SignedRequest, error) {
	if len(value) > maxSignedRequest {
		return SignedRequest{}, unsigned("signed request")
	}
	encodedMAC, payload, ok := strings.Cut(value, ".")
	mac, err := decodePadded(encodedMAC)
	text := func(h hash.Hash) { _, _ = io.WriteString(h, payload) }
	if !ok || err != nil || !signedBy(a.secrets(), mac, text) {
		return SignedRequest{}, unsigned("signed request")
	}
	var w struct {
		Algorithm string `json:"algorithm"`
		Issued    moment `json:"issued_at"`
		User      loose  `json:"user_id"`
	}
	malformed := &channels.Error{Op: "signed request", Class: channels.ErrMalformed, Outcome: channels.NotSent}
	raw, err := decodePadded(payload)
	if err != nil {
		return SignedRequest{}, malformed
	}
	if err := httpx.DecodeJSON(raw, &w, httpx.JSONLimits{MaxDepth: 4, Lenient: true}); err != nil {
		return SignedRequest{}, malformed
	}
	now := a.cfg.Now()
	switch {
	case w.Algorithm != signedRequestAlg:
		return SignedRequest{}, unsigned("signed request")
	case w.User == "" || w.Issued.IsZero():
		return SignedRequest{}, malformed
	case now.Sub(w.Issued.Time) > a.cfg.SignedRequestAge, w.Issued.Sub(now) > aheadOfUs:
		return SignedRequest{}, unsigned("signed request")
	}
	return SignedRequest{User: string(w.User), Issued: w.Issued.Time}, nil
}

// decodePadded decodes the URL alphabet, with the whole padding or without any.
func decodePadded(s string) ([]byte, error) {
	bare := strings.TrimRight(s, "=")
	b, err := httpx.DecodeBase64URL(bare)
	if err == nil && len(bare) != len(s) && base64.URLEncoding.EncodeToString(b) != s {
		err = httpx.ErrEncoding
	}
	return b, err
}
