// Minimal adds the library to a plain net/http program: a web hook in, an
// answer out. It runs without credentials, on a fake line and a store in
// memory; an agency puts a driver and sqlitestore in their places.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func main() {
	line := channeltest.New(channeltest.Config{ID: "demo", Kind: channels.WhatsApp, URL: "https://agency.example/webhooks/demo"})
	svc, err := alt.New(alt.Config{
		Store:     memstore.New(memstore.Config{}),
		Channels:  []channels.Channel{line},
		PublicURL: "https://agency.example/webhooks",
		Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
			return t.ReplyText("You said: " + t.Text())
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux() // the agency's own program
	mux.Handle("/webhooks/", http.StripPrefix("/webhooks", svc.Webhooks()))

	changed, end := svc.Watch()
	defer end()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- svc.Run(ctx) }()

	// What the provider would post. A real program listens instead:
	// http.ListenAndServe(":8080", mux)
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, channeltest.HTTP(line.Post(line.Message("person-1", "Tere!"))))
	fmt.Print("webhook: ", answer.Body)
	for len(line.Sent()) == 0 {
		<-changed
	}
	fmt.Println("person:", line.Sent()[0].Content.(channels.Text).Body)

	stop()
	if err := <-done; err != nil {
		log.Fatal(err)
	}
}
