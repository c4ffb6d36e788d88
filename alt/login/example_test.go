package login_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/login"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest"
)

func Example() {
	svc, err := alt.New(alt.Config{
		Store: memstore.New(memstore.Config{}), Channels: []channels.Channel{channeltest.New(channeltest.Config{})}, PublicURL: "https://alt.agency.ee/webhooks",
		Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { return t.Authenticate(alt.Authentication{}) }),
		Logins: &alt.Logins{
			Methods: []eid.Authenticator{eidtest.New(eidtest.Config{})}, URL: "https://alt.agency.ee/login",
			Keys:  func() []alt.Key { return []alt.Key{{ID: "2026", Secret: []byte("32 random bytes, of the vault...")}} },
			Names: map[channels.Agency]map[string]string{"agency": {"et": "Terviseamet"}},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	pages, err := login.New(login.Config{Service: svc, URL: "https://alt.agency.ee/login"})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/login/", http.StripPrefix("/login", pages))

	w := httptest.NewRecorder() // a link that nobody has sent
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/login/agency/AAAAAAAAAAAAAAAAAAAAAA", nil))
	fmt.Println(w.Code, strings.Contains(w.Body.String(), "See link ei kehti"))
	// Output: 404 true
}
