package smartidtest_test

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/smartid/smartidtest"
)

func TestWhatIsApprovedIsSignedGenuinely(t *testing.T) {
	s := open(t)
	for name, h := range hashes {
		t.Run(name, func(t *testing.T) {
			const hash = "signatureProtocolParameters.signatureAlgorithmParameters.hashAlgorithm"
			o, status, err := s.approved(t, authRequest().with(hash, name))
			require.NoError(t, err)
			require.NoError(t, s.check(o, status, s.clock.Now()))
			o, status, err = s.approved(t, notifyRequest().with(hash, name))
			require.NoError(t, err)
			require.NoError(t, s.check(o, status, s.clock.Now()))
			digest := strings.Repeat("A", (h.Size()+2)/3*4)
			if pad := (3 - h.Size()%3) % 3; pad > 0 {
				digest = digest[:len(digest)-pad] + strings.Repeat("=", pad)
			}
			o, status, err = s.approved(t, signRequest().with(hash, name).with("signatureProtocolParameters.digest", digest))
			require.NoError(t, err)
			require.NoError(t, s.check(o, status, s.clock.Now()))
		})
	}
	o, status, err := s.approved(t, signRequest().with("signatureProtocolParameters.signatureAlgorithm", "sha512WithRSAEncryption"))
	require.NoError(t, err)
	require.NoError(t, s.check(o, status, s.clock.Now()))
	require.NotContains(t, jsonOf(t, status), "signatureAlgorithmParameters")
}

func TestALinkOnTheSameDeviceSignsItsCallback(t *testing.T) {
	s := open(t)
	for _, kind := range []string{"Web2App", "App2App"} {
		o := s.begin(linkAuth, authRequest())
		p, err := s.Scan(deviceLink(o, kind, "auth", 0))
		require.NoError(t, err)
		_, err = p.Approve(juriDoc)
		require.NoError(t, err)
		status := s.poll(o.id)
		require.NoError(t, s.check(asked{o.request, kind, juriDoc}, status, s.clock.Now()))
		changed := o.request.with("initialCallbackUrl", callback+"x")
		require.EqualError(t, s.check(asked{changed, kind, juriDoc}, status, s.clock.Now()), "signature")
	}
}

func TestAnswersThatWereOrderedAreWrongAndNothingElse(t *testing.T) {
	s := open(t)
	before := s.clock.Now()
	for _, c := range []struct {
		name string
		smartidtest.Wrong
		want string
	}{
		{"another key", smartidtest.Wrong{Key: true}, "signature"},
		{"an authority with the same name", smartidtest.Wrong{Untrusted: true}, "chain"},
		{"another person", smartidtest.Wrong{Stranger: juriDoc}, "person"},
		{"another person and her document", smartidtest.Wrong{Stranger: juriDoc, Set: map[string]any{"/result/documentNumber": juriDoc}}, "person"},
		{"the signing certificate", smartidtest.Wrong{SigningCert: true}, "purpose"},
		{"a weaker certificate under a stronger name", smartidtest.Wrong{Unqualified: true}, "level"},
		{"a weaker name", smartidtest.Wrong{Level: "ADVANCED"}, "level"},
		{"an unknown name", smartidtest.Wrong{Level: "SUPREME"}, "level"},
		{"an expired certificate", smartidtest.Wrong{NotBefore: before.AddDate(-3, 0, 0), NotAfter: before.Add(-time.Second)}, "chain"},
		{"a certificate that is not valid yet", smartidtest.Wrong{NotBefore: before.Add(time.Second), NotAfter: before.AddDate(3, 0, 0)}, "chain"},
		{"another padding", smartidtest.Wrong{PKCS1: true}, "signature"},
		{"another flow", smartidtest.Wrong{FlowType: "App2App"}, "flow"},
		{"another interaction", smartidtest.Wrong{Interaction: "confirmationMessage"}, "interaction"},
		{"another environment", smartidtest.Wrong{Scheme: "smart-id"}, "signature"},
		{"another challenge", smartidtest.Wrong{Challenge: "AAAA"}, "signature"},
		{"another party", smartidtest.Wrong{PartyName: "DEMO"}, "signature"},
		{"an unknown result", smartidtest.Wrong{EndResult: "SOMETHING_NEW"}, "result"},
		{"an answer for ever running", smartidtest.Wrong{Forever: true}, "result"},
		{"a changed member", smartidtest.Wrong{Set: map[string]any{"/signature/serverRandom": "MTlop6EXCrQ6FOErcKjxUhbV"}}, "signature"},
		{"a changed parameter", smartidtest.Wrong{Set: map[string]any{"/signature/signatureAlgorithmParameters/saltLength": 20}}, "parameters"},
		{"a missing member", smartidtest.Wrong{Remove: []string{"/cert"}}, "certificate"},
		{"a member set to null", smartidtest.Wrong{Set: map[string]any{"/signature": nil}}, "flow"},
		{"an old answer", smartidtest.Wrong{Replay: true}, "signature"},
		{"a member more", smartidtest.Wrong{Extra: true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, status, err := s.approved(t, authRequest())
			require.NoError(t, err)
			require.NoError(t, s.check(o, status, s.clock.Now()), "nothing was ordered yet")
			s.AnswerNext(1, c.Wrong)
			fresh := authRequest().with("signatureProtocolParameters.rpChallenge", strings.Repeat("A", 43)+"=")
			o, status, err = s.approved(t, fresh)
			require.NoError(t, err)
			if c.want == "" {
				require.NoError(t, s.check(o, status, s.clock.Now()))
				require.Contains(t, status, "unknownMember")
				return
			}
			require.EqualError(t, s.check(o, status, s.clock.Now()), c.want)
			o, status, err = s.approved(t, authRequest())
			require.NoError(t, err)
			require.NoError(t, s.check(o, status, s.clock.Now()), "the order was for one answer")
		})
	}
}

