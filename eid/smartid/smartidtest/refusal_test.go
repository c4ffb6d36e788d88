package smartidtest_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/smartid/smartidtest"
)

const (
	linkAuth   = "/v3/authentication/device-link/anonymous"
	notifyAuth = "/v3/authentication/notification/etsi/" + mary
	linkSign   = "/v3/signature/device-link/document/" + maryDoc
	notifySign = "/v3/signature/notification/document/" + maryDoc
	chooseCert = "/v3/signature/certificate-choice/device-link/anonymous"
)

func TestRequestsOfVersion3AreRefused(t *testing.T) {
	s := open(t)
	challenge := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	text := func(kind, member string, n int) string {
		return screens(`[{"type":"` + kind + `","` + member + `":"` + strings.Repeat("õ", n) + `"}]`)
	}
	for _, c := range []struct {
		name    string
		path    string
		request object
		status  int
		member  string
	}{
		{"without the party's id", linkAuth, authRequest().with("relyingPartyUUID", nil), 400, "relyingPartyUUID"},
		{"with an id that is no UUID", linkAuth, authRequest().with("relyingPartyUUID", "demo"), 400, "relyingPartyUUID"},
		{"of an unknown party", linkAuth, authRequest().with("relyingPartyUUID", "00000000-0000-4000-8000-000000000001"), 401, ""},
		{"without the party's name", linkAuth, authRequest().with("relyingPartyName", nil), 400, "relyingPartyName"},
		{"with a name of 33 bytes", linkAuth, authRequest().with("relyingPartyName", strings.Repeat("õ", 16)+"x"), 400, "relyingPartyName"},
		{"with another party's name", linkAuth, authRequest().with("relyingPartyName", "BANK"), 403, ""},
		{"with an unknown level", linkAuth, authRequest().with("certificateLevel", "HIGH"), 400, "certificateLevel"},
		{"with QSCD for authentication", linkAuth, authRequest().with("certificateLevel", "QSCD"), 400, "certificateLevel"},
		{"with a number for a text", linkAuth, authRequest().with("certificateLevel", 1), 400, "certificateLevel"},
		{"without a protocol", linkAuth, authRequest().with("signatureProtocol", nil), 400, "signatureProtocol"},
		{"with the older protocol", linkAuth, authRequest().with("signatureProtocol", "ACSP_V1"), 400, "signatureProtocol"},
		{"with the protocol of signing", linkAuth, authRequest().with("signatureProtocol", "RAW_DIGEST_SIGNATURE"), 400, "signatureProtocol"},
		{"without parameters", linkAuth, authRequest().with("signatureProtocolParameters", nil), 400, "signatureProtocolParameters"},
		{"without a challenge", linkAuth, authRequest().with("signatureProtocolParameters.rpChallenge", nil), 400, "rpChallenge"},
		{"with a challenge of 31 bytes", linkAuth, authRequest().with("signatureProtocolParameters.rpChallenge", challenge(31)), 400, "rpChallenge"},
		{"with a challenge of 65 bytes", linkAuth, authRequest().with("signatureProtocolParameters.rpChallenge", challenge(65)), 400, "rpChallenge"},
		{"with a challenge in the alphabet of URLs", linkAuth, authRequest().with("signatureProtocolParameters.rpChallenge", strings.Repeat("-", 44)), 400, "rpChallenge"},
		{"with a challenge without padding", linkAuth, authRequest().with("signatureProtocolParameters.rpChallenge", strings.TrimRight(challenge(32), "=")), 400, "rpChallenge"},
		{"with a challenge on two lines", linkAuth, authRequest().with("signatureProtocolParameters.rpChallenge", "AAAA\n"+challenge(32)), 400, "rpChallenge"},
		{"with PKCS #1 for authentication", linkAuth, authRequest().with("signatureProtocolParameters.signatureAlgorithm", "sha512WithRSAEncryption"), 400, "signatureAlgorithm"},
		{"without parameters of PSS", linkAuth, authRequest().with("signatureProtocolParameters.signatureAlgorithmParameters", nil), 400, "signatureAlgorithmParameters"},
		{"with a weak hash", linkAuth, authRequest().with("signatureProtocolParameters.signatureAlgorithmParameters.hashAlgorithm", "SHA-1"), 400, "hashAlgorithm"},
		{"with a hash in the words of version 2", linkAuth, authRequest().with("signatureProtocolParameters.signatureAlgorithmParameters.hashAlgorithm", "SHA512"), 400, "hashAlgorithm"},
		{"without interactions", linkAuth, authRequest().with("interactions", nil), 400, "interactions"},
		{"with interactions that are not base64", linkAuth, authRequest().with("interactions", `[{"type":"displayTextAndPIN"}]`), 400, "interactions"},
		{"with interactions that are a list", linkAuth, authRequest().with("interactions", []any{}), 400, "interactions"},
		{"with interactions that are not JSON", linkAuth, authRequest().with("interactions", screens("tere")), 400, "interactions"},
		{"with no interaction", linkAuth, authRequest().with("interactions", screens("[]")), 400, "interactions"},
		{"with interactions that are not minified", linkAuth, authRequest().with("interactions", screens(`[{"type": "displayTextAndPIN","displayText60":"x"}]`)), 400, "interactions"},
		{"with an unknown interaction", linkAuth, authRequest().with("interactions", text("verificationCodeChoice", "displayText60", 1)), 400, "interactions"},
		{"with the choice of a code behind a link", linkAuth, authRequest().with("interactions", text("confirmationMessageAndVerificationCodeChoice", "displayText200", 1)), 400, "interactions"},
		{"with the same interaction twice", linkAuth, authRequest().with("interactions", screens(`[{"type":"displayTextAndPIN","displayText60":"a"},{"type":"displayTextAndPIN","displayText60":"b"}]`)), 400, "interactions"},
		{"with both texts", linkAuth, authRequest().with("interactions", screens(`[{"type":"displayTextAndPIN","displayText60":"a","displayText200":"b"}]`)), 400, "interactions"},
		{"with the other text", linkAuth, authRequest().with("interactions", text("displayTextAndPIN", "displayText200", 1)), 400, "interactions"},
		{"with an empty text", linkAuth, authRequest().with("interactions", text("displayTextAndPIN", "displayText60", 0)), 400, "interactions"},
		{"with a short text of 61", linkAuth, authRequest().with("interactions", text("displayTextAndPIN", "displayText60", 61)), 400, "interactions"},
		{"with a long text of 201", linkAuth, authRequest().with("interactions", text("confirmationMessage", "displayText200", 201)), 400, "interactions"},
		{"with a callback over http", linkAuth, authRequest().with("initialCallbackUrl", "http://rp.example.com/"), 400, "initialCallbackUrl"},
		{"with a fragment in the callback", linkAuth, authRequest().with("initialCallbackUrl", callback+"#x"), 400, "initialCallbackUrl"},
		{"with a bar in the callback", linkAuth, authRequest().with("initialCallbackUrl", callback+"|x"), 400, "initialCallbackUrl"},
		{"with a callback of 1801", linkAuth, authRequest().with("initialCallbackUrl", callback+strings.Repeat("x", 1801-len(callback))), 400, "initialCallbackUrl"},
		{"with a nonce for authentication", linkAuth, authRequest().with("nonce", "abc"), 400, "nonce"},
		{"for the device's address without a permission", linkAuth, authRequest().with("requestProperties", object{"shareMdClientIpAddress": true}), 403, ""},
		{"with a word for a boolean", linkAuth, authRequest().with("requestProperties", object{"shareMdClientIpAddress": "yes"}), 400, "shareMdClientIpAddress"},
		{"with capabilities that are no list", linkAuth, authRequest().with("capabilities", "ADVANCED"), 400, "capabilities"},
		{"for a notification without a code", notifyAuth, notifyRequest().with("vcType", nil), 400, "vcType"},
		{"for a notification with another code", notifyAuth, notifyRequest().with("vcType", "alpha4"), 400, "vcType"},
		{"with a nonce for a notification", notifyAuth, notifyRequest().with("nonce", "abc"), 400, "nonce"},
		{"of somebody unknown", "/v3/authentication/notification/etsi/PNOEE-38001085718", notifyRequest(), 404, ""},
		{"of an unknown document", "/v3/authentication/notification/document/PNOEE-60001019906-NONE-Q", notifyRequest(), 404, ""},
		{"of somebody unknown by link", "/v3/authentication/device-link/etsi/PNOEE-38001085718", authRequest(), 404, ""},
		{"of an unknown document by link", "/v3/authentication/device-link/document/PNOEE-60001019906-NONE-Q", authRequest(), 404, ""},
		{"of no identifier", "/v3/authentication/notification/etsi/60001019906", notifyRequest(), 400, "semanticsIdentifier"},
		{"of no document", "/v3/authentication/notification/document/" + mary, notifyRequest(), 400, "documentNumber"},
		{"of somebody whose account is too weak", "/v3/authentication/notification/etsi/" + basic, notifyRequest(), 404, "NO_SUITABLE_ACCOUNT_FOUND"},
		{"without a digest", linkSign, signRequest().with("signatureProtocolParameters.digest", nil), 400, "digest"},
		{"with a digest of another hash", linkSign, signRequest().with("signatureProtocolParameters.digest", challenge(32)), 400, "digest"},
		{"with a digest of another hash of PKCS #1", linkSign, signRequest().with("signatureProtocolParameters.signatureAlgorithm", "sha256WithRSAEncryption"), 400, "digest"},
		{"with an unknown algorithm", linkSign, signRequest().with("signatureProtocolParameters.signatureAlgorithm", "sha1WithRSAEncryption"), 400, "signatureAlgorithm"},
		{"with the protocol of authentication", linkSign, signRequest().with("signatureProtocol", "ACSP_V2"), 400, "signatureProtocol"},
		{"with an empty nonce", linkSign, signRequest().with("nonce", ""), 400, "nonce"},
		{"with a nonce of 31", notifySign, signRequest().with("nonce", strings.Repeat("n", 31)), 400, "nonce"},
		{"with a nonce of 31 for a certificate", chooseCert, certRequest().with("nonce", strings.Repeat("n", 31)), 400, "nonce"},
		{"without the session it is linked to", "/v3/signature/notification/linked/" + maryDoc, signRequest(), 400, "linkedSessionID"},
		{"with an unknown session it is linked to", "/v3/signature/notification/linked/" + maryDoc, signRequest().with("linkedSessionID", party), 404, ""},
		{"with the choice of a code in a linked session", "/v3/signature/notification/linked/" + maryDoc,
			signRequest().with("linkedSessionID", party).with("interactions", text("confirmationMessageAndVerificationCodeChoice", "displayText200", 1)), 400, "interactions"},
		{"for the certificate of an unknown document", "/v3/signature/certificate/PNOEE-60001019906-NONE-Q", certRequest(), 404, ""},
		{"for a certificate that is too weak", "/v3/signature/certificate/" + basicDoc, certRequest(), 404, "NO_SUITABLE_ACCOUNT_FOUND"},
		{"for an endpoint of version 2", "/v3/authentication/private/bank/123", authRequest(), 404, ""},
		{"for an endpoint of version 3.0", "/v3/authentication/dynamic-link/anonymous", authRequest(), 404, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			status, body := s.post(c.path, c.request)
			require.Equal(t, c.status, status, "%v", body)
			last := s.Requests()[len(s.Requests())-1]
			if c.member != "" {
				require.Contains(t, last.Refused, c.member)
			}
			if c.status == 401 {
				require.Nil(t, body)
			} else {
				require.Equal(t, float64(c.status), body["status"])
				require.Equal(t, http.StatusText(c.status), body["title"])
			}
			require.NotContains(t, jsonOf(t, body), "60001019906")
		})
	}
}

