package mobileid_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/mobileid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// signs makes the service answer for one signing certificate.
func (r *rig) signs(c *testca.Certificate) {
	r.Helper()
	r.service.start = func(op string, _ begun) (int, string) {
		if op == "certificate" {
			return 200, `{"result":"OK","cert":"` + base64.StdEncoding.EncodeToString(c.DER) + `"}`
		}
		return 200, `{"sessionId":"` + session + `"}`
	}
	r.service.poll = func(*http.Request) (int, string) {
		b := r.service.asked()
		value, algorithm := sign(r.TB, c, b.HashType, b.Hash)
		return 200, answer(r.TB, nil, algorithm, value)
	}
}

func (r *rig) beginSignature() eid.Challenge {
	r.Helper()
	signer, err := r.m.Certificate(r.Context(), code, phone)
	require.NoError(r, err)
	c, err := r.m.BeginSignature(r.Context(), mobileid.SignatureRequest{
		By: signer, Phone: phone, Hash: mobileid.SHA256, Digest: mobileid.SHA256.Sum([]byte("a contract")), Text: "Leping 7",
	})
	require.NoError(r, err)
	return c
}

func TestASignatureIsOfTheCertificateAndTheHash(t *testing.T) {
	for name, who := range map[string]testca.Person{
		"with a key on a curve": {Kind: testca.MobileIDSigning},
		"with an RSA key":       {Kind: testca.MobileIDSigning, RSABits: 2048},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			cert := r.person(who)
			r.signs(cert)
			for _, h := range []mobileid.Hash{mobileid.SHA256, mobileid.SHA384, mobileid.SHA512} {
				signer, err := r.m.Certificate(t.Context(), code, phone)
				require.NoError(t, err)
				require.Equal(t, cert.DER, signer.Certificate.Raw)
				require.Equal(t, code, signer.Person.Code)
				require.Equal(t, eid.High, signer.Level)
				require.Equal(t, r.ca.Authority(true).DER, signer.Issuer.Raw)
				hash := h.Sum([]byte("a contract"))
				c, err := r.m.BeginSignature(t.Context(), mobileid.SignatureRequest{By: signer, Phone: phone, Hash: h, Digest: hash})
				require.NoError(t, err)
				require.Equal(t, mobileid.ControlCode(hash), c.Code)
				require.Equal(t, hash, r.service.asked().Hash)
				require.Equal(t, string(h), r.service.asked().HashType)

				s, err := r.m.ResolveSignature(t.Context(), c.State)
				require.NoError(t, err)
				require.Equal(t, hash, s.Digest)
				require.Equal(t, h, s.Hash)
				require.Equal(t, cert.DER, s.By.Certificate.Raw)
				require.Equal(t, r.clock(), s.At)
				require.Contains(t, s.Algorithm, string(h)+"With")
				require.GreaterOrEqual(t, len(s.Value), 64)
			}
		})
	}
}

func TestASigningCertificateThatIsNoneIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		who  testca.Person
		want error
	}{
		"made for authentication": {testca.Person{Kind: testca.MobileID}, trust.RulePurpose},
		"of Smart-ID":             {testca.Person{Kind: testca.SmartIDSigning}, trust.RulePolicy},
		"of another person":       {testca.Person{Kind: testca.MobileIDSigning, Code: "EE60001017869"}, eid.ErrUntrusted},
		"not qualified":           {testca.Person{Kind: testca.MobileIDSigning, NonQualified: true}, trust.RulePolicy},
		"expired": {testca.Person{
			Kind: testca.MobileIDSigning, NotBefore: noon().AddDate(-5, 0, 0), NotAfter: noon().AddDate(0, 0, -1),
		}, trust.RuleValidity},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			cert := r.person(row.who)
			r.signs(cert)
			_, err := r.m.Certificate(t.Context(), code, phone)
			require.ErrorIs(t, err, eid.ErrUntrusted)
			require.ErrorIs(t, err, row.want)
			clean(t, err.Error())

			_, err = r.m.BeginSignature(t.Context(), mobileid.SignatureRequest{
				By:    &mobileid.SigningCertificate{Certificate: cert.Cert, Person: trust.Subject{Code: code}},
				Phone: phone, Hash: mobileid.SHA256, Digest: make([]byte, 32),
			})
			require.ErrorIs(t, err, row.want, "nor is one that was made up")
			require.Empty(t, r.service.begunOf("signature"))
		})
	}
}