func TestWrongAnswersLookGenuine(t *testing.T) {
	s := open(t)
	s.AnswerNext(1, smartidtest.Wrong{Unqualified: true})
	_, status, err := s.approved(t, authRequest())
	require.NoError(t, err)
	cert := certOf(t, status)
	require.NoError(t, s.trusted(cert, s.clock.Now()))
	require.Equal(t, "QUALIFIED", object(status).text("cert.certificateLevel"))
	require.False(t, qualified(cert))

	s.AnswerNext(1, smartidtest.Wrong{Untrusted: true})
	_, status, err = s.approved(t, authRequest())
	require.NoError(t, err)
	require.Equal(t, s.Intermediates()[0].Subject.String(), certOf(t, status).Issuer.String())

	s.AnswerNext(-1, smartidtest.Wrong{Forever: true})
	o := s.begin(linkAuth, authRequest())
	p, err := s.Scan(deviceLink(o, "QR", "auth", 0))
	require.NoError(t, err)
	_, err = p.Approve(maryDoc)
	require.NoError(t, err)
	s.clock.Advance(time.Hour)
	require.Equal(t, map[string]any{"state": "RUNNING"}, s.poll(o.id))
	s.AnswerRight()
	asked, status, err := s.approved(t, authRequest())
	require.NoError(t, err)
	require.NoError(t, s.check(asked, status, s.clock.Now()))
}

func TestOrdersThatCannotBeFilledAreErrorsOfTheApproval(t *testing.T) {
	s := open(t)
	for _, w := range []smartidtest.Wrong{
		{Replay: true}, {Stranger: "PNOEE-38001085718-MOCK-Q"}, {Set: map[string]any{"/no/such": 1}}, {Set: map[string]any{"": 1}},
		{Remove: []string{"/signature/value/x"}}, {Set: map[string]any{"/x": func() {}}},
	} {
		s.AnswerNext(1, w)
		o := s.begin(linkAuth, authRequest())
		p, err := s.Scan(deviceLink(o, "QR", "auth", 0))
		require.NoError(t, err)
		_, err = p.Approve(maryDoc)
		require.Error(t, err)
		require.Equal(t, "RUNNING", s.poll(o.id)["state"])
		_, err = p.Approve(maryDoc)
		require.NoError(t, err, "the session has not been touched")
	}
}

