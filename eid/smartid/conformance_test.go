package smartid_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/smartid"
	"github.com/liidestuja/liidestuja/eid/smartid/smartidtest"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// TestTheDutiesOfAnAuthenticatorAreKept runs the conformance suite against the
// simulator of the service, which shares nothing with this package but the
// description of the wire.
func TestTheDutiesOfAnAuthenticatorAreKept(t *testing.T) {
	request := eid.Request{Level: eid.Substantial, Text: "Vestlus: Terviseamet", Language: "et"}
	named := request
	named.Code = "EE60001019906"
	returning := request
	returning.ReturnURL = "https://agency.example/return?lang=et"
	for name, c := range map[string]struct {
		request eid.Request
		limit   int
		make    func(*simulation) eid.Authenticator
	}{
		"anybody by a QR code":      {request, 60, v3(smartid.DeviceLink)},
		"somebody by a QR code":     {named, 60, v3(smartid.DeviceLink)},
		"anybody on their device":   {returning, 60, v3(smartid.DeviceLink)},
		"somebody by notification":  {named, 200, v3(smartid.Notification)},
		"somebody by API version 2": {named, 200, v2},
	} {
		t.Run(name, func(t *testing.T) {
			eidtest.Run(t, eidtest.Subject{
				Request: c.request, TextLimit: c.limit, Secrets: []string{uuid},
				Person: eid.Identity{Code: "EE60001019906", GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ-ŠUSLIK TESTNUMBER", Born: "1999-01-01", At: now},
				New:    func(eidtest.TB) *eidtest.Instance { return simulate(t).instance(c.make) },
			})
		})
	}
}

// simulation is the simulator and the clock that it shares with its clients.
type simulation struct {
	t               *testing.T
	server          *smartidtest.Server
	url             string
	clock           *clock
	store           *trust.Store
	mary            smartidtest.Person
	scheme, partyID string
}

func simulate(t *testing.T) *simulation {
	s := &simulation{t: t, clock: &clock{at: now}, scheme: "smart-id-demo", partyID: uuid}
	var err error
	s.server, err = smartidtest.New(smartidtest.Config{Now: s.clock.now, Poll: -1, Timeout: 4 * time.Minute})
	require.NoError(t, err)
	s.url, err = s.server.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.server.Close() })
	s.store, err = trust.New(trust.Config{Anchors: s.server.Anchors(), Intermediates: s.server.Intermediates()})
	require.NoError(t, err)
	s.mary = s.person("PNOEE-60001019906")
	return s
}

func (s *simulation) person(identifier string) smartidtest.Person {
	p, err := s.server.AddPerson(smartidtest.Person{
		Identifier: identifier, GivenName: "MARY ÄNN", Surname: "O’CONNEŽ-ŠUSLIK TESTNUMBER", Born: "1999-01-01",
	})
	require.NoError(s.t, err)
	return p
}

func v3(flow smartid.Flow) func(*simulation) eid.Authenticator {
	return func(s *simulation) eid.Authenticator { return s.v3(flow) }
}

func (s *simulation) v3(flow smartid.Flow) *smartid.Authenticator {
	e := smartid.Demo()
	e.BaseURL, e.SchemeName = s.url+"/v3", s.scheme
	a, err := smartid.New(smartid.Config{
		Environment: e, RelyingPartyUUID: s.partyID, RelyingPartyName: "DEMO", Flow: flow, Trust: s.store, Revocation: unrevoked{},
		InsecureNoPins: true, InsecureHTTP: true, PollTimeout: time.Second, Now: s.clock.now,
	})
	require.NoError(s.t, err)
	return a
}

func v2(s *simulation) eid.Authenticator {
	e := smartid.DemoV2()
	e.BaseURL = s.url + "/v2"
	a, err := smartid.NewV2(smartid.ConfigV2{
		Environment: e, RelyingPartyUUID: s.partyID, RelyingPartyName: "DEMO", Trust: s.store, Revocation: unrevoked{},
		InsecureNoPins: true, InsecureHTTP: true, PollTimeout: time.Second, Now: s.clock.now,
	})
	require.NoError(s.t, err)
	return a
}

func (s *simulation) instance(create func(*simulation) eid.Authenticator) *eidtest.Instance {
	a := create(s)
	return &eidtest.Instance{
		Authenticator: a,
		Replica:       func() eid.Authenticator { return create(s) },
		Foreign: func() eid.Authenticator {
			other := *s
			other.partyID = "00000000-0000-4000-8000-000000000001"
			return create(&other)
		},
		Now: s.clock.now, Advance: s.clock.add,
		Answer: func(c eid.Challenge, r eid.Request, o eidtest.Outcome) (url.Values, bool) {
			return s.decide(s.prompt(a, c, r), o), true
		},
	}
}

