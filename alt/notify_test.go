package alt_test

import (
	"context"
	"errors"
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

// shared is a store to which another process adds work.
type shared struct {
	*memstore.Store

	asked atomic.Int32
	news  chan alt.Work
}

func (s *shared) Notify(ctx context.Context) (<-chan alt.Work, error) {
	if s.asked.Add(1) == 1 {
		return nil, errors.New("not reachable")
	}
	out := make(chan alt.Work)
	go func() {
		defer close(out)
		for {
			select {
			case w := <-s.news:
				select {
				case out <- w:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

func TestAQueueIsWokenByAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &shared{Store: memstore.New(memstore.Config{}), news: make(chan alt.Work)}
		line := channeltest.New(channeltest.Config{ID: "sms", Kind: channels.SMS, URL: "https://agency.example/webhooks/sms"})
		svc, err := alt.New(alt.Config{Store: st, Channels: []channels.Channel{line}, Handler: alt.HandlerFunc(echo), PublicURL: "https://agency.example/webhooks", Poll: time.Hour})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- svc.Run(ctx) }()
		time.Sleep(10 * time.Second) // the first question failed, and is asked again
		require.EqualValues(t, 2, st.asked.Load())
		e := line.Message("+37255500001", "tere")
		e.Agency = "agency"
		_, err = st.Accept(ctx, []channels.Event{e}) // as another process does
		require.NoError(t, err)
		time.Sleep(time.Minute)
		require.Empty(t, line.Sent(), "nobody looks for an hour")
		st.news <- alt.Inbox
		synctest.Wait()
		require.Len(t, line.Sent(), 1)
		stop()
		require.NoError(t, <-ended)
	})
}
