package smartidtest_test

import (
	"crypto"
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/smartid/smartidtest"
)

const (
	v2Auth = "/v2/authentication/etsi/" + mary
	v2Sign = "/v2/signature/document/" + maryDoc
	v2Cert = "/v2/certificatechoice/etsi/" + mary
)

func (s *service) pollV2(id string) object {
	s.t.Helper()
	status, m, _ := s.do(http.MethodGet, "/v2/session/"+id+"?timeoutMs=1000", nil)
	require.Equal(s.t, 200, status, "%v", m)
	return m
}

func TestRequestsOfVersion2AreRefused(t *testing.T) {
	s := open(t)
	list := func(kind, member string, n int) []any {
		return []any{map[string]any{"type": kind, member: strings.Repeat("õ", n)}}
	}
	hash := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for _, c := range []struct {
		name    string
		path    string
		request object
		status  int
		member  string
	}{
		{"of an unknown party", v2Auth, v2Request().with("relyingPartyUUID", "00000000-0000-0000-0000-000000000000"), 401, ""},
		{"with another party's name", v2Auth, v2Request().with("relyingPartyName", "BANK123"), 403, ""},
		{"with a name of 33 bytes", v2Auth, v2Request().with("relyingPartyName", strings.Repeat("x", 33)), 400, "relyingPartyName"},
		{"for a level that the party has no right to", v2Auth, v2Request().with("certificateLevel", "ADVANCED"), 403, ""},
		{"with an unknown level", v2Auth, v2Request().with("certificateLevel", "QSCD"), 400, "certificateLevel"},
		{"of somebody unknown", "/v2/authentication/etsi/PNOEE-38001085718", v2Request(), 404, ""},
		{"of somebody whose account the party may not see", "/v2/authentication/etsi/" + basic, v2Request(), 404, ""},
		{"of no identifier", "/v2/authentication/etsi/60001019906", v2Request(), 400, "semanticsIdentifier"},
		{"without a hash", v2Auth, v2Request().with("hash", nil), 400, "hash"},
		{"with a hash that is not base64", v2Auth, v2Request().with("hash", "***"), 400, "hash"},
		{"with a hash of another length", v2Auth, v2Request().with("hash", hash(64)), 400, "hash"},
		{"without the hash's type", v2Auth, v2Request().with("hashType", nil), 400, "hashType"},
		{"with the words of version 3", v2Auth, v2Request().with("hashType", "SHA-256"), 400, "hashType"},
		{"without interactions", v2Auth, v2Request().with("allowedInteractionsOrder", nil), 400, "allowedInteractionsOrder"},
		{"with no interaction", v2Auth, v2Request().with("allowedInteractionsOrder", []any{}), 400, "allowedInteractionsOrder"},
		{"with an unknown interaction", v2Auth, v2Request().with("allowedInteractionsOrder", list("show", "displayText60", 1)), 400, "allowedInteractionsOrder"},
		{"with a short text of 61", v2Auth, v2Request().with("allowedInteractionsOrder", list("verificationCodeChoice", "displayText60", 61)), 400, "allowedInteractionsOrder"},
		{"with a long text of 201", v2Auth, v2Request().with("allowedInteractionsOrder", list("confirmationMessage", "displayText200", 201)), 400, "allowedInteractionsOrder"},
		{"with the other text", v2Auth, v2Request().with("allowedInteractionsOrder", list("confirmationMessage", "displayText60", 1)), 400, "allowedInteractionsOrder"},
		{"with an empty nonce", v2Auth, v2Request().with("nonce", ""), 400, "nonce"},
		{"with a nonce of 31", v2Cert, certRequest().with("nonce", strings.Repeat("x", 31)), 400, "nonce"},
		{"for the device's address without a permission", v2Auth, v2Request().with("requestProperties", object{"shareMdClientIpAddress": true}), 403, ""},
		{"by a private reference", "/v2/authentication/private/bank/123", v2Request(), 404, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			status, body := s.post(c.path, c.request)
			require.Equal(t, c.status, status, "%v", body)
			if c.member != "" {
				require.Contains(t, s.Requests()[len(s.Requests())-1].Refused, c.member)
			}
		})
	}
	s.t = t
	s2 := open(t, func(c *smartidtest.Config) { c.Parties = []smartidtest.RelyingParty{{UUID: party, Name: "DEMO"}} })
	status, body := s2.post("/v2/authentication/etsi/"+basic, v2Request())
	require.Equal(t, 471, status, "%v", body)
	s2.begin("/v2/authentication/etsi/"+basic, v2Request().with("certificateLevel", "ADVANCED"))
}

func TestVersion2RepeatsItsAnswerForFifteenSeconds(t *testing.T) {
	s := open(t)
	first := s.begin(v2Auth, v2Request()).id
	s.clock.Advance(15*time.Second - 1)
	require.Equal(t, first, s.begin(v2Auth, v2Request()).id)
	require.Len(t, s.Prompts(mary), 1)
	other := s.begin(v2Auth, v2Request().with("nonce", "a")).id
	require.NotEqual(t, first, other)
	require.NotEqual(t, other, s.begin(v2Auth, v2Request().with("nonce", "b")).id)
	require.NotEqual(t, first, s.begin("/v2/authentication/document/"+maryDoc, v2Request()).id)
	require.NotEqual(t, first, s.begin("/v2/signature/etsi/"+mary, v2Request()).id)
	s.clock.Advance(1)
	require.NotEqual(t, first, s.begin(v2Auth, v2Request()).id)

	one := s.begin(notifyAuth, notifyRequest()).id
	require.NotEqual(t, one, s.begin(notifyAuth, notifyRequest()).id, "version 3 does not")
}