// prompt is what the person's app shows of a challenge, however it got there.
func (s *simulation) prompt(a eid.Authenticator, c eid.Challenge, r eid.Request) *smartidtest.Prompt {
	link := c.Link
	if live, ok := a.(eid.LiveLinker); ok && link == "" && c.Code == "" {
		var err error
		link, err = live.LiveLink(c.State, s.clock.now())
		require.NoError(s.t, err)
	}
	if link == "" {
		waiting := s.server.Prompts(s.mary.Document)
		require.NotEmpty(s.t, waiting)
		for _, p := range waiting {
			if p.Code == c.Code {
				return p
			}
		}
		s.t.Fatal("no prompt shows the control code of the challenge")
	}
	p, err := s.server.Scan(link)
	require.NoError(s.t, err)
	require.Equal(s.t, "DEMO", p.Party)
	if r.Text != "" {
		require.Equal(s.t, r.Text, p.Text)
	}
	return p
}

// decide has the person, or the service, do something.
func (s *simulation) decide(p *smartidtest.Prompt, o eidtest.Outcome) url.Values {
	end := func(err error) url.Values { require.NoError(s.t, err); return nil }
	approve := func(w *smartidtest.Wrong) url.Values {
		if w != nil {
			s.server.AnswerNext(1, *w)
		}
		back, err := p.Approve(s.mary.Document)
		require.NoError(s.t, err)
		if back == "" {
			return nil
		}
		u, err := url.Parse(back)
		require.NoError(s.t, err)
		return u.Query()
	}
	switch o {
	case eidtest.Approve:
		return approve(nil)
	case eidtest.Refuse:
		return end(p.Refuse())
	case eidtest.TimeOut:
		return end(p.End("TIMEOUT"))
	case eidtest.Missing:
		return end(p.End("DOCUMENT_UNUSABLE"))
	case eidtest.Unknown:
		return end(p.End("GONE_FISHING"))
	case eidtest.Stranger:
		return approve(&smartidtest.Wrong{Stranger: s.person("PNOEE-60001017869").Document})
	case eidtest.Weaker:
		return approve(&smartidtest.Wrong{Unqualified: true})
	case eidtest.Forge:
		return approve(&smartidtest.Wrong{Key: true})
	case eidtest.Break:
		s.server.FailNext(-1, smartidtest.Failure{Method: "GET", Status: 580})
	}
	return nil
}

