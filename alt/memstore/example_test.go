package memstore_test

import (
	"context"
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
)

// A message is accepted once, claimed, and answered in one commit.
func Example() {
	ctx := context.Background()
	st := memstore.New(memstore.Config{})
	defer func() { _ = st.Close() }()

	person := channels.Address{Agency: "agency", Channel: "page", Peer: "someone"}
	hello := &channels.Received{
		EventMeta: channels.EventMeta{Key: "m1", Agency: person.Agency, Channel: person.Channel, Peer: person.Peer, At: time.Now()},
		ID:        "m1", Content: channels.Text{Body: "tere"},
	}
	for range 2 { // the provider delivers it twice
		fresh, err := st.Accept(ctx, []channels.Event{hello})
		fmt.Println("fresh:", fresh, err)
	}

	items, err := st.Claim(ctx, alt.ClaimQuery{Work: alt.Inbox, Max: 8, Lease: time.Minute})
	if err != nil {
		panic(err)
	}
	for _, it := range items {
		answer := channels.Outbound{ID: "a1", To: it.Event.Address(), Content: channels.Text{Body: "Tere!"}, Author: channels.Bot, Parts: 1}
		fmt.Println("commit:", st.Commit(ctx, it, alt.Changes{Send: []channels.Outbound{answer}}))
		fmt.Println("again:", st.Commit(ctx, it, alt.Changes{}))
	}
	depths, err := st.Depths(ctx)
	fmt.Println("inbox:", depths[alt.Inbox], "outbox:", depths[alt.Outbox], err)
	// Output:
	// fresh: 1 <nil>
	// fresh: 0 <nil>
	// commit: <nil>
	// again: alt: lease lost
	// inbox: 0 outbox: 1 <nil>
}
