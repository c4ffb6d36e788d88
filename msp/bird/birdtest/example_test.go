package birdtest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
)

// A service that greets everybody who writes, tested from the person's side.
func Example() {
	var api string // where the service finds the API
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		req, _ := http.NewRequest(http.MethodPost, api+"/workspaces/w/channels/wa/messages", strings.NewReader(
			`{"receiver":{"contacts":[{"identifierValue":"+37255500001"}]},"body":{"type":"text","text":{"text":"Tere! Kuidas saame aidata?"}},"reference":"reply-1"}`))
		req.Header.Set("Authorization", "AccessKey key")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		res.Body.Close()
	}))
	defer service.Close()

	sim, err := birdtest.New(birdtest.Config{
		AccessKeys: []string{"key"}, WorkspaceID: "w",
		Channels: []birdtest.Channel{{ID: "wa", Platform: "whatsapp", Address: "+3726000000"}},
		Webhooks: []birdtest.Webhook{{Event: "whatsapp.inbound", URL: service.URL, SigningKey: "signing-key"}},
	})
	if err != nil {
		panic(err)
	}
	if api, err = sim.Start(); err != nil {
		panic(err)
	}
	defer sim.Close()

	phone := sim.Person("wa", "+37255500001")
	phone.Says("tere")
	n, err := sim.Deliver(context.Background())
	fmt.Println("delivered:", n, err)
	for _, m := range phone.Inbox() {
		fmt.Println("received:", m.Text())
	}
	fmt.Println("sent as reply-1:", sim.References()["reply-1"])
	// Output:
	// delivered: 1 <nil>
	// received: Tere! Kuidas saame aidata?
	// sent as reply-1: 1
}
