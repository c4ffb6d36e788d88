package smartidtest_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/smartid/smartidtest"
)

// referenceDir is the folder of vectors and examples, which is no part of the repository; "" when it is not there.
func referenceDir() string {
	dir := os.Getenv("ALT_REFERENCE")
	if dir == "" {
		dir = "../shared/reference"
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join("..", "..", "..", dir)
	}
	dir = filepath.Join(dir, "eid")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

func TestReference(t *testing.T) {
	dir := referenceDir()
	if dir == "" {
		fmt.Println("reference: absent")
		return
	}
	files := map[string]func(t *testing.T, raw []byte) int{
		"smartid-v3/vectors/authcode.json":          authCodes,
		"smartid-v3/vectors/acsp-v2.json":           statements,
		"smartid-v3/vectors/callback.json":          callbacks,
		"smartid-v3/vectors/verification-code.json": codesV3,
		"smartid-v2/vectors/verification-code.json": codesV2,
		"smartid-v3/demo-accounts.json":             demoAccounts,
	}
	for name, want := range requestsV3 {
		files["smartid-v3/requests/"+name] = want.check
	}
	for _, name := range requestsV2 {
		files["smartid-v2/requests/"+name] = acceptedV2
	}
	vectors, failed := 0, 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		ok := t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			require.NoError(t, err)
			vectors += files[name](t, raw)
		})
		if !ok {
			failed++
		}
	}
	fmt.Printf("reference: fixtures=%d vectors=%d later=0 failed=%d\n", len(files), vectors, failed)
}

// rows reads a file of vectors.
func rows(t *testing.T, raw []byte) []object {
	t.Helper()
	var out []object
	require.NoError(t, json.Unmarshal(raw, &out))
	require.NotEmpty(t, out)
	return out
}

func authCodes(t *testing.T, raw []byte) int {
	list := rows(t, raw)
	for i, r := range list {
		code := smartidtest.AuthCode(unbase64(t, r.text("sessionSecret")), r.text("schemeName"), r.text("signatureProtocol"),
			r.text("rpChallengeOrDigest"), r.text("relyingPartyName"), r.text("brokeredRpName"), r.text("interactions"),
			r.text("initialCallbackUrl"), r.text("unprotectedDeviceLink"))
		require.Equal(t, r.text("authCode"), code, "row %d", i)
		again, err := smartidtest.ReadLink("https://smart-id.com/device-link", r.text("deviceLink"))
		require.NoError(t, err, "row %d", i)
		require.Equal(t, r.text("deviceLink"), again)
	}
	return len(list)
}

func statements(t *testing.T, raw []byte) int {
	list := rows(t, raw)
	for _, r := range list {
		payload := smartidtest.Payload(r.text("schemeName"), r.text("serverRandom"), r.text("rpChallenge"), r.text("userChallenge"),
			r.text("relyingPartyName"), r.text("brokeredRpName"), r.text("interactions"), r.text("interactionTypeUsed"),
			r.text("initialCallbackUrl"), r.text("flowType"))
		require.Equal(t, r.text("payload"), payload)
		require.Equal(t, r.text("digestBase64"), base64.StdEncoding.EncodeToString(smartidtest.Sum(r.text("hashAlgorithm"), payload)))
	}
	return len(list)
}

func callbacks(t *testing.T, raw []byte) int {
	list := rows(t, raw)
	for _, r := range list {
		digest := smartidtest.DigestURL(unbase64(t, r.text("sessionSecret")))
		require.Equal(t, r.text("expect") == "accept", digest == r.text("sessionSecretDigest"))
		if verifier := r.text("userChallengeVerifier"); verifier != "" {
			require.Equal(t, r.text("userChallenge"), smartidtest.DigestURL([]byte(verifier)))
		}
	}
	return len(list)
}

func codesV3(t *testing.T, raw []byte) int {
	list := rows(t, raw)
	for _, r := range list {
		require.Equal(t, r.text("code"), smartidtest.ControlCode(unbase64(t, r.text("rpChallengeBase64"))))
	}
	return len(list)
}

func codesV2(t *testing.T, raw []byte) int {
	list := rows(t, raw)
	for _, r := range list {
		b, err := hex.DecodeString(r.text("inputHex"))
		require.NoError(t, err)
		require.Equal(t, r.text("code"), smartidtest.ControlCode(b))
	}
	return len(list)
}

// Every documented account is there and ends as it is documented.
func demoAccounts(t *testing.T, raw []byte) int {
	s := open(t, func(c *smartidtest.Config) { c.People, c.DemoAccounts = nil, true })
	byDocument := map[string]smartidtest.Person{}
	for _, p := range s.People() {
		byDocument[p.Document] = p
	}
	list := rows(t, raw)
	for _, r := range list {
		p, ok := byDocument[r.text("documentNumber")]
		require.True(t, ok, r.text("documentNumber"))
		require.Equal(t, strings.HasSuffix(p.Document, "-Q"), p.Level == smartidtest.Qualified)
		if r.text("flow") == "device-link" {
			require.Empty(t, p.Result)
			continue
		}
		require.Equal(t, r.text("endResult"), p.Result, p.Document)
		if p.Interaction != "" {
			require.Contains(t, r.text("comment"), `"`+p.Interaction+`"`)
		}
	}
	require.Len(t, byDocument, len(list))
	return len(list)
}

