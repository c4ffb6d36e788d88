package trust

import (
	"context"
	"crypto/sha1" //nolint:gosec // names an issuer in RFC 6960, protects nothing
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

// maxAnswer bounds an OCSP answer, in bytes. One with a certificate has about
// three thousand.
const maxAnswer = 16 << 10

// nonceLen is the length of a nonce, in bytes: the longest of RFC 8954.
const nonceLen = 32

// certID names a certificate by its issuer's hashes.
type certID struct {
	Hash     pkix.AlgorithmIdentifier
	NameHash []byte
	KeyHash  []byte
	Serial   *big.Int
}

// ask asks by OCSP.
func (r *Revocation) ask(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) error {
	return each(cert.OCSPServer, func(address string) error {
		nonce := make([]byte, nonceLen)
		if _, err := io.ReadFull(r.cfg.Rand, nonce); err != nil {
			return fmt.Errorf("random numbers: %w", err)
		}
		request, err := statusRequest(cert, issuer, nonce)
		if err != nil {
			return err
		}
		body, err := r.call(ctx, address, maxAnswer, httpx.Call{
			Op: "ocsp", Method: http.MethodPost, Body: request, ContentType: "application/ocsp-request",
			Header: http.Header{"Accept": {"application/ocsp-response"}},
		})
		if err != nil {
			return err
		}
		return r.judge(body, cert, issuer, nonce, at)
	})
}

// statusRequest asks about one certificate. The issuer is named by SHA-1, which
// all responders know.
func statusRequest(cert, issuer *x509.Certificate, nonce []byte) ([]byte, error) {
	key, err := keyBits(issuer)
	if err != nil {
		return nil, err
	}
	name, keyHash := sha1.Sum(issuer.RawSubject), sha1.Sum(key) //nolint:gosec // see above
	octets, err := asn1.Marshal(nonce)
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	type single struct{ ID certID }
	type tbs struct {
		List       []single
		Extensions []pkix.Extension `asn1:"explicit,tag:2"`
	}
	request, err := asn1.Marshal(struct{ TBS tbs }{tbs{
		List: []single{{certID{
			Hash:     pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, Parameters: asn1.NullRawValue},
			NameHash: name[:], KeyHash: keyHash[:], Serial: cert.SerialNumber,
		}}},
		Extensions: []pkix.Extension{{Id: nonceOID(), Value: octets}},
	}})
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	return request, nil
}

func nonceOID() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2} }

// keyBits returns the key of a certificate as OCSP hashes it: without the
// algorithm around it.
func keyBits(cert *x509.Certificate) ([]byte, error) {
	var spki struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	rest, err := asn1.Unmarshal(cert.RawSubjectPublicKeyInfo, &spki)
	if err != nil || len(rest) > 0 {
		return nil, unbelievable("key of the issuer")
	}
	return spki.Key.RightAlign(), nil
}
