package metatest

import (
	"crypto/hmac"
	"crypto/sha1" // #nosec G505 -- the older header, which Meta still sends
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Names of the headers that carry a webhook's signature. The second is the older one, which nobody should check.
const (
	HeaderSignature      = "X-Hub-Signature-256"
	HeaderSignatureOlder = "X-Hub-Signature"
)

// signer signs with the app's first secret.
type signer struct {
	key          string
	raw, escaped bool
}

// Sign returns the headers that the app would send with this body.
func (s *signer) Sign(body []byte) http.Header {
	signed := body
	if s.escaped {
		signed = EscapeUnicode(body)
	}
	h := http.Header{"Content-Type": {"application/json"}}
	h.Set(HeaderSignature, Signature(s.key, signed))
	older := hmac.New(sha1.New, []byte(s.key))
	older.Write(signed)
	h.Set(HeaderSignatureOlder, "sha1="+hex.EncodeToString(older.Sum(nil)))
	return h
}

// Signature is the value of HeaderSignature for these bytes.
func Signature(secret string, signed []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(signed)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// EscapeUnicode writes every character that is not printable ASCII as \u and four lower-case hex digits, in UTF-16
// units: the form over which Meta's documentation says that it signs.
func EscapeUnicode(body []byte) []byte {
	var b strings.Builder
	for len(body) > 0 {
		r, size := utf8.DecodeRune(body)
		switch {
		case r <= '~':
			b.WriteByte(body[0])
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			_, _ = fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			_, _ = fmt.Fprintf(&b, `\u%04x`, r)
		}
		body = body[size:]
	}
	return []byte(b.String())
}

// wireForm is the body as it is posted: Meta escapes non-ASCII characters and slashes.
func (s *signer) wireForm(body []byte) []byte {
	if s.raw {
		return body
	}
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		switch {
		case body[i] == '\\' && i+1 < len(body):
			b.Write(body[i : i+2])
			i++
		case body[i] == '/':
			b.WriteString(`\/`)
		default:
			b.WriteByte(body[i])
		}
	}
	return EscapeUnicode([]byte(b.String()))
}

// SignedRequest is the field signed_request of the data deletion and deauthorize callbacks, for the person with this
// app-scoped id, issued at the present time of the simulator's clock and valid for an hour.
func (s *Server) SignedRequest(userID string) string {
	at := s.now()
	return signRequest(s.cfg.AppSecrets[0], requestClaims{"HMAC-SHA256", at.Add(time.Hour).Unix(), at.Unix(), userID})
}

type requestClaims struct {
	Algorithm string `json:"algorithm"`
	Expires   int64  `json:"expires"`
	Issued    int64  `json:"issued_at"`
	UserID    string `json:"user_id"`
}

func signRequest(secret string, claims requestClaims) string {
	payload := base64.RawURLEncoding.EncodeToString(encode(claims))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(payload))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) + "." + payload
}
