package tara_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/tara"
	"github.com/liidestuja/liidestuja/eid/tara/taratest"
)

// A whole sign-in, against a simulated TARA and without a browser.
func Example() {
	const home = "https://agency.example/eid/tara"
	sim, err := taratest.New(taratest.Config{ClientID: "agency-chat", ClientSecret: "secret", RedirectURLs: []string{home}})
	if err != nil {
		log.Fatal(err)
	}
	address, err := sim.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer sim.Close()

	a, err := tara.New(tara.Config{
		Issuer:       address, // tara.Demo or tara.Live
		InsecureHTTP: true,    // for a simulator on loopback only
		ClientID:     "agency-chat",
		ClientSecret: func() string { return "secret" },
		RedirectURL:  home,
		Scopes:       []string{"idcard", "mid", "smartid"},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	challenge, err := a.Begin(ctx, eid.Request{Level: eid.High, Language: "et"})
	if err != nil {
		log.Fatal(err)
	}

	// The browser follows challenge.Link and comes back; challenge.State stays here.
	back, err := sim.Login(challenge.Link, "EE60001019906")
	if err != nil {
		log.Fatal(err)
	}
	identity, err := a.Resolve(ctx, challenge.State, back.Query())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(identity, string(identity.Code), identity.GivenName)

	// Somebody else's return comes to nothing.
	another, err := a.Begin(ctx, eid.Request{})
	if err != nil {
		log.Fatal(err)
	}
	_, err = a.Resolve(ctx, another.State, back.Query())
	fmt.Println(errors.Is(err, eid.ErrState), err)
	// Output:
	// identity (tara, high) EE60001019906 MARY ÄNN
	// true tara: return: state: eid: answer does not belong to what was begun
}
