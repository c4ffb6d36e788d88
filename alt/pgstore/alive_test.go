package pgstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

func TestADeathIsNoticedWhereThereIsAlwaysSomethingToHear(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	c := open(t, a.Config())
	accept(t, a, says("mari", "1", "1"))
	require.Len(t, claim(t, a, alt.Inbox, 1), 1)
	busy, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for busy.Err() == nil { // each is told to the other replicas
			_, _ = c.Accept(busy, []channels.Event{says("jaan", time.Now().String(), "x")})
			time.Sleep(20 * time.Millisecond)
		}
	}()
	defer func() { stop(); <-ended }()
	require.NoError(t, a.Crash(t.Context()))
	require.Eventually(t, func() bool {
		for _, it := range claim(t, b, alt.Inbox, 10) {
			if it.Event.Meta().Key == "1" {
				return true
			}
			_ = b.Release(t.Context(), it, time.Now(), nil)
		}
		return false
	}, 20*time.Second, 50*time.Millisecond)
}
