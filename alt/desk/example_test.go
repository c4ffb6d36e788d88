package desk_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// A service whose messages are answered by people, and the API for their tool.
func Example() {
	people, err := desk.NewHandler(desk.HandlerConfig{})
	if err != nil {
		panic(err)
	}
	line := channeltest.New(channeltest.Config{ID: "page"})
	svc, err := alt.New(alt.Config{
		Store:     memstore.New(memstore.Config{}),
		Channels:  []channels.Channel{line},
		Handler:   alt.Chain(alt.Link{Name: "desk", Kind: alt.HeldByDesk, Handler: people}),
		PublicURL: "https://agency.example/webhooks",
	})
	if err != nil {
		panic(err)
	}
	token, hash := desk.NewToken()
	d, err := desk.New(desk.Config{Service: svc, Tokens: desk.Tokens(desk.Token{
		ID: "mari", Role: desk.Specialist, Agency: "agency", Hash: hash,
	})})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/", d.API())
	mux.Handle("/webhooks/", http.StripPrefix("/webhooks", svc.Webhooks()))

	// A person writes.
	mux.ServeHTTP(httptest.NewRecorder(), channeltest.HTTP(line.Post(line.Message("kati", "Tere!"))))
	_, _ = svc.Step(context.Background())

	// Mari's tool asks who waits.
	r := httptest.NewRequest(http.MethodGet, "/v1/conversations?waiting=true", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.Count(w.Body.String(), `"unread":1`))
	// Output: 200 1
}

// Opening hours, and a text in the agency's own words.
func ExampleNewHandler() {
	workday := []desk.Span{{From: "09:00", To: "17:00"}}
	_, err := desk.NewHandler(desk.HandlerConfig{
		Hours: desk.Hours{
			Week:   map[time.Weekday][]desk.Span{time.Monday: workday, time.Wednesday: workday},
			Closed: []string{"2026-12-24", "2026-12-25"},
		},
		Texts: desk.Texts{"et": {desk.Away: "Oleme tagasi {opens}."}},
	})
	fmt.Println(err)

	_, err = desk.NewHandler(desk.HandlerConfig{Texts: desk.Texts{"et": {desk.Away: "Oleme tagasi {time}."}}})
	fmt.Println(err)
	// Output:
	// <nil>
	// desk: Texts["et"]["away"]: nothing stands for {time}
}

// The hash goes into the configuration, the token to the specialist.
func ExampleNewToken() {
	token, hash := desk.NewToken()
	again, err := desk.HashToken(token)
	fmt.Println(len(token), hash == again, err)
	// Output: 43 true <nil>
}
