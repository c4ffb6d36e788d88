package birdtest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Names of the headers that carry a webhook's signature.
const (
	HeaderSignature = "MessageBird-Signature"
	HeaderTimestamp = "MessageBird-Request-Timestamp"
)

// Sign returns the headers of a genuine request with this body to this URL, made
// at this time and signed with this key: base64 of the HMAC-SHA256 over the unix
// time, the whole URL and the 32 bytes of the body's SHA-256, with a line break
// between them.
func Sign(key, target string, body []byte, at time.Time) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	sum := sha256.Sum256(body)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(stamp + "\n" + target + "\n" + string(sum[:])))
	h := http.Header{"Content-Type": {"application/json"}}
	h.Set(HeaderTimestamp, stamp)
	h.Set(HeaderSignature, base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return h
}

// sign signs a delivery that goes out for the first time. A repetition keeps the
// time and the signature of the first attempt.
func (h *hooks) sign(d *Delivery) {
	if d.Header != nil {
		return
	}
	target := d.URL
	if h.plainURL {
		target, _, _ = strings.Cut(target, "?")
	}
	d.Header = Sign(d.key, target, d.Body, h.now())
}

// newID returns a random UUID, the form of all of Bird's ids.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails, by contract of crypto/rand
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	x := hex.EncodeToString(b[:])
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}
