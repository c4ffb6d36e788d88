package messagebirdtest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// A service that greets everybody who writes, tested from the person's side.
func Example() {
	var api string // where the service finds the API
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, _ := io.ReadAll(r.Body)
		if strings.Contains(string(event), `"direction":"sent"`) {
			return // an echo of our own message
		}
		req, _ := http.NewRequest(http.MethodPost, api+"/v1/send", strings.NewReader(
			`{"from":"wa","to":"+37255500001","type":"text","content":{"text":"Tere! Kuidas saame aidata?"},"trackId":"reply-1"}`))
		req.Header.Set("Authorization", "AccessKey test_key")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		res.Body.Close()
	}))
	defer service.Close()

	sim, err := messagebirdtest.New(messagebirdtest.Config{
		AccessKeys: []string{"test_key"},
		SigningKey: "signing-key",
		Channels:   []messagebirdtest.Channel{{ID: "wa", Platform: "whatsapp", Number: "+3726000000"}},
		Webhooks:   []messagebirdtest.Webhook{{URL: service.URL, Events: []string{messagebirdtest.EventMessageCreated}}},
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
	n, err = sim.Deliver(context.Background())
	fmt.Println("echoes:", n, err)
	fmt.Println("sent as reply-1:", sim.Tracks()["reply-1"])
	// Output:
	// delivered: 1 <nil>
	// received: Tere! Kuidas saame aidata?
	// echoes: 1 <nil>
	// sent as reply-1: 1
}
