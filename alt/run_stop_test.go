package alt_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// stoppedStore has the service told to stop while a claim is under way.
type stoppedStore struct {
	*memstore.Store
	stop context.CancelFunc
}

func (s *stoppedStore) Claim(ctx context.Context, q alt.ClaimQuery) ([]alt.Item, error) {
	items, err := s.Store.Claim(ctx, q)
	if len(items) > 0 {
		s.stop()
	}
	return items, err
}

func TestWhatIsClaimedWhileTheServiceStopsGoesToAnotherAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := memstore.New(memstore.Config{})
		line := channeltest.New(channeltest.Config{ID: "sms", Kind: channels.SMS, URL: "https://agency.example/webhooks/sms"})
		ctx, stop := context.WithCancel(t.Context())
		e := line.Message("+37255500001", "tere")
		e.Agency = "agency"
		_, err := st.Accept(ctx, []channels.Event{e})
		require.NoError(t, err)
		begun := time.Now()
		require.NoError(t, process(t, &stoppedStore{st, stop}, line).Run(ctx))
		require.Empty(t, line.Sent())
		_, err = process(t, st, line).Step(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"You said: tere"}, texts(line))
		require.Less(t, time.Since(begun), time.Second, "long before the lease has run out")
	})
}
