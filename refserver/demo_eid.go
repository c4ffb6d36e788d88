package main

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/login"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/mobileid"
	"github.com/liidestuja/liidestuja/eid/mobileid/mobileidtest"
	"github.com/liidestuja/liidestuja/eid/smartid"
	"github.com/liidestuja/liidestuja/eid/smartid/smartidtest"
	"github.com/liidestuja/liidestuja/eid/tara"
	"github.com/liidestuja/liidestuja/eid/tara/taratest"
	"github.com/liidestuja/liidestuja/eid/trust"
	"github.com/liidestuja/liidestuja/refserver/internal/pagetext"
)

// demoEID are the simulated services by which people of the demo prove who they
// are, and what they hold in their hands: an app, telephones, a browser. Calls of
// the services stay within the process.
type demoEID struct {
	sid   *smartidtest.Server
	mid   *mobileidtest.Server
	tara  *taratest.Server
	login *loginParts
	url   string
	ring  func() // something waits, or waits no more

	mu      sync.Mutex
	prompts map[string]*smartidtest.Prompt // what the app has been shown
	order   []string                       // their names, the oldest first
}

// demoSpecimen is somebody who exists nowhere.
type demoSpecimen struct{ Code, Given, Family, Phone string }

// Name returns the whole name.
func (s demoSpecimen) Name() string { return s.Given + " " + s.Family }

// demoCompany is one that MARI MAASIKAS may act for.
const demoCompany = "12345678"

// demoRegister is the agency's own check of people. JUHAN JUURIKAS is an e-resident.
func demoRegister(texts *pagetext.Catalog) eid.Register {
	people := demoSpecimens()
	mari, juhan := eid.PersonalCode("EE"+people[0].Code), eid.PersonalCode("EE"+people[1].Code)
	return &eidtest.Register{
		Name:     texts.Say(texts.Tags[0], "eid.register"),
		Kinds:    map[eid.PersonalCode]eid.Kind{mari: eid.Citizen, juhan: eid.EResident},
		Mandates: map[eid.Company][]eid.PersonalCode{demoCompany: {mari}},
	}
}

func demoSpecimens() []demoSpecimen {
	return []demoSpecimen{
		{Code: "60001019906", Given: "MARI", Family: "MAASIKAS", Phone: "+37200000766"},
		{Code: "50001018908", Given: "JUHAN", Family: "JUURIKAS", Phone: "+37200000566"},
	}
}

// Paths of the demo's services and of what people hold.
const (
	demoDevices = "/demo/eid"
	demoApp     = "/demo/smart-id"
	demoTARA    = "/demo/tara"
)

// The agency as the services know it.
const (
	demoPartyUUID = "00000000-0000-4000-8000-000000000000"
	demoParty     = "Näidisamet"
)

// demoPrompts is how many prompts the app remembers.
const demoPrompts = 20

func newDemoEID(cfg demoConfig, texts *pagetext.Catalog, ring func()) (*demoEID, error) {
	at := cfg.URL
	e := &demoEID{url: at, ring: ring, prompts: make(map[string]*smartidtest.Prompt)}
	if err := e.simulate(); err != nil {
		return nil, err
	}
	key, err := demoKey(cfg.DataDir, "demo-logins.key")
	if err != nil {
		return nil, err
	}
	e.login = &loginParts{
		logins: alt.Logins{
			URL: at + loginPath, PerHour: 60,
			Keys:     func() []alt.Key { return []alt.Key{{ID: "demo", Secret: key}} },
			Names:    map[channels.Agency]map[string]string{demoAgency: words(texts, "who.agency")},
			Register: demoRegister(texts),
			Lines:    make(map[channels.ID]alt.LoginPolicy), // nobody's data is on the lines of the demo
		},
		pages: login.Config{URL: at + loginPath, PerMinute: 600, Notice: &login.Notice{
			Text: words(texts, "eid.notice"), Link: at + demoDevices, More: words(texts, "eid.devices"),
		}},
	}
	for _, p := range demoPeople() {
		e.login.logins.Lines[p.line] = alt.LoginPolicy{InChat: cfg.InChat && p.kind == channels.WhatsApp}
	}
	for _, method := range []func() (eid.Authenticator, *trust.Store, error){e.smartID, e.mobileID, e.viaTARA} {
		m, store, err := method()
		if err != nil {
			return nil, err
		}
		s := newEIDService(m, store, nil)
		e.login.services = append(e.login.services, s)
		e.login.logins.Methods = append(e.login.logins.Methods, s.method())
	}
	return e, nil
}

// words are a text in all languages.
func words(texts *pagetext.Catalog, key string) map[string]string {
	all := make(map[string]string)
	for _, tag := range texts.Tags {
		all[tag.String()] = texts.Say(tag, key)
	}
	return all
}

