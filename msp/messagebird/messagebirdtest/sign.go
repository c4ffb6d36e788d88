package messagebirdtest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Names of the headers that carry a webhook's signature.
const (
	HeaderToken     = "MessageBird-Signature-JWT"
	HeaderSignature = "MessageBird-Signature"
	HeaderTimestamp = "MessageBird-Request-Timestamp"
)

// Claims is what a webhook's token says about the request. Tests that need a wrong token change a field and
// sign it themselves.
type Claims struct {
	Issuer    string `json:"iss"`
	NotBefore int64  `json:"nbf"` // unix seconds
	Expires   int64  `json:"exp"` // unix seconds
	ID        string `json:"jti"`
	// URLHash is the hex SHA-256 of the whole URL as it is called.
	URLHash string `json:"url_hash"`
	// PayloadHash is the hex SHA-256 of the body; absent when there is no body.
	PayloadHash string `json:"payload_hash,omitempty"`
}

// NewClaims returns the claims of a genuine request with this URL and body, signed at this time: valid for
// 60 seconds, with a random id.
func NewClaims(target string, body []byte, at time.Time) Claims {
	c := Claims{Issuer: "MessageBird", NotBefore: at.Unix(), Expires: at.Unix() + 60, ID: newUUID(), URLHash: hexSum(target)}
	if len(body) > 0 {
		c.PayloadHash = hexSum(string(body))
	}
	return c
}

// Token returns the claims as a compact token. alg is "HS256", "HS384", "HS512", or "none", which leaves the
// signature empty as a forger would.
func (c Claims) Token(alg, key string) (string, error) {
	claims, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	head := fmt.Sprintf(`{"alg":%q,"typ":"JWT"}`, alg)
	text := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	if alg == "none" {
		return text + ".", nil
	}
	newHash := newHash(alg)
	if newHash == nil {
		return "", fmt.Errorf("messagebirdtest: no algorithm %q", alg)
	}
	mac := hmac.New(newHash, []byte(key))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}

func newHash(alg string) func() hash.Hash {
	switch alg {
	case "HS256":
		return sha256.New
	case "HS384":
		return sha512.New384
	case "HS512":
		return sha512.New
	}
	return nil
}

// signer signs with the account's key.
type signer struct {
	key, alg string
	older    bool
	now      func() time.Time
}

// Sign returns the headers that the account would send with this body to this URL at the present time of its
// clock: the token, the content type when there is a body, and the older pair when it is configured.
func (s *signer) Sign(target string, body []byte) http.Header {
	at := s.now()
	h := http.Header{}
	if len(body) > 0 {
		h.Set("Content-Type", "application/json")
	}
	// New has refused every algorithm that Token does not know.
	token, err := NewClaims(target, body, at).Token(s.alg, s.key)
	if err == nil {
		h.Set(HeaderToken, token)
	}
	if s.older {
		timestamp := strconv.FormatInt(at.Unix(), 10)
		h.Set(HeaderTimestamp, timestamp)
		h.Set(HeaderSignature, olderSignature(s.key, timestamp, rawQuery(target), body))
	}
	return h
}

// olderSignature is the deprecated scheme, over the time, the sorted query and the body's hash. The query is
// re-encoded, as the official Go client does.
func olderSignature(key, timestamp, query string, body []byte) string {
	sum := sha256.Sum256(body)
	mac := hmac.New(sha256.New, []byte(key))
	values, _ := url.ParseQuery(query) // pairs that cannot be read are left out, as by the official client
	_, _ = fmt.Fprintf(mac, "%s\n%s\n%s", timestamp, values.Encode(), sum[:])
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func rawQuery(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.RawQuery
}

// calledURL is the address as the service calls and signs it: with a path, without a default port, and
// otherwise untouched.
func calledURL(address string, extra map[string]string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	if u.Path == "" {
		u.Path = "/"
	}
	if port := u.Port(); u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		u.Host = u.Host[:len(u.Host)-len(port)-1]
	}
	u.Fragment, u.RawFragment = "", ""
	if len(extra) > 0 {
		values := url.Values{}
		for name, value := range extra {
			values.Set(name, value)
		}
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += values.Encode()
	}
	return u.String()
}

func hexSum(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// newID returns an id as the Conversations API writes them: 32 hex digits.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails, by contract of crypto/rand
	return hex.EncodeToString(b[:])
}

// newUUID returns a random UUID, as used for tokens and media.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	x := hex.EncodeToString(b[:])
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}
