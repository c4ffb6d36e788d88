package smartidtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
)

// key is a key that is made when it is first needed, because that takes a while.
type key struct {
	once sync.Once
	rsa  *rsa.PrivateKey
	err  error
}

func (k *key) get(bits int) (*rsa.PrivateKey, error) {
	k.once.Do(func() { k.rsa, k.err = rsa.GenerateKey(rand.Reader, bits) })
	return k.rsa, k.err
}

// credentialKind says which of a person's certificates is meant.
type credentialKind struct {
	sign     bool
	level    string
	from, to time.Time // zero: around now
	foreign  bool      // of an authority that nobody trusts
}

// credential is a certificate with its key.
type credential struct {
	der []byte
	key *rsa.PrivateKey
}

// forgery holds what only wrong answers need.
type forgery struct {
	key key
	mu  sync.Mutex
	ca  *testca.CA
}

// credential returns a certificate of an account and its key; one that was made before, if there is one.
func (s *Server) credential(a *account, k credentialKind) ([]byte, *rsa.PrivateKey, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.made[k]; ok {
		return c.der, c.key, nil
	}
	own := &a.auth
	if k.sign {
		own = &a.signs
	}
	private, err := own.get(s.cfg.KeyBits)
	if err != nil {
		return nil, nil, fmt.Errorf("smartidtest: key: %w", err)
	}
	ca := s.ca
	if k.foreign {
		if ca, err = s.forgery.authority(s.ca.Root().Cert, s.cfg.Now); err != nil {
			return nil, nil, err
		}
	}
	cert, err := ca.Issue(a.template(k, private))
	if err != nil {
		return nil, nil, fmt.Errorf("smartidtest: %w", err)
	}
	a.made[k] = credential{cert.DER, private}
	return cert.DER, private, nil
}

func (a *account) template(k credentialKind, private *rsa.PrivateKey) testca.Person {
	kind, number := testca.SmartID, a.Identifier[strings.IndexByte(a.Identifier, '-')+1:]
	switch {
	case k.sign:
		kind = testca.SmartIDSigning
	case a.OldCertificate:
		kind = testca.SmartIDOld
	}
	return testca.Person{Kind: kind, Code: eid.PersonalCode(a.Identifier[3:5] + number), Identifier: eid.Identifier(a.Identifier),
		GivenName: a.GivenName, FamilyName: a.Surname, Born: eid.Date(a.Born), Document: a.Document,
		NonQualified: k.level == Advanced, NotBefore: k.from, NotAfter: k.to, Key: private}
}

// authority is one with the names of the real one and keys of its own.
func (f *forgery) authority(root *x509.Certificate, now func() time.Time) (*testca.CA, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ca != nil {
		return f.ca, nil
	}
	name, _, _ := strings.Cut(root.Subject.CommonName, " of ")
	ca, err := testca.New(testca.Config{Now: now, Name: name})
	if err != nil {
		return nil, fmt.Errorf("smartidtest: certificate authority: %w", err)
	}
	f.ca = ca
	return ca, nil
}

// hand returns whose certificate and key an answer has, and which: the holder's, for signing or for authentication,
// unless a wrong answer was ordered.
func (s *Server) hand(holder *account, sign bool, wrong *Wrong) (*account, []byte, *rsa.PrivateKey, error) {
	if wrong.Stranger != "" {
		s.mu.Lock()
		holder = s.people.byDocument[wrong.Stranger]
		s.mu.Unlock()
		if holder == nil {
			return nil, nil, nil, fmt.Errorf("smartidtest: Wrong.Stranger: %w", ErrPerson)
		}
	}
	k := credentialKind{sign: sign != wrong.SigningCert, level: holder.Level, from: wrong.NotBefore,
		to: wrong.NotAfter, foreign: wrong.Untrusted}
	if wrong.Unqualified {
		k.level = Advanced
	}
	cert, private, err := s.credential(holder, k)
	if err == nil && wrong.Key {
		private, err = s.forgery.key.get(s.cfg.KeyBits)
	}
	return holder, cert, private, err
}
