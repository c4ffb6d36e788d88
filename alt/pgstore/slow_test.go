package pgstore_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// A handler that is slower than its lease is handed to another worker, of either
// replica, and one that never ends keeps its worker. Neither keeps other people
// waiting, and what they say too late is not said twice.
func TestSlowHandlersAmongReplicasHoldUpNobodyElse(t *testing.T) {
	t.Parallel()
	const people, messages = 20, 5
	a, b := two(t)
	fake := channeltest.New(channeltest.Config{ID: "sms", Kind: channels.SMS})
	release, ended := make(chan struct{}), make(chan struct{})
	var slow, hangs atomic.Int32
	handler := alt.HandlerFunc(func(_ context.Context, turn *alt.Turn) error {
		switch text := turn.Text(); text {
		case "slow":
			if slow.Add(1) == 1 {
				time.Sleep(3 * time.Second) // without a look at its context
			}
		case "hang":
			if hangs.Add(1) == 1 {
				<-release
				defer close(ended)
			}
		}
		return turn.ReplyText("You said: " + turn.Text())
	})
	serve := func(st alt.Store) *alt.Service {
		svc, err := alt.New(alt.Config{
			Store: st, Handler: handler, PublicURL: "https://agency.example/webhooks", Channels: []channels.Channel{fake},
			TurnWorkers: 4, SendWorkers: 4, HandlerTimeout: time.Second, SendTimeout: time.Second, Lease: 2 * time.Second, DrainTimeout: time.Second,
		})
		require.NoError(t, err)
		return svc
	}
	both := []*alt.Service{serve(a), serve(b)}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, len(both))
	for _, svc := range both {
		go func() { stopped <- svc.Run(ctx) }()
	}
	defer func() {
		stop()
		for range both {
			require.NoError(t, <-stopped)
		}
	}()
	n := 0
	post := func(peer channels.Peer, text string) {
		w := httptest.NewRecorder()
		http.StripPrefix("/webhooks", both[n%2].Webhooks()).ServeHTTP(w, channeltest.HTTP(fake.Post(fake.Message(peer, text))))
		require.Equal(t, http.StatusOK, w.Code)
		n++
	}
	sent := func() map[channels.Peer][]string {
		got := make(map[channels.Peer][]string)
		for _, m := range fake.Sent() {
			got[m.To.Peer] = append(got[m.To.Peer], m.Content.(channels.Text).Body)
		}
		return got
	}
	begun := time.Now()
	for _, text := range []string{"slow", "hang"} {
		post(channels.Peer(text), text)
		post(channels.Peer(text), "after")
	}
	for m := range messages {
		for p := range people {
			post(channels.Peer(fmt.Sprint("p", p)), fmt.Sprint(m))
		}
	}
	require.Eventually(t, func() bool { return len(fake.Sent()) >= people*messages+4 }, time.Minute, 10*time.Millisecond)
	t.Logf("%d messages of others and both slow chats answered within %s", people*messages, time.Since(begun).Round(time.Millisecond))
	close(release)
	<-ended
	time.Sleep(200 * time.Millisecond) // what it answers too late is refused by now
	got := sent()
	for p := range people {
		var want []string
		for m := range messages {
			want = append(want, fmt.Sprint("You said: ", m))
		}
		require.Equal(t, want, got[channels.Peer(fmt.Sprint("p", p))])
	}
	for _, text := range []string{"slow", "hang"} {
		require.Equal(t, []string{"You said: " + text, "You said: after"}, got[channels.Peer(text)])
	}
	require.EqualValues(t, 2, slow.Load())
	require.EqualValues(t, 2, hangs.Load())
}
