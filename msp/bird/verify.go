package bird

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

const (
	headerSignature = "Messagebird-Signature"
	headerTimestamp = "Messagebird-Request-Timestamp"

	// maxSignature and maxTimestamp bound the work for a stranger.
	maxSignature = 64
	maxTimestamp = 20

	// lateAfter is the age from which a request counts as a repetition.
	lateAfter = 5 * time.Minute
)

// Verify checks that Bird made the request for exactly this URL and body, not
// longer ago than it repeats requests. It implements channels.Webhook.
func (p *Provider) Verify(_ context.Context, r *channels.Request) error {
	now := r.At
	if now.IsZero() {
		now = p.cfg.Now()
	}
	age, ok := p.authentic(r, now)
	if !ok {
		return &channels.Error{Op: "verify", Class: channels.ErrSignature, Outcome: channels.NotSent}
	}
	if age > lateAfter && p.cfg.Late != nil {
		p.cfg.Late(age)
	}
	return nil
}

// authentic reports whether the request is genuine, and its age. A repetition
// carries the time of the first attempt, so its age can be hours.
func (p *Provider) authentic(r *channels.Request, now time.Time) (age time.Duration, ok bool) {
	encoded, signed := one(r.Header, headerSignature)
	stamp, timed := one(r.Header, headerTimestamp)
	if !signed || !timed || len(encoded) > maxSignature || len(stamp) > maxTimestamp {
		return 0, false
	}
	mac, err := httpx.DecodeBase64(encoded)
	if err != nil {
		return 0, false
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != stamp {
		return 0, false
	}
	if !p.signedByUs(p.signedText(stamp, r), mac) {
		return 0, false
	}
	age = now.Sub(time.Unix(seconds, 0))
	return age, age >= -p.cfg.Leeway && age <= p.cfg.RetryHorizon+p.cfg.Leeway
}

// signedText is what the signature covers: the time, the URL, and the 32 bytes
// of the body's hash, a line each.
func (p *Provider) signedText(stamp string, r *channels.Request) []byte {
	address := r.PublicURL
	if p.cfg.InsecureUnsignedQuery {
		address, _, _ = strings.Cut(address, "?")
	}
	sum := sha256.Sum256(r.Body)
	text := make([]byte, 0, len(stamp)+len(address)+2+len(sum))
	text = append(append(text, stamp...), '\n')
	text = append(append(text, address...), '\n')
	return append(text, sum[:]...)
}

// signedByUs compares with every key, whichever fits, so that the time does not
// tell. An empty key would verify what anybody can sign, so it is left out.
func (p *Provider) signedByUs(text, mac []byte) bool {
	genuine := false
	for _, key := range p.cfg.SigningKeys() {
		if key == "" {
			continue
		}
		h := hmac.New(sha256.New, []byte(key))
		h.Write(text)
		if hmac.Equal(h.Sum(nil), mac) {
			genuine = true
		}
	}
	return genuine
}

// one returns the value of a header that is there exactly once.
func one(h http.Header, name string) (string, bool) {
	v := h.Values(name)
	if len(v) != 1 {
		return "", false
	}
	return v[0], true
}
