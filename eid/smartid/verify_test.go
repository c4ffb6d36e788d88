package smartid_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

func TestAnAnswerThatIsNotWhatWasAskedForIsRefused(t *testing.T) {
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{})
	for name, row := range map[string]struct {
		change func(t *testing.T, o object)
		want   error
	}{
		"it is still running":             {put("state", "RUNNING"), eid.ErrPending},
		"a state nobody knows":            {put("state", "DONE"), smartid.ErrProtocol},
		"no state":                        {without("state"), smartid.ErrProtocol},
		"no result":                       {without("result"), eid.ErrUntrusted},
		"no end result":                   {put("result", object{}), eid.ErrUntrusted},
		"an end that nobody knows":        {put("result/endResult", "ALMOST_OK"), eid.ErrFailed},
		"an end in small letters":         {put("result/endResult", "ok"), eid.ErrFailed},
		"another account":                 {put("result/documentNumber", number+"-EFGH-Q"), eid.ErrUntrusted},
		"no account":                      {put("result/documentNumber", ""), eid.ErrUntrusted},
		"the protocol of a signature":     {put("signatureProtocol", "RAW_DIGEST_SIGNATURE"), eid.ErrUntrusted},
		"the protocol before this one":    {put("signatureProtocol", "ACSP_V1"), eid.ErrUntrusted},
		"no signature":                    {without("signature"), eid.ErrUntrusted},
		"an empty signature":              {put("signature/value", ""), eid.ErrUntrusted},
		"a signature in the URL alphabet": {put("signature/value", "-_-_"), eid.ErrUntrusted},
		"a server random of another kind": {put("signature/serverRandom", "MTlop6EXCrQ6FOErcKjxUh|b"), eid.ErrUntrusted},
		"a server random that is short":   {put("signature/serverRandom", "MTlop6EXCrQ6FOErcKjxUhb"), eid.ErrUntrusted},
		"a user challenge that is short":  {put("signature/userChallenge", "short"), eid.ErrUntrusted},
		"a user challenge with a bar":     {put("signature/userChallenge", "GnsWXXEjTCKR89fj9uo5u5ReBZ9JR7|pezLAI5jMS00"), eid.ErrUntrusted},
		"another algorithm":               {put("signature/signatureAlgorithm", "sha512WithRSAEncryption"), eid.ErrUntrusted},
		"no parameters":                   {put("signature/signatureAlgorithmParameters", nil), eid.ErrUntrusted},
		"another hash":                    {put("signature/signatureAlgorithmParameters/hashAlgorithm", "SHA-256"), eid.ErrUntrusted},
		"another mask":                    {put("signature/signatureAlgorithmParameters/maskGenAlgorithm/algorithm", "id-shake128"), eid.ErrUntrusted},
		"another hash of the mask":        {put("signature/signatureAlgorithmParameters/maskGenAlgorithm/parameters/hashAlgorithm", "SHA-256"), eid.ErrUntrusted},
		"a shorter salt":                  {put("signature/signatureAlgorithmParameters/saltLength", 32), eid.ErrUntrusted},
		"another trailer":                 {put("signature/signatureAlgorithmParameters/trailerField", "0xcc"), eid.ErrUntrusted},
		"an interaction nobody offered":   {put("interactionTypeUsed", "confirmationMessage"), eid.ErrState},
		"no interaction":                  {without("interactionTypeUsed"), eid.ErrState},
		"no certificate":                  {without("cert"), eid.ErrUntrusted},
		"a certificate that is none":      {put("cert/value", "AAAA"), eid.ErrUntrusted},
		"a certificate with a line break": {func(t *testing.T, o object) {
			s := o["cert"].(object)["value"].(string)
			set(t, o, "cert/value", s[:64]+"\n"+s[64:])
		}, eid.ErrUntrusted},
		"a lower level beside it":     {put("cert/certificateLevel", "ADVANCED"), eid.ErrTooWeak},
		"a level that nobody knows":   {put("cert/certificateLevel", "QSCD"), eid.ErrUntrusted},
		"no level":                    {put("cert/certificateLevel", ""), eid.ErrUntrusted},
		"a saltLength that is a text": {put("signature/signatureAlgorithmParameters/saltLength", "64"), smartid.ErrProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			o := clone(r.service.complete(issue(holder{}), "QR"))
			row.change(t, o)
			r.service.answers(o)
			asked := r.checker.asked
			id, err := r.Resolve(t.Context(), c.State, nil)
			require.ErrorIs(t, err, row.want)
			if strings.Contains(name, "random") || strings.Contains(name, "challenge") {
				require.ErrorContains(t, err, strings.Join(strings.Fields(name)[1:3], " "), "its own form, before the signature")
			}
			require.True(t, id.Equal(eid.Identity{}))
			require.Equal(t, asked, r.checker.asked, "nobody is asked about an answer that proves nothing")
		})
	}
}