// simulate makes the services with their people.
func (e *demoEID) simulate() (err error) {
	e.sid, err = smartidtest.New(smartidtest.Config{
		Parties: []smartidtest.RelyingParty{{UUID: demoPartyUUID, Name: demoParty}}, InsecureHTTP: true, DeviceLinkBase: e.url + demoApp,
		Timeout: 4 * time.Minute, // twice that of the service: visitors look around first
	})
	if err != nil {
		return err
	}
	if e.mid, err = mobileidtest.New(mobileidtest.Config{Parties: []mobileidtest.RelyingParty{{UUID: demoPartyUUID, Name: demoParty}}}); err != nil {
		return err
	}
	var people []taratest.Person
	for _, s := range demoSpecimens() {
		people = append(people, taratest.Person{Subject: "EE" + s.Code, GivenName: s.Given, FamilyName: s.Family})
		_, one := e.sid.AddPerson(smartidtest.Person{Identifier: "PNOEE-" + s.Code, GivenName: s.Given, Surname: s.Family})
		_, other := e.mid.AddPerson(mobileidtest.Person{Phone: s.Phone, Code: s.Code, GivenName: s.Given, Surname: s.Family})
		if err := errors.Join(one, other); err != nil {
			return err
		}
	}
	e.tara, err = taratest.New(taratest.Config{ClientID: "demo", ClientSecret: "demo", RedirectURLs: []string{e.url + loginPath + "/return"}, People: people})
	if err != nil {
		return err
	}
	e.tara.SetURL(e.url + demoTARA)
	return nil
}

// inner serves a service and its authority's word under a path, to this process.
func (e *demoEID) inner(name string, service http.Handler, ca *testca.CA) (base string, client *http.Client, err error) {
	path := "/demo/services/" + name
	mux := http.NewServeMux()
	mux.Handle(path+"/api/", http.StripPrefix(path+"/api", service))
	mux.Handle(path+"/status/", http.StripPrefix(path+"/status", ca.Responder()))
	return e.url + path + "/api", &http.Client{Transport: within{mux, e.ring}}, ca.SetURL(e.url + path + "/status")
}

// judged returns what the answers of a service are judged by.
func (e *demoEID) judged(ca *testca.CA, client *http.Client) (*trust.Store, trust.Checker, error) {
	store, err := trust.New(trust.Config{Anchors: ca.Anchors(), Intermediates: ca.Intermediates()})
	if err != nil {
		return nil, nil, err
	}
	u, err := url.Parse(e.url)
	if err != nil {
		return nil, nil, err
	}
	checker, err := trust.NewRevocation(trust.RevocationConfig{Hosts: []string{u.Host}, Client: client})
	return store, checker, err
}

func (e *demoEID) smartID() (eid.Authenticator, *trust.Store, error) {
	base, client, err := e.inner("smart-id", e.sid, e.sid.CA())
	if err != nil {
		return nil, nil, err
	}
	store, checker, err := e.judged(e.sid.CA(), client)
	if err != nil {
		return nil, nil, err
	}
	env := smartid.Demo()
	env.BaseURL = base + "/v3"
	m, err := smartid.New(smartid.Config{
		Environment: env, RelyingPartyUUID: demoPartyUUID, RelyingPartyName: demoParty, Trust: store, Revocation: checker, Client: client,
		QRFor: 4 * time.Minute, InsecureNoPins: true, InsecureHTTP: true, // it is in this process
	})
	return m, store, err
}

func (e *demoEID) mobileID() (eid.Authenticator, *trust.Store, error) {
	base, client, err := e.inner("mobile-id", e.mid, e.mid.CA())
	if err != nil {
		return nil, nil, err
	}
	store, checker, err := e.judged(e.mid.CA(), client)
	if err != nil {
		return nil, nil, err
	}
	env := mobileid.Demo()
	env.BaseURL = base
	m, err := mobileid.New(mobileid.Config{
		Environment: env, RelyingPartyUUID: demoPartyUUID, RelyingPartyName: demoParty, Trust: store, Revocation: checker, Client: client,
		InsecureNoPins: true, InsecureHTTP: true, // as above
	})
	return m, store, err
}

func (e *demoEID) viaTARA() (eid.Authenticator, *trust.Store, error) {
	m, err := tara.New(tara.Config{
		Issuer: e.tara.Issuer(), ClientID: "demo", ClientSecret: func() string { return "demo" }, RedirectURL: e.url + loginPath + "/return",
		Client: e.tara.Client(), InsecureHTTP: true, // as above
	})
	return m, nil, err
}

// shown remembers a prompt and returns its name.
func (e *demoEID) shown(p *smartidtest.Prompt) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.order) >= demoPrompts {
		delete(e.prompts, e.order[0])
		e.order = e.order[1:]
	}
	name := strings.ToLower(rand.Text())
	e.prompts[name], e.order = p, append(e.order, name)
	return name
}

// prompt returns what the app was shown; nil when there is no such prompt.
func (e *demoEID) prompt(name string) *smartidtest.Prompt {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.prompts[name]
}

// decided forgets a prompt.
func (e *demoEID) decided(name string) {
	e.mu.Lock()
	delete(e.prompts, name)
	e.mu.Unlock()
	e.ring()
}

// waiting returns the names of the prompts that nobody has decided, the newest
// first.
func (e *demoEID) waiting() (names []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := len(e.order) - 1; i >= 0; i-- {
		if e.prompts[e.order[i]] != nil {
			names = append(names, e.order[i])
		}
	}
	return names
}

// within carries requests to a handler of this process.
type within struct {
	handler http.Handler
	then    func() // after each request that may have changed something
}

// RoundTrip implements http.RoundTripper.
func (w within) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer func() { _ = r.Body.Close() }()
	answer := newAnswerBuffer()
	w.handler.ServeHTTP(answer, r)
	if r.Method == http.MethodPost {
		w.then()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return answer.response(r), nil
}
