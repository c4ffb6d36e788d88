package mobileidtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
)

// rsaBits is the size of RSA keys on SIMs.
const rsaBits = 2048

// credentialKind says which of a person's certificates is meant.
type credentialKind struct {
	sign         bool
	nonQualified bool
	from, to     time.Time // zero: around now
	foreign      bool      // of an authority that nobody trusts
}

// credential is a certificate with its key.
type credential struct {
	der []byte
	key crypto.Signer
}

// forgery holds what only wrong answers need.
type forgery struct {
	mu sync.Mutex
	ca *testca.CA
}

// credential returns a certificate of an account and its key; one that was made before, if there is one.
func (s *Server) credential(a *account, k credentialKind) (credential, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.made[k]; ok {
		return c, nil
	}
	kind, key := testca.MobileID, &a.auth
	if k.sign {
		kind, key = testca.MobileIDSigning, &a.signs
	}
	if *key == nil {
		made, err := a.newKey()
		if err != nil {
			return credential{}, err
		}
		*key = made
	}
	ca, err := s.authority(k.foreign)
	if err != nil {
		return credential{}, err
	}
	cert, err := ca.Issue(testca.Person{Kind: kind, Code: eid.PersonalCode(a.Country + a.Code), BareCode: a.OldCertificate,
		GivenName: a.GivenName, FamilyName: a.Surname, NonQualified: k.nonQualified, NotBefore: k.from, NotAfter: k.to, Key: *key})
	if err != nil {
		return credential{}, fmt.Errorf("mobileidtest: %w", err)
	}
	c := credential{cert.DER, *key}
	a.made[k] = c
	return c, nil
}

// newKey makes a key of the kind that the person's SIM has.
func (p *Person) newKey() (crypto.Signer, error) {
	var key crypto.Signer
	var err error
	if p.RSA {
		key, err = rsa.GenerateKey(rand.Reader, rsaBits)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return nil, fmt.Errorf("mobileidtest: key: %w", err)
	}
	return key, nil
}

// authority is the service's own, or one with its names and keys of its own.
func (s *Server) authority(foreign bool) (*testca.CA, error) {
	if !foreign {
		return s.ca, nil
	}
	s.forgery.mu.Lock()
	defer s.forgery.mu.Unlock()
	if s.forgery.ca != nil {
		return s.forgery.ca, nil
	}
	name, _, _ := strings.Cut(s.ca.Root().Cert.Subject.CommonName, " of ")
	ca, err := testca.New(testca.Config{Now: s.cfg.Now, Name: name})
	if err != nil {
		return nil, fmt.Errorf("mobileidtest: certificate authority: %w", err)
	}
	s.forgery.ca = ca
	return ca, nil
}
