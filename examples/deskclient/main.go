// Deskclient is a specialist's tool on the desk's HTTP API, in client.go: it
// lists who waits, reads, and answers. Here it talks to a service on fakes in
// the same process; an agency's tool talks to the agency's.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	// The agency's side: a line, people who answer, and the API for them.
	line := channeltest.New(channeltest.Config{ID: "messenger", URL: "https://agency.example/messenger"})
	people, err := desk.NewHandler(desk.HandlerConfig{})
	if err != nil {
		return err
	}
	svc, err := alt.New(alt.Config{
		Store: memstore.New(memstore.Config{}), Channels: []channels.Channel{line}, PublicURL: "https://agency.example",
		Handler: alt.Chain(alt.Link{Name: "desk", Kind: alt.HeldByDesk, Handler: people}),
	})
	if err != nil {
		return err
	}
	token, hash := desk.NewToken()
	d, err := desk.New(desk.Config{Service: svc, Tokens: desk.Tokens(desk.Token{
		ID: "mari", Name: "Mari", Role: desk.Specialist, Agency: "agency", Hash: hash,
	})})
	if err != nil {
		return err
	}
	defer d.Close()
	api := httptest.NewServer(d.API())
	defer api.Close()

	// A person writes.
	hook := httptest.NewRecorder()
	svc.Webhooks().ServeHTTP(hook, channeltest.HTTP(line.Post(line.Message("person-1", "Kuidas taotleda passi?"))))
	if _, err := svc.Step(ctx); err != nil {
		return err
	}
	fmt.Println("webhook:", hook.Code)

	// The specialist's side.
	api.Client().Timeout = 10 * time.Second
	tool := &client{base: api.URL, token: token, http: api.Client()}
	queue, err := tool.waiting(ctx)
	if err != nil {
		return err
	}
	for _, c := range queue {
		msgs, err := tool.messages(ctx, c.ID)
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d unread, %d messages, the first is %s %s\n", c.Line, c.Unread, len(msgs), msgs[0].Direction, msgs[0].Content)
		if err := tool.answer(ctx, c.ID, "answer-1", "Tere! Taotlege iseteeninduses."); err != nil {
			return err
		}
	}
	if _, err := svc.Step(ctx); err != nil {
		return err
	}
	sent := line.Sent()
	fmt.Println("person reads:", sent[len(sent)-1].Content.(channels.Text).Body)
	return nil
}