func TestRequestsAtTheLimitsAreAccepted(t *testing.T) {
	s := open(t)
	long := callback + strings.Repeat("x", 1800-len(callback))
	both := `[{"type":"confirmationMessageAndVerificationCodeChoice","displayText200":"` + strings.Repeat("õ", 200) +
		`"},{"type":"displayTextAndPIN","displayText60":"` + strings.Repeat("õ", 60) + `"}]`
	s.begin(linkAuth, authRequest().with("initialCallbackUrl", long))
	s.begin(linkAuth, authRequest().with("initialCallbackUrl", nil).with("certificateLevel", nil))
	s.begin(linkAuth, authRequest().with("signatureProtocolParameters.rpChallenge", base64.StdEncoding.EncodeToString(make([]byte, 32))))
	s.begin(notifyAuth, notifyRequest().with("interactions", screens(both)).with("capabilities", []string{}))
	s.begin(notifySign, signRequest().with("nonce", strings.Repeat("õ", 30)).with("certificateLevel", "QSCD"))
	s.begin("/v3/signature/notification/etsi/"+mary, signRequest())
	s.begin("/v3/signature/device-link/etsi/"+mary, signRequest())
	s.begin("/v3/signature/certificate-choice/notification/etsi/"+mary, certRequest())
	s.begin("/v3/authentication/device-link/etsi/"+basic, authRequest().with("certificateLevel", "ADVANCED"))
}

