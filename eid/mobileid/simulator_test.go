package mobileid_test

import (
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/mobileid"
	"github.com/liidestuja/liidestuja/eid/mobileid/mobileidtest"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// withSimulator returns an authenticator and the simulator of the service, which
// was written from the same facts by somebody else.
func withSimulator(t *testing.T, people ...mobileidtest.Person) (*rig, *mobileidtest.Server) {
	t.Helper()
	r := newRig(t)
	sim, err := mobileidtest.New(mobileidtest.Config{DemoNumbers: true, People: people, Now: r.clock, Poll: -1})
	require.NoError(t, err)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	status := httptest.NewServer(sim.CA().Responder())
	t.Cleanup(status.Close)
	require.NoError(t, sim.CA().SetURL(status.URL))
	host, err := url.Parse(status.URL)
	require.NoError(t, err)
	revocation, err := trust.NewRevocation(trust.RevocationConfig{Hosts: []string{host.Host}, Client: http.DefaultClient})
	require.NoError(t, err)
	store, err := trust.New(trust.Config{Anchors: sim.Anchors(), Intermediates: sim.Intermediates()})
	require.NoError(t, err)
	r.cfg.Environment.BaseURL = srv.URL + "/mid-api"
	r.cfg.RelyingPartyUUID, r.cfg.RelyingPartyName = mobileidtest.DemoParty().UUID, mobileidtest.DemoParty().Name
	r.cfg.Trust, r.cfg.Revocation, r.cfg.InsecureSkipRevocation = store, revocation, false
	r.m, err = mobileid.New(r.cfg)
	require.NoError(t, err)
	return r, sim
}

func TestThePhonesOfTheSimulatorAreUnderstood(t *testing.T) {
	for name, who := range map[string]mobileidtest.Person{
		"with a key on a curve":      {},
		"with an RSA key":            {RSA: true},
		"with a certificate of 2018": {OldCertificate: true},
		"of Lithuania":               {Country: "LT", Code: "50001018908", Phone: "+37060000666"},
	} {
		t.Run(name, func(t *testing.T) {
			who.GivenName, who.Surname = "JAAK", "JÕEORG"
			if who.Code == "" {
				who.Country, who.Code, who.Phone = "EE", "38001085718", "+37255500001"
			}
			r, sim := withSimulator(t, who)
			code, phone := eid.PersonalCode(who.Country+who.Code), eid.Phone(who.Phone)
			c, err := r.m.Begin(t.Context(), eid.Request{Code: code, Phone: phone, Text: "Sõnum: Terviseamet", Language: "ru", Level: eid.High})
			require.NoError(t, err)
			_, err = r.resolve(c)
			require.ErrorIs(t, err, eid.ErrPending)

			prompt := sim.Prompts(who.Phone)[0]
			require.Equal(t, c.Code, prompt.Code, "both sides show the same")
			require.Equal(t, "Sõnum: Terviseamet", prompt.Text, "nothing became a space")
			require.Equal(t, "RUS", prompt.Language)
			require.NoError(t, prompt.Approve())
			id, err := r.resolve(c)
			require.NoError(t, err)
			require.Equal(t, code, id.Code)
			require.Equal(t, "JÕEORG", id.FamilyName)

			signer, err := r.m.Certificate(t.Context(), code, phone)
			require.NoError(t, err)
			digest := mobileid.SHA384.Sum([]byte("a contract"))
			c, err = r.m.BeginSignature(t.Context(), mobileid.SignatureRequest{By: signer, Phone: phone, Hash: mobileid.SHA384, Digest: digest})
			require.NoError(t, err)
			require.NoError(t, sim.Approve(who.Phone))
			s, err := r.m.ResolveSignature(t.Context(), c.State)
			require.NoError(t, err)
			require.Equal(t, map[bool]string{true: "SHA384WithRSAEncryption", false: "SHA384WithECEncryption"}[who.RSA], s.Algorithm)
		})
	}
}

func TestEveryWrongAnswerOfTheSimulatorIsRefused(t *testing.T) {
	who := mobileidtest.Person{Phone: "+37255500001", Code: "38001085718", GivenName: "JAAK", Surname: "JÕEORG"}
	other := mobileidtest.Person{Phone: "+37255500002", Code: "60001017869", GivenName: "MARI", Surname: "MAASIKAS"}
	r, sim := withSimulator(t, who, other)
	ask := func() (eid.Identity, error) {
		c, err := r.m.Begin(t.Context(), eid.Request{Code: "EE38001085718", Phone: eid.Phone(who.Phone)})
		require.NoError(t, err)
		require.NoError(t, sim.Approve(who.Phone))
		return r.resolve(c)
	}
	for name, wrong := range map[string]mobileidtest.Wrong{
		"another key":             {Key: true},
		"another authority":       {Untrusted: true},
		"another person":          {Stranger: other.Phone},
		"the signing certificate": {SigningCert: true},
		"not qualified":           {NonQualified: true},
		"expired":                 {NotBefore: noon().AddDate(-5, 0, 0), NotAfter: noon().AddDate(-1, 0, 0)},
		"not valid yet":           {NotBefore: noon().AddDate(0, 0, 1), NotAfter: noon().AddDate(1, 0, 0)},
		"another hash":            {Hash: []byte("another")},
		"another algorithm":       {Algorithm: "SHA512WithECEncryption"},
		"ASN.1":                   {DER: true},
		"an unknown result":       {Result: "FINE"},
		"a refusal with proof":    {Result: "USER_CANCELLED"},
		"no certificate":          {Remove: []string{"/cert"}},
		"no signature":            {Remove: []string{"/signature"}},
		"a null certificate":      {Set: map[string]any{"/cert": nil}},
		"a signature of nothing":  {Set: map[string]any{"/signature/value": ""}},
		"a state in capitals":     {Set: map[string]any{"/state": "Complete"}},
	} {
		t.Run(name, func(t *testing.T) {
			sim.AnswerNext(1, wrong)
			id, err := ask()
			require.Error(t, err)
			require.NotErrorIs(t, err, eid.ErrPending)
			require.Equal(t, eid.Identity{}, id)
		})
	}
	t.Run("an old answer once more", func(t *testing.T) {
		_, err := ask()
		require.NoError(t, err)
		sim.AnswerNext(1, mobileidtest.Wrong{Replay: true})
		_, err = ask()
		require.ErrorIs(t, err, eid.ErrUntrusted)
	})
	t.Run("but a member that nobody knows is overlooked", func(t *testing.T) {
		sim.AnswerNext(1, mobileidtest.Wrong{Extra: true})
		_, err := ask()
		require.NoError(t, err)
	})
}

func TestTheNumbersOfTheDemoEndAsTheyAlwaysDo(t *testing.T) {
	r, sim := withSimulator(t)
	want := map[string]error{
		"OK": nil, "USER_CANCELLED": eid.ErrRefused, "TIMEOUT": eid.ErrExpired, "PHONE_ABSENT": eid.ErrExpired,
		"DELIVERY_ERROR": eid.ErrFailed, "NOT_MID_CLIENT": eid.ErrNoAccount, "SIGNATURE_HASH_MISMATCH": eid.ErrNoAccount, "SIM_ERROR": eid.ErrFailed,
	}
	people := sim.People()
	require.NotEmpty(t, people)
	for _, p := range people {
		require.Contains(t, want, p.Result)
		c, err := r.m.Begin(t.Context(), eid.Request{Code: eid.PersonalCode(p.Country + p.Code), Phone: eid.Phone(p.Phone)})
		require.NoError(t, err)
		if p.Result == "TIMEOUT" {
			r.advance(3 * time.Minute)
		}
		_, err = r.resolve(c)
		require.ErrorIs(t, err, want[p.Result], p.Result)
	}
}

func TestARelyingPartyThatTheServiceDoesNotKnow(t *testing.T) {
	r, _ := withSimulator(t)
	r.cfg.RelyingPartyName = "Nobody"
	m, err := mobileid.New(r.cfg)
	require.NoError(t, err)
	_, err = m.Begin(t.Context(), eid.Request{Code: code, Phone: phone})
	require.ErrorIs(t, err, mobileid.ErrCredentials)
}

func TestWhoIsRevokedIsRefusedByTheAuthoritysWord(t *testing.T) {
	who := mobileidtest.Person{Phone: "+37255500001", Code: "38001085718", GivenName: "JAAK", Surname: "JÕEORG"}
	r, sim := withSimulator(t, who)
	c, err := r.m.Begin(t.Context(), eid.Request{Code: "EE38001085718", Phone: eid.Phone(who.Phone)})
	require.NoError(t, err)
	require.NoError(t, sim.Approve(who.Phone))
	id, err := r.resolve(c)
	require.NoError(t, err)

	var evidence mobileid.Evidence
	var answer struct{ Cert []byte }
	require.NoError(t, json.Unmarshal(id.Evidence, &evidence))
	require.NoError(t, json.Unmarshal(evidence.Answer, &answer))
	cert, err := x509.ParseCertificate(answer.Cert)
	require.NoError(t, err)
	sim.CA().Responder().Revoke(&testca.Certificate{Cert: cert, DER: cert.Raw})
	_, err = r.resolve(c)
	require.ErrorIs(t, err, trust.ErrRevoked)
	require.ErrorIs(t, err, eid.ErrUntrusted)

	sim.CA().Responder().Answer(testca.Unknown)
	_, err = r.resolve(c)
	require.ErrorIs(t, err, trust.ErrUnknownStatus)
}