// example says where a request of the reference goes and what becomes of it.
type example struct {
	path   string
	member string // that is refused; "": none
	change func(object) object
}

var requestsV3 = map[string]example{
	"certificate-by-document-number-request-all-fields.json":                 {path: "/v3/signature/certificate/" + maryDoc},
	"device-link-authentication-session-request-qr-code.json":                {path: linkAuth},
	"device-link-authentication-session-request-same-device-all-fields.json": {path: linkAuth},
	"notification-authentication-session-request-all-fields.json":            {path: notifyAuth},
	// The client's own example is of a digest that is too short for its hash, and of another party.
	"device-link-signature-request-all-fields.json": {path: linkSign, member: "digest",
		change: func(o object) object { return o.with("relyingPartyUUID", party) }},
}

func (e example) check(t *testing.T, raw []byte) int {
	s := open(t, func(c *smartidtest.Config) {
		p := smartidtest.DemoParty()
		p.ShareIP = true
		c.Parties = []smartidtest.RelyingParty{p}
	})
	var request object
	require.NoError(t, json.Unmarshal(raw, &request))
	if e.change != nil {
		request = e.change(request)
	}
	status, body := s.post(e.path, request)
	last := s.Requests()[0]
	if e.member != "" {
		require.Equal(t, 400, status, "%v", body)
		require.Equal(t, []string{e.member}, last.Refused)
		return 1
	}
	require.Equal(t, 200, status, "%v", body)
	require.Empty(t, last.Ignored)
	return 1
}

var requestsV2 = []string{"authenticationSessionRequest.json", "authenticationSessionRequestWithNonce.json", "certificateChoiceRequest.json",
	"signatureSessionRequest.json", "signingRequest_confirmationMessage_fallbackTo_displayTextAndPIN.json"}

func acceptedV2(t *testing.T, raw []byte) int {
	var request object
	require.NoError(t, json.Unmarshal(raw, &request))
	s := open(t, func(c *smartidtest.Config) {
		c.Parties = []smartidtest.RelyingParty{{UUID: request.text("relyingPartyUUID"), Name: request.text("relyingPartyName")}}
	})
	path := v2Auth
	if request.text("hash") == "" {
		path = v2Cert
	}
	o := s.begin(path, request)
	require.Empty(t, s.Requests()[0].Ignored)
	require.Equal(t, "RUNNING", s.pollV2(o.id)["state"])
	return 1
}

// Answers have the members of the reference's, with the same types.
func TestAnswersHaveTheStructureOfTheReference(t *testing.T) {
	dir := referenceDir()
	if dir == "" {
		return
	}
	s := open(t)
	link := s.begin(linkAuth, authRequest())
	_, running, _ := s.do("GET", "/v3/session/"+link.id+"?timeoutMs=1000", nil)
	_, opened := s.post(linkAuth, authRequest())
	_, signing := s.post(notifySign, signRequest())
	require.NoError(t, s.Prompts(mary)[0].RefuseAt("displayTextAndPIN"))
	refused := s.poll(signing["sessionID"].(string))
	_, ok, err := s.approved(t, notifyRequest())
	require.NoError(t, err)
	_, cert := s.post("/v3/signature/certificate/"+maryDoc, certRequest())
	choice := s.begin(chooseCert, certRequest())
	p, err := s.Scan(deviceLink(choice, "QR", "cert", 0))
	require.NoError(t, err)
	_, err = p.Approve(maryDoc)
	require.NoError(t, err)
	_, invalid := s.post(linkAuth, authRequest().with("initialCallbackUrl", "http://x"))
	_, missing := s.post("/v3/authentication/notification/etsi/"+basic, notifyRequest())
	for name, got := range map[string]map[string]any{
		"ok-notification-ee.session.json":                                 ok,
		"responses/certificate-by-document-number-response.json":          cert,
		"responses/device-link-authentication-session-response.json":      opened,
		"responses/notification-signature-session-response.json":          signing,
		"responses/session-status-running.json":                           running,
		"responses/session-status-successful-certificate-choice.json":     s.poll(choice.id),
		"responses/session-status-user-refused-display-text-and-pin.json": refused,
		"responses/problem-400-invalid-callback.json":                     invalid,
		"responses/problem-404-no-suitable-account.json":                  missing,
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(dir, "smartid-v3", filepath.FromSlash(name)))
			require.NoError(t, err)
			var want map[string]any
			require.NoError(t, json.Unmarshal(raw, &want))
			require.Equal(t, shape(want), shape(got))
		})
	}
}

// shape replaces values by their types and leaves out what stands for the unknown, and what not every answer has.
func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, member := range v {
			if !strings.HasPrefix(name, "unknownField") && name != "instance" && name != "ignoredProperties" {
				out[name] = shape(member)
			}
		}
		return out
	case []any:
		return []any{shape(v[0])}
	}
	return fmt.Sprintf("%T", v)
}
