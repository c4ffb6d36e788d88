package trust

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // names an issuer in RFC 6960, protects nothing
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

// judge reads an OCSP answer. Form and signature are checked by x/crypto/ocsp; who
// may sign, about whom it speaks, and when, are checked here.
func (r *Revocation) judge(body []byte, cert, issuer *x509.Certificate, nonce []byte, at time.Time) error {
	answer, err := ocsp.ParseResponse(body, nil)
	if err != nil {
		var refusal ocsp.ResponseError
		if errors.As(err, &refusal) {
			return fmt.Errorf("refused with code %d", refusal.Status) // unsigned: it says nothing
		}
		return unbelievable("form or signature")
	}
	said, err := readData(answer.TBSResponseData)
	if err != nil {
		return err
	}
	if err := r.signedBy(answer, issuer, at); err != nil {
		return err
	}
	if !said.about(answer, cert, issuer) {
		return unbelievable("about another certificate")
	}
	switch answer.Status {
	case ocsp.Good:
		return r.timely(answer, said.nonce, nonce, at)
	case ocsp.Unknown:
		return ErrUnknownStatus
	}
	return ErrRevoked
}

// timely holds a good answer against the time and the nonce.
func (r *Revocation) timely(answer *ocsp.Response, got, sent []byte, at time.Time) error {
	switch {
	case got == nil && !r.cfg.NonceOptional:
		return unbelievable("no nonce")
	case got != nil && !bytes.Equal(got, sent):
		return unbelievable("nonce")
	case answer.ThisUpdate.After(at.Add(r.cfg.Skew)) || answer.ProducedAt.After(at.Add(r.cfg.Skew)):
		return unbelievable("of the future")
	case answer.ProducedAt.Before(at.Add(-r.cfg.MaxAge - r.cfg.Skew)):
		return unbelievable("too old")
	case answer.NextUpdate.IsZero() && answer.ThisUpdate.Before(at.Add(-r.cfg.MaxAge-r.cfg.Skew)):
		return unbelievable("too old")
	case !answer.NextUpdate.IsZero() && answer.NextUpdate.Before(at.Add(-r.cfg.Skew)):
		return unbelievable("out of date")
	}
	return nil
}

// signedBy finds out whether the signer may speak for the issuer: it is the
// issuer itself, was appointed by it, or by the configuration.
func (r *Revocation) signedBy(answer *ocsp.Response, issuer *x509.Certificate, at time.Time) error {
	if !soundSignature(answer.SignatureAlgorithm) {
		return unbelievable("weak signature")
	}
	signer := answer.Certificate // its signature was verified when it was parsed
	if signer == nil {
		for _, candidate := range append([]*x509.Certificate{issuer}, r.cfg.Responders...) {
			if names(answer, candidate) && answer.CheckSignatureFrom(candidate) == nil {
				signer = candidate
				break
			}
		}
	}
	switch {
	case signer == nil:
		return unbelievable("signature")
	case !names(answer, signer) || !strongKey(signer.PublicKey):
		return unbelievable("signer")
	case at.Before(signer.NotBefore.Add(-r.cfg.Skew)) || at.After(signer.NotAfter.Add(r.cfg.Skew)):
		return unbelievable("signer is not valid")
	case signer.Equal(issuer) || slices.ContainsFunc(r.cfg.Responders, signer.Equal):
		return nil
	case !slices.Contains(signer.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return unbelievable("signer may not answer")
	case len(signer.UnhandledCriticalExtensions) > 0 || !bytes.Equal(signer.RawIssuer, issuer.RawSubject) || signer.CheckSignatureFrom(issuer) != nil:
		return unbelievable("signer was not appointed by the issuer")
	}
	return nil
}

// names reports whether the answer says that cert signed it.
func names(answer *ocsp.Response, cert *x509.Certificate) bool {
	if answer.RawResponderName != nil {
		return bytes.Equal(answer.RawResponderName, cert.RawSubject)
	}
	key, err := keyBits(cert)
	sum := sha1.Sum(key) //nolint:gosec // see above
	return err == nil && bytes.Equal(answer.ResponderKeyHash, sum[:])
}

// soundSignature leaves out SHA-1, which crypto/x509 still accepts outside of
// certificates.
func soundSignature(a x509.SignatureAlgorithm) bool {
	return slices.Contains([]x509.SignatureAlgorithm{
		x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA,
		x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS,
		x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512,
	}, a)
}

// statement is what x/crypto/ocsp does not tell of an answer.
type statement struct {
	id    certID
	nonce []byte // nil: none
}

//nolint:misspell // the tags are spelled as encoding/asn1 wants them
type responseData struct {
	Version    int `asn1:"optional,explicit,tag:0,default:0"`
	Responder  asn1.RawValue
	ProducedAt time.Time `asn1:"generalized"`
	Responses  []struct {
		ID   certID
		Rest asn1.RawValue
	}
	Extensions []pkix.Extension `asn1:"optional,explicit,tag:1"`
}

func readData(tbs []byte) (*statement, error) {
	var data responseData
	rest, err := asn1.Unmarshal(tbs, &data)
	if err != nil || len(rest) > 0 || len(data.Responses) != 1 || data.Version != 0 || data.Responses[0].ID.Serial == nil {
		return nil, unbelievable("form")
	}
	s := &statement{id: data.Responses[0].ID}
	for _, e := range data.Extensions {
		switch {
		case e.Id.Equal(nonceOID()):
			rest, err := asn1.Unmarshal(e.Value, &s.nonce)
			if err != nil || len(rest) > 0 || len(s.nonce) == 0 {
				return nil, unbelievable("form of the nonce")
			}
		case e.Critical:
			return nil, unbelievable("critical extension")
		}
	}
	return s, nil
}

// about reports whether it speaks of cert.
func (s *statement) about(answer *ocsp.Response, cert, issuer *x509.Certificate) bool {
	key, err := keyBits(issuer)
	if err != nil || !answer.IssuerHash.Available() || s.id.Serial.Cmp(cert.SerialNumber) != 0 {
		return false
	}
	h := answer.IssuerHash.New()
	h.Write(issuer.RawSubject)
	name := h.Sum(nil)
	h.Reset()
	h.Write(key)
	return bytes.Equal(s.id.NameHash, name) && bytes.Equal(s.id.KeyHash, h.Sum(nil))
}
