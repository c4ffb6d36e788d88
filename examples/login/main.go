// Login is a small agency that answers nobody about their benefits before it
// knows who they are. A person writes in a chat, gets a link, proves who they
// are with Smart-ID in their own browser, comes back, and is answered by name.
//
// It runs without credentials, against a simulated Smart-ID that speaks the real
// wire and signs what the real one signs; the relying party verifies all of it.
// Person, browser and telephone are in person.go, all else is the agency's.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/login"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
	"github.com/liidestuja/liidestuja/eid/smartid/smartidtest"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// handle is the agency's bot.
func handle(_ context.Context, t *alt.Turn) error {
	if _, ended := t.Auth(); ended && !t.Session().Level.AtLeast(eid.High) {
		return nil // the person was told
	}
	s := t.Session()
	if !s.Level.AtLeast(eid.High) {
		return t.Authenticate(alt.Authentication{Level: eid.High, Purpose: "Toetuse taotluse seis"})
	}
	return t.ReplyText(fmt.Sprintf("%s %s, teie taotlus on läbivaatamisel.", s.Identity.GivenName, s.Identity.FamilyName))
}

func main() {
	if err := run(context.Background()); err != nil {
		log.New(os.Stderr, "", 0).Fatal(err)
	}
}

func run(ctx context.Context) error {
	sid, err := smartidtest.New(smartidtest.Config{InsecureHTTP: true, People: []smartidtest.Person{
		{Identifier: "PNOEE-40504040001", GivenName: "MARI", Surname: "MAASIKAS"},
	}})
	if err != nil {
		return err
	}
	method, closeAll, err := smartID(sid)
	if err != nil {
		return err
	}
	defer closeAll()

	mux := http.NewServeMux()
	web := httptest.NewServer(mux)
	defer web.Close()
	line := channeltest.New(channeltest.Config{ID: "viber", Kind: channels.Viber, URL: web.URL + "/webhooks/viber", ReturnLink: "https://viber.example/agency?say={word}"})
	svc, err := alt.New(alt.Config{
		Store: memstore.New(memstore.Config{}), Channels: []channels.Channel{line}, PublicURL: web.URL + "/webhooks", Handler: alt.HandlerFunc(handle),
		Logins: &alt.Logins{
			Methods: []eid.Authenticator{method}, URL: web.URL + "/login",
			Keys:  func() []alt.Key { return []alt.Key{{ID: "2026", Secret: []byte("32 random bytes, of the vault...")}} },
			Names: map[channels.Agency]map[string]string{"agency": {"et": "Sotsiaalkindlustusamet"}},
		},
	})
	if err != nil {
		return err
	}
	pages, err := login.New(login.Config{Service: svc, URL: web.URL + "/login"})
	if err != nil {
		return err
	}
	mux.Handle("/webhooks/", http.StripPrefix("/webhooks", svc.Webhooks()))
	mux.Handle("/login/", http.StripPrefix("/login", pages))
	return play(ctx, &person{svc: svc, line: line, sid: sid, name: "mari"})
}

// smartID is the agency's contract with the service: who it is, whom it trusts.
func smartID(sid *smartidtest.Server) (eid.Authenticator, func(), error) {
	address, err := sid.Start()
	if err != nil {
		return nil, nil, err
	}
	status := httptest.NewServer(sid.CA().Responder())
	closeAll := func() { status.Close(); _ = sid.Close() }
	if err := sid.CA().SetURL(status.URL); err != nil {
		return nil, closeAll, err
	}
	store, err := trust.New(trust.Config{Anchors: sid.Anchors(), Intermediates: sid.Intermediates()})
	if err != nil {
		return nil, closeAll, err
	}
	revocation, err := trust.NewRevocation(trust.RevocationConfig{Hosts: []string{status.Listener.Addr().String()}, Client: status.Client()})
	if err != nil {
		return nil, closeAll, err
	}
	at := smartid.Demo()
	at.BaseURL = address + "/v3"
	party := smartidtest.DemoParty()
	method, err := smartid.New(smartid.Config{Environment: at, RelyingPartyUUID: party.UUID, RelyingPartyName: party.Name, Trust: store, Revocation: revocation,
		InsecureNoPins: true, InsecureHTTP: true}) // a simulator on this machine has no certificate of its own
	return method, closeAll, err
}
