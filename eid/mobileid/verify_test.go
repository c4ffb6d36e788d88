package mobileid_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/mobileid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// verifier believes the authority of the rig.
func (r *rig) verifier(change ...func(*mobileid.VerifierConfig)) *mobileid.Verifier {
	r.Helper()
	cfg := mobileid.VerifierConfig{Trust: r.cfg.Trust, Environment: mobileid.Live(), InsecureSkipRevocation: true}
	for _, c := range change {
		c(&cfg)
	}
	v, err := mobileid.NewVerifier(cfg)
	require.NoError(r, err)
	return v
}

func askedFor(h mobileid.Hash) mobileid.Asked {
	return mobileid.Asked{Hash: h, Digest: h.Sum([]byte("chosen")), Code: code, Level: eid.High}
}

func TestEveryKeyAndHashOfTheServiceIsVerified(t *testing.T) {
	r := newRig(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	for name, who := range map[string]testca.Person{
		"P-256":                   {},
		"P-384":                   {Key: p384},
		"RSA 2048":                {RSABits: 2048},
		"a number without prefix": {BareCode: true},
	} {
		cert := r.person(who)
		for _, h := range []mobileid.Hash{mobileid.SHA256, mobileid.SHA384, mobileid.SHA512} {
			t.Run(name+" "+string(h), func(t *testing.T) {
				asked := askedFor(h)
				body := signed(t, cert, begun{HashType: string(h), Hash: asked.Digest})
				id, err := r.verifier().Verify(t.Context(), []byte(body), asked, noon())
				require.NoError(t, err)
				require.Equal(t, code, id.Code)

				for _, other := range []mobileid.Hash{mobileid.SHA256, mobileid.SHA384, mobileid.SHA512} {
					if other == h {
						continue
					}
					_, err := r.verifier().Verify(t.Context(), []byte(body), askedFor(other), noon())
					require.ErrorIs(t, err, eid.ErrUntrusted, "asked for %s", other)
				}
			})
		}
	}
}

func TestASignatureInAnotherFormIsRefused(t *testing.T) {
	r := newRig(t)
	cert := r.person(testca.Person{})
	key, ok := cert.Key.(*ecdsa.PrivateKey)
	require.True(t, ok)
	asked := askedFor(mobileid.SHA256)
	good, algorithm := sign(t, cert, "SHA256", asked.Digest)
	der, err := ecdsa.SignASN1(rand.Reader, key, asked.Digest)
	require.NoError(t, err)
	for name, row := range map[string]struct {
		algorithm string
		value     []byte
	}{
		"as certificates have it":   {algorithm, der},
		"one byte short":            {algorithm, good[:63]},
		"one byte long":             {algorithm, append(good[:64:64], 0)},
		"with leading zeros":        {algorithm, append(append(make([]byte, 1), good[:32]...), append(make([]byte, 1), good[32:]...)...)},
		"with a zero before s":      {algorithm, append(append(good[:32:32], 0), good[32:]...)},
		"s before r":                {algorithm, append(good[32:64:64], good[:32]...)},
		"zeros":                     {algorithm, make([]byte, 64)},
		"as long as RSA":            {algorithm, make([]byte, 512)},
		"empty":                     {algorithm, nil},
		"of another hash, by name":  {"SHA512WithECEncryption", good},
		"of another key, by name":   {"SHA256WithRSAEncryption", good},
		"in another spelling":       {"sha256WithECEncryption", good},
		"without a name":            {"", good},
		"of no hash, by its name":   {"WithECEncryption", good},
		"with something behind it":  {algorithm + " ", good},
		"with the name of a scheme": {"ecdsa-with-SHA256", good},
	} {
		_, err := r.verifier().Verify(t.Context(), []byte(answer(t, cert.DER, row.algorithm, row.value)), asked, noon())
		require.ErrorIs(t, err, eid.ErrUntrusted, name)
	}
	body := answer(t, cert.DER, algorithm, good)
	text := base64.StdEncoding.EncodeToString(good)
	for name, other := range map[string]string{
		"line breaks":   text[:40] + `\n` + text[40:],
		"no padding":    strings.TrimRight(text, "="),
		"unused bits":   text[:85] + string(text[85]+1) + "==",
		"not base64":    "…",
		"twice the end": text + text,
	} {
		_, err := r.verifier().Verify(t.Context(), []byte(strings.Replace(body, text, other, 1)), asked, noon())
		require.ErrorIs(t, err, eid.ErrUntrusted, name)
	}
	_, err = r.verifier().Verify(t.Context(), []byte(body), asked, noon())
	require.NoError(t, err)
}

// An RSA signature of the right hash with another padding must not pass for one
// of what was asked.
func TestAnRSASignatureWithAnotherPaddingIsRefused(t *testing.T) {
	r := newRig(t)
	cert := r.person(testca.Person{RSABits: 2048})
	key, ok := cert.Key.(*rsa.PrivateKey)
	require.True(t, ok)
	asked := askedFor(mobileid.SHA256)
	pss, err := rsa.SignPSS(rand.Reader, key, 5, asked.Digest, nil) // 5: crypto.SHA256
	require.NoError(t, err)
	bare, err := rsa.SignPKCS1v15(rand.Reader, key, 0, asked.Digest)
	require.NoError(t, err)
	for name, value := range map[string][]byte{"PSS": pss, "without the hash's name": bare} {
		_, err := r.verifier().Verify(t.Context(), []byte(answer(t, cert.DER, "SHA256WithRSAEncryption", value)), asked, noon())
		require.ErrorIs(t, err, eid.ErrUntrusted, name)
	}
}

func TestACertificateOfAnotherKindIsRefused(t *testing.T) {
	oid := func(n ...int) asn1.ObjectIdentifier { return n }
	other, err := testca.New(testca.Config{Now: noon})
	require.NoError(t, err)
	weak, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	for name, row := range map[string]struct {
		who testca.Person
		ca  *testca.CA
		at  time.Duration
		is  error
	}{
		"made for signatures":               {testca.Person{Kind: testca.MobileIDSigning}, nil, 0, trust.RulePurpose},
		"of Smart-ID":                       {testca.Person{Kind: testca.SmartIDOld}, nil, 0, trust.RulePolicy},
		"of an identity card":               {testca.Person{Policies: []asn1.ObjectIdentifier{oid(1, 3, 6, 1, 4, 1, 51361, 1, 1, 1), oid(0, 4, 0, 2042, 1, 2)}}, nil, 0, trust.RulePolicy},
		"under half of its policies":        {testca.Person{Policies: []asn1.ObjectIdentifier{oid(1, 3, 6, 1, 4, 1, 10015, 18, 1)}}, nil, 0, trust.RulePolicy},
		"under a policy below the right":    {testca.Person{Policies: []asn1.ObjectIdentifier{oid(1, 3, 6, 1, 4, 1, 10015, 18, 1, 1), oid(0, 4, 0, 2042, 1, 2)}}, nil, 0, trust.RulePolicy},
		"under no policy":                   {testca.Person{Policies: []asn1.ObjectIdentifier{}}, nil, 0, trust.RulePolicy},
		"of another authority of the name":  {testca.Person{}, other, 0, trust.RuleChain},
		"not valid yet":                     {testca.Person{}, nil, -25 * time.Hour, trust.RuleValidity},
		"not valid any more":                {testca.Person{}, nil, 4 * 366 * 24 * time.Hour, trust.RuleValidity},
		"with a key that is too short":      {testca.Person{RSABits: 1024}, nil, 0, trust.RuleKey},
		"with a key on a curve of the past": {testca.Person{Key: weak}, nil, 0, trust.RuleKey},
		"that could issue others":           {testca.Person{Change: func(c *x509.Certificate) { c.IsCA = true }}, nil, 0, trust.RuleCA},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			if row.ca != nil {
				r.ca = row.ca
			}
			cert := r.person(row.who)
			asked := askedFor(mobileid.SHA256)
			body := signed(t, cert, begun{HashType: "SHA256", Hash: asked.Digest})
			_, err := r.verifier().Verify(t.Context(), []byte(body), asked, noon().Add(row.at))
			require.ErrorIs(t, err, eid.ErrUntrusted)
			require.ErrorIs(t, err, row.is)
			clean(t, err.Error())
		})
	}
}

