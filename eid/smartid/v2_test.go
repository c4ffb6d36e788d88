package smartid_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// answerV2 makes a good answer of h to an authentication of API v2.
func (b begun) answerV2(h *holder) object {
	names := map[string][2]string{
		"SHA256": {"SHA-256", "sha256WithRSAEncryption"}, "SHA384": {"SHA-384", "sha384WithRSAEncryption"}, "SHA512": {"SHA-512", "sha512WithRSAEncryption"},
	}[b.request["hashType"].(string)]
	digest := must(base64.StdEncoding.DecodeString(b.request["hash"].(string)))
	value := must(rsa.SignPKCS1v15(nil, h.key, hashes[names[0]], digest))
	used := b.request["allowedInteractionsOrder"].([]any)[0].(object)["type"]
	return object{
		"state": "COMPLETE", "result": object{"endResult": "OK", "documentNumber": h.document},
		"signature":           object{"value": base64.StdEncoding.EncodeToString(value), "algorithm": names[1]},
		"cert":                object{"value": base64.StdEncoding.EncodeToString(h.cert.Raw), "certificateLevel": b.request["certificateLevel"]},
		"interactionFlowUsed": used,
	}
}

func TestV2ProvesWhoeverWasAsked(t *testing.T) {
	for _, hash := range []smartid.Hash{"", smartid.SHA256, smartid.SHA384} {
		service := &service{}
		cfg := configV2(service)
		cfg.Hash, cfg.ShareIP = hash, true
		a, err := smartid.NewV2(cfg)
		require.NoError(t, err)
		c, err := a.Begin(t.Context(), eid.Request{Code: code, ReturnURL: "not used", Text: "Tere"})
		require.NoError(t, err)
		require.Equal(t, "/smart-id-rp/v2/authentication/etsi/"+number, service.begun.path)
		require.Equal(t, smartid.ControlCode(must(base64.StdEncoding.DecodeString(service.begun.request["hash"].(string)))), c.Code)
		require.Equal(t, object{"shareMdClientIpAddress": true}, service.begun.request["requestProperties"])
		_, err = a.Resolve(t.Context(), c.State, nil)
		require.ErrorIs(t, err, eid.ErrPending)
		service.answers(service.begun.answerV2(issue(holder{})))
		v, err := a.ResolveVerified(t.Context(), c.State, nil)
		require.NoError(t, err)
		require.Equal(t, []any{code, eid.High, document}, []any{v.Identity.Code, v.Identity.Level, v.Document})
		require.Equal(t, smartid.ConfirmationMessageAndVerificationCodeChoice, v.Interaction)
	}
}

func TestV2AsksForRevocationAndHoldsTheLevel(t *testing.T) {
	service, found := &service{}, &checker{}
	cfg := configV2(service)
	cfg.InsecureSkipRevocation, cfg.Revocation, cfg.Certificates = false, found, smartid.Advanced
	a, err := smartid.NewV2(cfg)
	require.NoError(t, err)
	c, err := a.Begin(t.Context(), eid.Request{Code: code, Level: eid.Low})
	require.NoError(t, err)
	service.answers(service.begun.answerV2(issue(holder{policies: basic})))
	id, err := a.Resolve(t.Context(), c.State, nil)
	require.NoError(t, err)
	require.Equal(t, eid.Low, id.Level)
	found.err = trust.ErrRevoked
	_, err = a.Resolve(t.Context(), c.State, nil)
	require.ErrorIs(t, err, trust.ErrRevoked)

	v, err := smartid.NewVerifier(smartid.VerifierConfig{Environment: smartid.Demo(), Trust: pki().store, InsecureSkipRevocation: true})
	require.NoError(t, err)
	offer := must(json.Marshal(service.begun.request["allowedInteractionsOrder"]))
	_, err = v.VerifyV2(t.Context(), parse(t, service.begun.answerV2(issue(holder{policies: basic}))), smartid.AskedV2{
		Digest: service.begun.request["hash"].(string), Hash: smartid.SHA512, Interactions: base64.StdEncoding.EncodeToString(offer),
		Certificates: smartid.Advanced, Level: eid.High,
	}, now)
	require.ErrorIs(t, err, eid.ErrTooWeak)
}

