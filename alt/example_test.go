package alt_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// A message that nobody asked for, and what is refused before it is queued.
func ExampleService_Send() {
	sms := channeltest.New(channeltest.Config{ID: "sms", Kind: channels.SMS})
	messenger := channeltest.New(channeltest.Config{ID: "messenger", Kind: channels.Messenger})
	svc, err := alt.New(alt.Config{
		Store: memstore.New(memstore.Config{}), Channels: []channels.Channel{sms, messenger}, PublicURL: "https://agency.example/webhooks",
		Handler: alt.HandlerFunc(func(context.Context, *alt.Turn) error { return nil }),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	text := channels.Text{Body: "Your document is ready."}
	id, err := svc.Send(ctx, channels.Outbound{ID: "document-17", To: channels.Address{Channel: "sms", Peer: "+37250000000"}, Content: text})
	fmt.Println(id, err)
	_, err = svc.Send(ctx, channels.Outbound{To: channels.Address{Channel: "messenger", Peer: "a stranger"}, Content: text})
	fmt.Println(err)
	if _, err := svc.Step(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(len(sms.Sent()), "sent")
	// Output:
	// document-17 <nil>
	// send on messenger: cannot initiate; instead: other_channel
	// 1 sent
}

// A bot first, then people: what the bot leaves goes to the next link, and once
// people have the conversation the bot is silent.
func ExampleChain() {
	bot := alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		switch t.Text() {
		case "lahtiolekuajad":
			return t.ReplyText("E-R 9-17")
		case "inimene":
			t.HandOver("desk")
			return nil
		}
		return alt.ErrNotMine
	})
	people := alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { t.Await(); return nil })
	line := channeltest.New(channeltest.Config{ID: "messenger"})
	svc, err := alt.New(alt.Config{
		Store: memstore.New(memstore.Config{}), Channels: []channels.Channel{line}, PublicURL: "https://agency.example/webhooks",
		Handler: alt.Chain(
			alt.Link{Name: "bot", Kind: alt.HeldByBot, Handler: bot},
			alt.Link{Name: "desk", Kind: alt.HeldByDesk, Handler: people},
		),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	hooks := http.StripPrefix("/webhooks", svc.Webhooks())
	for _, text := range []string{"lahtiolekuajad", "inimene", "lahtiolekuajad"} {
		hooks.ServeHTTP(httptest.NewRecorder(), channeltest.HTTP(line.Post(line.Message("mari", text))))
		if _, err := svc.Step(context.Background()); err != nil {
			fmt.Println(err)
		}
	}
	for _, m := range line.Sent() {
		fmt.Println(m.Author, "wrote:", m.Content.(channels.Text).Body)
	}
	// Output: bot wrote: E-R 9-17
}
