package smartidtest

import (
	"crypto/sha256"
	"encoding/json"
	"time"
)

// idempotency is how long version 2 answers the same request with the same session.
const idempotency = 15 * time.Second

// readV2 reads what the kinds of version 2 have.
func (a *ask) readV2(f fields, kind string) {
	a.readNonce(f)
	if kind == kindCert {
		return
	}
	hashType := f.oneOf("hashType", "SHA256", "SHA384", "SHA512")
	a.challenge, a.raw = f.base64("hash", 1, 64)
	if hashType != "" {
		a.scheme = scheme{algorithm: "sha" + hashType[3:] + "WithRSAEncryption", hash: "SHA-" + hashType[3:]}
		if a.raw != nil && len(a.raw) != hashOf(a.scheme.hash).Size() {
			f.refuse("hash", "the length does not fit hashType")
		}
	}
	const name = "allowedInteractionsOrder"
	var order json.RawMessage
	if !f.take(name, &order, "a list") {
		f.refuse(name, "must not be null")
		return
	}
	a.screens = f.screens(name, order, allowed(2, byNotification), false)
}

// fingerprint tells whether two requests of version 2 are the same: to the same place, with the same body.
func fingerprint(path string, body []byte) [32]byte {
	h := sha256.New()
	h.Write([]byte(path))
	h.Write([]byte{0})
	h.Write(body)
	return [32]byte(h.Sum(nil))
}
