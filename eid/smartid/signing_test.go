package smartid_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// signer has a certificate for signatures.
func signer(h holder) *holder {
	h.usage = x509.KeyUsageContentCommitment
	if h.policies == nil {
		h.policies = qualifiedQC
	}
	return issue(h)
}

// signature makes a good answer of h to a signature.
func (b begun) signature(h *holder) object {
	p := b.request["signatureProtocolParameters"].(object)
	digest := must(base64.StdEncoding.DecodeString(p["digest"].(string)))
	named := p["signatureAlgorithm"].(string)
	sig := object{"signatureAlgorithm": named, "flowType": b.flow, "serverRandom": "MTlop6EXCrQ6FOErcKjxUhbV"}
	var value []byte
	if named == "rsassa-pss" {
		hash := p["signatureAlgorithmParameters"].(object)["hashAlgorithm"].(string)
		value = must(rsa.SignPSS(rand.Reader, h.key, hashes[hash], digest, &rsa.PSSOptions{SaltLength: hashes[hash].Size()}))
		sig["signatureAlgorithmParameters"] = pssParameters(hash)
	} else {
		hash := map[string]string{"sha256WithRSAEncryption": "SHA-256", "sha512WithRSAEncryption": "SHA-512"}[named]
		value = must(rsa.SignPKCS1v15(nil, h.key, hashes[hash], digest))
	}
	sig["value"] = base64.StdEncoding.EncodeToString(value)
	return object{
		"state": "COMPLETE", "result": object{"endResult": "OK", "documentNumber": h.document}, "signatureProtocol": "RAW_DIGEST_SIGNATURE",
		"signature": sig, "interactionTypeUsed": offered(b.request["interactions"].(string))[0],
		"cert": object{"value": base64.StdEncoding.EncodeToString(h.cert.Raw), "certificateLevel": b.request["certificateLevel"]},
	}
}

func (s *service) signs(h *holder, flow string) object {
	s.begun.flow = flow
	o := s.begun.signature(h)
	s.answers(o)
	return o
}

func digestOf(text string) []byte {
	sum := sha512.Sum512([]byte(text))
	return sum[:]
}

func TestASignatureIsVerifiedBeforeItIsReturned(t *testing.T) {
	for name, c := range map[string]struct {
		scheme smartid.Scheme
		hash   smartid.Hash
		wire   string
	}{
		"PSS with a hash of SHA-3": {smartid.PSS, smartid.SHA3x512, "rsassa-pss"},
		"PSS with SHA-512":         {smartid.PSS, "", "rsassa-pss"},
		"PKCS #1 with SHA-512":     {smartid.PKCS1, smartid.SHA512, "sha512WithRSAEncryption"},
		"PKCS #1 with SHA-256":     {smartid.PKCS1, smartid.SHA256, "sha256WithRSAEncryption"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			digest := digestOf("what is signed")
			if c.hash == smartid.SHA256 {
				sum := sha256.Sum256([]byte("what is signed"))
				digest = sum[:]
			}
			ch, err := r.BeginSignature(t.Context(), smartid.SignatureRequest{
				Document: document, Digest: digest, Hash: c.hash, Scheme: c.scheme, Code: code, Text: "Avaldus",
			})
			require.NoError(t, err)
			require.Equal(t, "/smart-id-rp/v3/signature/device-link/document/"+document, r.service.begun.path)
			require.Equal(t, c.wire, r.service.begun.request["signatureProtocolParameters"].(object)["signatureAlgorithm"])
			link, err := r.LiveLink(ch.State, now)
			require.NoError(t, err)
			require.Contains(t, link, "&sessionType=sign&")
			_, err = r.ResolveSignature(t.Context(), ch.State, nil)
			require.ErrorIs(t, err, eid.ErrPending)
			h := signer(holder{})
			r.service.signs(h, "QR")
			sig, err := r.ResolveSignature(t.Context(), ch.State, nil)
			require.NoError(t, err)
			if c.scheme == smartid.PKCS1 {
				require.NoError(t, rsa.VerifyPKCS1v15(&h.key.PublicKey, hashes[string(c.hash)], digest, sig.Value))
			} else {
				hash := hashes[string(sig.Hash)]
				require.NoError(t, rsa.VerifyPSS(&h.key.PublicKey, hash, digest, sig.Value, nil))
			}
			require.Equal(t, []any{document, eid.High, code, now}, []any{sig.By.Document, sig.By.Level, sig.By.Person.Code, sig.At})
			require.True(t, sig.By.Certificate.Equal(h.cert))
			require.True(t, sig.By.Issuer.Equal(pki().cert))
			require.Equal(t, 1, r.checker.asked)
			r.checker.err = trust.ErrRevoked
			_, err = r.ResolveSignature(t.Context(), ch.State, nil)
			require.ErrorIs(t, err, trust.ErrRevoked)
		})
	}
}

