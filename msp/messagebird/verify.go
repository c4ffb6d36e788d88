package messagebird

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"hash"
	"net/http"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

const (
	headerToken = "Messagebird-Signature-Jwt"
	// maxToken bounds the work for a stranger; genuine tokens have some 500 bytes.
	maxToken = 4096
	issuer   = "MessageBird"
)

// Verify checks that MessageBird made the request for exactly this URL and
// body, not long ago. It implements channels.Webhook.
func (p *Provider) Verify(_ context.Context, r *channels.Request) error {
	now := r.At
	if now.IsZero() {
		now = p.cfg.Now()
	}
	keys := p.signingKeys()
	late, ok := p.authentic(r, keys, now)
	if !ok {
		return &channels.Error{Op: "verify", Class: channels.ErrSignature, Outcome: channels.NotSent}
	}
	if late > 0 && p.cfg.Late != nil {
		p.cfg.Late(late)
	}
	return nil
}

// authentic reports whether the request is genuine and by how long its own
// validity is over.
func (p *Provider) authentic(r *channels.Request, keys [][]byte, now time.Time) (late time.Duration, ok bool) {
	// Where a token came, it alone decides: nobody may choose the weaker scheme.
	if tokens := r.Header.Values(headerToken); len(tokens) > 0 || p.legacy == nil {
		if len(tokens) != 1 {
			return 0, false
		}
		c, ok := openToken(tokens[0], keys)
		if !ok || !c.covers(r.PublicURL, r.Body) {
			return 0, false
		}
		return c.fresh(now, p.cfg.Leeway, p.cfg.RetryHorizon)
	}
	return p.legacy.authentic(r, keys, now)
}

// signingKeys asks the source. An empty key would verify what anybody can
// sign, so it is left out.
func (p *Provider) signingKeys() [][]byte {
	var keys [][]byte
	for _, k := range p.cfg.SigningKeys() {
		if k != "" {
			keys = append(keys, []byte(k))
		}
	}
	return keys
}

// openToken checks form and signature of a compact token and returns its
// claims. Which of several keys fits does not show in the time it takes.
func openToken(token string, keys [][]byte) (claims, bool) {
	if len(token) > maxToken {
		return claims{}, false
	}
	signed, encodedMAC, ok := cutLast(token, ".")
	if !ok {
		return claims{}, false
	}
	head, payload, ok := strings.Cut(signed, ".")
	if !ok || strings.Contains(payload, ".") {
		return claims{}, false
	}
	newHash, ok := algorithm(head)
	if !ok {
		return claims{}, false
	}
	mac, err := httpx.DecodeBase64URL(encodedMAC)
	if err != nil || !signedBy(keys, newHash, []byte(signed), mac) {
		return claims{}, false
	}
	return readClaims(payload)
}

// usualHead is {"alg":"HS256","typ":"JWT"}, which nearly every token begins with.
const usualHead = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

// algorithm reads a token's header: one of the three keyed hashes and no
// extension that would have to be understood. The names are compared exactly,
// which a struct would not do.
func algorithm(head string) (func() hash.Hash, bool) {
	if head == usualHead {
		return sha256.New, true
	}
	var fields map[string]json.RawMessage
	if _, ok := tokenPart(head, &fields); !ok {
		return nil, false
	}
	if _, critical := fields["crit"]; critical {
		return nil, false
	}
	var alg string
	if json.Unmarshal(fields["alg"], &alg) != nil {
		return nil, false
	}
	switch alg {
	case "HS256":
		return sha256.New, true
	case "HS384":
		return sha512.New384, true
	case "HS512":
		return sha512.New, true
	}
	return nil, false
}

// signedBy compares with every key, whichever fits.
func signedBy(keys [][]byte, newHash func() hash.Hash, text, mac []byte) bool {
	genuine := false
	for _, key := range keys {
		h := hmac.New(newHash, key)
		h.Write(text)
		if hmac.Equal(h.Sum(nil), mac) {
			genuine = true
		}
	}
	return genuine
}

// claims are what a token says about its request.
type claims struct {
	notBefore, expires time.Time
	url, payload       []byte // SHA-256; payload is nil when there is no body
}

// readClaims reads the claims of a token whose signature is good. Every claim
// but payload_hash must be there, each once and by its own name.
func readClaims(encoded string) (claims, bool) {
	var w struct {
		Issuer      string  `json:"iss"`
		ID          string  `json:"jti"`
		NotBefore   *int64  `json:"nbf"`
		Expires     *int64  `json:"exp"`
		URLHash     string  `json:"url_hash"`
		PayloadHash *string `json:"payload_hash"`
	}
	b, ok := tokenPart(encoded, &w)
	if !ok || !httpx.OwnNames(b, "iss", "jti", "nbf", "exp", "url_hash", "payload_hash") {
		return claims{}, false
	}
	if w.Issuer != issuer || w.ID == "" || w.NotBefore == nil || w.Expires == nil {
		return claims{}, false
	}
	c := claims{notBefore: time.Unix(*w.NotBefore, 0), expires: time.Unix(*w.Expires, 0)}
	if c.url, ok = digest(w.URLHash); ok && w.PayloadHash != nil {
		c.payload, ok = digest(*w.PayloadHash)
	}
	return c, ok
}

// covers reports whether the token was made for this URL and body: a hash of
// the body is there exactly when there is a body.
func (c claims) covers(url string, body []byte) bool {
	sum := sha256.Sum256([]byte(url))
	if !hmac.Equal(c.url, sum[:]) || (len(body) > 0) != (c.payload != nil) {
		return false
	}
	if len(body) == 0 {
		return true
	}
	sum = sha256.Sum256(body)
	return hmac.Equal(c.payload, sum[:])
}

// fresh reports whether the token is valid at now, and how long it has been
// expired: within the horizon it is taken, because old requests are delivered
// again, as they were, and what is known already does no harm.
func (c claims) fresh(now time.Time, leeway, horizon time.Duration) (late time.Duration, ok bool) {
	late = now.Sub(c.expires.Add(leeway))
	if c.expires.Before(c.notBefore) || now.Before(c.notBefore.Add(-leeway)) || late > horizon {
		return 0, false
	}
	return max(late, 0), true
}

// tokenPart decodes a part of a token, and returns its JSON.
func tokenPart(encoded string, to any) ([]byte, bool) {
	b, err := httpx.DecodeBase64URL(encoded)
	return b, err == nil && httpx.DecodeJSON(b, to, httpx.JSONLimits{MaxDepth: 4}) == nil
}

// digest decodes a SHA-256 in hex.
func digest(s string) ([]byte, bool) {
	b, err := httpx.DecodeHex(s)
	return b, err == nil && len(b) == sha256.Size
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// one returns the value of a header that is there exactly once.
func one(h http.Header, name string) (string, bool) {
	v := h.Values(name)
	if len(v) != 1 {
		return "", false
	}
	return v[0], true
}
