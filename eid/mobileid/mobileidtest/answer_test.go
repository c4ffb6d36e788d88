package mobileidtest_test

import (
	"crypto/x509"
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/mobileid/mobileidtest"
)

// approved is the answer to an authentication that the person approved.
func (s *service) approved(t testing.TB, phone, hashType string) map[string]any {
	t.Helper()
	id := s.begin("/authentication", request(phone, hashType))
	require.NoError(t, s.Approve(phone))
	return s.poll("/authentication", id)
}

func TestWhatIsApprovedIsSignedGenuinely(t *testing.T) {
	s := open(t)
	for _, phone := range []string{mary, juri, ona} {
		for hashType := range hashes {
			require.NoError(t, s.check(phone, hashType, s.approved(t, phone, hashType)))
		}
	}
	serial := func(phone string) string {
		der, err := base64.StdEncoding.DecodeString(s.approved(t, phone, "SHA256")["cert"].(string))
		require.NoError(t, err)
		cert, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		return cert.Subject.SerialNumber
	}
	require.Equal(t, []string{"PNOEE-60001019906", "39912310174", "PNOLT-50001018908"}, []string{serial(mary), serial(juri), serial(ona)})
}

func TestASignatureIsMadeWithTheOtherKey(t *testing.T) {
	s := open(t)
	for _, phone := range []string{mary, juri} {
		r := request(phone, "SHA512")
		_, m := s.post("/certificate", r)
		require.Equal(t, "OK", m["result"])
		der, err := base64.StdEncoding.DecodeString(m["cert"].(string))
		require.NoError(t, err)
		cert, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		require.NoError(t, s.trusted(cert))
		require.Equal(t, x509.KeyUsageContentCommitment, cert.KeyUsage)
		id := s.begin("/signature", r)
		require.Equal(t, "signature", s.Prompts(phone)[0].Kind)
		require.NoError(t, s.Approve(phone))
		status := s.poll("/signature", id)
		require.NotContains(t, status, "cert")
		require.NoError(t, signed(cert, "SHA512", digest("SHA512"), status))
	}
}

func TestAnswersThatWereOrderedAreWrongAndNothingElse(t *testing.T) {
	s := open(t)
	now := s.clock.Now()
	for _, c := range []struct {
		name string
		mobileidtest.Wrong
		want string
	}{
		{"another key", mobileidtest.Wrong{Key: true}, "signature"},
		{"an authority with the same name", mobileidtest.Wrong{Untrusted: true}, "chain"},
		{"another person", mobileidtest.Wrong{Stranger: ona}, "person"},
		{"the signing certificate", mobileidtest.Wrong{SigningCert: true}, "purpose"},
		{"a weaker certificate", mobileidtest.Wrong{NonQualified: true}, "level"},
		{"an expired certificate", mobileidtest.Wrong{NotBefore: now.AddDate(-3, 0, 0), NotAfter: now.Add(-time.Second)}, "chain"},
		{"a certificate that is not valid yet", mobileidtest.Wrong{NotBefore: now.Add(time.Second), NotAfter: now.AddDate(3, 0, 0)}, "chain"},
		{"another hash", mobileidtest.Wrong{Hash: []byte("x")}, "signature"},
		{"another algorithm's name", mobileidtest.Wrong{Algorithm: "SHA512WithECEncryption"}, "algorithm"},
		{"another encoding", mobileidtest.Wrong{DER: true}, "length"},
		{"an unknown result", mobileidtest.Wrong{Result: "SOMETHING_NEW"}, "result"},
		{"an answer for ever running", mobileidtest.Wrong{Forever: true}, "result"},
		{"a changed member", mobileidtest.Wrong{Set: map[string]any{"/signature/value": "AAAA"}}, "length"},
		{"a member set to null", mobileidtest.Wrong{Set: map[string]any{"/cert": nil}}, "certificate"},
		{"a missing member", mobileidtest.Wrong{Remove: []string{"/signature/value"}}, "length"},
		{"a member more", mobileidtest.Wrong{Extra: true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.AnswerNext(1, c.Wrong)
			status := s.approved(t, mary, "SHA256")
			if c.want == "" {
				require.NoError(t, s.check(mary, "SHA256", status))
				require.Contains(t, status, "unknownMember")
			} else {
				require.EqualError(t, s.check(mary, "SHA256", status), c.want)
			}
			require.NoError(t, s.check(mary, "SHA256", s.approved(t, mary, "SHA256")), "the order was for one answer")
		})
	}
	require.NoError(t, s.check(mary, "SHA512", s.approved(t, mary, "SHA512")))
	s.AnswerNext(1, mobileidtest.Wrong{Replay: true})
	require.EqualError(t, s.check(mary, "SHA256", s.approved(t, mary, "SHA256")), "algorithm", "the answer is that to the session before")
}

