package meta_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/liidestuja/liidestuja/channels/meta"
	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// An agency's specialist adds a Facebook Page. The simulator stands for Meta,
// and a form that posts itself for the specialist's browser.
func ExampleConnector() {
	ctx := context.Background()
	sim, err := metatest.New(metatest.Config{
		AppID: "900000000000009", AppSecrets: []string{"app-secret"}, VerifyToken: "word",
		Redirects: []string{"https://agency.example/connect/return"},
		Pages: []metatest.Page{
			{ID: "1001", Token: "EAA1", Name: "Politsei", Unsubscribed: true},
			{ID: "1002", Token: "EAA2", Name: "Arhiiv", Unsubscribed: true, Tasks: []string{"MODERATE"}},
		},
	})
	if err != nil {
		panic(err)
	}
	base, err := sim.Start()
	if err != nil {
		panic(err)
	}
	defer sim.Close()

	c, err := meta.NewConnector(meta.ConnectorConfig{
		AppID: "900000000000009", AppSecrets: func() []string { return []string{"app-secret"} }, LoginConfig: "800000000000008",
		RedirectURL: "https://agency.example/connect/return",
		Endpoints:   meta.Endpoints{Graph: base}, Dialog: base, InsecureHTTP: true,
	})
	if err != nil {
		panic(err)
	}
	const session = "the random value of the cookie"
	state, err := c.NewState(session)
	if err != nil {
		panic(err)
	}
	back := agree(c.LoginURL(state), "1001", "1002")

	login, err := c.Returned(back, session)
	if err != nil {
		panic(err)
	}
	user, err := c.Exchange(ctx, login.Code)
	if err != nil {
		panic(err)
	}
	pages, err := c.Pages(ctx, user.Token)
	if err != nil {
		panic(err)
	}
	for _, page := range pages {
		fmt.Println(page.Name, page.MayConnect(), page.Token)
	}
	fmt.Println(c.Subscribe(ctx, pages[0].Messenger()))
	_, err = c.Returned(back, "the cookie of another browser")
	fmt.Println(err)
	// Output:
	// Politsei true [secret]
	// Arhiiv false [secret]
	// <nil>
	// meta: not a login of this browser
}

// agree answers the login dialog and returns the query of the way back.
func agree(dialog string, pages ...string) url.Values {
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.PostForm(dialog, url.Values{"answer": {"continue"}, "page": pages})
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	back, err := res.Location()
	if err != nil {
		panic(err)
	}
	return back.Query()
}
