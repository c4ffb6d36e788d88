package alt_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func TestALongWaitBeforeTheFirstAttemptIsNotHeldAgainstIt(t *testing.T) {
	t.Run("of a send", func(t *testing.T) {
		hs := alttest.New(t, alt.HandlerFunc(echo))
		chat := hs.Chat("sms")
		_, err := hs.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Content: channels.Text{Body: "x"}})
		require.NoError(t, err)
		hs.Clock().Advance(3 * time.Hour) // the process was down
		hs.Fake("sms").FailNext(rateLimited("", 0), sendError(channels.ErrUnavailable, channels.NotSent, 0))
		hs.Settle()
		hs.Advance(time.Minute)
		chat.Expect("x")
	})
	t.Run("of a turn", func(t *testing.T) {
		fail := true
		hs := alttest.New(t, alt.HandlerFunc(func(ctx context.Context, t *alt.Turn) error {
			if fail {
				return errDisk
			}
			return echo(ctx, t)
		}))
		fake := hs.Fake("sms")
		hs.Serve(httpOf(fake.Post(fake.Message("p", "x"))))
		hs.Clock().Advance(3 * time.Hour)
		hs.Settle()
		fail = false
		hs.Advance(time.Minute)
		require.Len(t, fake.Sent(), 1)
	})
	t.Run("of a message that was fresh when it came", func(t *testing.T) {
		hs := alttest.New(t, alt.HandlerFunc(echo))
		fake := hs.Fake("sms")
		hs.Serve(httpOf(fake.Post(fake.Message("p", "x"))))
		hs.Clock().Advance(9 * 24 * time.Hour)
		hs.Settle()
		require.Len(t, fake.Sent(), 1)
	})
}

func TestAnUnknownOutcomeIsNeverCalledDead(t *testing.T) {
	fake := channeltest.New(channeltest.Config{ID: "sms", Kind: channels.SMS, Idempotent: true, Now: time.Now})
	clock := alttest.NewClock(alttest.Start())
	store := memstore.New(memstore.Config{Now: clock.Now})
	svc, err := alt.New(config(t, func(c *alt.Config) { c.Channels, c.Store, c.Now = []channels.Channel{silent{fake}}, store, clock.Now }))
	require.NoError(t, err)
	_, err = svc.Send(t.Context(), channels.Outbound{To: channels.Address{Channel: "sms", Peer: "p"}, Content: channels.Text{Body: "x"}})
	require.NoError(t, err)
	for range 300 {
		_, err := svc.Step(t.Context())
		require.NoError(t, err)
		clock.Advance(30 * time.Second)
	}
	letters, _, err := store.Letters(t.Context(), alt.LetterQuery{Agency: "agency"})
	require.NoError(t, err)
	require.Len(t, letters, 1)
	require.Equal(t, alt.Uncertain, letters[0].State, "it may have gone out")
}

// silent is an idempotent line that never answers and finds nothing.
type silent struct{ *channeltest.Fake }

func (silent) Send(context.Context, channels.Outbound) (channels.Receipt, error) {
	return channels.Receipt{}, sendError(channels.ErrUnavailable, channels.OutcomeUnknown, 0)
}

func (silent) Find(context.Context, channels.Outbound) (channels.Receipt, bool, error) {
	return channels.Receipt{}, false, nil
}

func TestAPauseHoldsWhatWasClaimedBeforeIt(t *testing.T) {
	for name, tt := range map[string]struct {
		err      error
		attempts int
	}{
		"that the provider asked for": {rateLimited("", 60), 1},
		"of the breaker":              {sendError(channels.ErrUnavailable, channels.NotSent, 0), 5},
	} {
		t.Run(name, func(t *testing.T) {
			hs := alttest.New(t, alt.HandlerFunc(echo))
			fake := hs.Fake("sms")
			for n := range 20 {
				_, err := hs.Service().Send(t.Context(), channels.Outbound{To: channels.Address{Channel: "sms", Peer: channels.Peer(fmt.Sprint(n))},
					Content: channels.Text{Body: "x"}})
				require.NoError(t, err)
			}
			for range tt.attempts {
				fake.FailNext(tt.err)
			}
			hs.Settle()
			require.Equal(t, tt.attempts, fake.Attempts())
			hs.Advance(5 * time.Minute)
			require.Len(t, fake.Sent(), 20)
			require.Empty(t, hs.Letters())
		})
	}
}

func TestWhileALineRecoversTheOthersAreNotClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var claimed atomic.Int32
		svc, fake, stop := running(t, alt.HandlerFunc(echo), func(c *alt.Config) {
			c.Store = &claims{c.Store, &claimed}
		})
		down := time.Now().Add(2 * time.Minute)
		fake.OnSend(func(context.Context, channels.Outbound) error {
			if time.Now().After(down) {
				return nil
			}
			time.Sleep(15 * time.Second)
			return sendError(channels.ErrUnavailable, channels.NotSent, 0)
		})
		for n := range 200 {
			post(t, svc, fake.Post(fake.Message(channels.Peer(fmt.Sprint(n)), "x")))
		}
		time.Sleep(110 * time.Second)
		require.Less(t, claimed.Load(), int32(64+10), "the first workers, and then one at a time")
		time.Sleep(5 * time.Minute)
		stop()
		require.Len(t, fake.Sent(), 200)
	})
}