func TestTheAnswerAboutACertificate(t *testing.T) {
	for name, row := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"there is none":            {200, `{"result":"NOT_FOUND","cert":""}`, eid.ErrNoAccount},
		"it is not active":         {200, `{"result":"NOT_ACTIVE"}`, eid.ErrNoAccount},
		"a word of tomorrow":       {200, `{"result":"SUSPENDED"}`, eid.ErrFailed},
		"a success without one":    {200, `{"result":"OK"}`, eid.ErrUntrusted},
		"a success with something": {200, `{"result":"OK","cert":"AAAA"}`, eid.ErrUntrusted},
		"a success with no base64": {200, `{"result":"OK","cert":"A\nAAA"}`, eid.ErrUntrusted},
		"nothing":                  {200, ``, mobileid.ErrProtocol},
		"a refusal":                {401, `{}`, mobileid.ErrCredentials},
		"an outage":                {500, `{}`, mobileid.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.service.start = func(string, begun) (int, string) { return row.status, row.body }
			_, err := r.m.Certificate(t.Context(), code, phone)
			require.ErrorIs(t, err, row.want)
			clean(t, err.Error())
		})
	}
	r := newRig(t)
	_, err := r.m.Certificate(t.Context(), "EE1", phone)
	require.ErrorIs(t, err, eid.ErrRequest)
}

func TestARequestForASignatureIsWholeOrRefused(t *testing.T) {
	r := newRig(t)
	signer, err := r.m.Certificate(t.Context(), code, phone)
	require.NoError(t, err)
	good := mobileid.SignatureRequest{By: signer, Phone: phone, Hash: mobileid.SHA256, Digest: make([]byte, 32)}
	for field, change := range map[string]func(*mobileid.SignatureRequest){
		"By":  func(s *mobileid.SignatureRequest) { s.By = nil },
		"By ": func(s *mobileid.SignatureRequest) { s.By = &mobileid.SigningCertificate{} },
		"By  ": func(s *mobileid.SignatureRequest) {
			s.By = &mobileid.SigningCertificate{Certificate: &x509.Certificate{Raw: make([]byte, 9<<10)}}
		},
		"Hash":     func(s *mobileid.SignatureRequest) { s.Hash = "MD5" },
		"Digest":   func(s *mobileid.SignatureRequest) { s.Digest = make([]byte, 20) },
		"Phone":    func(s *mobileid.SignatureRequest) { s.Phone = "" },
		"Text":     func(s *mobileid.SignatureRequest) { s.Text = string(bytes.Repeat([]byte("a"), 101)) },
		"Language": func(s *mobileid.SignatureRequest) { s.Language = "lt" },
	} {
		bad := good
		change(&bad)
		_, err := r.m.BeginSignature(t.Context(), bad)
		require.ErrorIs(t, err, eid.ErrRequest, field)
		require.ErrorContains(t, err, strings.TrimSpace(field))
	}
	require.Empty(t, r.service.begunOf("signature"))
}