func TestALevelBelowTheOneAskedForIsTooWeak(t *testing.T) {
	r := newRig(t)
	cert := r.person(testca.Person{})
	asked := askedFor(mobileid.SHA256)
	body := []byte(signed(t, cert, begun{HashType: "SHA256", Hash: asked.Digest}))
	for given := eid.Low; given <= eid.High; given++ {
		v := r.verifier(func(c *mobileid.VerifierConfig) { c.Environment.Authentication.Policies[0].Level = given })
		for want := eid.Undefined; want <= eid.High; want++ {
			asked.Level = want
			id, err := v.Verify(t.Context(), body, asked, noon())
			if given.AtLeast(max(want, eid.Low)) && (want != eid.Undefined || given >= eid.Substantial) {
				require.NoError(t, err)
				require.Equal(t, given, id.Level)
				continue
			}
			require.ErrorIs(t, err, eid.ErrTooWeak)
		}
	}
}

func TestARevokedCertificateIsRefusedAndAnUnknownOneToo(t *testing.T) {
	r := newRig(t)
	cert := r.person(testca.Person{})
	asked := askedFor(mobileid.SHA256)
	body := []byte(signed(t, cert, begun{HashType: "SHA256", Hash: asked.Digest}))
	for _, status := range []error{nil, trust.ErrRevoked, trust.ErrUnknownStatus, trust.ErrStatusUnreachable} {
		v := r.verifier(func(c *mobileid.VerifierConfig) { c.InsecureSkipRevocation, c.Revocation = false, &checker{status} })
		_, err := v.Verify(t.Context(), body, asked, noon())
		require.ErrorIs(t, err, status)
		if errors.Is(status, trust.ErrStatusUnreachable) {
			require.NotErrorIs(t, err, eid.ErrUntrusted, "it may be asked again")
		}
	}
}