func TestAnAnswerThatIsNotTheSignatureIsRefused(t *testing.T) {
	for _, scheme := range []smartid.Scheme{smartid.PSS, smartid.PKCS1} {
		r := newRig(t, nil)
		ch, err := r.BeginSignature(t.Context(), smartid.SignatureRequest{Document: document, Digest: digestOf("a"), Scheme: scheme, Code: code})
		require.NoError(t, err)
		for name, row := range map[string]struct {
			holder *holder
			change func(*testing.T, object)
			want   error
		}{
			"of the key that authenticates":    {issue(holder{}), nil, trust.RulePurpose},
			"of a basic certificate":           {signer(holder{policies: basic}), nil, trust.RulePolicy},
			"of another person":                {signer(holder{identifier: "PNOEE-50001029996", document: document}), nil, eid.ErrUntrusted},
			"of another account":               {signer(holder{document: number + "-EFGH-Q"}), nil, eid.ErrUntrusted},
			"as an authentication":             {signer(holder{}), put("signatureProtocol", "ACSP_V2"), eid.ErrUntrusted},
			"with another algorithm":           {signer(holder{}), put("signature/signatureAlgorithm", "sha384WithRSAEncryption"), eid.ErrUntrusted},
			"in a way that was not offered":    {signer(holder{}), put("signature/flowType", "Notification"), eid.ErrState},
			"on a screen that was not offered": {signer(holder{}), put("interactionTypeUsed", "confirmationMessage"), eid.ErrState},
			"with a lower level":               {signer(holder{}), put("cert/certificateLevel", "ADVANCED"), eid.ErrTooWeak},
			"without a value":                  {signer(holder{}), put("signature/value", ""), eid.ErrUntrusted},
			"without a signature":              {signer(holder{}), without("signature"), eid.ErrUntrusted},
			"refused by the person":            {signer(holder{}), put("result/endResult", "USER_REFUSED"), eid.ErrRefused},
		} {
			t.Run(string(scheme)+" "+name, func(t *testing.T) {
				o := r.service.signs(row.holder, "QR")
				if row.change != nil {
					row.change(t, o)
				}
				sig, err := r.ResolveSignature(t.Context(), ch.State, nil)
				require.ErrorIs(t, err, row.want)
				require.Nil(t, sig)
				require.Zero(t, r.checker.asked)
			})
		}
		t.Run(string(scheme)+" over something else", func(t *testing.T) {
			set(t, r.service.begun.request, "signatureProtocolParameters/digest", base64.StdEncoding.EncodeToString(digestOf("b")))
			r.service.signs(signer(holder{}), "QR")
			_, err := r.ResolveSignature(t.Context(), ch.State, nil)
			require.ErrorIs(t, err, eid.ErrUntrusted)
			require.ErrorContains(t, err, "signature")
		})
	}
}

func TestASignatureOnTheSameDeviceNeedsItsReturn(t *testing.T) {
	r := newRig(t, nil)
	ch, err := r.BeginSignature(t.Context(), smartid.SignatureRequest{Document: document, Digest: digestOf("a"), Scheme: smartid.PKCS1, ReturnURL: returnURL})
	require.NoError(t, err)
	require.Contains(t, ch.Link, "deviceLinkType=Web2App&sessionToken=wGIrqveE6AuGDATZKmR1mtAZ&sessionType=sign&")
	r.service.signs(signer(holder{}), "Web2App")
	_, err = r.ResolveSignature(t.Context(), ch.State, nil)
	require.ErrorIs(t, err, eid.ErrPending)
	answer := r.service.returned(t)
	require.NotContains(t, answer, "userChallengeVerifier")
	_, err = r.ResolveSignature(t.Context(), ch.State, answer)
	require.NoError(t, err)
	answer.Set("sessionSecretDigest", "x")
	_, err = r.ResolveSignature(t.Context(), ch.State, answer)
	require.ErrorIs(t, err, eid.ErrState)
	_, err = r.Resolve(t.Context(), ch.State, nil)
	require.ErrorIs(t, err, eid.ErrState, "who signed has not authenticated")
}

