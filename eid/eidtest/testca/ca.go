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
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Config says what kind of authority it is. The zero value is good.
type Config struct {
	// Now is the clock: certificates are valid around it, and answers bear its time.
	// Default time.Now.
	Now func() time.Time
	// Name is part of the authorities' names: two authorities of one test have
	// different ones. Default "TEST".
	Name string
	// URL is where Responder can be reached, such as "http://127.0.0.1:8085/status".
	// Certificates say so. Empty: they say nothing, and nobody can ask about them. See
	// SetURL.
	URL string
	// RSABits is the length of RSA keys of people. Default 2048; real ones have 6144
	// bits, and making one takes seconds.
	RSABits int
	// AuthorityBits gives the authorities RSA keys of that length. Zero: EC P-256.
	AuthorityBits int
}

// CA is a root with two authorities below it: one issues qualified certificates,
// the other those that are not. All methods may be called concurrently.
type CA struct {
	now           func() time.Time
	rsaBits       int
	root          *Certificate
	qualified     *authority
	other         *authority
	responder     *Responder
	mu            sync.Mutex
	url           string
	authorityBits int
}

// authority issues certificates, and its helper answers for it.
type authority struct {
	*Certificate
	path   string       // below the URL
	helper *Certificate // may sign OCSP answers
	plain  *Certificate // may not
}

// Certificate is an issued certificate with its key.
type Certificate struct {
	Cert *x509.Certificate
	Key  crypto.Signer
	DER  []byte
}

// New makes the keys and certificates of an authority.
func New(cfg Config) (*CA, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Name == "" {
		cfg.Name = "TEST"
	}
	if cfg.RSABits == 0 {
		cfg.RSABits = 2048
	}
	ca := &CA{now: cfg.Now, rsaBits: cfg.RSABits, authorityBits: cfg.AuthorityBits}
	ca.responder = &Responder{ca: ca, revoked: map[string]time.Time{}, issued: map[string]bool{}}
	if cfg.URL != "" {
		if err := ca.SetURL(cfg.URL); err != nil {
			return nil, fmt.Errorf("testca: Config.URL: %w", err)
		}
	}
	root, err := ca.authority(cfg.Name+" of ROOT G1", nil)
	if err != nil {
		return nil, fmt.Errorf("testca: root: %w", err)
	}
	ca.root = root
	for _, part := range []struct {
		name, path string
		to         **authority
	}{{" of EID-Q", "q", &ca.qualified}, {" of EID-NQ", "nq", &ca.other}} {
		a := &authority{path: part.path}
		if a.Certificate, err = ca.authority(cfg.Name+part.name, root); err != nil {
			return nil, fmt.Errorf("testca: authority: %w", err)
		}
		if a.helper, err = ca.answering(cfg.Name+part.name+" AIA OCSP RESPONDER", a.Certificate, true); err != nil {
			return nil, fmt.Errorf("testca: responder: %w", err)
		}
		if a.plain, err = ca.answering(cfg.Name+part.name+" SERVICE", a.Certificate, false); err != nil {
			return nil, fmt.Errorf("testca: service: %w", err)
		}
		*part.to = a
	}
	return ca, nil
}

// Anchors returns the root.
func (ca *CA) Anchors() []*x509.Certificate { return []*x509.Certificate{ca.root.Cert} }

// Intermediates returns the two authorities that issue to people: the one of
// qualified certificates, then the other.
func (ca *CA) Intermediates() []*x509.Certificate {
	return []*x509.Certificate{ca.qualified.Cert, ca.other.Cert}
}

// Root returns the root with its key, for a test that issues something of its own.
func (ca *CA) Root() *Certificate { return ca.root }

// Authority returns the authority of qualified certificates, or the other one,
// with its key.
func (ca *CA) Authority(qualified bool) *Certificate {
	return ca.issuer(!qualified).Certificate
}

// Responder returns the handler that answers for this authority, the same at
// each call.
func (ca *CA) Responder() *Responder { return ca.responder }

// SetURL says where Responder can be reached: an absolute http or https address.
// Certificates that are issued from now on name it.
func (ca *CA) SetURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("not an absolute http or https address")
	}
	ca.mu.Lock()
	defer ca.mu.Unlock()
	ca.url = strings.TrimSuffix(raw, "/")
	return nil
}

func (ca *CA) issuer(nonQualified bool) *authority {
	if nonQualified {
		return ca.other
	}
	return ca.qualified
}

// authority makes a certificate that issues others; the root when by is nil.
func (ca *CA) authority(name string, by *Certificate) (*Certificate, error) {
	var key crypto.Signer
	var err error
	if ca.authorityBits > 0 {
		key, err = rsa.GenerateKey(rand.Reader, ca.authorityBits)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               organisation(name),
		NotBefore:             ca.now().AddDate(-20, 0, 0),
		NotAfter:              ca.now().AddDate(20, 0, 0),
		BasicConstraintsValid: true, IsCA: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	if by != nil {
		template.MaxPathLenZero = true
	}
	return sign(template, key, by)
}

// answering makes a certificate of a service of the authority, with or without
// the right to answer for it.
func (ca *CA) answering(name string, by *Certificate, ocsp bool) (*Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               organisation(name),
		NotBefore:             ca.now().AddDate(-20, 0, 0),
		NotAfter:              ca.now().AddDate(20, 0, 0),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if ocsp {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
		noCheck := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}
		template.ExtraExtensions = []pkix.Extension{{Id: noCheck, Value: asn1.NullBytes}}
	}
	return sign(template, key, by)
}

func organisation(name string) pkix.Name {
	return pkix.Name{Country: []string{"EE"}, OrganizationalUnit: []string{"Test authority"}, CommonName: name}
}

// sign makes the certificate of key; self-signed when by is nil.
func sign(template *x509.Certificate, key crypto.Signer, by *Certificate) (*Certificate, error) {
	if template.SerialNumber == nil {
		serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
		if err != nil {
			return nil, err
		}
		template.SerialNumber = serial.Add(serial, big.NewInt(1))
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.Cert, by.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &Certificate{Cert: cert, Key: key, DER: der}, nil
}