// Every answer that looks genuine and is not is refused, whichever way it came.
func TestEveryWrongAnswerOfTheSimulatorIsRefused(t *testing.T) {
	wrong := map[string]smartidtest.Wrong{
		"another key":                    {Key: true},
		"an authority of the same name":  {Untrusted: true},
		"the certificate for signatures": {SigningCert: true},
		"a basic certificate":            {Unqualified: true},
		"a lower level":                  {Level: "ADVANCED"},
		"an expired certificate":         {NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.Add(-time.Minute)},
		"a certificate of tomorrow":      {NotBefore: now.Add(24 * time.Hour), NotAfter: now.AddDate(1, 0, 0)},
		"PKCS #1 that is said to be PSS": {PKCS1: true},
		"another flow":                   {FlowType: "App2App"},
		"another interaction":            {Interaction: "confirmationMessage"},
		"another scheme":                 {Scheme: "smart-id"},
		"another challenge":              {Challenge: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
		"another name of the party":      {PartyName: "demo"},
		"an old answer":                  {Replay: true},
		"an end that is none":            {EndResult: "USER_REFUSED"},
		"without a certificate":          {Remove: []string{"/cert"}},
		"without a result":               {Remove: []string{"/result"}},
		"another account":                {Set: map[string]any{"/result/documentNumber": "PNOEE-60001019906-NONE-Q"}},
	}
	for _, returning := range []bool{false, true} {
		s := simulate(t)
		a := s.v3(smartid.DeviceLink)
		req := eid.Request{Text: "Vestlus"}
		if returning {
			req.ReturnURL = "https://agency.example/return"
		}
		try := func(w *smartidtest.Wrong) (eid.Identity, error) {
			c, err := a.Begin(t.Context(), req)
			require.NoError(t, err)
			p := s.prompt(a, c, req)
			if w != nil {
				s.server.AnswerNext(1, *w)
			}
			back, err := p.Approve(s.mary.Document)
			require.NoError(t, err)
			require.Equal(t, returning, back != "")
			u, err := url.Parse(back)
			require.NoError(t, err)
			return a.Resolve(t.Context(), c.State, u.Query())
		}
		_, err := try(nil)
		require.NoError(t, err)
		for name, w := range wrong {
			_, err := try(&w)
			require.Error(t, err, "%s, returning: %v", name, returning)
			refused(t, err)
		}
		id, err := try(&smartidtest.Wrong{Extra: true})
		require.NoError(t, err)
		require.Equal(t, eid.PersonalCode("EE60001019906"), id.Code)
	}
}

func TestWhoIsRevokedIsRefusedByTheAuthoritysWord(t *testing.T) {
	s := simulate(t)
	responder := httptest.NewServer(s.server.CA().Responder())
	defer responder.Close()
	require.NoError(t, s.server.CA().SetURL(responder.URL))
	person := s.person("PNOEE-60001017869") // whose certificates name the responder
	checker, err := trust.NewRevocation(trust.RevocationConfig{
		Hosts: []string{strings.TrimPrefix(responder.URL, "http://")}, Client: responder.Client(),
	})
	require.NoError(t, err)
	e := smartid.Demo()
	e.BaseURL = s.url + "/v3"
	a, err := smartid.New(smartid.Config{
		Environment: e, RelyingPartyUUID: uuid, RelyingPartyName: "DEMO", Trust: s.store, Revocation: checker,
		InsecureNoPins: true, InsecureHTTP: true, PollTimeout: time.Second, Now: s.clock.now,
	})
	require.NoError(t, err)
	c, err := a.Begin(t.Context(), eid.Request{})
	require.NoError(t, err)
	_, err = s.prompt(a, c, eid.Request{}).Approve(person.Document)
	require.NoError(t, err)
	v, err := a.ResolveVerified(t.Context(), c.State, nil)
	require.NoError(t, err)
	s.server.CA().Responder().Revoke(&testca.Certificate{Cert: v.Certificate, DER: v.Certificate.Raw})
	_, err = a.Resolve(t.Context(), c.State, nil)
	require.ErrorIs(t, err, trust.ErrRevoked)
	require.ErrorIs(t, err, eid.ErrUntrusted)
	responder.Close()
	_, err = a.Resolve(t.Context(), c.State, nil)
	require.ErrorIs(t, err, trust.ErrStatusUnreachable)
	require.NotErrorIs(t, err, eid.ErrUntrusted, "it may be asked again")
}

// Signing with the simulator: the certificate of an account, a signature by each
// flow, and a choice with the signature that is linked to it.
func TestASignatureOfTheSimulatorIsVerified(t *testing.T) {
	s := simulate(t)
	a := s.v3(smartid.DeviceLink)
	cert, err := a.Certificate(t.Context(), s.mary.Document)
	require.NoError(t, err)
	for _, scheme := range []smartid.Scheme{smartid.PSS, smartid.PKCS1} {
		ch, err := a.BeginSignature(t.Context(), smartid.SignatureRequest{Document: cert.Document, Digest: digestOf("a"), Scheme: scheme, Text: "Avaldus"})
		require.NoError(t, err)
		_, err = s.prompt(a, ch, eid.Request{Text: "Avaldus"}).Approve(s.mary.Document)
		require.NoError(t, err)
		sig, err := a.ResolveSignature(t.Context(), ch.State, nil)
		require.NoError(t, err)
		require.True(t, sig.By.Certificate.Equal(cert.Certificate))
	}
	n := s.v3(smartid.Notification)
	ch, err := n.BeginSignature(t.Context(), smartid.SignatureRequest{Document: cert.Document, Digest: digestOf("a"), Scheme: smartid.PKCS1})
	require.NoError(t, err)
	_, err = s.prompt(n, ch, eid.Request{}).Approve(s.mary.Document)
	require.NoError(t, err)
	_, err = n.ResolveSignature(t.Context(), ch.State, nil)
	require.NoError(t, err)

	choice, err := a.BeginCertificateChoice(t.Context(), smartid.ChoiceRequest{})
	require.NoError(t, err)
	_, err = s.prompt(a, choice, eid.Request{}).Approve(s.mary.Document)
	require.NoError(t, err)
	chosen, err := a.ResolveCertificateChoice(t.Context(), choice.State)
	require.NoError(t, err)
	ch, err = a.BeginSignature(t.Context(), smartid.SignatureRequest{Document: chosen.Document, Digest: digestOf("b"), Scheme: smartid.PSS, Choice: choice.State})
	require.NoError(t, err)
	waiting := s.server.Prompts(s.mary.Document)
	require.Len(t, waiting, 1)
	_, err = waiting[0].Approve("")
	require.NoError(t, err)
	_, err = a.ResolveSignature(t.Context(), ch.State, nil)
	require.NoError(t, err)
}
