package sqlitestore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
)

// A store survives the process: what was accepted is handed out after it was
// opened again.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "alt")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cfg := sqlitestore.Config{Path: filepath.Join(dir, "alt.db"), KeyFile: filepath.Join(dir, "alt.key")}
	ctx := context.Background()

	st, err := sqlitestore.Open(ctx, cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	hello := &channels.Received{
		EventMeta: channels.EventMeta{Key: "message/1", Agency: "ppa", Channel: "ppa-messenger", Peer: "a person", At: time.Now()},
		ID:        "1", Content: channels.Text{Body: "Tere!"},
	}
	for range 2 { // the provider delivers it twice
		fresh, err := st.Accept(ctx, []channels.Event{hello})
		fmt.Println("new events:", fresh, err)
	}
	_ = st.Close()

	st, err = sqlitestore.Open(ctx, cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = st.Close() }()
	items, err := st.Claim(ctx, alt.ClaimQuery{Work: alt.Inbox, Max: 10, Lease: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, it := range items {
		fmt.Println(it.Event.Type(), it.Event.(*channels.Received).Content.(channels.Text).Body)
		fmt.Println(st.Commit(ctx, it, alt.Changes{}))
	}
	// Output:
	// new events: 1 <nil>
	// new events: 0 <nil>
	// received Tere!
	// <nil>
}
