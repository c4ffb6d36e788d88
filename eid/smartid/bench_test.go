package smartid_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
)

// BenchmarkVerify reads and verifies an answer of API v3, and does the signature
// checks of it alone beside it: the person's, and the issuer's on the certificate
// (those above are remembered by the store). "of-floor" is the share of the time
// that these take.
func BenchmarkVerify(b *testing.B) {
	s, chain := benchSubject(b)
	body := must(json.Marshal(s.session))
	sig := s.session["signature"].(object)
	payload := smartid.PayloadForTest(s.asked, sig["serverRandom"].(string), sig["userChallenge"].(string),
		smartid.InteractionType(s.session["interactionTypeUsed"].(string)), smartid.FlowType(sig["flowType"].(string)))
	hash := hashes[string(s.asked.Hash)]
	value := must(base64.StdEncoding.DecodeString(sig["value"].(string)))
	key := chain[0].PublicKey.(*rsa.PublicKey)

	var whole, floor time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		d := hash.New()
		d.Write(payload)
		if err := rsa.VerifyPSS(key, hash, d.Sum(nil), value, nil); err != nil {
			b.Fatal(err)
		}
		if err := chain[0].CheckSignatureFrom(chain[1]); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		parsed, err := smartid.ParseSession(body)
		if err == nil {
			_, err = s.verifier.Verify(b.Context(), parsed, s.asked, s.at)
		}
		if err != nil {
			b.Fatal(err)
		}
		floor += middle.Sub(start)
		whole += time.Since(middle)
	}
	b.ReportMetric(floor.Seconds()/whole.Seconds(), "of-floor")
	b.ReportMetric(float64(whole.Microseconds())/float64(b.N), "verify-µs/op")
}

// benchSubject is the genuine recording, or an answer with a key of its length.
func benchSubject(b *testing.B) (subject, []*x509.Certificate) {
	if dir := referenceDir(); dir != "" {
		ref := &reference{dir: dir}
		var s subject
		store := ref.trust(b, nil)
		s.verifier = ref.verifier(b, smartid.Demo(), nil)
		s.session = ref.object(b, "smartid-v3/ok-notification-ee.session.json")
		req := ref.object(b, "smartid-v3/ok-notification-ee.request.json")
		s.asked = smartid.Asked{
			SchemeName: "smart-id-demo", RelyingPartyName: "DEMO", Interactions: req["interactions"].(string), Hash: smartid.SHA3x512,
			Challenge: req["signatureProtocolParameters"].(object)["rpChallenge"].(string), Flows: []smartid.FlowType{smartid.NotificationFlow},
			Certificates: smartid.Qualified, Level: eid.High, Code: "EE40504040001",
		}
		s.at = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
		leaf := must(x509.ParseCertificate(must(base64.StdEncoding.DecodeString(s.session["cert"].(object)["value"].(string)))))
		verified, err := store.Verify(leaf, smartid.Demo().AuthenticationProfile(smartid.Qualified), s.at)
		require.NoError(b, err)
		return s, verified.Chain
	}
	r := newRig(b, nil)
	begin(b, r, eid.Request{})
	req := r.service.begun.request
	h := issue(holder{})
	v, err := smartid.NewVerifier(smartid.VerifierConfig{Environment: smartid.Demo(), Trust: pki().store, InsecureSkipRevocation: true})
	require.NoError(b, err)
	return subject{verifier: v, session: r.service.complete(h, "QR"), at: now, asked: smartid.Asked{
		SchemeName: "smart-id-demo", RelyingPartyName: "DEMO", Interactions: req["interactions"].(string), Hash: smartid.SHA512,
		Challenge: req["signatureProtocolParameters"].(object)["rpChallenge"].(string), Flows: []smartid.FlowType{smartid.QR},
		Certificates: smartid.Qualified, Level: eid.High,
	}}, []*x509.Certificate{h.cert, pki().cert}
}

// BenchmarkLiveLink computes the text of a QR code out of a state, as is done
// each second for each page that shows one.
func BenchmarkLiveLink(b *testing.B) {
	r := newRig(b, nil)
	state := begin(b, r, eid.Request{ReturnURL: returnURL, Text: "Vestlus: Terviseamet, Messenger"}).State
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.LiveLink(state, now.Add(7*time.Second)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLink computes the same without the state.
func BenchmarkLink(b *testing.B) {
	link := smartid.Link{
		SchemeName: "smart-id", RelyingPartyName: "DEMO", Session: smartid.SessionAuthentication, Interactions: interactionsV2,
		Challenge: base64.StdEncoding.EncodeToString(make([]byte, 64)), Base: "https://smart-id.com/device-link",
		Token: "wGIrqveE6AuGDATZKmR1mtAZ", Secret: must(base64.StdEncoding.DecodeString(sessionSecret)), Language: "est",
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = link.QR(7 * time.Second)
	}
}
