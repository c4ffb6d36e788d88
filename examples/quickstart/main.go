// Quickstart is the program of the README.
package main

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func main() {
	line := channeltest.New(channeltest.Config{ID: "demo", URL: "https://agency.example/demo"})
	svc, err := alt.New(alt.Config{
		Store: memstore.New(memstore.Config{}), Channels: []channels.Channel{line}, PublicURL: "https://agency.example",
		Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
			return t.ReplyText("You said: " + t.Text())
		}),
	})
	hook := httptest.NewRecorder() // the provider's signed request comes in, and is answered when it is durable
	svc.Webhooks().ServeHTTP(hook, channeltest.HTTP(line.Post(line.Message("person-1", "Tere!"))))
	_, err2 := svc.Step(context.Background()) // one round of work; svc.Run works all the time
	fmt.Println(err, err2, hook.Code, line.Sent()[0].Content.(channels.Text).Body)
}
