package bird_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/bird"
	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
)

// A person writes on WhatsApp and is answered, on a simulated workspace.
func Example() {
	sim, err := birdtest.New(birdtest.Config{
		AccessKeys: []string{"key"}, WorkspaceID: "a140",
		Channels: []birdtest.Channel{{ID: "614c", Platform: "whatsapp", Address: "+3726000000"}},
		Webhooks: []birdtest.Webhook{{Event: "whatsapp.inbound", URL: "https://agency.example/webhooks/bird", SigningKey: "signing-key"}},
	})
	if err != nil {
		panic(err)
	}
	base, err := sim.Start()
	if err != nil {
		panic(err)
	}
	defer sim.Close()

	p, err := bird.New(bird.Config{
		AccessKey:    func() string { return "key" },
		SigningKeys:  func() []string { return []string{"signing-key"} },
		WorkspaceID:  "a140",
		Lines:        []bird.Line{{ID: "ppa-whatsapp", Kind: channels.WhatsApp, ChannelID: "614c"}},
		Endpoints:    bird.Endpoints{API: base, Media: strings.TrimPrefix(base, "http://")},
		InsecureHTTP: true,
	})
	if err != nil {
		panic(err)
	}

	phone := sim.Person("614c", "+37255500001")
	phone.Says("Tere! Kus on mu pass?")

	// What arrives over HTTP is verified, then parsed.
	ctx := context.Background()
	webhook := sim.Take()[0]
	r := &channels.Request{
		Method: http.MethodPost, PublicURL: webhook.URL, Header: webhook.Header, Body: webhook.Body, At: time.Now(),
	}
	if err := p.Verify(ctx, r); err != nil {
		panic(err)
	}
	events, err := p.Parse(ctx, r)
	if err != nil {
		panic(err)
	}
	in := events[0].(*channels.Received)
	fmt.Println(in.Content.(channels.Text).Body)

	receipt, err := p.Channels()[0].Send(ctx, channels.Outbound{
		ID: "answer-1", To: in.Address(), Thread: in.Thread,
		Content: channels.Text{Body: "Pass on valmis."}, Author: channels.Bot, Parts: 1,
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(receipt.Status, phone.Inbox()[0].Text())
	// Output:
	// Tere! Kus on mu pass?
	// sent Pass on valmis.
}
