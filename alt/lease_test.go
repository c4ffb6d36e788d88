package alt_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

func TestWhoWasHeldUpDoesNotSendWhatOthersHaveGivenUp(t *testing.T) {
	for name, tt := range map[string]struct {
		held time.Duration // between the claim and the send, of the first message
		want []string      // that were sent
	}{
		"for less than the lease less a send: it is sent":   {39 * time.Second, []string{"1", "2"}},
		"for longer: it is given back and claimed again":    {41 * time.Second, []string{"1", "2"}},
		"for longer than the lease: nobody may send it now": {61 * time.Second, []string{"2"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var armed, held atomic.Bool
				store := &faulty{dossier: func() error {
					if armed.Load() && !held.Swap(true) {
						time.Sleep(tt.held) // with the whole process, for all it knows
					}
					return nil
				}, claim: func(alt.ClaimQuery) error {
					if !armed.Load() {
						return errDisk
					}
					return nil
				}}
				svc, fake, stop := running(t, alt.HandlerFunc(echo), store.over)
				for _, text := range []string{"1", "2"} {
					_, err := svc.Send(t.Context(), channels.Outbound{To: channels.Address{Channel: "sms", Peer: "p"}, Content: channels.Text{Body: text}})
					require.NoError(t, err)
				}
				armed.Store(true)
				time.Sleep(5 * time.Minute)
				stop()
				var sent []string
				for _, m := range fake.Sent() {
					sent = append(sent, m.Content.(channels.Text).Body)
				}
				require.Equal(t, tt.want, sent)
			})
		})
	}
}
