package messagebird_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// A person writes, and is answered. The simulator stands for MessageBird and
// the phone; without it, leave Endpoints and InsecureHTTP away.
func Example() {
	sim, err := messagebirdtest.New(messagebirdtest.Config{
		AccessKeys: []string{"test_key"},
		SigningKey: "signing-key",
		Channels:   []messagebirdtest.Channel{{ID: "09c3", Platform: "whatsapp", Number: "+3726000000"}},
		Webhooks:   []messagebirdtest.Webhook{{URL: "https://agency.example/webhooks/messagebird", Events: []string{"message.created"}}},
	})
	if err != nil {
		panic(err)
	}
	base, err := sim.Start()
	if err != nil {
		panic(err)
	}
	defer sim.Close()

	p, err := messagebird.New(messagebird.Config{
		AccessKey:   func() string { return "test_key" },
		SigningKeys: func() []string { return []string{"signing-key"} },
		Lines:       []messagebird.Line{{ID: "ppa-whatsapp", Kind: channels.WhatsApp, ChannelID: "09c3"}},
		Endpoints: messagebird.Endpoints{
			Conversations: base + "/v1", Files: base + "/v1", Media: strings.TrimPrefix(base, "http://"),
		},
		InsecureHTTP: true,
	})
	if err != nil {
		panic(err)
	}

	phone := sim.Person("09c3", "+37255500001")
	phone.Says("Tere! Kus on mu pass?")

	// What arrives over HTTP is verified, then parsed.
	ctx := context.Background()
	webhook := sim.Take()[0]
	r := &channels.Request{
		Method: http.MethodPost, PublicURL: webhook.URL,
		Header: sim.Sign(webhook.URL, webhook.Body), Body: webhook.Body, At: time.Now(),
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