func put(pointer string, value any) func(*testing.T, object) {
	return func(t *testing.T, o object) { set(t, o, pointer, value) }
}

func without(name string) func(*testing.T, object) {
	return func(_ *testing.T, o object) { delete(o, name) }
}

func TestACertificateThatIsNotForThisIsRefused(t *testing.T) {
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{})
	for name, row := range map[string]struct {
		holder holder
		want   error
	}{
		"of a stranger's authority":         {holder{issuer: newAuthority()}, trust.RuleChain},
		"not valid yet":                     {holder{from: now.Add(time.Second), until: now.AddDate(1, 0, 0)}, trust.RuleValidity},
		"not valid any more":                {holder{from: now.AddDate(-1, 0, 0), until: now.Add(-time.Second)}, trust.RuleValidity},
		"for signatures":                    {holder{usage: x509.KeyUsageContentCommitment}, trust.RulePurpose},
		"for signatures, with all policies": {holder{usage: x509.KeyUsageContentCommitment, policies: append(qualifiedQC[1:2:2], qualified...)}, trust.RulePurpose},
		"of another extended usage":         {holder{ext: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 4}}, trust.RulePurpose},
		"of a client without the old usage": {holder{ext: ekuClient}, trust.RulePurpose},
		"basic":                             {holder{policies: basic}, trust.RulePolicy},
		"of the issuer's policy alone":      {holder{policies: qualified[:1]}, trust.RulePolicy},
		"of the standard's policy alone":    {holder{policies: qualified[1:]}, trust.RulePolicy},
		"of a passport":                     {holder{identifier: "PASEE-AB123456"}, eid.ErrUntrusted},
		"of nobody":                         {holder{identifier: "NTREE-10747013"}, trust.RuleSubject},
	} {
		t.Run(name, func(t *testing.T) {
			r.service.complete(issue(row.holder), "QR")
			_, err := r.Resolve(t.Context(), c.State, nil)
			require.ErrorIs(t, err, row.want)
			require.ErrorIs(t, err, eid.ErrUntrusted)
			require.Zero(t, r.checker.asked)
		})
	}
	t.Run("though an older one is accepted", func(t *testing.T) {
		old := x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment
		policies := []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 10015, 3, 17, 2}, {0, 4, 0, 2042, 1, 2}} // of the demo
		h := issue(holder{usage: old, ext: ekuClient, policies: policies, noSAN: true})
		r.service.complete(h, "QR")
		_, err := r.Resolve(t.Context(), c.State, nil)
		require.NoError(t, err)
		store, live := pki().store, smartid.Live()
		_, err = store.Verify(h.cert, live.AuthenticationProfile(smartid.Qualified), now)
		require.ErrorIs(t, err, trust.RulePolicy, "policies of the demo are worth nothing elsewhere")
	})
}

func TestAnotherKeyOrSchemeOfSignatureIsRefused(t *testing.T) {
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{})
	h := issue(holder{})
	t.Run("another key", func(t *testing.T) {
		stranger := *h
		stranger.key = must(rsa.GenerateKey(rand.Reader, 2048))
		r.service.complete(&stranger, "QR")
		_, err := r.Resolve(t.Context(), c.State, nil)
		require.ErrorIs(t, err, eid.ErrUntrusted)
		require.ErrorContains(t, err, "signature")
	})
	resign := func(t *testing.T, sign func(digest []byte) []byte) error {
		o := r.service.complete(h, "QR")
		sig := o["signature"].(object)
		a := smartid.Asked{
			SchemeName: "smart-id-demo", RelyingPartyName: "DEMO", Interactions: r.service.begun.request["interactions"].(string),
			Challenge: r.service.begun.request["signatureProtocolParameters"].(object)["rpChallenge"].(string),
		}
		payload := smartid.PayloadForTest(a, sig["serverRandom"].(string), sig["userChallenge"].(string), "displayTextAndPIN", "QR")
		digest := sha512.Sum512(payload)
		sig["value"] = base64.StdEncoding.EncodeToString(sign(digest[:]))
		_, err := r.Resolve(t.Context(), c.State, nil)
		return err
	}
	pss := func(salt int) func([]byte) []byte {
		return func(d []byte) []byte {
			return must(rsa.SignPSS(rand.Reader, h.key, hashes["SHA-512"], d, &rsa.PSSOptions{SaltLength: salt}))
		}
	}
	require.NoError(t, resign(t, pss(64)), "the test signs well")
	for name, sign := range map[string]func([]byte) []byte{
		"PKCS #1 labelled PSS": func(d []byte) []byte { return must(rsa.SignPKCS1v15(nil, h.key, hashes["SHA-512"], d)) },
		"a shorter salt":       pss(32),
		"no salt":              pss(0),
	} {
		t.Run(name, func(t *testing.T) { require.ErrorIs(t, resign(t, sign), eid.ErrUntrusted) })
	}
}