func TestASignatureByNotificationShowsTheServicesCode(t *testing.T) {
	r := newRig(t, func(c *smartid.Config) { c.Flow = smartid.Notification })
	req := smartid.SignatureRequest{Document: document, Digest: digestOf("a"), Scheme: smartid.PSS}
	ch, err := r.BeginSignature(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, "0042", ch.Code)
	require.Equal(t, "/smart-id-rp/v3/signature/notification/document/"+document, r.service.begun.path)
	r.service.signs(signer(holder{}), "Notification")
	_, err = r.ResolveSignature(t.Context(), ch.State, nil)
	require.NoError(t, err)
	for _, vc := range []any{nil, object{}, object{"type": "numeric6", "value": "000042"}, object{"type": "numeric4", "value": "42"}, object{"type": "numeric4", "value": "00<2"}} {
		r.service.begin = func(*http.Request) (int, any) { return 200, object{"sessionID": uuid, "vc": vc} }
		_, err = r.BeginSignature(t.Context(), req)
		require.ErrorIs(t, err, smartid.ErrProtocol)
	}
	_, err = r.BeginCertificateChoice(t.Context(), smartid.ChoiceRequest{})
	require.ErrorIs(t, err, eid.ErrRequest)
}

func TestAChoiceIsFollowedByTheSignatureThatIsLinkedToIt(t *testing.T) {
	r := newRig(t, nil)
	choice, err := r.BeginCertificateChoice(t.Context(), smartid.ChoiceRequest{ReturnURL: returnURL})
	require.NoError(t, err)
	require.Equal(t, "/smart-id-rp/v3/signature/certificate-choice/device-link/anonymous", r.service.begun.path)
	for _, absent := range []string{"interactions", "signatureProtocol", "signatureProtocolParameters"} {
		require.NotContains(t, r.service.begun.request, absent)
	}
	require.Contains(t, choice.Link, "&sessionType=cert&")
	live, err := r.LiveLink(choice.State, now)
	require.NoError(t, err)
	require.Contains(t, live, "deviceLinkType=QR&elapsedSeconds=0&sessionToken=wGIrqveE6AuGDATZKmR1mtAZ&sessionType=cert&")
	answer := r.service.returned(t)

	h := signer(holder{})
	chosen := object{
		"state": "COMPLETE", "result": object{"endResult": "OK", "documentNumber": document},
		"cert": object{"value": base64.StdEncoding.EncodeToString(h.cert.Raw), "certificateLevel": "QUALIFIED"},
	}
	r.service.answers(chosen)
	cert, err := r.ResolveCertificateChoice(t.Context(), choice.State)
	require.NoError(t, err)
	require.Equal(t, document, cert.Document)

	ch, err := r.BeginSignature(t.Context(), smartid.SignatureRequest{
		Document: cert.Document, Digest: digestOf("a"), Scheme: smartid.PKCS1, Choice: choice.State, ReturnURL: "not used",
	})
	require.NoError(t, err)
	require.Equal(t, "/smart-id-rp/v3/signature/notification/linked/"+document, r.service.begun.path)
	require.Equal(t, "a2e28e5c-9dd5-4a30-9fd0-3b2ea1f9b6ad", r.service.begun.request["linkedSessionID"])
	require.Empty(t, ch.Code+ch.Link)
	r.service.signs(h, "Notification")
	for _, a := range []url.Values{nil, answer} {
		_, err = r.ResolveSignature(t.Context(), ch.State, a)
		require.NoError(t, err)
	}
	answer.Set("value", "other")
	_, err = r.ResolveSignature(t.Context(), ch.State, answer)
	require.ErrorIs(t, err, eid.ErrState)

	for name, change := range map[string]func(object){
		"no account":                      func(o object) { o["result"].(object)["documentNumber"] = "" },
		"another account":                 func(o object) { o["result"].(object)["documentNumber"] = number + "-EFGH-Q" },
		"the certificate to authenticate": func(o object) { set(t, o, "cert/value", base64.StdEncoding.EncodeToString(issue(holder{}).cert.Raw)) },
	} {
		o := clone(chosen)
		change(o)
		r.service.answers(o)
		_, err = r.ResolveCertificateChoice(t.Context(), choice.State)
		require.ErrorIs(t, err, eid.ErrUntrusted, name)
	}
	_, err = r.BeginSignature(t.Context(), smartid.SignatureRequest{Document: document, Digest: digestOf("a"), Scheme: smartid.PSS, Choice: ch.State})
	require.ErrorIs(t, err, eid.ErrState, "a signature is no choice")
	r.clock.add(5 * 60e9)
	_, err = r.BeginSignature(t.Context(), smartid.SignatureRequest{Document: document, Digest: digestOf("a"), Scheme: smartid.PSS, Choice: choice.State})
	require.ErrorIs(t, err, eid.ErrExpired)
}

