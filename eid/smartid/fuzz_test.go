package smartid_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
)

// FuzzSession reads an answer and verifies it. Only what says the same as the
// good one may be accepted.
func FuzzSession(f *testing.F) {
	r := newRig(f, nil)
	begin(f, r, eid.Request{})
	req := r.service.begun.request
	good := must(json.Marshal(r.service.complete(issue(holder{}), "QR")))
	asked := smartid.Asked{
		SchemeName: "smart-id-demo", RelyingPartyName: "DEMO", Interactions: req["interactions"].(string), Hash: smartid.SHA512,
		Challenge: req["signatureProtocolParameters"].(object)["rpChallenge"].(string), Flows: []smartid.FlowType{smartid.QR},
		Certificates: smartid.Qualified, Level: eid.High, Code: code,
	}
	v, err := smartid.NewVerifier(smartid.VerifierConfig{Environment: smartid.Demo(), Trust: pki().store, InsecureSkipRevocation: true})
	require.NoError(f, err)
	f.Add(good)
	for _, s := range []string{`{"state":"RUNNING","result":{}}`, `{"state":"COMPLETE","result":{"endResult":"TIMEOUT"}}`, `{"state":7}`, `[]`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := smartid.ParseSession(body)
		if err != nil {
			require.ErrorIs(t, err, smartid.ErrProtocol)
			return
		}
		_, errSign := v.VerifySignature(t.Context(), s, smartid.AskedSignature{
			Digest: asked.Challenge, Hash: smartid.SHA512, Scheme: smartid.PSS, Interactions: asked.Interactions,
			Flows: asked.Flows, Certificates: smartid.Qualified, Level: eid.High, Document: document,
		}, now)
		_, errOld := v.VerifyV2(t.Context(), s, smartid.AskedV2{
			Digest: asked.Challenge, Hash: smartid.SHA512, Interactions: asked.Interactions, Certificates: smartid.Qualified, Level: eid.Low,
		}, now)
		_, errChoice := v.VerifyChoice(t.Context(), s, smartid.Qualified, now)
		for _, err := range []error{errSign, errOld, errChoice} {
			require.Error(t, err)
		}
		verified, err := v.Verify(t.Context(), s, asked, now)
		if err == nil {
			require.True(t, verified.Identity.Code == code && verified.Document == document)
			require.NoError(t, verified.Identity.Valid())
		}
	})
}

func FuzzState(f *testing.F) {
	kinds := states(f)
	for _, s := range kinds {
		f.Add(smartid.Untagged(s))
	}
	r := newRig(f, nil)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, kind := range []byte("asc2") {
			again, err := smartid.StateForTest(b, kind)
			if err != nil {
				require.ErrorIs(t, err, eid.ErrState)
				continue
			}
			require.True(t, bytes.Equal(b, again))
		}
		link, err := r.LiveLink(b, now)
		if err != nil {
			require.True(t, errors.Is(err, eid.ErrState) || errors.Is(err, eid.ErrExpired))
			require.Empty(t, link)
		}
	})
}

func FuzzProblem(f *testing.F) {
	f.Add([]byte(`{"errors":[{"code":"NO_SUITABLE_ACCOUNT_FOUND","paramName":"x","detail":"y"}]}`))
	f.Add([]byte(`{"errors":[{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		code, param := smartid.ProblemForTest(body)
		for _, w := range []string{code, param} {
			require.LessOrEqual(t, len(w), 64)
			require.Empty(t, strings.Trim(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_."))
		}
	})
}

func FuzzReturn(f *testing.F) {
	f.Add("value=a&sessionSecretDigest=b&userChallengeVerifier=c", returnURL)
	f.Add("value=a&value=b", "https://a.example/?")
	f.Fuzz(func(t *testing.T, query, address string) {
		if q, err := url.ParseQuery(query); err == nil {
			back, err := smartid.ParseReturn(q)
			if err == nil {
				require.ErrorIs(t, back.Belongs("some value that is known", []byte("secret")), eid.ErrState)
			}
		}
		got, err := smartid.CallbackForTest(address, "VALUE")
		if err != nil {
			require.ErrorIs(t, err, eid.ErrRequest)
			return
		}
		require.Regexp(t, `^[hH][tT][tT][pP][sS]://[^|#]+$`, got)
		u, err := url.Parse(got)
		require.NoError(t, err)
		require.Equal(t, []string{"VALUE"}, u.Query()["value"])
		before, err := url.Parse(address)
		require.NoError(t, err)
		require.Equal(t, before.Host+before.EscapedPath(), u.Host+u.EscapedPath())
		require.Len(t, u.Query(), len(before.Query())+1)
	})
}
