package smartid_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// reasons are what a case is refused for, so that none passes by another
// mistake. Those without one may be refused for any.
var reasons = map[string]string{
	"reject-production-scheme":            "smartid: signature:",
	"reject-rp-name-case":                 "smartid: signature:",
	"reject-flow-type-changed":            "flow was not offered",
	"reject-interaction-type-changed":     "interaction was not offered",
	"reject-salt-length":                  "not the algorithm",
	"reject-mgf-hash-differs":             "not the algorithm",
	"reject-not-complete":                 "not decided yet",
	"reject-signature-protocol":           "not the protocol",
	"reject-level-lowered":                "level is too low",
	"reject-user-challenge-format":        "user challenge",
	"reject-identity-mismatch":            "another person",
	"reject-before-validity":              "refused: validity",
	"reject-signing-certificate":          "refused: purpose",
	"reject-nq-certificate-for-qualified": "refused: policy",
	"reject-expired-certificate":          "refused: validity",

	"v2 reject-expired-cert":                       "refused: validity",
	"v2 reject-bad-signature":                      "smartid: signature:",
	"v2 reject-hash-mismatch":                      "smartid: signature:",
	"v2 reject-level-below-requested":              "level is too low",
	"v2 reject-unknown-certificate-level":          "unknown level of certificate",
	"v2 reject-untrusted-issuer":                   "refused: chain",
	"v2 reject-identity-mismatch":                  "another person",
	"v2 reject-signing-cert-and-foreign-signature": "not the algorithm",
}

// caseV3 is a case of API v3. Its own fields are changed as they are in JSON.
type caseV3 struct {
	ctx              object
	session, request object
	replaced         string
}

func (c caseV3) text(name string) string {
	s, _ := c.ctx[name].(string)
	return s
}

func (c caseV3) at(t *testing.T) time.Time {
	at, err := time.Parse(time.RFC3339, c.text("at"))
	require.NoError(t, err)
	return at
}

func (c caseV3) asked(t *testing.T) smartid.Asked {
	p := c.request["signatureProtocolParameters"].(object)
	a := smartid.Asked{
		SchemeName: c.text("schemeName"), RelyingPartyName: c.request["relyingPartyName"].(string),
		BrokeredName: c.text("brokeredRpName"), Challenge: p["rpChallenge"].(string), Interactions: c.request["interactions"].(string),
		Callback:     c.text("initialCallbackUrl"),
		Hash:         smartid.Hash(p["signatureAlgorithmParameters"].(object)["hashAlgorithm"].(string)),
		Certificates: smartid.CertificateLevel(c.request["certificateLevel"].(string)), Level: eid.Substantial,
		Code: identifier(t, c.text("requestedIdentifier")),
	}
	for _, f := range c.ctx["allowedFlowTypes"].([]any) {
		a.Flows = append(a.Flows, smartid.FlowType(f.(string)))
	}
	return a
}

// loadCasesV3 resolves bases and mutations.
func loadCasesV3(t *testing.T, ref *reference) (names []string, cases map[string]caseV3) {
	var list []object
	ref.decode(t, "smartid-v3/cases.json", &list)
	cases = map[string]caseV3{}
	for _, raw := range list {
		c := caseV3{ctx: raw}
		if base, ok := raw["base"].(string); ok {
			b := cases[base]
			c = caseV3{ctx: clone(b.ctx), session: clone(b.session), request: clone(b.request)}
			for _, own := range []string{"name", "expect", "reason"} {
				c.ctx[own] = raw[own]
			}
		} else {
			c.session = ref.object(t, "smartid-v3/"+raw["session"].(string))
			ref.fixtures++
			if name, ok := raw["request"].(string); ok {
				c.request = ref.object(t, "smartid-v3/"+name)
				ref.fixtures++
			} else {
				// What was asked is not recorded. The other recording's is used, with the
				// flow of this one, so that it gets as far as it can.
				c.request = clone(cases["ok-notification-ee"].request)
				c.ctx["allowedFlowTypes"] = []any{"QR"}
			}
		}
		mutations, _ := raw["mutate"].(object)
		for pointer, value := range mutations {
			part, rest, _ := strings.Cut(pointer[1:], "/")
			into := map[string]object{"session": c.session, "request": c.request, "ctx": c.ctx}[part]
			require.NotNil(t, into, pointer)
			set(t, into, rest, value)
		}
		if path, ok := raw["replaceCertWith"].(string); ok {
			c.replaced = path
			certs, err := trust.Read(ref.read(t, "smartid-v3/"+path))
			require.NoError(t, err)
			set(t, c.session, "cert/value", base64.StdEncoding.EncodeToString(certs[0].Raw))
		}
		cases[c.text("name")] = c
		names = append(names, c.text("name"))
	}
	return names, cases
}