func TestAVerifierIsAskedForSomethingWhole(t *testing.T) {
	r := newRig(t)
	for field, change := range map[string]func(*mobileid.Asked){
		"Hash":   func(a *mobileid.Asked) { a.Hash = "SHA1" },
		"Digest": func(a *mobileid.Asked) { a.Digest = a.Digest[:31] },
		"Code":   func(a *mobileid.Asked) { a.Code = "" },
		"Level":  func(a *mobileid.Asked) { a.Level = 9 },
	} {
		asked := askedFor(mobileid.SHA256)
		change(&asked)
		_, err := r.verifier().Verify(t.Context(), []byte(`{}`), asked, noon())
		require.ErrorIs(t, err, eid.ErrRequest)
		require.ErrorContains(t, err, "Asked."+field)
	}
}

func TestAnAnswerWithoutItsPartsIsRefused(t *testing.T) {
	r := newRig(t)
	cert := r.person(testca.Person{})
	asked := askedFor(mobileid.SHA256)
	body := signed(t, cert, begun{HashType: "SHA256", Hash: asked.Digest})
	for _, part := range []string{"signature", "cert"} {
		var m map[string]any
		require.NoError(t, json.Unmarshal([]byte(body), &m))
		delete(m, part)
		short, err := json.Marshal(m)
		require.NoError(t, err)
		_, err = r.verifier().Verify(t.Context(), short, asked, noon())
		require.ErrorIs(t, err, eid.ErrUntrusted, part)
		m[part] = []any{"another type"}
		short, err = json.Marshal(m)
		require.NoError(t, err)
		_, err = r.verifier().Verify(t.Context(), short, asked, noon())
		require.ErrorIs(t, err, mobileid.ErrProtocol, part)
	}
}