func TestSigningAnswersCanBeWrongToo(t *testing.T) {
	s := open(t)
	for _, c := range []struct {
		smartidtest.Wrong
		want string
	}{
		{smartidtest.Wrong{Key: true}, "signature"}, {smartidtest.Wrong{SigningCert: true}, "purpose"},
		{smartidtest.Wrong{PKCS1: true}, "signature"}, {smartidtest.Wrong{Challenge: "x"}, "signature"},
		{smartidtest.Wrong{Unqualified: true}, "level"}, {smartidtest.Wrong{Stranger: juriDoc}, "person"},
	} {
		s.AnswerNext(1, c.Wrong)
		o, status, err := s.approved(t, signRequest())
		require.NoError(t, err)
		require.EqualError(t, s.check(o, status, s.clock.Now()), c.want)
	}
}

func TestTheCertificateOfADocumentCanBeWrongToo(t *testing.T) {
	s := open(t)
	before := s.clock.Now()
	look := func(body map[string]any) string {
		cert := certOf(t, body)
		switch {
		case s.trusted(cert, s.clock.Now()) != nil:
			return "chain"
		case cert.KeyUsage&x509.KeyUsageContentCommitment == 0:
			return "purpose"
		case !qualified(cert) || object(body).text("cert.certificateLevel") != "QUALIFIED":
			return "level"
		case serial(cert) != mary:
			return "person"
		case body["state"] != "OK":
			return "state"
		}
		return ""
	}
	for _, c := range []struct {
		smartidtest.Wrong
		want string
	}{
		{smartidtest.Wrong{Untrusted: true}, "chain"}, {smartidtest.Wrong{NotBefore: before.AddDate(-3, 0, 0), NotAfter: before.Add(-time.Second)}, "chain"},
		{smartidtest.Wrong{SigningCert: true}, "purpose"}, {smartidtest.Wrong{Unqualified: true}, "level"}, {smartidtest.Wrong{Level: "ADVANCED"}, "level"},
		{smartidtest.Wrong{Stranger: juriDoc}, "person"}, {smartidtest.Wrong{Set: map[string]any{"/state": "NEW"}}, "state"}, {smartidtest.Wrong{Extra: true}, ""},
	} {
		s.CertificateNext(1, c.Wrong)
		o, status, err := s.approved(t, authRequest())
		require.NoError(t, err)
		require.NoError(t, s.check(o, status, s.clock.Now()), "the order is not for sessions")
		for _, want := range []string{c.want, ""} {
			status, body := s.post("/v3/signature/certificate/"+maryDoc, certRequest())
			require.Equal(t, 200, status)
			require.Equal(t, want, look(body))
		}
	}
	s.CertificateNext(-1, smartidtest.Wrong{Stranger: "PNOEE-38001085718-MOCK-Q"})
	status, _ := s.post("/v3/signature/certificate/"+maryDoc, certRequest())
	require.Equal(t, 500, status, "the order cannot be filled")
	s.AnswerRight()
	_, body := s.post("/v3/signature/certificate/"+maryDoc, certRequest())
	require.Empty(t, look(body))
}

func TestCertificatesAreThoseOfThePerson(t *testing.T) {
	s := open(t)
	old, err := s.AddPerson(smartidtest.Person{Identifier: "PNOLV-329999-99901", GivenName: "BĒRZIŅŠ", Surname: "JĀNIS", Born: "1903-03-03", OldCertificate: true})
	require.NoError(t, err)
	o := s.begin("/v3/authentication/notification/document/"+old.Document, notifyRequest())
	_, err = s.Prompts(old.Identifier)[0].Approve("")
	require.NoError(t, err)
	cert := certOf(t, s.poll(o.id))
	require.NoError(t, s.trusted(cert, s.clock.Now()))
	require.Equal(t, "PNOLV-329999-99901", serial(cert))
	require.NotEmpty(t, cert.ExtKeyUsage, "the older profile has one that is widely known")

	_, status, err := s.approved(t, authRequest())
	require.NoError(t, err)
	again, status2, err := s.approved(t, authRequest())
	require.NoError(t, err)
	require.Equal(t, certOf(t, status).Raw, certOf(t, status2).Raw)
	require.NotEqual(t, object(status).text("signature.serverRandom"), object(status2).text("signature.serverRandom"))
	require.NoError(t, s.check(again, status2, s.clock.Now()))
}