func TestMalformedRequestsAreRefused(t *testing.T) {
	s := open(t)
	for _, body := range []string{"", "null", "[]", `"x"`, "{", `{} {}`, "\xff"} {
		status, m, h := s.do("POST", linkAuth, []byte(body))
		require.Equal(t, 400, status, "%q %v", body, m)
		require.Equal(t, "application/problem+json", h.Get("Content-Type"))
	}
	status, _, _ := s.do("POST", linkAuth, []byte(strings.Repeat("x", 64<<10+1)))
	require.Equal(t, 413, status)
	status, _, _ = s.do("GET", linkAuth, nil)
	require.Equal(t, 405, status)
	status, _, _ = s.do("POST", "/v3/session/"+party, nil)
	require.Equal(t, 405, status)
	r := httptest.NewRequest("POST", linkAuth, strings.NewReader("{}"))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	require.Equal(t, 415, w.Code)
}

func TestPollsAreRefused(t *testing.T) {
	s := open(t)
	id := s.begin(linkAuth, authRequest()).id
	for _, c := range []struct {
		name, path string
		status     int
	}{
		{"of an unknown session", "/v3/session/" + party, 404},
		{"of no session", "/v3/session/", 404},
		{"through the other version", "/v2/session/" + id, 404},
		{"that are too short", "/v3/session/" + id + "?timeoutMs=999", 400},
		{"that are too long", "/v3/session/" + id + "?timeoutMs=120001", 400},
		{"with a word for the time", "/v3/session/" + id + "?timeoutMs=long", 400},
		{"with an empty time", "/v3/session/" + id + "?timeoutMs=", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, _, _ := s.do("GET", c.path, nil)
			require.Equal(t, c.status, status)
		})
	}
	for _, ms := range []string{"", "?timeoutMs=1000", "?timeoutMs=120000"} {
		status, m, _ := s.do("GET", "/v3/session/"+id+ms, nil)
		require.Equal(t, 200, status)
		require.Equal(t, map[string]any{"state": "RUNNING"}, m)
	}
}

