package messagebird_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// A line over the SMS API, with a name as its sender. The text is shorter than
// 160 letters, but for the õ it takes two segments.
func ExampleSMS() {
	sim, err := messagebirdtest.New(messagebirdtest.Config{
		AccessKeys: []string{"test_key"},
		SigningKey: "signing-key",
		Numbers:    []messagebirdtest.Number{{Number: "1345"}},
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
		Lines:       []messagebird.Line{{ID: "ppa-sms", Kind: channels.SMS, SMS: &messagebird.SMS{Originator: "PPA teade", Numbers: []string{"1345"}}}},
		Endpoints: messagebird.Endpoints{
			Conversations: base + "/v1", Files: base + "/v1", SMS: base + "/rest", Media: strings.TrimPrefix(base, "http://"),
		},
		InsecureHTTP: true,
	})
	if err != nil {
		panic(err)
	}
	receipt, err := p.Channels()[0].Send(context.Background(), channels.Outbound{
		ID: "notice-1", To: channels.Address{Channel: "ppa-sms", Peer: "+37255500001"}, Author: channels.System, Parts: 1,
		Content: channels.Text{Body: "Teie pass on valmis. Võtke kaasa isikut tõendav dokument, oleme avatud kella kaheksast."},
	})
	if err != nil {
		panic(err)
	}
	got := sim.Mobile("+37255500001").Inbox()[0]
	fmt.Println(receipt.Status, got.From, got.Segments)
	fmt.Println(got.Text)
	// Output:
	// sent PPA teade 2
	// Teie pass on valmis. Võtke kaasa isikut tõendav dokument, oleme avatud kella kaheksast.
}
