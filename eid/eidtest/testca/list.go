package testca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
)

// serials returns what an issuer has revoked, in a steady order.
func (r *Responder) serials(issuer *authority) []*big.Int {
	var out []*big.Int
	for k := range r.revoked {
		if text, ok := strings.CutPrefix(k, string(issuer.Cert.RawSubject)+"|"); ok {
			if serial, ok := new(big.Int).SetString(text, 10); ok {
				out = append(out, serial)
			}
		}
	}
	slices.SortFunc(out, (*big.Int).Cmp)
	return out
}

// Portion returns the critical extension of a [x509.RevocationList] that limits
// it to the certificates that name this address.
func Portion(address string) (pkix.Extension, error) {
	wrap := func(tag int, content []byte) ([]byte, error) {
		return asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: content})
	}
	value, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(address)})
	for range 2 { // distributionPoint, and in it fullName
		if err == nil {
			value, err = wrap(0, value)
		}
	}
	if err == nil {
		value, err = asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: value})
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: value}, err
}

func strangeKey(like crypto.Signer) (crypto.Signer, error) {
	if k, ok := like.Public().(*rsa.PublicKey); ok {
		return rsa.GenerateKey(rand.Reader, k.N.BitLen())
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// unkeyed is cert in name only: what is signed in its place says it was cert's
// doing, with a key that is not cert's.
func unkeyed(cert *x509.Certificate, stranger crypto.Signer) *x509.Certificate {
	c := *cert
	c.PublicKey = stranger.Public()
	return &c
}