func TestResultsAreGoneAfterFiveMinutes(t *testing.T) {
	s := open(t)
	id := s.begin(linkAuth, authRequest()).id
	s.clock.Advance(2*time.Minute - time.Second)
	require.Equal(t, "RUNNING", s.poll(id)["state"])
	s.clock.Advance(time.Second)
	require.Equal(t, "TIMEOUT", object(s.poll(id)).text("result.endResult"))
	s.clock.Advance(5*time.Minute - time.Second)
	require.Equal(t, "TIMEOUT", object(s.poll(id)).text("result.endResult"))
	s.clock.Advance(time.Second)
	status, _, _ := s.do("GET", "/v3/session/"+id, nil)
	require.Equal(t, 404, status)
}

func TestARightThatAPartyLacksIsMissedAndOneThatItHasIsNot(t *testing.T) {
	s := open(t, func(c *smartidtest.Config) {
		p := smartidtest.DemoParty()
		p.QualifiedOnlyV3, p.ShareIP = true, true
		c.Parties = []smartidtest.RelyingParty{p}
	})
	status, _ := s.post(linkAuth, authRequest().with("certificateLevel", "ADVANCED"))
	require.Equal(t, 403, status)
	status, _ = s.post("/v3/authentication/notification/etsi/"+basic, notifyRequest())
	require.Equal(t, 404, status)
	o := s.begin(notifyAuth, notifyRequest().with("requestProperties", object{"shareMdClientIpAddress": true}))
	_, err := s.Prompts(mary)[0].Approve("")
	require.NoError(t, err)
	require.Equal(t, "192.0.2.17", s.poll(o.id)["deviceIpAddress"])
}

func TestPeopleMayBeRefusedByTheirState(t *testing.T) {
	for _, c := range []struct{ state, v2, v3 int }{{404, 404, 404}, {471, 471, 404}, {472, 472, 404}} {
		s := open(t)
		p, err := s.AddPerson(smartidtest.Person{Identifier: "PNOEE-50001029996", GivenName: "A", Surname: "B", Status: c.state})
		require.NoError(t, err)
		status, _ := s.post("/v2/authentication/document/"+p.Document, v2Request())
		require.Equal(t, c.v2, status)
		status, _ = s.post("/v3/authentication/notification/document/"+p.Document, notifyRequest())
		require.Equal(t, c.v3, status)
	}
}

func TestUnknownMembersAreNamedAsIgnored(t *testing.T) {
	s := open(t)
	o := s.begin(linkAuth, authRequest().with("testingIgnored", 1).with("another", "x"))
	require.Equal(t, []any{"another", "testingIgnored"}, s.poll(o.id)["ignoredProperties"])
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return string(raw)
}
