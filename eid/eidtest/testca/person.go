package testca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

// Kind is what a certificate is for, and of which service.
type Kind int

// Kinds. Those of Smart-ID have RSA keys, those of Mobile-ID keys on P-256.
const (
	SmartID         Kind = iota // authentication, as issued since 2025
	SmartIDOld                  // authentication, as issued before
	SmartIDSigning              // signatures
	MobileID                    // authentication
	MobileIDSigning             // signatures
)

// Person says whose certificate is issued and of what kind. Code and a name are
// required. It is personal data in form, though never anybody's, and prints as
// "[person]".
type Person struct {
	Kind Kind
	// Code is in the certificate as "PNOEE-…"; its check digit does not matter.
	Code eid.PersonalCode
	// Identifier stands in the place of the code's, such as "IDCEE-AA1234567".
	Identifier eid.Identifier
	// BareCode leaves out the prefix of the code, as Mobile-ID did until 2018.
	BareCode              bool
	GivenName, FamilyName string
	// CommonName is the common name. Empty: that of the kind.
	CommonName string
	// Country is the subject's. Empty: that of the code.
	Country string
	// Born is in the attribute for the date of birth. Empty: there is none.
	Born eid.Date
	// Document is the number of the account, in the alternative name. Empty: there
	// is none.
	Document string
	// NonQualified: issued by the other authority, under its policies.
	NonQualified bool
	// Policies stand in the place of the kind's.
	Policies []asn1.ObjectIdentifier
	// NotBefore and NotAfter: validity. Zero: from a day ago, for three years.
	NotBefore, NotAfter time.Time
	// Key is the person's. Nil: a new one of the kind.
	Key crypto.Signer
	// RSABits is the length of a new RSA key. Zero: that of the configuration, and an
	// EC key for Mobile-ID.
	RSABits int
	// Change is called with the template before it is signed, for certificates that
	// nobody should accept.
	Change func(*x509.Certificate)
}

// Format prints a fixed text, whatever the verb.
func (Person) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[person]") }

// LogValue returns the same fixed text for slog.
func (Person) LogValue() slog.Value { return slog.StringValue("[person]") }

// Issue makes a certificate. Errors name the field.
func (ca *CA) Issue(p Person) (*Certificate, error) {
	template, err := ca.template(p)
	if err != nil {
		return nil, err
	}
	key := p.Key
	if key == nil {
		if key, err = ca.newKey(p); err != nil {
			return nil, fmt.Errorf("testca: key: %w", err)
		}
	}
	if p.Change != nil {
		p.Change(template)
	}
	issuer := ca.issuer(p.NonQualified)
	cert, err := sign(template, key, issuer.Certificate)
	if err != nil {
		return nil, fmt.Errorf("testca: %w", err)
	}
	ca.responder.add(issuer, cert)
	return cert, nil
}

func (ca *CA) newKey(p Person) (crypto.Signer, error) {
	mobile := p.Kind == MobileID || p.Kind == MobileIDSigning
	if mobile && p.RSABits == 0 {
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	bits := p.RSABits
	if bits == 0 {
		bits = ca.rsaBits
	}
	return rsa.GenerateKey(rand.Reader, bits)
}

func (ca *CA) template(p Person) (*x509.Certificate, error) {
	subject, err := p.subject()
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		Subject:   subject,
		NotBefore: p.NotBefore, NotAfter: p.NotAfter,
		BasicConstraintsValid: true,
	}
	if t.NotBefore.IsZero() {
		t.NotBefore = ca.now().AddDate(0, 0, -1)
	}
	if t.NotAfter.IsZero() {
		t.NotAfter = t.NotBefore.AddDate(3, 0, 0)
	}
	policies := p.Policies
	if policies == nil {
		policies = Policies(p.Kind, !p.NonQualified)
	}
	for _, oid := range policies {
		policy, err := x509.OIDFromASN1OID(oid)
		if err != nil {
			return nil, refused("Policies: not an object identifier")
		}
		t.Policies = append(t.Policies, policy)
	}
	switch p.Kind {
	case SmartID:
		t.KeyUsage = x509.KeyUsageDigitalSignature
		t.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 62306, 5, 7, 0}}
	case SmartIDOld:
		t.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	case MobileID:
		t.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement
	case SmartIDSigning, MobileIDSigning:
		t.KeyUsage = x509.KeyUsageContentCommitment
	default:
		return nil, refused("Kind is not known")
	}
	if t.ExtraExtensions, err = p.extensions(); err != nil {
		return nil, err
	}
	ca.mu.Lock()
	defer ca.mu.Unlock()
	if ca.url != "" {
		path := ca.issuer(p.NonQualified).path
		t.OCSPServer = []string{ca.url + "/ocsp/" + path}
		t.CRLDistributionPoints = []string{ca.url + "/crl/" + path + ".crl"}
	}
	return t, nil
}

// Policies returns the certificate policies of a kind, as the live services use
// them.
func Policies(k Kind, qualified bool) []asn1.ObjectIdentifier {
	sk := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 10015}
	etsi := asn1.ObjectIdentifier{0, 4, 0}
	service := append(sk[:len(sk):len(sk)], 17, 2)
	general := append(etsi[:len(etsi):len(etsi)], 2042, 1, 2) // NCP+
	if k == MobileID || k == MobileIDSigning {
		service = append(sk[:len(sk):len(sk)], 18, 1)
	}
	switch {
	case !qualified:
		service = append(sk[:len(sk):len(sk)], 17, 1)
		general = append(etsi[:len(etsi):len(etsi)], 2042, 1, 1) // NCP
	case k == SmartIDSigning || k == MobileIDSigning:
		general = append(etsi[:len(etsi):len(etsi)], 194112, 1, 2) // QCP-n-qscd
	}
	return []asn1.ObjectIdentifier{service, general}
}
