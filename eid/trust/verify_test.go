package trust_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/trust"
)

func TestVerify(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	shortKey, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	weakCurve, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	change := func(f func(*x509.Certificate)) func(*testca.Person) { return func(p *testca.Person) { p.Change = f } }
	kind := func(k testca.Kind) func(*testca.Person) {
		return func(p *testca.Person) { p.Kind, p.Key = k, rsaKey }
	}
	for name, tc := range map[string]struct {
		by     *authority // nil: a
		person func(*testca.Person)
		at     time.Duration // from now
		want   trust.Rule    // "": good
		level  eid.Level
	}{
		"Mobile-ID":            {level: eid.High},
		"Mobile-ID with RSA":   {person: kind(testca.MobileID), level: eid.High},
		"Smart-ID":             {person: kind(testca.SmartID), level: eid.High},
		"Smart-ID before 2025": {person: kind(testca.SmartIDOld), level: eid.High},
		"Smart-ID, not qualified": {level: eid.Low, person: func(p *testca.Person) {
			p.Kind, p.Key, p.NonQualified = testca.SmartID, rsaKey, true
		}},
		"of several policies the best": {level: eid.High, person: func(p *testca.Person) {
			p.Policies = append(testca.Policies(testca.SmartID, false), testca.Policies(testca.SmartID, true)...)
		}},
		"signing by Smart-ID":  {person: kind(testca.SmartIDSigning), want: trust.RulePurpose},
		"signing by Mobile-ID": {person: kind(testca.MobileIDSigning), want: trust.RulePurpose},
		"without any usage":    {person: change(func(c *x509.Certificate) { c.KeyUsage = 0 }), want: trust.RulePurpose},
		"without the extended usage": {want: trust.RulePurpose, person: func(p *testca.Person) {
			p.Kind, p.Key, p.Change = testca.SmartID, rsaKey, func(c *x509.Certificate) { c.UnknownExtKeyUsage = nil }
		}},
		"with the extended usage of everything": {want: trust.RulePurpose, person: func(p *testca.Person) {
			p.Kind, p.Key, p.Change = testca.SmartID, rsaKey, func(c *x509.Certificate) {
				c.UnknownExtKeyUsage, c.ExtKeyUsage = nil, []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
			}
		}},
		"old usages, one missing": {want: trust.RulePurpose, person: func(p *testca.Person) {
			p.Kind, p.Key = testca.SmartIDOld, rsaKey
			p.Change = func(c *x509.Certificate) { c.KeyUsage &^= x509.KeyUsageDataEncipherment }
		}},
		"half of a policy": {person: func(p *testca.Person) { p.Policies = testca.Policies(testca.SmartID, true)[1:] }, want: trust.RulePolicy},
		"halves of two policies": {want: trust.RulePolicy, person: func(p *testca.Person) {
			p.Policies = []asn1.ObjectIdentifier{testca.Policies(testca.SmartID, true)[0], testca.Policies(testca.SmartID, false)[1]}
		}},
		"no policy":          {person: func(p *testca.Person) { p.Policies = []asn1.ObjectIdentifier{} }, want: trust.RulePolicy},
		"any policy":         {person: func(p *testca.Person) { p.Policies = []asn1.ObjectIdentifier{{2, 5, 29, 32, 0}} }, want: trust.RulePolicy},
		"not yet valid":      {at: -48 * time.Hour, want: trust.RuleValidity},
		"not valid any more": {at: 4 * 365 * 24 * time.Hour, want: trust.RuleValidity},
		"its authorities are not valid any more": {at: 21 * 365 * 24 * time.Hour, want: trust.RuleValidity,
			person: func(p *testca.Person) { p.NotAfter = now().AddDate(30, 0, 0) }},
		"an authority itself":   {person: change(func(c *x509.Certificate) { c.IsCA = true }), want: trust.RuleCA},
		"may sign certificates": {person: change(func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign }), want: trust.RuleCA},
		"may sign lists":        {person: change(func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCRLSign }), want: trust.RuleCA},
		"short key":             {person: func(p *testca.Person) { p.Key = shortKey }, want: trust.RuleKey},
		"weak curve":            {person: func(p *testca.Person) { p.Key = weakCurve }, want: trust.RuleKey},
		"key of another kind":   {person: func(p *testca.Person) { p.Key = edKey }, want: trust.RuleKey},
		"of another authority":  {by: stranger, want: trust.RuleChain},
		"longer than anybody's": {want: trust.RuleForm, person: change(func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Value: make([]byte, 17<<10)})
		})},
		"with an unknown critical extension": {want: trust.RuleChain, person: change(func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}})
		})},
	} {
		t.Run(name, func(t *testing.T) {
			by := a
			if tc.by != nil {
				by = tc.by
			}
			cert := by.issue(t, tc.person).Cert
			v, err := a.store.Verify(cert, profile(), now().Add(tc.at))
			if tc.want != "" {
				require.Nil(t, v)
				require.ErrorIs(t, err, tc.want)
				require.ErrorIs(t, err, eid.ErrUntrusted)
				require.ErrorContains(t, err, string(tc.want))
				silent(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.level, v.Level)
			require.Len(t, v.Chain, 3)
			require.True(t, v.Chain[0].Equal(cert))
			require.True(t, v.Chain[2].Equal(a.Anchors()[0]))
			require.NoError(t, cert.CheckSignatureFrom(v.Issuer))
		})
	}
}