func TestTheCertificateOfAnAccountIsVerified(t *testing.T) {
	r := newRig(t, nil)
	reply := func(h *holder) object {
		return object{"state": "OK", "cert": object{"value": base64.StdEncoding.EncodeToString(h.cert.Raw), "certificateLevel": "QUALIFIED"}}
	}
	answer := func(status int, v any) { r.service.begin = func(*http.Request) (int, any) { return status, v } }
	answer(200, reply(signer(holder{})))
	c, err := r.Certificate(t.Context(), document)
	require.NoError(t, err)
	require.Equal(t, code, c.Person.Code)
	require.Equal(t, 1, r.checker.asked)
	for name, row := range map[string]struct {
		status int
		reply  any
		want   error
	}{
		"unusable":               {200, object{"state": "DOCUMENT_UNUSABLE"}, eid.ErrNoAccount},
		"something new":          {200, object{"state": "MAYBE"}, smartid.ErrProtocol},
		"good without a value":   {200, object{"state": "OK"}, eid.ErrUntrusted},
		"for authentication":     {200, reply(issue(holder{})), trust.RulePurpose},
		"of another account":     {200, reply(signer(holder{document: number + "-EFGH-Q"})), eid.ErrUntrusted},
		"of another person":      {200, reply(signer(holder{identifier: "PNOEE-50001029996", noSAN: true})), eid.ErrUntrusted},
		"of a stranger's issuer": {200, reply(signer(holder{issuer: newAuthority()})), trust.RuleChain},
		"of no account":          {404, object{}, eid.ErrNoAccount},
	} {
		answer(row.status, row.reply)
		_, err := r.Certificate(t.Context(), document)
		require.ErrorIs(t, err, row.want, name)
	}
	r.checker.err = trust.ErrRevoked
	answer(200, reply(signer(holder{})))
	_, err = r.Certificate(t.Context(), document)
	require.ErrorIs(t, err, trust.ErrRevoked)
	_, err = r.Certificate(t.Context(), "../session/x")
	require.ErrorIs(t, err, eid.ErrRequest)
}

func TestWhatCannotBeSignedIsRefusedBeforeACall(t *testing.T) {
	r := newRig(t, nil)
	for field, change := range map[string]func(*smartid.SignatureRequest){
		"Document":        func(s *smartid.SignatureRequest) { s.Document = "x" },
		"Scheme and Hash": func(s *smartid.SignatureRequest) { s.Scheme = "" },
		"Scheme":          func(s *smartid.SignatureRequest) { s.Scheme, s.Hash = smartid.PKCS1, smartid.SHA3x512 },
		"Digest":          func(s *smartid.SignatureRequest) { s.Digest = s.Digest[1:] },
		"Code":            func(s *smartid.SignatureRequest) { s.Code = "x" },
		"Text":            func(s *smartid.SignatureRequest) { s.Text = strings.Repeat("x", 61) },
		"Level":           func(s *smartid.SignatureRequest) { s.Level = 7 },
		"ReturnURL":       func(s *smartid.SignatureRequest) { s.ReturnURL = "x" },
	} {
		req := smartid.SignatureRequest{Document: document, Digest: digestOf("a"), Scheme: smartid.PSS}
		change(&req)
		_, err := r.BeginSignature(t.Context(), req)
		require.ErrorIs(t, err, eid.ErrRequest)
		require.ErrorContains(t, err, field)
	}
	require.Empty(t, r.service.requests)
}