func TestASignatureOfAnythingElseIsRefused(t *testing.T) {
	r := newRig(t)
	mine, other := r.person(testca.Person{Kind: testca.MobileIDSigning}), r.person(testca.Person{Kind: testca.MobileIDSigning})
	r.signs(mine)
	c := r.beginSignature()
	b := r.service.asked()
	good, _ := sign(t, mine, b.HashType, b.Hash)
	for name, body := range map[string]string{
		"another key":             signed(t, other, b),
		"another certificate":     answer(t, other.DER, "SHA256WithECEncryption", good),
		"another hash":            answer(t, nil, "SHA256WithECEncryption", bytes.Repeat([]byte{1}, 64)),
		"another algorithm":       answer(t, nil, "SHA512WithECEncryption", good),
		"another kind of key":     answer(t, nil, "SHA256WithRSAEncryption", good),
		"nothing":                 answer(t, nil, "SHA256WithECEncryption", nil),
		"no signature, but an OK": `{"state":"COMPLETE","result":"OK"}`,
	} {
		r.answers(200, body)
		_, err := r.m.ResolveSignature(t.Context(), c.State)
		require.ErrorIs(t, err, eid.ErrUntrusted, name)
	}
	r.answers(200, answer(t, mine.DER, "SHA256WithECEncryption", good))
	_, err := r.m.ResolveSignature(t.Context(), c.State)
	require.NoError(t, err, "the same certificate may be repeated")
	r.answers(200, `{"state":"COMPLETE","result":"USER_CANCELLED"}`)
	_, err = r.m.ResolveSignature(t.Context(), c.State)
	require.ErrorIs(t, err, eid.ErrRefused)
	r.answers(200, `{"state":"RUNNING"}`)
	_, err = r.m.ResolveSignature(t.Context(), c.State)
	require.ErrorIs(t, err, eid.ErrPending)
}

func TestARevokedSignerSignsNothing(t *testing.T) {
	status := &checker{}
	r := newRig(t, func(c *mobileid.Config) { c.InsecureSkipRevocation, c.Revocation = false, status })
	r.signs(r.person(testca.Person{Kind: testca.MobileIDSigning}))
	c := r.beginSignature()
	for _, want := range []error{trust.ErrRevoked, trust.ErrUnknownStatus, trust.ErrStatusUnreachable} {
		status.err = want
		_, err := r.m.Certificate(t.Context(), code, phone)
		require.ErrorIs(t, err, want)
		_, err = r.m.ResolveSignature(t.Context(), c.State)
		require.ErrorIs(t, err, want)
	}
	status.err = nil
	_, err := r.m.ResolveSignature(t.Context(), c.State)
	require.NoError(t, err)
}

func TestAVerifierOfSignaturesIsAskedForSomethingWhole(t *testing.T) {
	r := newRig(t)
	cert := r.person(testca.Person{Kind: testca.MobileIDSigning})
	digest := mobileid.SHA256.Sum([]byte("a contract"))
	value, algorithm := sign(t, cert, "SHA256", digest)
	body := []byte(answer(t, nil, algorithm, value))
	good := mobileid.AskedSignature{Hash: mobileid.SHA256, Digest: digest, Certificate: cert.Cert, Code: code}
	_, err := r.verifier().VerifySignature(t.Context(), body, good, noon())
	require.NoError(t, err)
	for field, change := range map[string]func(*mobileid.AskedSignature){
		"Hash":        func(a *mobileid.AskedSignature) { a.Hash = "SHA1" },
		"Digest":      func(a *mobileid.AskedSignature) { a.Digest = nil },
		"Code":        func(a *mobileid.AskedSignature) { a.Code = "" },
		"Certificate": func(a *mobileid.AskedSignature) { a.Certificate = nil },
	} {
		bad := good
		change(&bad)
		_, err := r.verifier().VerifySignature(t.Context(), body, bad, noon())
		require.ErrorIs(t, err, eid.ErrRequest)
		require.ErrorContains(t, err, "Asked."+field)
	}
	for name, change := range map[string]func(*mobileid.AskedSignature){
		"another digest": func(a *mobileid.AskedSignature) { a.Digest = mobileid.SHA256.Sum([]byte("another contract")) },
		"another person": func(a *mobileid.AskedSignature) { a.Code = "EE60001017869" },
		"another certificate": func(a *mobileid.AskedSignature) {
			a.Certificate = r.person(testca.Person{Kind: testca.MobileIDSigning}).Cert
		},
		"another purpose": func(a *mobileid.AskedSignature) {
			a.Certificate = r.person(testca.Person{Kind: testca.MobileID, Key: cert.Key}).Cert
		},
	} {
		bad := good
		change(&bad)
		_, err := r.verifier().VerifySignature(t.Context(), body, bad, noon())
		require.ErrorIs(t, err, eid.ErrUntrusted, name)
	}
}
