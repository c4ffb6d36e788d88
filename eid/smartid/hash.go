package smartid

import (
	"crypto"
	_ "crypto/sha3" // registers SHA3-256, SHA3-384 and SHA3-512
)

// Hash names a digest algorithm as API v3 writes it. API v2 and the signatures
// with PKCS #1 know the three of SHA-2 only.
type Hash string

// The algorithms that the service knows.
const (
	SHA256   Hash = "SHA-256"
	SHA384   Hash = "SHA-384"
	SHA512   Hash = "SHA-512"
	SHA3x256 Hash = "SHA3-256"
	SHA3x384 Hash = "SHA3-384"
	SHA3x512 Hash = "SHA3-512"
)

// crypto returns the algorithm, and false for a name that is not one of them.
func (h Hash) crypto() (crypto.Hash, bool) {
	switch h {
	case SHA256:
		return crypto.SHA256, true
	case SHA384:
		return crypto.SHA384, true
	case SHA512:
		return crypto.SHA512, true
	case SHA3x256:
		return crypto.SHA3_256, true
	case SHA3x384:
		return crypto.SHA3_384, true
	case SHA3x512:
		return crypto.SHA3_512, true
	}
	return 0, false
}

// sha2 returns the names of an algorithm in API v2 and in PKCS #1, and false
// where those have none.
func (h Hash) sha2() (hashType, pkcs1 string, ok bool) {
	switch h {
	case SHA256:
		return "SHA256", "sha256WithRSAEncryption", true
	case SHA384:
		return "SHA384", "sha384WithRSAEncryption", true
	case SHA512:
		return "SHA512", "sha512WithRSAEncryption", true
	}
	return "", "", false
}
