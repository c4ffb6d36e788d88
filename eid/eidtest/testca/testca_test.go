package testca_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ocsp"

	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
)

func clock() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

func newCA(t *testing.T, cfg testca.Config) (*testca.CA, *httptest.Server) {
	t.Helper()
	cfg.Now = clock
	ca, err := testca.New(cfg)
	require.NoError(t, err)
	srv := httptest.NewServer(http.StripPrefix("/status", ca.Responder()))
	t.Cleanup(srv.Close)
	require.NoError(t, ca.SetURL(srv.URL+"/status/"))
	return ca, srv
}

func mary() testca.Person {
	return testca.Person{
		Kind: testca.MobileID, Code: "EE60001019906", GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ-ŠUSLIK TESTNUMBER",
		Born: "2000-01-01", Document: "PNOEE-60001019906-TEST-Q",
	}
}

func TestKinds(t *testing.T) {
	ca, srv := newCA(t, testca.Config{})
	for name, tc := range map[string]struct {
		kind      testca.Kind
		usage     x509.KeyUsage
		name      string
		service   string
		qualified string
	}{
		"authentication by Smart-ID":             {testca.SmartID, x509.KeyUsageDigitalSignature, "B,A", "1.3.6.1.4.1.10015.17.2", "0.4.0.2042.1.2"},
		"authentication by Smart-ID before 2025": {testca.SmartIDOld, x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment, "B,A,PNOEE-60001019906", "1.3.6.1.4.1.10015.17.2", "0.4.0.2042.1.2"},
		"signing by Smart-ID":                    {testca.SmartIDSigning, x509.KeyUsageContentCommitment, "B,A", "1.3.6.1.4.1.10015.17.2", "0.4.0.194112.1.2"},
		"authentication by Mobile-ID":            {testca.MobileID, x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement, "A,B", "1.3.6.1.4.1.10015.18.1", "0.4.0.2042.1.2"},
		"signing by Mobile-ID":                   {testca.MobileIDSigning, x509.KeyUsageContentCommitment, "A,B", "1.3.6.1.4.1.10015.18.1", "0.4.0.194112.1.2"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := ca.Issue(testca.Person{Kind: tc.kind, Code: "EE60001019906", GivenName: "A", FamilyName: "B"})
			require.NoError(t, err)
			require.Equal(t, tc.usage, c.Cert.KeyUsage)
			require.Equal(t, tc.name, c.Cert.Subject.CommonName)
			require.Equal(t, "PNOEE-60001019906", c.Cert.Subject.SerialNumber)
			require.Equal(t, []string{"EE"}, c.Cert.Subject.Country)
			require.Len(t, c.Cert.Policies, 2)
			require.Equal(t, tc.service, c.Cert.Policies[0].String())
			require.Equal(t, tc.qualified, c.Cert.Policies[1].String())
			require.Equal(t, []string{srv.URL + "/status/ocsp/q"}, c.Cert.OCSPServer)
			require.Equal(t, []string{srv.URL + "/status/crl/q.crl"}, c.Cert.CRLDistributionPoints)
			require.False(t, c.Cert.IsCA)
			require.Equal(t, c.DER, c.Cert.Raw)
			switch key := c.Key.Public().(type) {
			case *rsa.PublicKey:
				require.Equal(t, 2048, key.N.BitLen())
			case *ecdsa.PublicKey:
				require.Contains(t, []testca.Kind{testca.MobileID, testca.MobileIDSigning}, tc.kind)
			}
			pool, between := x509.NewCertPool(), x509.NewCertPool()
			pool.AddCert(ca.Anchors()[0])
			for _, cert := range ca.Intermediates() {
				between.AddCert(cert)
			}
			chains, err := c.Cert.Verify(x509.VerifyOptions{
				Roots: pool, Intermediates: between, CurrentTime: clock(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
			})
			require.NoError(t, err)
			require.Len(t, chains[0], 3)
		})
	}
}

func TestWhatAPersonMayBe(t *testing.T) {
	ca, err := testca.New(testca.Config{Now: clock, AuthorityBits: 2048})
	require.NoError(t, err)
	p := mary()
	p.NonQualified, p.BareCode, p.Country = true, true, "LT"
	p.NotBefore, p.NotAfter = clock().AddDate(-9, 0, 0), clock().AddDate(-6, 0, 0)
	p.Policies = []asn1.ObjectIdentifier{{1, 2, 3}}
	p.Change = func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageEncipherOnly }
	c, err := ca.Issue(p)
	require.NoError(t, err)
	require.Equal(t, "60001019906", c.Cert.Subject.SerialNumber)
	require.Equal(t, []string{"LT"}, c.Cert.Subject.Country)
	require.Equal(t, ca.Authority(false).Cert.RawSubject, c.Cert.RawIssuer)
	require.Equal(t, p.NotAfter, c.Cert.NotAfter)
	require.Equal(t, "1.2.3", c.Cert.Policies[0].String())
	require.Equal(t, x509.KeyUsageEncipherOnly, c.Cert.KeyUsage)
	require.Equal(t, x509.SHA256WithRSA, c.Cert.SignatureAlgorithm)
	require.Empty(t, c.Cert.OCSPServer)

	again := mary()
	again.Key = c.Key
	d, err := ca.Issue(again)
	require.NoError(t, err)
	require.Equal(t, c.Cert.PublicKey, d.Cert.PublicKey)

	for field, broken := range map[string]testca.Person{
		"Code":      {GivenName: "A"},
		"GivenName": {Code: "EE1"},
		"Born":      {Code: "EE1", GivenName: "A", Born: "1990-02-30"},
		"Kind":      {Code: "EE1", GivenName: "A", Kind: 99},
	} {
		_, err := ca.Issue(broken)
		require.ErrorContains(t, err, "Person."+field)
	}
	require.Equal(t, "[person]", fmt.Sprintf("%+v", mary()))
}

