package taratest_test

import (
	"fmt"
	"log"
	"net/url"

	"github.com/liidestuja/liidestuja/eid/tara/taratest"
)

// A test lets a person sign in without a browser.
func ExampleServer_Login() {
	sim, err := taratest.New(taratest.Config{
		ClientID: "agency-chat", ClientSecret: "secret", RedirectURLs: []string{"https://agency.example/eid/tara"},
	})
	if err != nil {
		log.Fatal(err)
	}
	address, err := sim.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer sim.Close()

	link := address + "/oidc/authorize?" + url.Values{
		"client_id": {"agency-chat"}, "redirect_uri": {"https://agency.example/eid/tara"},
		"response_type": {"code"}, "scope": {"openid smartid"}, "state": {"one-time-word"},
	}.Encode()
	back, err := sim.Login(link, "EE60001019906")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(back.Host+back.Path, back.Query().Get("state"), back.Query().Has("code"))

	back, err = sim.Cancel(link)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(back.Query().Get("error"))
	// Output:
	// agency.example/eid/tara one-time-word true
	// user_cancel
}
