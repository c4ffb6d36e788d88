package trust

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Config names the authorities that are believed. A service that offers a demo
// next to its live environment has a store for each of them, never one for both.
type Config struct {
	// Anchors are believed without further proof. At least one.
	Anchors []*x509.Certificate
	// Intermediates are believed when an anchor has signed them. Services send a
	// person's certificate alone, so those that issue to people must be here.
	Intermediates []*x509.Certificate
}

// Store is a set of authorities. The set does not change, and all methods may be
// called concurrently.
type Store struct {
	anchors, intermediates *x509.CertPool
	list                   []Info
	memory                 memory
}

// New checks that each certificate is that of an authority: CA:true and the
// right to sign certificates. Expired ones are taken, for answers of their time.
// Errors name the field and the fingerprint.
func New(cfg Config) (*Store, error) {
	if len(cfg.Anchors) == 0 {
		return nil, errors.New("eid/trust: Config.Anchors is required")
	}
	s := &Store{anchors: x509.NewCertPool(), intermediates: x509.NewCertPool(), memory: memory{uppers: map[string][]upper{}}}
	for _, part := range []struct {
		field string
		role  Role
		certs []*x509.Certificate
		pool  *x509.CertPool
	}{
		{"Anchors", Anchor, cfg.Anchors, s.anchors},
		{"Intermediates", Intermediate, cfg.Intermediates, s.intermediates},
	} {
		for i, cert := range part.certs {
			if cert == nil || len(cert.Raw) == 0 {
				return nil, fmt.Errorf("eid/trust: Config.%s[%d] is no parsed certificate", part.field, i)
			}
			if !isCA(cert) || cert.KeyUsage&x509.KeyUsageCertSign == 0 {
				return nil, fmt.Errorf("eid/trust: Config.%s[%d] (%s) is no authority's certificate", part.field, i, Fingerprint(cert))
			}
		}
		for _, cert := range unique(part.certs) {
			part.pool.AddCert(cert)
			s.list = append(s.list, info(cert, part.role))
		}
	}
	return s, nil
}

func isCA(cert *x509.Certificate) bool { return cert.BasicConstraintsValid && cert.IsCA }

// Role is what a certificate is in a store for.
type Role string

// Roles.
const (
	Anchor       Role = "anchor"
	Intermediate Role = "intermediate"
)

// Info describes a certificate of the store, for people who compare it with what
// the authority published.
type Info struct {
	Role      Role
	Subject   string // as RFC 2253 writes it
	Issuer    string
	Serial    string // hexadecimal
	SHA256    string // of the certificate, hexadecimal
	Key       string // "RSA 4096", "EC P-384"
	NotBefore time.Time
	NotAfter  time.Time
}

// Certificates describes all certificates of the store, anchors first, otherwise
// in the order of the configuration.
func (s *Store) Certificates() []Info { return slices.Clone(s.list) }

// Expiring returns those certificates that are not valid any more at that time,
// the earliest first. A service asks with a day some weeks ahead, so that nobody
// is surprised.
func (s *Store) Expiring(before time.Time) []Info {
	var out []Info
	for _, i := range s.list {
		if i.NotAfter.Before(before) {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b Info) int { return a.NotAfter.Compare(b.NotAfter) })
	return out
}

// Fingerprint returns the SHA-256 of a certificate, hexadecimal, as authorities
// publish it.
func Fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

func info(cert *x509.Certificate, role Role) Info {
	return Info{
		Role: role, Subject: cert.Subject.String(), Issuer: cert.Issuer.String(),
		Serial: cert.SerialNumber.Text(16), SHA256: Fingerprint(cert), Key: keyName(cert.PublicKey),
		NotBefore: cert.NotBefore, NotAfter: cert.NotAfter,
	}
}
