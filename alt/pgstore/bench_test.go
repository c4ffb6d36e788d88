//go:build linux

package pgstore_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

// callers is how many calls run at the same time in the benchmarks.
const callers = 64

func benchEvent(i, person int) *channels.Received {
	now := time.Now()
	return &channels.Received{
		EventMeta: channels.EventMeta{
			Key: fmt.Sprintf("created/%08x-5bcd-4a44-9f1c-%012x", uint32(i)*2654435761, i), Channel: "messenger", Agency: "agency",
			Peer: channels.Peer(fmt.Sprintf("%016d", person*7919)), At: now, Raw: make([]byte, 900),
		},
		ID:      channels.ProviderID(fmt.Sprintf("%08x-5bcd-4a44-9f1c-%012x", uint32(i)*2654435761, i)),
		Content: channels.Text{Body: "Tere! Kuidas ma saan taotleda uut isikutunnistust, kui vana on kadunud?"},
		From:    channels.Profile{Name: "Mari Maasikas", Language: "et"},
	}
}

// durable is a store on a server of its own with fsync on.
func durable(b *testing.B) (*pgstore.Store, *meter) {
	b.Helper()
	_, dsn := benchServer(b)
	require.NoError(b, pgstore.Migrate(b.Context(), pgstore.Migration{DSN: dsn, Version: pgstore.Latest}))
	st, err := pgstore.Open(b.Context(), pgstore.Config{DSN: dsn, Key: testKey(), Connections: 16})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, st.Close()) })
	return st, newMeter(b, dsn)
}

// BenchmarkFloor is what the others are compared with.
func BenchmarkFloor(b *testing.B) {
	_, dsn := benchServer(b)
	f, m := newFloor(b, dsn), newMeter(b, dsn)
	m.start()
	parallel(b, func(i int) error { return f.accept(benchEvent(i, i%20000)) })
	m.report("events")
}

func BenchmarkAccept(b *testing.B) {
	st, m := durable(b)
	m.start()
	parallel(b, func(i int) error {
		_, err := st.Accept(context.Background(), []channels.Event{benchEvent(i, i%20000)})
		return err
	})
	m.report("events")
}

// parallel has so many callers do it b.N times in all.
func parallel(b *testing.B, do func(i int) error) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= b.N; i = int(next.Add(1)) {
				if err := do(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkTurn is whole turns: a message is accepted, claimed and answered,
// and the answer is claimed and gets its receipt, all of it at the same time.
func BenchmarkTurn(b *testing.B) {
	for name, people := range map[string]int{"known people": 5000, "strangers": 1 << 30} {
		b.Run(name, func(b *testing.B) {
			st, m := durable(b)
			m.start()
			turns(b, st, b.N, people)
			m.report("turns")
		})
	}
}

// turns has n messages of so many people answered.
func turns(b testing.TB, st *pgstore.Store, n, people int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	kicks := map[alt.Work]chan struct{}{alt.Inbox: make(chan struct{}, 1), alt.Outbox: make(chan struct{}, 1)}
	kick := func(w alt.Work) {
		select {
		case kicks[w] <- struct{}{}:
		default:
		}
	}
	var answered atomic.Int64
	var wg sync.WaitGroup
	work := func(w alt.Work, do func(alt.Item)) {
		idle, jobs := make(chan struct{}, callers), make(chan alt.Item)
		for range callers {
			idle <- struct{}{}
			wg.Go(func() {
				for it := range jobs {
					do(it)
					idle <- struct{}{}
					kick(w)
				}
			})
		}
		wg.Go(func() {
			defer close(jobs)
			for {
				items, err := st.Claim(ctx, alt.ClaimQuery{Work: w, Max: len(idle), Lease: time.Minute})
				for _, it := range items {
					<-idle
					jobs <- it
				}
				if err != nil || len(items) > 0 {
					if ctx.Err() != nil {
						return
					}
					continue
				}
				select {
				case <-kicks[w]:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	check := func(err error) {
		if err != nil {
			b.Error(err)
			cancel()
		}
	}
	work(alt.Inbox, func(it alt.Item) {
		c, err := benchTurn(st, it)
		check(err)
		check(st.Commit(context.Background(), it, c))
		kick(alt.Outbox)
	})
	work(alt.Outbox, func(it alt.Item) {
		o := it.Outbound
		check(st.Commit(context.Background(), it, alt.Changes{
			Receipt: &channels.Receipt{ID: channels.ProviderID(fmt.Sprintf("%08x-p-%d", uint32(it.ID)*2654435761, it.ID)), At: time.Now(), Thread: "thread-" + string(o.To.Peer)},
			Log:     []alt.LogEntry{{Agency: "agency", At: time.Now(), Act: "message.sent", Actor: "system", Line: o.To.Channel, Message: string(o.ID)}},
		}))
		if answered.Add(1) == int64(n) {
			cancel()
		}
	})
	var next atomic.Int64
	for range callers {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				_, err := st.Accept(context.Background(), []channels.Event{benchEvent(i, i%people)})
				check(err)
				kick(alt.Inbox)
			}
		})
	}
	wg.Wait()
	require.EqualValues(b, n, answered.Load())
}

// benchTurn is what a bot's answer changes.
func benchTurn(st *pgstore.Store, it alt.Item) (alt.Changes, error) {
	now := time.Now()
	r := it.Event.(*channels.Received)
	a := r.Address()
	d, err := st.Dossier(context.Background(), a)
	if err != nil {
		return alt.Changes{}, err
	}
	c := alt.Changes{Record: true, Session: d.Session, Contact: d.Contact, Conversation: d.Conversation}
	if c.Session == nil {
		c.Session = session.New(a, now)
		c.Contact = &alt.Contact{Address: a, Name: r.From.Name}
		c.Conversation = &alt.Conversation{ID: session.New(a, now).ID, Address: a, State: alt.Open, Opened: now, Name: r.From.Name}
	}
	c.Session.LastSeen, c.Contact.LastInbound, c.Conversation.LastIn, c.Conversation.LastOut = now, r.At, now, now
	id := channels.MessageID(session.New(a, now).ID)
	c.Send = []channels.Outbound{{ID: id, To: a, Author: channels.Bot, Parts: 1, Content: channels.Text{Body: "Tere! Taotluse saate esitada iseteeninduses, sõnum jõudis kohale."}}}
	c.Log = []alt.LogEntry{
		{Agency: "agency", At: now, Act: "message.received", Actor: "contact", Line: a.Channel, Conversation: c.Conversation.ID, Message: fmt.Sprintf("in-%d", it.ID)},
		{Agency: "agency", At: now, Act: "message.queued", Actor: "bot:echo", Line: a.Channel, Conversation: c.Conversation.ID, Message: string(id)},
	}
	return c, nil
}
