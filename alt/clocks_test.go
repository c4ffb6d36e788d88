package alt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// Two processes share a store, and their clocks are five seconds apart. A window
// is wrong by no more than that, and it is longer only by what the clock of who
// answers is behind: a taker's clock can make it shorter, and never longer.
func TestAWindowIsWrongByNoMoreThanTheClocksAreApart(t *testing.T) {
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		taker, answerer time.Duration // by how much their clocks are ahead
		after           time.Duration // the message, by a right clock
		want            error
	}{
		"the taker behind and the answerer ahead, a moment before the end": {-2500 * time.Millisecond, 2500 * time.Millisecond, day - 5001*time.Millisecond, nil},
		"the taker behind and the answerer ahead, at the end":              {-2500 * time.Millisecond, 2500 * time.Millisecond, day - 5000*time.Millisecond, channels.ErrWindowClosed},
		"the taker ahead and the answerer behind, a moment before the end": {2500 * time.Millisecond, -2500 * time.Millisecond, day + 2499*time.Millisecond, nil},
		"the taker ahead and the answerer behind, at the end":              {2500 * time.Millisecond, -2500 * time.Millisecond, day + 2500*time.Millisecond, channels.ErrWindowClosed},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
			clock := func() time.Time { return now }
			fake := channeltest.New(channeltest.Config{Kind: channels.WhatsApp, Now: clock})
			store := memstore.New(memstore.Config{Now: clock})
			by := func(ahead time.Duration) *alt.Service {
				svc, err := alt.New(alt.Config{
					Store: store, Handler: alt.HandlerFunc(echo), PublicURL: "https://agency.example/webhooks",
					Channels: []channels.Channel{fake}, Now: func() time.Time { return now.Add(ahead) },
				})
				require.NoError(t, err)
				return svc
			}
			taker, answerer := by(tt.taker), by(tt.answerer)
			post(t, taker, fake.Post(fake.Message("+37255500001", "tere")))
			_, err := taker.Step(t.Context())
			require.NoError(t, err)
			now = now.Add(tt.after)
			_, err = answerer.Send(t.Context(), channels.Outbound{
				To: channels.Address{Channel: fake.Info().ID, Peer: "+37255500001"}, Content: channels.Text{Body: "vastus"},
			})
			require.ErrorIs(t, err, tt.want)
		})
	}
}