func TestVersion2SignsTheHash(t *testing.T) {
	s := open(t)
	for _, c := range []struct {
		hashType  string
		hash      crypto.Hash
		algorithm string
	}{{"SHA256", crypto.SHA256, "sha256WithRSAEncryption"}, {"SHA384", crypto.SHA384, "sha384WithRSAEncryption"}, {"SHA512", crypto.SHA512, "sha512WithRSAEncryption"}} {
		digest := make([]byte, c.hash.Size())
		request := v2Request().with("hashType", c.hashType).with("hash", base64.StdEncoding.EncodeToString(digest))
		o := s.begin(v2Auth, request)
		require.Equal(t, object{"state": "RUNNING", "result": map[string]any{}}, s.pollV2(o.id))
		p := s.Prompts(mary)[0]
		require.Equal(t, smartidtest.ControlCode(digest), p.Code)
		_, err := p.Approve("")
		require.NoError(t, err)
		a := s.pollV2(o.id)
		require.Equal(t, []string{"COMPLETE", "OK", maryDoc, c.algorithm, "QUALIFIED", "displayTextAndPIN"}, []string{a.text("state"),
			a.text("result.endResult"), a.text("result.documentNumber"), a.text("signature.algorithm"), a.text("cert.certificateLevel"), a.text("interactionFlowUsed")})
		cert := certOf(t, a)
		require.NoError(t, s.trusted(cert, s.clock.Now()))
		require.NoError(t, rsa.VerifyPKCS1v15(cert.PublicKey.(*rsa.PublicKey), c.hash, digest, unbase64(t, a.text("signature.value"))))
		require.NotContains(t, a, "signatureProtocol")
		require.NotContains(t, a, "interactionTypeUsed")
		s.clock.Advance(time.Minute)
	}
	o := s.begin(v2Sign, v2Request())
	_, err := s.Prompts(mary)[0].Approve("")
	require.NoError(t, err)
	require.NotContains(t, s.pollV2(o.id), "cert", "who signs has asked for it before")
	o = s.begin(v2Cert, certRequest())
	_, err = s.Prompts(mary)[0].Approve("")
	require.NoError(t, err)
	a := s.pollV2(o.id)
	require.NotContains(t, a, "signature")
	require.NoError(t, s.trusted(certOf(t, a), s.clock.Now()))
}

func TestVersion2HasItsOwnWordsForRefusals(t *testing.T) {
	s := open(t)
	for interaction, want := range map[string]string{
		smartidtest.DisplayTextAndPIN:                            "USER_REFUSED_DISPLAYTEXTANDPIN",
		smartidtest.VerificationCodeChoice:                       "USER_REFUSED_VC_CHOICE",
		smartidtest.ConfirmationMessage:                          "USER_REFUSED_CONFIRMATIONMESSAGE",
		smartidtest.ConfirmationMessageAndVerificationCodeChoice: "USER_REFUSED_CONFIRMATIONMESSAGE_WITH_VC_CHOICE",
		"something else":                                         "USER_REFUSED",
	} {
		s.clock.Advance(15 * time.Second) // else it were the same session
		o := s.begin(v2Auth, v2Request())
		require.NoError(t, s.Prompts(mary)[0].RefuseAt(interaction))
		require.Equal(t, want, s.pollV2(o.id).text("result.endResult"))
	}
	o := s.begin(v2Cert, certRequest())
	require.NoError(t, s.Prompts(mary)[0].Refuse())
	require.Equal(t, "USER_REFUSED_CERT_CHOICE", s.pollV2(o.id).text("result.endResult"))
	o = s.begin(v2Auth, v2Request().with("nonce", "another"))
	s.clock.Advance(2 * time.Minute)
	require.Equal(t, "TIMEOUT", s.pollV2(o.id).text("result.endResult"))
	s.clock.Advance(5 * time.Minute)
	status, body, _ := s.do("GET", "/v2/session/"+o.id, nil)
	require.Equal(t, 404, status)
	require.Equal(t, 404.0, body["code"])
}

func TestVersion2CanBeWrongToo(t *testing.T) {
	s := open(t)
	digest := make([]byte, 32)
	for _, c := range []struct {
		smartidtest.Wrong
		signature, chain bool
	}{
		{smartidtest.Wrong{}, true, true}, {smartidtest.Wrong{Key: true}, false, true}, {smartidtest.Wrong{Challenge: "x"}, false, true},
		{smartidtest.Wrong{Untrusted: true}, true, false}, {smartidtest.Wrong{Stranger: juriDoc}, true, true},
	} {
		s.AnswerNext(1, c.Wrong)
		s.clock.Advance(time.Minute)
		o := s.begin(v2Auth, v2Request())
		_, err := s.Prompts(mary)[0].Approve("")
		require.NoError(t, err)
		a := s.pollV2(o.id)
		cert := certOf(t, a)
		err = rsa.VerifyPKCS1v15(cert.PublicKey.(*rsa.PublicKey), crypto.SHA256, digest, unbase64(t, a.text("signature.value")))
		require.Equal(t, c.signature, err == nil)
		require.Equal(t, c.chain, s.trusted(cert, s.clock.Now()) == nil)
		require.Equal(t, c.Stranger != "", serial(cert) == juri)
	}
}