func clone(o object) object {
	var c object
	if err := json.Unmarshal(must(json.Marshal(o)), &c); err != nil {
		panic(err)
	}
	return c
}

// set writes value at a pointer, which has to be there.
func set(t testing.TB, o object, pointer string, value any) {
	t.Helper()
	for {
		name, rest, deeper := strings.Cut(pointer, "/")
		require.Contains(t, o, name)
		if !deeper {
			o[name] = value
			return
		}
		o, pointer = o[name].(object), rest
	}
}

func parse(t testing.TB, o object) smartid.Session {
	t.Helper()
	s, err := smartid.ParseSession(must(json.Marshal(o)))
	require.NoError(t, err)
	return s
}

func casesV3(t *testing.T, ref *reference) {
	names, cases := loadCasesV3(t, ref)
	ref.fixtures++
	accepted := 0
	for _, name := range names {
		c := cases[name]
		t.Run(name, func(t *testing.T) {
			environment := smartid.Demo()
			environment.SchemeName = c.text("schemeName")
			v := ref.verifier(t, environment, nil)
			got, err := v.Verify(t.Context(), parse(t, c.session), c.asked(t), c.at(t))
			if c.replaced != "" {
				// Not merely because the signature does not fit any more.
				refused(t, alone(t, ref.trust(t, nil), ref.read(t, "smartid-v3/"+c.replaced), c.at(t)))
				require.NotContains(t, err.Error(), "signature")
			}
			again, errAgain := c.throughAuthenticator(t, ref, environment)
			if c.text("expect") == "reject" {
				for _, err := range []error{err, errAgain} {
					refused(t, err)
					require.ErrorContains(t, err, reasons[name])
				}
				return
			}
			accepted++
			require.NoError(t, err)
			require.NoError(t, errAgain)
			var want identity
			require.NoError(t, json.Unmarshal(must(json.Marshal(c.ctx["identity"])), &want))
			want.require(t, got)
			want.require(t, again)
			challenge := must(base64.StdEncoding.DecodeString(c.asked(t).Challenge))
			require.Equal(t, c.text("verificationCode"), smartid.ControlCode(challenge))
		})
	}
	require.Positive(t, accepted)
}

// throughAuthenticator begins a session with what was recorded, which gives the
// very request of the recording, and resolves it with the recorded answer.
func (c caseV3) throughAuthenticator(t *testing.T, ref *reference, e smartid.Environment) (*smartid.Verified, error) {
	a := c.asked(t)
	clock := &clock{at: c.at(t)}
	r := newRig(t, func(cfg *smartid.Config) {
		cfg.Environment, cfg.Flow, cfg.Hash, cfg.Trust = e, smartid.Notification, a.Hash, ref.trust(t, nil)
		cfg.RelyingPartyName, cfg.Interactions = a.RelyingPartyName, []smartid.InteractionType{smartid.DisplayTextAndPIN}
		cfg.Rand = strings.NewReader(string(must(base64.StdEncoding.DecodeString(a.Challenge))))
		cfg.Now, cfg.Revocation, cfg.InsecureSkipRevocation = clock.now, nil, true
	})
	code := a.Code
	if code == "" {
		code = "EE40504040001"
	}
	ch, err := r.Begin(t.Context(), eid.Request{Code: code, Text: "Log in with Smart-ID demo?"})
	require.NoError(t, err)
	require.Equal(t, c.request, r.service.begun.request)
	r.service.answers(c.session)
	return r.ResolveVerified(t.Context(), ch.State, nil)
}

