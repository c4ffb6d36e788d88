package trust_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// A store remembers what it verified of its authorities. It must never be less
// strict for that.
func TestAStoreThatHasSeenTheIssuerIsAsStrict(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t) // of the same names
	good := a.issue(t, nil).Cert
	first, err := a.store.Verify(good, profile(), now())
	require.NoError(t, err)
	second, err := a.store.Verify(a.issue(t, nil).Cert, profile(), now())
	require.NoError(t, err)
	require.Len(t, second.Chain, 3)
	require.True(t, second.Issuer.Equal(first.Issuer))
	require.True(t, second.Chain[2].Equal(first.Chain[2]))

	for _, v := range []*trust.Verified{first, second} { // a caller's own copies
		v.Chain[1], v.Chain[2] = nil, nil
	}
	again, err := a.store.Verify(good, profile(), now())
	require.NoError(t, err)
	require.True(t, again.Chain[2].Equal(a.Anchors()[0]))

	_, err = a.store.Verify(stranger.issue(t, nil).Cert, profile(), now())
	require.ErrorIs(t, err, trust.RuleChain)
	ancient := a.issue(t, func(p *testca.Person) { p.NotAfter = now().AddDate(30, 0, 0) }).Cert
	_, err = a.store.Verify(ancient, profile(), now().AddDate(21, 0, 0))
	require.ErrorIs(t, err, trust.RuleValidity, "the authorities are over by then")
	_, err = a.store.Verify(ancient, profile(), now().AddDate(19, 0, 0))
	require.NoError(t, err)
}

// made makes an authority or a person of a test's own.
func made(t *testing.T, name string, ca bool, by *testca.Certificate, change func(*x509.Certificate)) *testca.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true, IsCA: ca,
		NotBefore: now().Add(-time.Hour), NotAfter: now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if ca {
		template.KeyUsage = x509.KeyUsageCertSign
	}
	for _, oid := range testca.Policies(testca.MobileID, true) {
		policy, err := x509.OIDFromASN1OID(oid)
		require.NoError(t, err)
		template.Policies = append(template.Policies, policy)
	}
	if change != nil {
		change(template)
	}
	parent, signer := template, crypto.Signer(key)
	if by != nil {
		parent, signer = by.Cert, by.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &testca.Certificate{Cert: cert, Key: key, DER: der}
}

func logins() trust.Profile {
	p := profile()
	p.Purposes = []trust.Purpose{{Usage: x509.KeyUsageDigitalSignature}}
	return p
}

func TestAnAnchorThatIsOverEndsAllBelowIt(t *testing.T) {
	root := made(t, "root", true, nil, func(c *x509.Certificate) { c.NotAfter = now().Add(time.Minute) })
	issuer := made(t, "issuer", true, root, nil)
	store, err := trust.New(trust.Config{Anchors: []*x509.Certificate{root.Cert}, Intermediates: []*x509.Certificate{issuer.Cert}})
	require.NoError(t, err)
	person := made(t, "person", false, issuer, nil).Cert
	for range 2 {
		_, err = store.Verify(person, logins(), now())
		require.NoError(t, err)
		_, err = store.Verify(person, logins(), now().Add(2*time.Minute))
		require.ErrorIs(t, err, trust.RuleValidity)
	}
}

func TestLimitsOfAnAuthorityHoldForEverybodyBelow(t *testing.T) {
	root := made(t, "root", true, nil, func(c *x509.Certificate) {
		c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"people.example"}
	})
	issuer := made(t, "issuer", true, root, nil)
	store, err := trust.New(trust.Config{Anchors: []*x509.Certificate{root.Cert}, Intermediates: []*x509.Certificate{issuer.Cert}})
	require.NoError(t, err)
	named := func(dns string) *x509.Certificate {
		return made(t, "person", false, issuer, func(c *x509.Certificate) { c.DNSNames = []string{dns} }).Cert
	}
	for range 2 {
		_, err = store.Verify(named("mary.people.example"), logins(), now())
		require.NoError(t, err)
		_, err = store.Verify(named("mary.elsewhere.example"), logins(), now())
		require.ErrorIs(t, err, trust.RuleChain)
	}
}

func TestManyVerifyAtOnce(t *testing.T) {
	a := newAuthority(t)
	certs := []*x509.Certificate{
		a.issue(t, nil).Cert,
		a.issue(t, func(p *testca.Person) { p.NonQualified, p.Policies = true, testca.Policies(testca.SmartID, false) }).Cert,
	}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			_, err := a.store.Verify(certs[i%2], profile(), now())
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