func TestSignatureOfTheCertificate(t *testing.T) {
	a := newAuthority(t)
	cert := a.issue(t, nil)
	t.Run("any flipped byte of it is refused", func(t *testing.T) {
		refused := 0
		for i := range cert.DER {
			der := append([]byte(nil), cert.DER...)
			der[i] ^= 1
			bad, err := trust.Parse(der)
			if err == nil {
				_, err = a.store.Verify(bad, profile(), now())
			}
			require.ErrorIs(t, err, eid.ErrUntrusted, i)
			refused++
		}
		require.Greater(t, refused, 500)
	})
	t.Run("by the issuer's name with another key", func(t *testing.T) {
		other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		parent := *a.Authority(true).Cert
		parent.PublicKey = other.Public()
		require.ErrorIs(t, a.signed(t, cert.Cert, &parent, other, 0), trust.RuleChain)
	})
	t.Run("with SHA-1", func(t *testing.T) {
		key := a.Authority(true)
		require.NoError(t, a.signed(t, cert.Cert, key.Cert, key.Key, 0))
		require.ErrorIs(t, a.signed(t, cert.Cert, key.Cert, key.Key, x509.ECDSAWithSHA1), trust.RuleChain)
	})
	t.Run("by a person, who may not", func(t *testing.T) {
		require.ErrorIs(t, a.signed(t, cert.Cert, cert.Cert, cert.Key, 0), trust.RuleChain)
	})
	t.Run("below an authority that may have none below it", func(t *testing.T) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		q := a.Authority(true)
		template := *q.Cert
		template.Subject, template.RawSubject = pkix.Name{CommonName: "deeper"}, nil
		template.SerialNumber, template.SubjectKeyId, template.PublicKey = big.NewInt(7), []byte{1}, nil
		der, err := x509.CreateCertificate(rand.Reader, &template, q.Cert, key.Public(), q.Key)
		require.NoError(t, err)
		deeper, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		store, err := trust.New(trust.Config{Anchors: a.Anchors(), Intermediates: append(a.Intermediates(), deeper)})
		require.NoError(t, err)
		b := &authority{CA: a.CA, store: store}
		require.ErrorIs(t, b.signed(t, cert.Cert, deeper, key, 0), trust.RuleChain)
	})
}

// signed verifies a copy of like that somebody else signed.
func (a *authority) signed(t *testing.T, like, parent *x509.Certificate, key crypto.Signer, algorithm x509.SignatureAlgorithm) error {
	t.Helper()
	template := *like
	template.SignatureAlgorithm = algorithm
	template.AuthorityKeyId = nil
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, like.PublicKey, key)
	require.NoError(t, err)
	cert, err := trust.Parse(der)
	require.NoError(t, err)
	_, err = a.store.Verify(cert, profile(), now())
	return err
}

func TestVerifyNeedsSomethingToVerify(t *testing.T) {
	a := newAuthority(t)
	cert := a.issue(t, nil).Cert
	for _, c := range []*x509.Certificate{nil, {}} {
		_, err := a.store.Verify(c, profile(), now())
		require.ErrorIs(t, err, trust.RuleForm)
	}
	_, err := a.store.Verify(a.Intermediates()[0], profile(), now())
	require.ErrorIs(t, err, trust.RuleCA)
	for field, p := range map[string]trust.Profile{
		"Profile.Purposes and":      {Policies: profile().Policies},
		"and Profile.Policies":      {Purposes: profile().Purposes},
		"Profile.Purposes[0].Usage": {Policies: profile().Policies, Purposes: []trust.Purpose{{ExtUsage: clientAuth()}}},
		"Profile.Policies[0] needs": {Purposes: profile().Purposes, Policies: []trust.Policy{{Level: eid.High}}},
		"Profile.Policies[1] needs": {Purposes: profile().Purposes, Policies: []trust.Policy{
			profile().Policies[0], {All: []asn1.ObjectIdentifier{{1, 2}}}}},
	} {
		require.ErrorContains(t, p.Valid(), field)
		_, err := a.store.Verify(cert, p, now())
		require.ErrorIs(t, err, eid.ErrUntrusted)
		require.ErrorContains(t, err, field)
	}
}
