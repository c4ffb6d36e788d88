package testca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // names a key in RFC 6960, protects nothing
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"
)

//nolint:misspell // the tags are spelled as encoding/asn1 wants them
type single struct {
	ID         certID
	Status     asn1.RawValue
	ThisUpdate time.Time `asn1:"generalized"`
	NextUpdate time.Time `asn1:"generalized,optional,explicit,tag:0"`
}

//nolint:misspell // see single
type responseData struct {
	Responder  asn1.RawValue
	ProducedAt time.Time `asn1:"generalized"`
	Responses  []single
	Extensions []pkix.Extension `asn1:"optional,explicit,tag:1"`
}

type basic struct {
	Data         asn1.RawValue
	Algorithm    pkix.AlgorithmIdentifier
	Signature    asn1.BitString
	Certificates []asn1.RawValue `asn1:"optional,explicit,tag:0"`
}

type response struct {
	Status asn1.Enumerated
	Bytes  responseBytes `asn1:"optional,explicit,tag:0"`
}

type responseBytes struct {
	Type asn1.ObjectIdentifier
	Body []byte
}

// marshal signs the answer.
func (r *Response) marshal() ([]byte, error) {
	if r.Code != 0 {
		return asn1.Marshal(struct{ Status asn1.Enumerated }{asn1.Enumerated(r.Code)})
	}
	data, err := r.data()
	if err != nil {
		return nil, err
	}
	tbs, err := asn1.Marshal(*data)
	if err != nil {
		return nil, err
	}
	algorithm, signature, err := signed(r.Signer.Key, tbs, r.Weak)
	if err != nil {
		return nil, err
	}
	body := basic{
		Data: asn1.RawValue{FullBytes: tbs}, Algorithm: algorithm,
		Signature: asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)},
	}
	for _, cert := range r.Include {
		body.Certificates = append(body.Certificates, asn1.RawValue{FullBytes: cert.Raw})
	}
	raw, err := asn1.Marshal(body)
	if err != nil {
		return nil, err
	}
	basicType := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
	return asn1.Marshal(response{Bytes: responseBytes{Type: basicType, Body: raw}})
}

func (r *Response) data() (*responseData, error) {
	d := &responseData{ProducedAt: r.ProducedAt.UTC(), Extensions: r.Extensions}
	// [1] a name, [2] a key: explicitly tagged both.
	d.Responder = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 1, IsCompound: true, Bytes: r.Signer.Cert.RawSubject}
	if r.ByKey {
		sum := sha1.Sum(keyBits(r.Signer.Cert)) //nolint:gosec // see above
		octets, err := asn1.Marshal(sum[:])
		if err != nil {
			return nil, err
		}
		d.Responder.Tag, d.Responder.Bytes = 2, octets
	}
	if r.Nonce != nil {
		octets, err := asn1.Marshal(r.Nonce)
		if err != nil {
			return nil, err
		}
		d.Extensions = append(d.Extensions, pkix.Extension{Id: nonceOID(), Value: octets})
	}
	one := single{
		ID: certID{
			Hash:     pkix.AlgorithmIdentifier{Algorithm: hashes()[r.Hash], Parameters: asn1.NullRawValue},
			NameHash: r.NameHash, KeyHash: r.KeyHash, Serial: new(big.Int).Set(r.Serial),
		},
		Status:     asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: r.Status},
		ThisUpdate: r.ThisUpdate.UTC(), NextUpdate: r.NextUpdate.UTC(),
	}
	if r.Status == 1 {
		when, err := asn1.MarshalWithParams(r.RevokedAt.UTC().Truncate(time.Second), "generalized") //nolint:misspell // see single
		if err != nil {
			return nil, err
		}
		one.Status.IsCompound, one.Status.Bytes = true, when
	}
	d.Responses = []single{one}
	if r.Twice {
		d.Responses = append(d.Responses, one)
	}
	return d, nil
}

func signed(key crypto.Signer, tbs []byte, weak bool) (pkix.AlgorithmIdentifier, []byte, error) {
	hash := crypto.SHA256
	if weak {
		hash = crypto.SHA1
	}
	h := hash.New()
	h.Write(tbs)
	signature, err := key.Sign(rand.Reader, h.Sum(nil), hash)
	_, ec := key.Public().(*ecdsa.PublicKey)
	_, rsa := key.Public().(*rsa.PublicKey)
	switch {
	case ec && weak:
		return pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}}, signature, err
	case ec:
		return pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}}, signature, err
	case rsa && !weak:
		return pkix.AlgorithmIdentifier{
			Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, Parameters: asn1.NullRawValue,
		}, signature, err
	}
	return pkix.AlgorithmIdentifier{}, nil, errors.New("testca: no key that signs so")
}

// revocationList makes the list of an issuer.
func (r *Responder) revocationList(issuer *authority) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[1]++
	now := r.ca.now().UTC().Truncate(time.Second)
	const day = 24 * time.Hour
	list := &x509.RevocationList{Number: big.NewInt(now.Unix()), ThisUpdate: now, NextUpdate: now.Add(12 * time.Hour)}
	signer := issuer.Certificate
	switch r.list {
	case Unavailable:
		return nil, errUnavailable
	case Malformed:
		return []byte("<html>not a list</html>"), nil
	case Empty:
		return nil, nil
	case Stale:
		list.ThisUpdate, list.NextUpdate = now.Add(-2*day), now.Add(-day)
	case Early:
		list.ThisUpdate, list.NextUpdate = now.Add(day), now.Add(2*day)
	case WronglySigned:
		stranger, err := strangeKey(issuer.Key)
		if err != nil {
			return nil, err
		}
		signer = &Certificate{Cert: unkeyed(issuer.Cert, stranger), Key: stranger}
	case WrongSigner:
		signer = r.ca.issuer(issuer == r.ca.qualified).Certificate
	case ForeignPortion:
		portion, err := Portion("http://other.invalid/other.crl")
		if err != nil {
			return nil, err
		}
		list.ExtraExtensions = append(list.ExtraExtensions, portion)
	}
	for _, serial := range r.serials(issuer) {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: serial, RevocationTime: now})
	}
	if r.list == Good {
		list.RevokedCertificateEntries = nil
	}
	if r.changeList != nil {
		r.changeList(list)
	}
	return x509.CreateRevocationList(rand.Reader, list, signer.Cert, signer.Key)
}