// claims counts the messages that are claimed.
type claims struct {
	alt.Store
	n *atomic.Int32
}

func (c *claims) Claim(ctx context.Context, q alt.ClaimQuery) ([]alt.Item, error) {
	items, err := c.Store.Claim(ctx, q)
	if q.Work == alt.Outbox {
		c.n.Add(int32(len(items)))
	}
	return items, err
}

func TestALateReportDoesNotCloseAWindowThatThePersonOpenedSince(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	chat := hs.Chat("whatsapp")
	chat.Says("1").Expect("You said: 1")
	late := hs.Fake("whatsapp").StatusOf(chat.Sent()[0].Receipt, channels.Failed)
	late.Err = &channels.Error{Op: "send", Class: channels.ErrWindowClosed}
	hs.Advance(time.Minute)
	chat.Says("2").Expect("You said: 2")
	chat.Happens(late)
	require.Equal(t, channels.Failed, chat.Transcript()[1].Status)
	_, err := hs.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Content: channels.Text{Body: "x"}})
	require.NoError(t, err)
}

func TestARefusalIsKeptAlthoughTheContactChangedMeanwhile(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(func(context.Context, *alt.Turn) error { return nil }))
	chat := hs.Chat("whatsapp")
	chat.Says("1")
	id := chat.Dossier().Conversation.ID
	hs.Fake("whatsapp").OnSend(func(ctx context.Context, _ channels.Outbound) error {
		require.NoError(t, hs.Service().Talk(ctx, "agency", id, "mari", func(t *alt.Turn) error { t.SetLanguage("en"); return nil }))
		return sendError(channels.ErrOptedOut, channels.NotSent, 0)
	})
	_, err := hs.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Content: channels.Text{Body: "x"}})
	require.NoError(t, err)
	hs.Settle()
	require.True(t, chat.Dossier().Contact.OptedOut)
	require.Equal(t, "en", chat.Dossier().Contact.Language)
}

func TestAMessageFromBeforeAnOptOutDoesNotEndIt(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(func(context.Context, *alt.Turn) error { return nil }))
	chat := hs.Chat("sms")
	stop := hs.Fake("sms").Message(chat.Address().Peer, "STOP")
	chat.Happens(hs.Fake("sms").OptOut(chat.Address().Peer)) // told before the message itself
	chat.Happens(stop)
	_, err := hs.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Content: channels.Text{Body: "x"}})
	require.ErrorIs(t, err, channels.ErrOptedOut)
	hs.Advance(time.Minute)
	chat.Says("I need help")
	_, err = hs.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Content: channels.Text{Body: "x"}})
	require.NoError(t, err, "who writes wants an answer")
}

func TestTheSameSendIsSuccessAlsoWhenItWouldBeRefusedNow(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(func(context.Context, *alt.Turn) error { return nil }))
	chat := hs.Chat("whatsapp")
	chat.Says("hello")
	m := channels.Outbound{ID: "answer-1", To: chat.Address(), Content: channels.Text{Body: "yes"}}
	_, err := hs.Service().Send(t.Context(), m)
	require.NoError(t, err)
	hs.Advance(25 * time.Hour)
	_, err = hs.Service().Send(t.Context(), m)
	require.NoError(t, err)
	hs.Settle()
	chat.Expect("yes")
	m.Content = channels.Text{Body: "no"}
	_, err = hs.Service().Send(t.Context(), m)
	require.ErrorIs(t, err, alt.ErrIDReused)
	m.ID = "answer-2"
	_, err = hs.Service().Send(t.Context(), m)
	require.ErrorIs(t, err, channels.ErrWindowClosed)
}

func TestAnOptOutByAClockAheadOfOursEndsWhenThePersonWrites(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	chat := hs.Chat("sms")
	out := hs.Fake("sms").OptOut(chat.Address().Peer)
	out.At = out.At.Add(time.Hour)
	chat.Happens(out)
	hs.Advance(time.Minute)
	chat.Says("help").Expect("You said: help")
}

func TestAProviderThatAsksForADayIsAskedAgainSooner(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	first, second := hs.Chat("sms"), hs.Chat("sms")
	hs.Fake("sms").FailNext(rateLimited("", 24*3600))
	first.Says("1").ExpectNothing()
	require.Equal(t, "rate_limited", hs.Letters()[0].Code, "a person can decide better than a day's wait")
	second.Says("2").ExpectNothing()
	hs.Advance(time.Hour + time.Minute)
	second.Expect("You said: 2")
}

func TestAStopSaysNothingAboutTheMessageThatItInterrupts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, fake, stop := running(t, alt.HandlerFunc(func(ctx context.Context, _ *alt.Turn) error { <-ctx.Done(); return ctx.Err() }),
			func(c *alt.Config) { c.MaxAttempts, c.DrainTimeout = 1, time.Second })
		post(t, svc, fake.Post(fake.Message("p", "x")))
		synctest.Wait()
		stop()
		synctest.Wait()
		letters, _, err := svc.Store().Letters(t.Context(), alt.LetterQuery{Agency: "agency"})
		require.NoError(t, err)
		require.Empty(t, letters)
		items, err := svc.Store().Claim(t.Context(), alt.ClaimQuery{Work: alt.Inbox, Max: 1, Lease: time.Minute})
		require.NoError(t, err)
		require.Len(t, items, 1, "it is free again, not leased")
	})
}
