package alt_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// running starts a service with real workers inside a synctest bubble, where
// time stands still unless all wait.
func running(t *testing.T, h alt.Handler, change func(*alt.Config)) (*alt.Service, *channeltest.Fake, func()) {
	t.Helper()
	fake := channeltest.New(channeltest.Config{ID: "sms", Kind: channels.SMS})
	cfg := alt.Config{Store: memstore.New(memstore.Config{}), Handler: h, PublicURL: "https://agency.example/webhooks", Channels: []channels.Channel{fake}}
	if change != nil {
		change(&cfg)
	}
	svc, err := alt.New(cfg)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- svc.Run(ctx) }()
	return svc, fake, func() {
		t.Helper()
		cancel()
		require.NoError(t, <-done)
	}
}

func post(t *testing.T, svc *alt.Service, r *channels.Request) {
	t.Helper()
	w := httptest.NewRecorder()
	http.StripPrefix("/webhooks", svc.Webhooks()).ServeHTTP(w, channeltest.HTTP(r))
	require.Equal(t, http.StatusOK, w.Code)
}

func TestManyWorkersKeepTheOrderWithinAChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people, messages = 20, 25
		svc, fake, stop := running(t, alt.HandlerFunc(echo), nil)
		fake.OnSend(func(context.Context, channels.Outbound) error { time.Sleep(3 * time.Millisecond); return nil })
		var wg sync.WaitGroup
		for p := range people {
			wg.Go(func() {
				for m := range messages {
					post(t, svc, fake.Post(fake.Message(channels.Peer(fmt.Sprint(p)), fmt.Sprint(m))))
				}
			})
		}
		wg.Wait()
		time.Sleep(10 * time.Second)
		stop()
		next := map[channels.Peer]int{}
		for _, s := range fake.Sent() {
			require.Equal(t, fmt.Sprintf("You said: %d", next[s.To.Peer]), s.Content.(channels.Text).Body)
			next[s.To.Peer]++
		}
		require.Len(t, next, people)
		require.Len(t, fake.Sent(), people*messages)
	})
}

func TestAStopFinishesWhatBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Bool
		svc, fake, stop := running(t, alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
			time.Sleep(5 * time.Second)
			ended.Store(true)
			return t.ReplyText("done")
		}), nil)
		post(t, svc, fake.Post(fake.Message("p", "x")))
		time.Sleep(time.Second)
		begun := time.Now()
		stop()
		require.True(t, ended.Load())
		require.Equal(t, 4*time.Second, time.Since(begun))
		depths, err := svc.Store().Depths(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, depths[alt.Outbox], "the answer is kept for the next start")
	})
}

func TestAStopDoesNotWaitForAHandlerThatDoesNotListen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		svc, fake, stop := running(t, alt.HandlerFunc(func(context.Context, *alt.Turn) error { <-release; return nil }), nil)
		post(t, svc, fake.Post(fake.Message("p", "x")))
		synctest.Wait()
		begun := time.Now()
		stop()
		require.Equal(t, 11*time.Second, time.Since(begun))
		close(release)
		synctest.Wait()
	})
}

func TestAHandlerSlowerThanItsLeaseTakesEffectOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		svc, fake, stop := running(t, alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
			if runs.Add(1) == 1 {
				time.Sleep(3 * time.Minute) // does not look at its context
			}
			return t.ReplyText("ok")
		}), nil)
		post(t, svc, fake.Post(fake.Message("p", "x")))
		time.Sleep(10 * time.Minute)
		stop()
		require.Len(t, fake.Sent(), 1)
		require.EqualValues(t, 2, runs.Load())
	})
}

func TestWatchersAreWokenByCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, fake, stop := running(t, alt.HandlerFunc(echo), nil)
		ch, end := svc.Watch()
		post(t, svc, fake.Post(fake.Message("p", "x")))
		<-ch
		end()
		stop()
	})
}

func TestAStoreThatFailsAtAnyCallLosesDoublesAndReordersNothing(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		synctest.Test(t, func(t *testing.T) {
			const people, messages = 10, 15
			var mu sync.Mutex
			random := rand.New(rand.NewPCG(seed, 1))
			one := func(in int) bool { mu.Lock(); defer mu.Unlock(); return random.IntN(in) == 0 }
			fault := func() error {
				if one(6) {
					return errDisk
				}
				return nil
			}
			store := &faulty{dossier: fault,
				commit:  func(alt.Item, alt.Changes) error { return fault() },
				release: func(alt.Item) error { return fault() },
				claim:   func(alt.ClaimQuery) error { return fault() },
			}
			svc, fake, stop := running(t, alt.HandlerFunc(echo), func(c *alt.Config) {
				store.over(c)
				c.TurnWorkers, c.SendWorkers, c.MaxHold, c.MaxAttempts, c.Poll = 4, 4, 24*time.Hour, 50, time.Second
			})
			fake.OnSend(func(context.Context, channels.Outbound) error {
				if one(5) {
					return sendError(channels.ErrUnavailable, channels.NotSent, 0)
				}
				return nil
			})
			for m := range messages {
				for p := range people {
					r := fake.Post(fake.Message(channels.Peer(fmt.Sprint(p)), fmt.Sprint(m)))
					for range 2 { // providers deliver twice
						post(t, svc, r)
					}
				}
			}
			time.Sleep(6 * time.Hour)
			stop()
			next := map[channels.Peer]int{}
			for _, s := range fake.Sent() {
				require.Equal(t, fmt.Sprintf("You said: %d", next[s.To.Peer]), s.Content.(channels.Text).Body, "seed %d", seed)
				next[s.To.Peer]++
			}
			require.Len(t, fake.Sent(), people*messages, "seed %d", seed)
		})
	}
}
