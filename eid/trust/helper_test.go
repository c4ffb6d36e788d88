package trust_test

import (
	"crypto/x509"
	"encoding/asn1"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/trust"
)

func now() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

// mary is nobody. Her parts are the canaries of these tests.
func mary() testca.Person {
	return testca.Person{
		Kind: testca.MobileID, Code: "EE60001019906", GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ-ŠUSLIK TESTNUMBER",
		Born: "2000-02-02", Document: "PNOEE-60001019906-TEST-Q",
	}
}

// silent fails when err tells anything of mary.
func silent(t *testing.T, err error) {
	t.Helper()
	for _, canary := range []string{"60001019906", "MARY", "CONNE", "TEST-Q"} {
		require.NotContains(t, err.Error(), canary)
	}
}

type authority struct {
	*testca.CA
	*testca.Responder
	store *trust.Store
	host  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	ca, err := testca.New(testca.Config{Now: now})
	require.NoError(t, err)
	srv := httptest.NewServer(ca.Responder())
	t.Cleanup(srv.Close)
	require.NoError(t, ca.SetURL(srv.URL))
	u, err := url.Parse(srv.URL)
	require.NoError(t, err)
	store, err := trust.New(trust.Config{Anchors: ca.Anchors(), Intermediates: ca.Intermediates()})
	require.NoError(t, err)
	return &authority{CA: ca, Responder: ca.Responder(), store: store, host: u.Host}
}

func (a *authority) issue(t *testing.T, change func(*testca.Person)) *testca.Certificate {
	t.Helper()
	p := mary()
	if change != nil {
		change(&p)
	}
	c, err := a.Issue(p)
	require.NoError(t, err)
	return c
}

// revocation is a checker on the test's own way out, for loopback is no public
// address.
func (a *authority) revocation(t *testing.T, change func(*trust.RevocationConfig)) *trust.Revocation {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	cfg := trust.RevocationConfig{Hosts: []string{a.host}, Client: &http.Client{Transport: transport}}
	if change != nil {
		change(&cfg)
	}
	r, err := trust.NewRevocation(cfg)
	require.NoError(t, err)
	return r
}

func smartIDUsage() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62306, 5, 7, 0}
}

func clientAuth() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 2} }

// profile is that of authentication at all services.
func profile() trust.Profile {
	return trust.Profile{
		Purposes: []trust.Purpose{
			{Usage: x509.KeyUsageDigitalSignature, ExtUsage: smartIDUsage()},
			{Usage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment, ExtUsage: clientAuth()},
			{Usage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement},
		},
		Policies: []trust.Policy{
			{Level: eid.High, All: testca.Policies(testca.SmartID, true)},
			{Level: eid.High, All: testca.Policies(testca.MobileID, true)},
			{Level: eid.Low, All: testca.Policies(testca.SmartID, false)},
		},
	}
}
