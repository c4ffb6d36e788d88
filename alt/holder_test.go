package alt_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

func office() alt.Handler {
	return alt.Chain(alt.Link{Name: "bot", Kind: alt.HeldByBot, Handler: say("bot")}, alt.Link{Name: "desk", Kind: alt.HeldByDesk, Handler: people})
}

func TestASpecialistKeepsAConversationTakenFromABot(t *testing.T) {
	for name, tt := range map[string]struct {
		chain  alt.Handler
		holder alt.Holder
	}{
		"with a desk in the chain": {office(), alt.Holder{Kind: alt.HeldByDesk, Name: "desk", By: "mari"}},
		"without one":              {alt.Chain(alt.Link{Name: "bot", Kind: alt.HeldByBot, Handler: say("bot")}), alt.Holder{Kind: alt.HeldByDesk, By: "mari"}},
	} {
		t.Run(name, func(t *testing.T) {
			hs := alttest.New(t, tt.chain)
			chat := hs.Chat("sms")
			chat.Says("1").Expect("bot")
			id := chat.Dossier().Conversation.ID
			require.NoError(t, hs.Service().Talk(t.Context(), "agency", id, "mari", func(t *alt.Turn) error { t.Hold("mari"); return nil }))
			chat.Says("2").ExpectNothing()
			c := chat.Dossier().Conversation
			require.Equal(t, tt.holder, c.Holder)
			require.Equal(t, 1, c.Unread)
			require.Empty(t, hs.Letters())
		})
	}
}

func TestABotIsSilentWhileTheProvidersInboxHoldsTheThread(t *testing.T) {
	hs := alttest.New(t, office())
	chat := hs.Chat("messenger")
	chat.Says("1").Expect("bot")
	control := func(key string, mine bool) *channels.ThreadControl {
		return &channels.ThreadControl{Mine: mine, EventMeta: channels.EventMeta{Key: key, Channel: "messenger", Peer: chat.Address().Peer, At: hs.Clock().Now()}}
	}
	chat.Happens(control("taken", false))
	chat.Says("2").ExpectNothing()
	chat.Happens(control("given", true))
	chat.Says("3").Expect("bot")
}

func TestAHandOverWithoutAChainIsALetterAndNotSilence(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		t.HandOver("desk")
		return t.ReplyText("a person will answer")
	}))
	chat := hs.Chat("sms")
	chat.Says("human").ExpectNothing()
	require.Len(t, hs.Letters(), 1)
	hs = alttest.New(t, office())
	chat = hs.Chat("sms")
	chat.Says("x")
	err := hs.Service().Talk(t.Context(), "agency", chat.Dossier().Conversation.ID, "mari", func(t *alt.Turn) error { t.HandOver("bot"); return nil })
	require.ErrorIs(t, err, alt.ErrInput, "there is no message to hand over")
}

func TestOnceIsForTalksOnly(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		t.Once("the same key for every message", [32]byte{1})
		return t.ReplyText("ok")
	}))
	chat := hs.Chat("sms")
	chat.Says("1").Says("2").ExpectNothing()
	hs.Advance(3 * time.Hour)
	require.Len(t, hs.Letters(), 2, "neither is handled for ever nor lost")
}

func TestWhatAMiddlewareHoldsStaysGoodWhenALinkPassesOn(t *testing.T) {
	pass := alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { t.Session().Set("draft", "x"); return alt.ErrNotMine })
	hs := alttest.NewWith(t, alttest.Config{
		Handler: alt.Chain(alt.Link{Name: "a", Kind: alt.HeldByBot, Handler: pass}, alt.Link{Name: "b", Kind: alt.HeldByBot, Handler: say("b")}),
		Change: func(c *alt.Config) {
			c.Middleware = []alt.Middleware{func(next alt.Handler) alt.Handler {
				return alt.HandlerFunc(func(ctx context.Context, t *alt.Turn) error {
					s := t.Session()
					s.Set("before", "1")
					err := next.Handle(ctx, t)
					s.Set("after", "2")
					return err
				})
			}}
		},
	})
	chat := hs.Chat("sms")
	chat.Says("x").Expect("b")
	require.Equal(t, map[string]string{"before": "1", "after": "2"}, chat.Dossier().Session.Attrs)
}

func TestEndingAnOldConversationAgainLeavesTheNewOneAlone(t *testing.T) {
	hs := alttest.New(t, people)
	chat := hs.Chat("sms")
	chat.Says("1")
	old := chat.Dossier().Conversation.ID
	end := func(t *alt.Turn) error { t.End(session.BySpecialist); return nil }
	require.NoError(t, hs.Service().Talk(t.Context(), "agency", old, "mari", end))
	chat.Says("2")
	require.NoError(t, hs.Service().Talk(t.Context(), "agency", old, "mari", end))
	d := chat.Dossier()
	require.Equal(t, alt.Open, d.Conversation.State)
	require.True(t, d.Session.Active())
}

func TestAnAnswerCarriesTheTraceOfItsMessage(t *testing.T) {
	var trace string
	hs := alttest.New(t, alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		trace = t.Event().Meta().Trace
		return t.ReplyText("ok")
	}))
	chat := hs.Chat("sms")
	chat.Says("x").Expect("ok")
	require.NotEmpty(t, trace)
	require.Equal(t, trace, chat.Sent()[0].Trace)
}
