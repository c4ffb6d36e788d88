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

// process is a service over a store with these lines.
func process(t *testing.T, st alt.Store, lines ...channels.Channel) *alt.Service {
	t.Helper()
	svc, err := alt.New(alt.Config{
		Store: st, Channels: lines, LinesLater: true, Handler: alt.HandlerFunc(echo), PublicURL: "https://agency.example/webhooks",
	})
	require.NoError(t, err)
	return svc
}

func TestWorkOfALineThatOnlyAnotherProcessHasWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &shared{Store: memstore.New(memstore.Config{})}
		line := channeltest.New(channeltest.Config{ID: "sms", Kind: channels.SMS, URL: "https://agency.example/webhooks/sms"})
		here, there := process(t, st), process(t, st, line)
		step := func(svc *alt.Service) {
			_, err := svc.Step(t.Context())
			require.NoError(t, err)
		}
		letters := func() []alt.Letter {
			found, _, err := st.Letters(t.Context(), alt.LetterQuery{Agency: "agency", Limit: 10})
			require.NoError(t, err)
			return found
		}
		says := func(text string) {
			e := line.Message("+37255500001", text)
			e.Agency = "agency"
			_, err := st.Accept(t.Context(), []channels.Event{e})
			require.NoError(t, err)
		}
		says("tere")
		step(here)
		require.Empty(t, letters())
		time.Sleep(10 * time.Second)
		_, err := there.Send(t.Context(), channels.Outbound{To: channels.Address{Channel: "sms", Peer: "+37255500002"}, Content: channels.Text{Body: "uudis"}})
		require.NoError(t, err)
		step(here) // gives both back
		require.Empty(t, letters())
		time.Sleep(10 * time.Second)
		step(there)
		step(there)
		require.ElementsMatch(t, []string{"You said: tere", "uudis"}, texts(line))

		// Nobody has the line any more.
		says("veel")
		for range 9 {
			step(here)
			require.Empty(t, letters())
			time.Sleep(30 * time.Second)
		}
		time.Sleep(30 * time.Second) // it has waited for five minutes
		step(here)
		require.Len(t, letters(), 1)
		require.Equal(t, channels.Code(channels.ErrUnreachable), letters()[0].Code)
	})
}

func TestOfALineThatNoOtherProcessCanHaveNothingWaits(t *testing.T) {
	st := memstore.New(memstore.Config{})
	line := channeltest.New(channeltest.Config{ID: "sms", Kind: channels.SMS, URL: "https://agency.example/webhooks/sms"})
	e := line.Message("+37255500001", "tere")
	e.Agency = "agency"
	_, err := st.Accept(t.Context(), []channels.Event{e})
	require.NoError(t, err)
	_, err = process(t, st).Step(t.Context())
	require.NoError(t, err)
	found, _, err := st.Letters(t.Context(), alt.LetterQuery{Agency: "agency", Limit: 10})
	require.NoError(t, err)
	require.Len(t, found, 1)
}

// A process that does no work still tells who watches that another has done some.
func TestAProcessThatFollowsTellsOfOthersChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &shared{Store: memstore.New(memstore.Config{}), news: make(chan alt.Work)}
		svc := process(t, st)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- svc.Follow(ctx) }()
		watch, end := svc.Watch()
		defer end()
		time.Sleep(10 * time.Second) // the first question failed, and is asked again
		st.news <- alt.Outbox
		synctest.Wait()
		select {
		case <-watch:
		default:
			require.Fail(t, "nobody was told")
		}
		stop()
		require.NoError(t, <-ended)
	})
}