func TestAnAnswerToAnotherChallengeIsRefused(t *testing.T) {
	r := newRig(t, nil)
	first := begin(t, r, eid.Request{})
	answer := r.service.complete(issue(holder{}), "QR")
	second := begin(t, r, eid.Request{})
	r.service.answers(answer)
	_, err := r.Resolve(t.Context(), second.State, nil)
	require.ErrorIs(t, err, eid.ErrUntrusted)
	_, err = r.Resolve(t.Context(), first.State, nil)
	require.NoError(t, err)
}

func TestRevocationIsAskedLastAndDecides(t *testing.T) {
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{})
	r.service.complete(issue(holder{}), "QR")
	for _, found := range []error{trust.ErrRevoked, trust.ErrUnknownStatus, trust.ErrStatusUnreachable} {
		r.checker.err = found
		_, err := r.Resolve(t.Context(), c.State, nil)
		require.ErrorIs(t, err, found)
	}
	r.checker.err = nil
	_, err := r.Resolve(t.Context(), c.State, nil)
	require.NoError(t, err, "who could not be asked is asked again")
	require.Equal(t, 4, r.checker.asked)
}

func TestALevelIsWhatTheEnvironmentSaysItIs(t *testing.T) {
	r := newRig(t, func(c *smartid.Config) {
		for i := range c.Environment.Authentication {
			c.Environment.Authentication[i].Level = eid.Substantial
		}
	})
	_, err := r.Begin(t.Context(), eid.Request{Level: eid.High})
	require.ErrorIs(t, err, eid.ErrRequest)
	c := begin(t, r, eid.Request{})
	r.service.complete(issue(holder{}), "QR")
	id, err := r.Resolve(t.Context(), c.State, nil)
	require.NoError(t, err)
	require.Equal(t, eid.Substantial, id.Level)

	high := newRig(t, nil)
	c = begin(t, high, eid.Request{Level: eid.High})
	high.service.complete(issue(holder{}), "QR")
	r.service.session = high.service.session
	_, err = r.Resolve(t.Context(), c.State, nil)
	require.ErrorIs(t, err, eid.ErrTooWeak)
}

func TestAVerifierByItselfWantsToKnowEverything(t *testing.T) {
	v, err := smartid.NewVerifier(smartid.VerifierConfig{Environment: smartid.Demo(), Trust: pki().store, InsecureSkipRevocation: true})
	require.NoError(t, err)
	good := smartid.Asked{
		SchemeName: "smart-id-demo", RelyingPartyName: "DEMO", Challenge: base64.StdEncoding.EncodeToString(make([]byte, 64)),
		Interactions: interactionsV2, Hash: smartid.SHA512, Flows: []smartid.FlowType{smartid.QR}, Certificates: smartid.Qualified, Level: eid.Low,
	}
	running, err := smartid.ParseSession([]byte(`{"state":"RUNNING"}`))
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), running, good, now)
	require.ErrorIs(t, err, eid.ErrPending)
	for field, change := range map[string]func(*smartid.Asked){
		"SchemeName":       func(a *smartid.Asked) { a.SchemeName = "" },
		"RelyingPartyName": func(a *smartid.Asked) { a.RelyingPartyName = "" },
		"Challenge":        func(a *smartid.Asked) { a.Challenge = "AAAA" },
		"Interactions":     func(a *smartid.Asked) { a.Interactions = "" },
		"Hash":             func(a *smartid.Asked) { a.Hash = "MD5" },
		"Flows":            func(a *smartid.Asked) { a.Flows = nil },
		"Certificates":     func(a *smartid.Asked) { a.Certificates = "" },
		"Level":            func(a *smartid.Asked) { a.Level = eid.Undefined },
	} {
		a := good
		change(&a)
		_, err := v.Verify(t.Context(), running, a, now)
		require.ErrorIs(t, err, eid.ErrRequest, field)
		require.ErrorContains(t, err, "Asked."+field)
	}
	_, err = v.Verify(t.Context(), smartid.Session{}, good, now)
	require.ErrorIs(t, err, smartid.ErrProtocol, "a session that was never read")
	good.Return = &smartid.Return{SecretDigest: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"} // of nothing
	_, err = v.Verify(t.Context(), running, good, now)
	require.ErrorIs(t, err, eid.ErrState, "an empty return fits no empty secret")
}

