package trust

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"sync"
	"time"
)

// memory holds the upper parts of chains that were verified, from the issuer to
// the anchor, by the issuer's name. They are the same for all people of an issuer,
// and their signatures are the larger part of the work. There are no more of them
// than authorities in the store.
type memory struct {
	mu     sync.RWMutex
	uppers map[string][]upper
}

type upper struct {
	chain []*x509.Certificate
	root  *x509.CertPool // the issuer alone
}

// recall returns the chain of a leaf below an upper part that was verified
// before and is valid at that time; nil when there is none. The leaf and what the
// issuer says of it are verified anew.
func (m *memory) recall(leaf *x509.Certificate, at time.Time) []*x509.Certificate {
	m.mu.RLock()
	known := m.uppers[string(leaf.RawIssuer)]
	m.mu.RUnlock()
	for _, u := range known {
		if slices.ContainsFunc(u.chain, func(c *x509.Certificate) bool { return at.Before(c.NotBefore) || at.After(c.NotAfter) }) {
			continue
		}
		chains, err := leaf.Verify(anyUsage(u.root, x509.NewCertPool(), at))
		if err == nil && len(chains) > 0 && len(chains[0]) == 2 {
			return append([]*x509.Certificate{leaf}, u.chain...)
		}
	}
	return nil
}

// remember keeps the upper part of a verified chain, unless an authority above
// the issuer limits what people below it may be named or issued under: then each
// of them has to be looked at with the whole chain.
func (m *memory) remember(chain []*x509.Certificate) {
	above := chain[1:]
	if slices.ContainsFunc(above, limits) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	name := string(chain[0].RawSubject)
	if slices.ContainsFunc(m.uppers[name], func(u upper) bool { return u.chain[0].Equal(chain[0]) }) {
		return
	}
	root := x509.NewCertPool()
	root.AddCert(chain[0])
	m.uppers[name] = append(m.uppers[name], upper{chain: slices.Clone(chain), root: root})
}

// limits reports whether an authority has name constraints, policy mappings or
// constraints, or inhibits any-policy.
func limits(cert *x509.Certificate) bool {
	for _, e := range cert.Extensions {
		for _, id := range []int{30, 33, 36, 54} {
			if e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, id}) {
				return true
			}
		}
	}
	return false
}

// anyUsage are the options of all verifications. Extended usages are looked at
// elsewhere: of its own accord crypto/x509 asks for those of a web server.
func anyUsage(roots, intermediates *x509.CertPool, at time.Time) x509.VerifyOptions {
	return x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
}
