package metatest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// A service that greets everybody who writes, tested from the person's side.
func Example() {
	var graph string // where the service finds the API
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, _ := io.ReadAll(r.Body)
		if r.Header.Get("X-Hub-Signature-256") != metatest.Signature("app-secret", event) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if strings.Contains(string(event), `"is_echo":true`) {
			return // our own message
		}
		req, _ := http.NewRequest(http.MethodPost, graph+"/v25.0/me/messages", strings.NewReader(
			`{"recipient":{"id":"1254477777772919"},"messaging_type":"RESPONSE","message":{"text":"Tere! Kuidas saame aidata?","metadata":"reply-1"}}`))
		req.Header.Set("Authorization", "Bearer EAApage")
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		res.Body.Close()
	}))
	defer service.Close()

	sim, err := metatest.New(metatest.Config{
		AppID: "700000000000001", AppSecrets: []string{"app-secret"}, VerifyToken: "verify-word",
		Pages:   []metatest.Page{{ID: "682498302938465", Token: "EAApage"}},
		Webhook: service.URL,
	})
	if err != nil {
		panic(err)
	}
	if graph, err = sim.Start(); err != nil {
		panic(err)
	}
	defer sim.Close()

	person := sim.Person("682498302938465", "1254477777772919")
	person.Says("tere")
	n, err := sim.Deliver(context.Background())
	fmt.Println("delivered:", n, err)
	for _, line := range person.Transcript() {
		fmt.Println(line.From+":", line.Text)
	}
	n, err = sim.Deliver(context.Background())
	fmt.Println("echoes:", n, err)
	fmt.Println("sent as reply-1:", sim.Marks()["reply-1"])
	// Output:
	// delivered: 1 <nil>
	// person: tere
	// service: Tere! Kuidas saame aidata?
	// echoes: 1 <nil>
	// sent as reply-1: 1
}