func TestAVerifierOfSignaturesWantsToKnowEverything(t *testing.T) {
	v, err := smartid.NewVerifier(smartid.VerifierConfig{Environment: smartid.Demo(), Trust: pki().store, InsecureSkipRevocation: true})
	require.NoError(t, err)
	r := newRig(t, nil)
	_, err = r.BeginSignature(t.Context(), smartid.SignatureRequest{Document: document, Digest: digestOf("a"), Scheme: smartid.PSS, ReturnURL: returnURL})
	require.NoError(t, err)
	good := smartid.AskedSignature{
		Digest: base64.StdEncoding.EncodeToString(digestOf("a")), Hash: smartid.SHA512, Scheme: smartid.PSS, Flows: []smartid.FlowType{smartid.QR, smartid.Web2App},
		Interactions: r.service.begun.request["interactions"].(string), Certificates: smartid.Qualified, Level: eid.High, Document: document,
	}
	session := parse(t, r.service.signs(signer(holder{}), "QR"))
	_, err = v.VerifySignature(t.Context(), session, good, now)
	require.NoError(t, err)
	for field, change := range map[string]func(*smartid.AskedSignature){
		"Scheme":       func(a *smartid.AskedSignature) { a.Scheme = "" },
		"Digest":       func(a *smartid.AskedSignature) { a.Digest = "AAAA" },
		"Interactions": func(a *smartid.AskedSignature) { a.Interactions = "" },
		"Flows":        func(a *smartid.AskedSignature) { a.Flows = nil },
		"Certificates": func(a *smartid.AskedSignature) { a.Certificates = "" },
		"Level":        func(a *smartid.AskedSignature) { a.Level = 0 },
		"Document":     func(a *smartid.AskedSignature) { a.Document = "" },
	} {
		a := good
		change(&a)
		_, err := v.VerifySignature(t.Context(), session, a, now)
		require.ErrorIs(t, err, eid.ErrRequest, field)
		require.ErrorContains(t, err, "AskedSignature."+field)
	}
	_, err = v.VerifySignature(t.Context(), parse(t, r.service.signs(signer(holder{}), "Web2App")), good, now)
	require.ErrorIs(t, err, eid.ErrState, "nobody returned")
	wrong := r.service.signs(signer(holder{}), "QR")
	set(t, wrong, "signature/signatureAlgorithmParameters/saltLength", 32)
	_, err = v.VerifySignature(t.Context(), parse(t, wrong), good, now)
	require.ErrorIs(t, err, eid.ErrUntrusted)
	good.Return = &smartid.Return{}
	_, err = v.VerifySignature(t.Context(), session, good, now)
	require.ErrorIs(t, err, eid.ErrState)
	_, err = v.VerifyChoice(t.Context(), session, "", now)
	require.ErrorIs(t, err, eid.ErrRequest)
}

func TestAVerifierOfV2WantsToKnowEverything(t *testing.T) {
	v, err := smartid.NewVerifier(smartid.VerifierConfig{Environment: smartid.Demo(), Trust: pki().store, InsecureSkipRevocation: true})
	require.NoError(t, err)
	for field, change := range map[string]func(*smartid.AskedV2){
		"Hash":         func(a *smartid.AskedV2) { a.Hash = smartid.SHA3x512 },
		"Digest":       func(a *smartid.AskedV2) { a.Digest = "AAAA" },
		"Interactions": func(a *smartid.AskedV2) { a.Interactions = "" },
		"Certificates": func(a *smartid.AskedV2) { a.Certificates = "" },
		"Level":        func(a *smartid.AskedV2) { a.Level = 0 },
	} {
		a := smartid.AskedV2{
			Digest: base64.StdEncoding.EncodeToString(digestOf("a")), Hash: smartid.SHA512, Interactions: interactionsV2,
			Certificates: smartid.Qualified, Level: eid.Low,
		}
		change(&a)
		_, err := v.VerifyV2(t.Context(), smartid.Session{}, a, now)
		require.ErrorIs(t, err, eid.ErrRequest, field)
		require.ErrorContains(t, err, "AskedV2."+field)
	}
}
