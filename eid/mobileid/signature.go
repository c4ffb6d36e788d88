package mobileid

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"math/big"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

// verify returns the signature value after it was verified: with the key of cert,
// over the digest that was asked for. The algorithm follows from what was asked and
// from the key; what the answer calls it only has to agree.
func (s status) verify(cert *x509.Certificate, asked Hash, digest []byte) ([]byte, error) {
	value, err := httpx.DecodeBase64(s.Signature.Value)
	if err != nil {
		return nil, untrusted("the signature is not base64")
	}
	name, ok := algorithm(asked, cert), false
	if name == "" || s.Signature.Algorithm != name {
		return nil, untrusted("the signature is not of the algorithm asked for")
	}
	switch key := cert.PublicKey.(type) {
	case *ecdsa.PublicKey:
		ok = verifyEC(key, digest, value)
	case *rsa.PublicKey:
		ok = rsa.VerifyPKCS1v15(key, asked.crypto(), digest, value) == nil
	}
	if !ok {
		return nil, untrusted("the signature is not over the digest asked for, or not of the certificate's key")
	}
	return value, nil
}

// algorithm returns the service's name of the signature that a key makes, ""
// for a key that it does not use.
func algorithm(h Hash, cert *x509.Certificate) string {
	switch cert.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return string(h) + "WithECEncryption"
	case *rsa.PublicKey:
		return string(h) + "WithRSAEncryption"
	}
	return ""
}

// verifyEC verifies r and s, one behind the other in the length of the curve's
// order: not the ASN.1 of certificates.
func verifyEC(key *ecdsa.PublicKey, digest, value []byte) bool {
	half := (key.Curve.Params().N.BitLen() + 7) / 8
	if len(value) != 2*half {
		return false
	}
	r, s := new(big.Int).SetBytes(value[:half]), new(big.Int).SetBytes(value[half:])
	return ecdsa.Verify(key, digest, r, s)
}
