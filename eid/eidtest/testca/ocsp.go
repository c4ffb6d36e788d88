package testca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"time"
)

// Response is an OCSP answer before it is signed. Whoever changes one breaks it
// as wanted.
type Response struct {
	Code       int // of the protocol: 0 is successful, 3 try later
	Status     int // of the certificate: 0 good, 1 revoked, 2 unknown
	RevokedAt  time.Time
	Hash       crypto.Hash // by which the issuer is named
	NameHash   []byte
	KeyHash    []byte
	Serial     *big.Int
	ProducedAt time.Time
	ThisUpdate time.Time
	NextUpdate time.Time // zero: left out
	Nonce      []byte    // nil: left out
	Extensions []pkix.Extension
	Signer     *Certificate        // with whose key, and in whose name
	Include    []*x509.Certificate // sent along
	ByKey      bool                // the signer is named by its key and not by its name
	Twice      bool                // the statement stands there two times
	Weak       bool                // signed with SHA-1; an EC key only
}

type certID struct {
	Hash              pkix.AlgorithmIdentifier
	NameHash, KeyHash []byte
	Serial            *big.Int
}

// The object identifiers of the hashes that name an issuer.
func hashes() map[crypto.Hash]asn1.ObjectIdentifier {
	return map[crypto.Hash]asn1.ObjectIdentifier{
		crypto.SHA1:   {1, 3, 14, 3, 2, 26},
		crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
	}
}

func nonceOID() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2} }

// status answers one request.
func (r *Responder) status(issuer *authority, asked []byte) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[0]++
	switch r.ocsp {
	case Unavailable:
		return nil, errUnavailable
	case Malformed:
		return []byte("<html>not an answer</html>"), nil
	case Empty:
		return nil, nil
	case Later:
		return (&Response{Code: 3}).marshal()
	}
	res, err := r.response(issuer, asked)
	if err != nil {
		return (&Response{Code: 1}).marshal() // malformed request
	}
	if err := r.distort(issuer, res); err != nil {
		return nil, err
	}
	if r.change != nil {
		r.change(res)
	}
	return res.marshal()
}

// response is the true answer.
func (r *Responder) response(issuer *authority, asked []byte) (*Response, error) {
	id, nonce, err := parseRequest(asked)
	if err != nil {
		return nil, err
	}
	now := r.ca.now().UTC().Truncate(time.Second)
	res := &Response{
		NameHash: id.NameHash, KeyHash: id.KeyHash, Serial: id.Serial, Nonce: nonce,
		ProducedAt: now, ThisUpdate: now, NextUpdate: now.Add(time.Hour),
		Signer: issuer.helper, Include: []*x509.Certificate{issuer.helper.Cert},
	}
	for hash, oid := range hashes() {
		if oid.Equal(id.Hash.Algorithm) {
			res.Hash = hash
		}
	}
	if res.Hash == 0 {
		return nil, errors.New("testca: hash is not known")
	}
	name, publicKey := issuerHashes(res.Hash, issuer.Cert)
	at, revoked := r.revoked[key(issuer.Cert.RawSubject, id.Serial)]
	switch {
	case !slices.Equal(name, id.NameHash) || !slices.Equal(publicKey, id.KeyHash):
		res.Status = 2
	case revoked:
		res.Status, res.RevokedAt = 1, at
	case !r.issued[key(issuer.Cert.RawSubject, id.Serial)]:
		res.Status = 2
	}
	return res, nil
}

// distort makes of the true answer what was ordered.
func (r *Responder) distort(issuer *authority, res *Response) error {
	const day = 24 * time.Hour
	other := r.ca.other
	if issuer == other {
		other = r.ca.qualified
	}
	switch r.ocsp {
	case Good:
		res.Status = 0
	case Revoked:
		res.Status, res.RevokedAt = 1, res.ThisUpdate.Add(-time.Hour)
	case Unknown:
		res.Status = 2
	case Stale:
		res.ProducedAt, res.ThisUpdate, res.NextUpdate = res.ProducedAt.Add(-2*day), res.ThisUpdate.Add(-2*day), res.NextUpdate.Add(-day-time.Hour)
	case Early:
		res.ProducedAt, res.ThisUpdate, res.NextUpdate = res.ProducedAt.Add(day), res.ThisUpdate.Add(day), res.NextUpdate.Add(day)
	case WronglySigned:
		stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		res.Signer = &Certificate{Cert: res.Signer.Cert, Key: stranger}
	case WrongSigner:
		res.Signer, res.Include = other.helper, []*x509.Certificate{other.helper.Cert}
	case PlainSigner:
		res.Signer, res.Include = issuer.plain, []*x509.Certificate{issuer.plain.Cert}
	case IssuerSigned:
		res.Signer, res.Include = issuer.Certificate, nil
	case OtherSerial:
		res.Serial = new(big.Int).Add(res.Serial, big.NewInt(1))
	case OtherIssuer:
		res.NameHash, res.KeyHash = issuerHashes(res.Hash, other.Cert)
	case WithoutNonce:
		res.Nonce = nil
	case OtherNonce:
		sum := sha256.Sum256(res.Nonce)
		res.Nonce = sum[:]
	}
	return nil
}

func issuerHashes(hash crypto.Hash, issuer *x509.Certificate) (name, publicKey []byte) {
	h := hash.New()
	h.Write(issuer.RawSubject)
	name = h.Sum(nil)
	h.Reset()
	h.Write(keyBits(issuer))
	return name, h.Sum(nil)
}

func keyBits(cert *x509.Certificate) []byte {
	var spki struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(cert.RawSubjectPublicKeyInfo, &spki); err != nil {
		return nil
	}
	return spki.Key.RightAlign()
}

func parseRequest(der []byte) (certID, []byte, error) {
	var req struct {
		TBS struct {
			Version    int           `asn1:"optional,explicit,tag:0,default:0"`
			Requestor  asn1.RawValue `asn1:"optional,explicit,tag:1"`
			List       []struct{ ID certID }
			Extensions []pkix.Extension `asn1:"optional,explicit,tag:2"`
		}
	}
	rest, err := asn1.Unmarshal(der, &req)
	if err != nil || len(rest) > 0 || len(req.TBS.List) != 1 {
		return certID{}, nil, errors.New("testca: not a request for one certificate")
	}
	var nonce []byte
	for _, e := range req.TBS.Extensions {
		if e.Id.Equal(nonceOID()) {
			if rest, err := asn1.Unmarshal(e.Value, &nonce); err != nil || len(rest) > 0 || len(nonce) == 0 || len(nonce) > 128 {
				return certID{}, nil, errors.New("testca: malformed nonce")
			}
		}
	}
	return req.TBS.List[0].ID, nonce, nil
}