func TestOCSP(t *testing.T) {
	ca, _ := newCA(t, testca.Config{})
	c, err := ca.Issue(mary())
	require.NoError(t, err)
	issuer := ca.Authority(true).Cert
	ask := func() ([]byte, int) {
		req, err := ocsp.CreateRequest(c.Cert, issuer, nil)
		require.NoError(t, err)
		res, err := http.Post(c.Cert.OCSPServer[0], "application/ocsp-request", bytes.NewReader(req))
		require.NoError(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return body, res.StatusCode
	}
	status := func() int {
		body, _ := ask()
		res, err := ocsp.ParseResponseForCert(body, c.Cert, issuer)
		require.NoError(t, err)
		require.Equal(t, clock(), res.ThisUpdate)
		return res.Status
	}
	require.Equal(t, ocsp.Good, status())
	r := ca.Responder()
	for answer, want := range map[testca.Answer]int{
		testca.Revoked: ocsp.Revoked, testca.Unknown: ocsp.Unknown, testca.IssuerSigned: ocsp.Good, testca.WithoutNonce: ocsp.Good,
	} {
		r.Answer(answer)
		require.Equal(t, want, status(), answer)
	}
	r.Answer(testca.Truth)
	r.Revoke(c)
	require.Equal(t, ocsp.Revoked, status())
	r.Answer(testca.Good)
	require.Equal(t, ocsp.Good, status())
	for _, answer := range []testca.Answer{testca.WronglySigned, testca.WrongSigner, testca.OtherSerial, testca.Later, testca.Malformed, testca.Empty} {
		r.Answer(answer)
		body, _ := ask()
		_, err := ocsp.ParseResponseForCert(body, c.Cert, issuer)
		require.Error(t, err, answer)
	}
	r.Answer(testca.Unavailable)
	_, code := ask()
	require.Equal(t, http.StatusServiceUnavailable, code)
	r.Answer(testca.Truth)
	r.Change(func(res *testca.Response) { res.Status, res.ByKey = 2, true })
	require.Equal(t, ocsp.Unknown, status())
	asked, _ := r.Asked()
	require.Equal(t, 15, asked)
}

func TestLists(t *testing.T) {
	ca, _ := newCA(t, testca.Config{})
	c, err := ca.Issue(mary())
	require.NoError(t, err)
	issuer := ca.Authority(true).Cert
	get := func() []byte {
		res, err := http.Get(c.Cert.CRLDistributionPoints[0])
		require.NoError(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return body
	}
	list, err := x509.ParseRevocationList(get())
	require.NoError(t, err)
	require.NoError(t, list.CheckSignatureFrom(issuer))
	require.Empty(t, list.RevokedCertificateEntries)
	r := ca.Responder()
	r.Revoke(c)
	list, err = x509.ParseRevocationList(get())
	require.NoError(t, err)
	require.Len(t, list.RevokedCertificateEntries, 1)
	require.Equal(t, c.Cert.SerialNumber, list.RevokedCertificateEntries[0].SerialNumber)
	r.AnswerList(testca.WronglySigned)
	list, err = x509.ParseRevocationList(get())
	require.NoError(t, err)
	require.Equal(t, issuer.RawSubject, list.RawIssuer)
	require.Error(t, list.CheckSignatureFrom(issuer))
	r.AnswerList(testca.WrongSigner)
	list, err = x509.ParseRevocationList(get())
	require.NoError(t, err)
	require.NotEqual(t, issuer.RawSubject, list.RawIssuer)
	r.AnswerList(testca.Stale)
	list, err = x509.ParseRevocationList(get())
	require.NoError(t, err)
	require.True(t, list.NextUpdate.Before(clock()))
	r.AnswerList(testca.ForeignPortion)
	list, err = x509.ParseRevocationList(get())
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(list.Extensions), "2.5.29.28")
	_, lists := r.Asked()
	require.Equal(t, 6, lists)
}

func TestConfig(t *testing.T) {
	_, err := testca.New(testca.Config{URL: "ftp://x"})
	require.ErrorContains(t, err, "Config.URL")
}
