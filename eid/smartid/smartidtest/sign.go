package smartidtest

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha3"   // the three of SHA-3
	_ "crypto/sha512" // SHA-384 and SHA-512
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
)

const algorithmPSS = "rsassa-pss"

// scheme is how a signature is made.
type scheme struct {
	algorithm string // "rsassa-pss", or one of PKCS #1
	hash      string // "SHA-512"
}

func hashNames() []string {
	return []string{"SHA-256", "SHA-384", "SHA-512", "SHA3-256", "SHA3-384", "SHA3-512"}
}

// hashOf returns the hash with this name, which has been checked.
func hashOf(name string) crypto.Hash {
	switch name {
	case "SHA-256":
		return crypto.SHA256
	case "SHA-384":
		return crypto.SHA384
	case "SHA-512":
		return crypto.SHA512
	case "SHA3-256":
		return crypto.SHA3_256
	case "SHA3-384":
		return crypto.SHA3_384
	}
	return crypto.SHA3_512
}

// sign signs a digest.
func (c scheme) sign(key *rsa.PrivateKey, digest []byte) ([]byte, error) {
	h := hashOf(c.hash)
	if c.algorithm == algorithmPSS {
		return rsa.SignPSS(rand.Reader, key, h, digest, &rsa.PSSOptions{SaltLength: h.Size()})
	}
	return rsa.SignPKCS1v15(nil, key, h, digest)
}

// sum hashes what is to be signed.
func (c scheme) sum(payload string) []byte {
	h := hashOf(c.hash).New()
	_, _ = h.Write([]byte(payload)) // never fails, by contract of hash.Hash
	return h.Sum(nil)
}

// statement is what a person signs when authenticating.
type statement struct {
	scheme        string
	serverRandom  string
	challenge     string
	userChallenge string
	party         string
	brokered      string
	interactions  string // as the request had them
	used          string
	callback      string // empty unless the app was opened by a link on the same device
	flow          string
}

// payload writes the statement as ACSP_V2 does.
func (s statement) payload() string {
	interactions := sha256.Sum256([]byte(s.interactions))
	return strings.Join([]string{s.scheme, protocolAuth, s.serverRandom, s.challenge, s.userChallenge, base64Of(s.party),
		base64Of(s.brokered), base64.StdEncoding.EncodeToString(interactions[:]), s.used, s.callback, s.flow}, "|")
}

// link is what the code at the end of a device link is made of.
type link struct {
	scheme       string
	protocol     string
	challenge    string
	party        string
	brokered     string
	interactions string
	callback     string // empty in QR codes
	unprotected  string // the link up to its code
}

// authCode makes the code of a device link.
func (l link) authCode(secret []byte) string {
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write([]byte(strings.Join([]string{l.scheme, l.protocol, l.challenge, base64Of(l.party), base64Of(l.brokered),
		l.interactions, l.callback, l.unprotected}, "|"))) // never fails, by contract of hash.Hash
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// base64Of encodes a name; an empty one stays empty.
func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// digestURL is the SHA-256 of b in the alphabet of URLs.
func digestURL(b []byte) string {
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// controlCode is the code that person and relying party compare: of the challenge in version 3, of the hash in
// version 2.
func controlCode(b []byte) string {
	sum := sha256.Sum256(b)
	return fmt.Sprintf("%04d", binary.BigEndian.Uint16(sum[30:])%10000)
}

// random returns n random bytes in the alphabet of URLs.
func random(n int) string { return base64.RawURLEncoding.EncodeToString(randomBytes(n)) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, by contract of crypto/rand
	return b
}

// newUUID returns a random UUID.
func newUUID() string {
	b := randomBytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func base64Std(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