func TestTheCertificateCanBeWrongToo(t *testing.T) {
	s := open(t)
	now := s.clock.Now()
	look := func() string {
		status, body := s.post("/certificate", request(mary, "SHA256"))
		require.Equal(t, 200, status)
		der, err := base64.StdEncoding.DecodeString(body["cert"].(string))
		require.NoError(t, err)
		cert, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		switch {
		case s.trusted(cert) != nil:
			return "chain"
		case cert.KeyUsage&x509.KeyUsageContentCommitment == 0:
			return "purpose"
		case cert.Subject.SerialNumber != "PNOEE-60001019906":
			return "person"
		case body["result"] != "OK":
			return "result"
		}
		return ""
	}
	for _, c := range []struct {
		mobileidtest.Wrong
		want string
	}{
		{mobileidtest.Wrong{Untrusted: true}, "chain"}, {mobileidtest.Wrong{NotBefore: now.AddDate(-3, 0, 0), NotAfter: now.Add(-time.Second)}, "chain"},
		{mobileidtest.Wrong{SigningCert: true}, "purpose"}, {mobileidtest.Wrong{Stranger: juri}, "person"},
		{mobileidtest.Wrong{Result: "NOT_ACTIVE"}, "result"}, {mobileidtest.Wrong{Set: map[string]any{"/result": 1}}, "result"}, {mobileidtest.Wrong{Extra: true}, ""},
	} {
		s.CertificateNext(1, c.Wrong)
		require.NoError(t, s.check(mary, "SHA256", s.approved(t, mary, "SHA256")), "the order is not for sessions")
		require.Equal(t, c.want, look())
		require.Empty(t, look(), "the order was for one answer")
	}
	s.CertificateNext(-1, mobileidtest.Wrong{Stranger: "+37255500009"})
	status, _ := s.post("/certificate", request(mary, "SHA256"))
	require.Equal(t, 500, status, "the order cannot be filled")
	s.AnswerRight()
	require.Empty(t, look())
}

func TestOrdersThatCannotBeFilledAreErrorsOfTheApproval(t *testing.T) {
	s := open(t)
	for _, w := range []mobileidtest.Wrong{
		{Replay: true}, {Stranger: "+37255500009"}, {Set: map[string]any{"/no/such": 1}}, {Set: map[string]any{"x": 1}},
		{Remove: []string{"/cert/x"}}, {Set: map[string]any{"/x": func() {}}},
	} {
		s.AnswerNext(1, w)
		id := s.begin("/authentication", request(mary, "SHA256"))
		require.Error(t, s.Approve(mary))
		require.Equal(t, "RUNNING", s.poll("/authentication", id)["state"])
		require.NoError(t, s.Approve(mary), "the session has not been touched")
	}
	s.AnswerNext(-1, mobileidtest.Wrong{Key: true})
	s.AnswerRight()
	require.NoError(t, s.check(mary, "SHA256", s.approved(t, mary, "SHA256")))
}
