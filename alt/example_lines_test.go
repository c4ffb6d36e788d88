package alt_test

import (
	"context"
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
)

// A line is added, and taken away again, while the service runs.
func ExampleService_SetProvider() {
	store := memstore.New(memstore.Config{})
	svc, err := alt.New(alt.Config{
		Store: store, LinesLater: true, PublicURL: "https://agency.example/webhooks",
		Handler: alt.HandlerFunc(func(context.Context, *alt.Turn) error { return nil }),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, now := context.Background(), time.Now()
	added := &alt.StoredLine{
		Agency: "agency", ID: "whatsapp", Provider: "messagebird", Kind: channels.WhatsApp, Account: "09c3a21d853b4bdbaa1a605ead17c981",
		State: alt.LineActive, Added: now, By: "mari",
	}
	// What must survive a restart is stored first.
	err = store.PutLine(ctx, added, alt.LogEntry{Agency: "agency", At: now, Act: "line.added", Actor: "mari", Line: added.ID})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := messagebird.New(messagebird.Config{
		AccessKey:   func() string { return "from a secret store" },
		SigningKeys: func() []string { return []string{"from a secret store"} },
		Lines:       []messagebird.Line{{ID: added.ID, Kind: added.Kind, ChannelID: added.Account}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(svc.SetProvider(p), len(svc.Lines()), svc.Health("whatsapp").State)

	err = store.RemoveLine(ctx, "agency", added.ID, alt.LogEntry{Agency: "agency", At: now, Act: "line.removed", Actor: "mari", Line: added.ID})
	fmt.Println(err, svc.RemoveProvider("messagebird"), len(svc.Lines()))
	// Output:
	// <nil> 1 unknown
	// <nil> <nil> 0
}