// caseV2 is a case of API v2.
type caseV2 struct {
	Name, File, HashType, Hash, RequestedCertificateLevel, RequestedIdentifier, Expect, Reason string
	At                                                                                         time.Time
	Trust                                                                                      []string
	Identity                                                                                   *identity
}

// interactionsV2 is what the recordings were begun with, as far as they tell.
var interactionsV2 = base64.StdEncoding.EncodeToString([]byte(`[{"type":"displayTextAndPIN","displayText60":"Log in?"}]`))

func (c caseV2) asked(t *testing.T) smartid.AskedV2 {
	return smartid.AskedV2{
		RelyingPartyName: "DEMO", Digest: c.Hash, Hash: smartid.Hash(strings.Replace(c.HashType, "SHA", "SHA-", 1)),
		Interactions: interactionsV2, Certificates: smartid.CertificateLevel(c.RequestedCertificateLevel), Level: eid.Low,
		Code: identifier(t, c.RequestedIdentifier),
	}
}

func casesV2(t *testing.T, ref *reference) {
	var list []caseV2
	ref.decode(t, "smartid-v2/cases.json", &list)
	ref.fixtures++
	accepted := 0
	for _, c := range list {
		t.Run(c.Name, func(t *testing.T) {
			raw := ref.read(t, "smartid-v2/"+c.File)
			ref.fixtures++
			s, err := smartid.ParseSession(raw)
			require.NoError(t, err)
			v := ref.verifier(t, smartid.DemoV2(), c.Trust)
			got, err := v.VerifyV2(t.Context(), s, c.asked(t), c.At)
			again, errAgain := c.throughAuthenticator(t, ref, raw)
			if c.Expect == "reject" {
				for _, err := range []error{err, errAgain} {
					refused(t, err)
					require.ErrorContains(t, err, reasons["v2 "+c.Name])
				}
				return
			}
			accepted++
			require.NoError(t, err)
			require.NoError(t, errAgain)
			c.Identity.require(t, got)
			c.Identity.require(t, again)
			weaker := c.asked(t)
			weaker.Certificates = smartid.Advanced
			_, err = v.VerifyV2(t.Context(), s, weaker, c.At)
			require.NoError(t, err, "who asks for less takes more")
		})
	}
	require.Positive(t, accepted)
}

// throughAuthenticator begins a session with the recorded hash.
func (c caseV2) throughAuthenticator(t *testing.T, ref *reference, raw []byte) (*smartid.Verified, error) {
	service := &service{}
	a, err := smartid.NewV2(smartid.ConfigV2{
		Environment: smartid.DemoV2(), RelyingPartyUUID: uuid, RelyingPartyName: "DEMO", Trust: ref.trust(t, c.Trust),
		InsecureSkipRevocation: true, InsecureNoPins: true, Client: &http.Client{Transport: service},
		Interactions: []smartid.InteractionType{smartid.DisplayTextAndPIN}, Certificates: smartid.CertificateLevel(c.RequestedCertificateLevel),
		Rand: strings.NewReader(string(must(base64.StdEncoding.DecodeString(c.Hash)))), Now: func() time.Time { return c.At },
	})
	require.NoError(t, err)
	code := identifier(t, c.RequestedIdentifier)
	if c.Identity != nil {
		code = identifier(t, c.Identity.SemanticsIdentifier)
	}
	if code == "" {
		code = "EE10101010005"
	}
	ch, err := a.Begin(t.Context(), eid.Request{Code: code, Level: eid.Low})
	require.NoError(t, err)
	require.Equal(t, c.Hash, service.begun.request["hash"])
	service.answers(raw)
	return a.ResolveVerified(t.Context(), ch.State, nil)
}
