package mobileid

import (
	"crypto"
	_ "crypto/sha256" // the hashes that [Hash] names
	_ "crypto/sha512"
	"fmt"
)

// Hash is a hash algorithm by the service's name of it.
type Hash string

// The hash algorithms of the service. What the key of a SIM signs is no longer
// than the key: of a SHA-512 value a P-256 key signs the first 32 bytes. The
// control code has its last bits from the end of the hash, so only with SHA256
// all of it is signed, by every key.
const (
	SHA256 Hash = "SHA256"
	SHA384 Hash = "SHA384"
	SHA512 Hash = "SHA512"
)

// crypto returns the algorithm, 0 for one that is not known.
func (h Hash) crypto() crypto.Hash {
	switch h {
	case SHA256:
		return crypto.SHA256
	case SHA384:
		return crypto.SHA384
	case SHA512:
		return crypto.SHA512
	}
	return 0
}

// Size returns the length of a hash value in bytes, 0 for an unknown algorithm.
func (h Hash) Size() int {
	if c := h.crypto(); c != 0 {
		return c.Size()
	}
	return 0
}

// Sum returns the hash value of b. It panics for an unknown algorithm.
func (h Hash) Sum(b []byte) []byte {
	sum := h.crypto().New()
	sum.Write(b)
	return sum.Sum(nil)
}

// ControlCode returns the four digits that both the phone and the agency's
// screen show, "0000" to "8191": the first six bits of the hash value that is to
// be signed, and its last seven. It is another computation than that of Smart-ID.
// Empty for an empty value.
func ControlCode(hash []byte) string {
	if len(hash) == 0 {
		return ""
	}
	return fmt.Sprintf("%04d", int(hash[0]&0xFC)<<5|int(hash[len(hash)-1]&0x7F))
}
