// Newchannel is a whole driver for a toy provider, in toy.go, put to work. A
// driver's test is the conformance suite: see main_test.go.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
)

func main() {
	// The provider: it shows to the person what it is given.
	provider := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m wire
		if err := json.NewDecoder(r.Body).Decode(&m); err == nil {
			fmt.Println(m.Peer, "reads:", m.Text)
		}
	}))
	defer provider.Close()

	line, err := newToy(provider.URL, "a secret of 32 characters or more")
	if err != nil {
		log.Fatal(err)
	}
	svc, err := alt.New(alt.Config{
		Store: memstore.New(memstore.Config{}), Channels: []channels.Channel{line}, PublicURL: "https://agency.example/webhooks",
		Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { return t.ReplyText(strings.ToUpper(t.Text())) }),
	})
	if err != nil {
		log.Fatal(err)
	}

	// A person writes: the provider posts it, signed.
	const body = `[{"ID":"1","Peer":"Mari","Text":"tere"}]`
	post := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/toy", strings.NewReader(body))
	post.Header.Set("Toy-Signature", line.sign("https://agency.example/webhooks/toy", []byte(body)))
	answer := httptest.NewRecorder()
	svc.Webhooks().ServeHTTP(answer, post)
	text, _ := io.ReadAll(answer.Body)
	fmt.Print("webhook: ", string(text))

	// One round of the engine; svc.Run does it all the time.
	if _, err := svc.Step(context.Background()); err != nil {
		log.Fatal(err)
	}
}