func TestV2RefusesWhatItsRulesDoNotProve(t *testing.T) {
	service := &service{}
	a, err := smartid.NewV2(configV2(service))
	require.NoError(t, err)
	c, err := a.Begin(t.Context(), eid.Request{Code: code})
	require.NoError(t, err)
	for name, row := range map[string]struct {
		holder *holder
		change func(*testing.T, object)
		want   error
	}{
		"another algorithm":               {issue(holder{}), put("signature/algorithm", "sha256WithRSAEncryption"), eid.ErrUntrusted},
		"no algorithm":                    {issue(holder{}), put("signature/algorithm", ""), eid.ErrUntrusted},
		"no signature":                    {issue(holder{}), without("signature"), eid.ErrUntrusted},
		"an interaction nobody offered":   {issue(holder{}), put("interactionFlowUsed", "displayTextAndPIN"), eid.ErrState},
		"a lower level":                   {issue(holder{}), put("cert/certificateLevel", "ADVANCED"), eid.ErrTooWeak},
		"a basic certificate said not to": {issue(holder{policies: basic}), nil, trust.RulePolicy},
		"the certificate for signatures":  {signer(holder{}), nil, trust.RulePurpose},
		"another person":                  {issue(holder{identifier: "PNOEE-50001029996"}), nil, eid.ErrUntrusted},
		"no certificate":                  {issue(holder{}), without("cert"), eid.ErrUntrusted},
		"another account":                 {issue(holder{}), put("result/documentNumber", number+"-EFGH-Q"), eid.ErrUntrusted},
		"an account of somebody else beside a certificate that names none": {
			issue(holder{noSAN: true}), put("result/documentNumber", "PNOEE-50001029996-EFGH-Q"), eid.ErrUntrusted,
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := service.begun.answerV2(row.holder)
			if row.change != nil {
				row.change(t, o)
			}
			service.answers(o)
			_, err := a.Resolve(t.Context(), c.State, nil)
			require.ErrorIs(t, err, row.want)
		})
	}
	t.Run("a signature of another scheme", func(t *testing.T) {
		h := issue(holder{})
		o := service.begun.answerV2(h)
		digest := must(base64.StdEncoding.DecodeString(service.begun.request["hash"].(string)))
		pss := must(rsa.SignPSS(rand.Reader, h.key, hashes["SHA-512"], digest, nil))
		set(t, o, "signature/value", base64.StdEncoding.EncodeToString(pss))
		service.answers(o)
		_, err := a.Resolve(t.Context(), c.State, nil)
		require.ErrorIs(t, err, eid.ErrUntrusted)
	})
	good := service.begun.answerV2(issue(holder{}))
	delete(good, "interactionFlowUsed")
	service.answers(good)
	_, err = a.Resolve(t.Context(), c.State, nil)
	require.NoError(t, err, "older answers do not say which screen it was")
	_, err = a.Resolve(t.Context(), c.State, url.Values{"value": {"x"}})
	require.ErrorIs(t, err, eid.ErrState)

	for field, req := range map[string]eid.Request{"Code": {}, "Level": {Code: code, Level: 8}, "Language": {Code: code, Language: "xx"}, "Text": {Code: code, Text: "\t"}} {
		_, err := a.Begin(t.Context(), req)
		require.ErrorIs(t, err, eid.ErrRequest)
		require.ErrorContains(t, err, field)
	}
	_, err = a.BeginDocument(t.Context(), eid.Request{}, "x")
	require.ErrorIs(t, err, eid.ErrRequest)
	_, err = a.BeginDocument(t.Context(), eid.Request{}, document)
	require.NoError(t, err)
	require.Equal(t, "/smart-id-rp/v2/authentication/document/"+document, service.begun.path)

	v3 := newRig(t, nil)
	_, err = v3.Resolve(t.Context(), c.State, nil)
	require.ErrorIs(t, err, eid.ErrState, "the two do not take each other's states")
	_, err = v3.LiveLink(c.State, now)
	require.ErrorIs(t, err, eid.ErrState)
}
