package alt_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
)

func say(text string) alt.Handler {
	return alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { return t.ReplyText(text) })
}

// people is a desk that only keeps count.
var people = alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { t.Await(); return nil })

func TestAChainPassesOnWhatABotCannotAnswer(t *testing.T) {
	faq := alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		_ = t.ReplyText("forgotten when not mine")
		if t.Text() == "hours" {
			return nil
		}
		return alt.ErrNotMine
	})
	clever := alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		switch t.Text() {
		case "human":
			t.HandOver("desk")
			return t.ReplyText("one moment")
		case "tax":
			return t.ReplyText("tax answer")
		}
		return alt.ErrNotMine
	})
	hs := alttest.New(t, alt.Chain(
		alt.Link{Name: "faq", Kind: alt.HeldByBot, Handler: faq},
		alt.Link{Name: "clever", Kind: alt.HeldByBot, Handler: clever},
		alt.Link{Name: "desk", Kind: alt.HeldByDesk, Handler: people},
	))
	chat := hs.Chat("whatsapp")
	chat.Says("hours").Expect("forgotten when not mine")
	require.Equal(t, "faq", chat.Dossier().Conversation.Holder.Name)
	chat.Says("tax").Expect("tax answer")
	require.Equal(t, alt.Holder{Kind: alt.HeldByBot, Name: "clever"}, chat.Dossier().Conversation.Holder)

	chat.Says("human").Expect("one moment")
	c := chat.Dossier().Conversation
	require.Equal(t, alt.Holder{Kind: alt.HeldByDesk, Name: "desk"}, c.Holder)
	require.Equal(t, 1, c.Unread)
	require.False(t, c.Waiting.IsZero())

	chat.Says("tax").Says("hours").ExpectNothing() // the bots stay silent
	require.Equal(t, 3, chat.Dossier().Conversation.Unread)

	require.NoError(t, hs.Service().Talk(t.Context(), "agency", c.ID, "mari", func(t *alt.Turn) error {
		t.HandBack()
		return t.ReplyText("back to the bot")
	}))
	hs.Settle()
	chat.Expect("back to the bot")
	require.Equal(t, alt.Holder{}, chat.Dossier().Conversation.Holder)
	chat.Says("hours").Expect("forgotten when not mine")
}

func TestAMessageThatNobodyTakesGoesToAPerson(t *testing.T) {
	no := alt.HandlerFunc(func(context.Context, *alt.Turn) error { return alt.ErrNotMine })
	hs := alttest.New(t, alt.Chain(alt.Link{Name: "a", Kind: alt.HeldByBot, Handler: no}, alt.Link{Name: "b", Kind: alt.HeldByBot, Handler: no}))
	hs.Chat("whatsapp").Says("x").ExpectNothing()
	require.Equal(t, "not_mine", hs.Letters()[0].Code)
}

func TestAHandOverTakesBackWhatTheBotHasNotSent(t *testing.T) {
	bot := alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		if t.Text() == "human" {
			t.HandOver("desk")
			return nil
		}
		return t.ReplyText("slow answer")
	})
	hs := alttest.NewWith(t, alttest.Config{Handler: alt.Chain(
		alt.Link{Name: "bot", Kind: alt.HeldByBot, Handler: bot}, alt.Link{Name: "desk", Kind: alt.HeldByDesk, Handler: people})})
	chat := hs.Chat("whatsapp")
	hs.Fake("whatsapp").FailNext(rateLimited("whatsapp", 600))
	chat.Says("q").Says("human")
	tr := chat.Transcript()
	require.Equal(t, "canceled", string(tr[1].Status))
	hs.Advance(3600e9)
	chat.ExpectNothing()
}

func TestAChainIsCheckedByNew(t *testing.T) {
	h := say("x")
	for name, chain := range map[string]alt.Handler{
		"no links":      alt.Chain(),
		"no name":       alt.Chain(alt.Link{Kind: alt.HeldByBot, Handler: h}),
		"no handler":    alt.Chain(alt.Link{Name: "a", Kind: alt.HeldByBot}),
		"no kind":       alt.Chain(alt.Link{Name: "a", Handler: h}),
		"the same name": alt.Chain(alt.Link{Name: "a", Kind: alt.HeldByBot, Handler: h}, alt.Link{Name: "a", Kind: alt.HeldByBot, Handler: h}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := alt.New(config(t, func(c *alt.Config) { c.Handler = chain }))
			require.ErrorContains(t, err, "Config.Handler")
		})
	}
}

func TestAHandOverInACircleOrToNobodyIsALetter(t *testing.T) {
	to := func(name string) alt.Handler {
		return alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { t.HandOver(name); return nil })
	}
	hs := alttest.New(t, alt.Chain(alt.Link{Name: "a", Kind: alt.HeldByBot, Handler: to("b")}, alt.Link{Name: "b", Kind: alt.HeldByBot, Handler: to("a")}))
	hs.Chat("sms").Says("x")
	hs2 := alttest.New(t, alt.Chain(alt.Link{Name: "a", Kind: alt.HeldByBot, Handler: to("nobody")}))
	hs2.Chat("sms").Says("x")
	require.Len(t, hs.Letters(), 1)
	require.Len(t, hs2.Letters(), 1)
}

func TestMiddlewareWrapsFromOutside(t *testing.T) {
	tag := func(s string) alt.Middleware {
		return func(next alt.Handler) alt.Handler {
			return alt.HandlerFunc(func(ctx context.Context, t *alt.Turn) error {
				if err := t.ReplyText(s); err != nil {
					return err
				}
				return next.Handle(ctx, t)
			})
		}
	}
	hs := alttest.NewWith(t, alttest.Config{Handler: say("inner"), Change: func(c *alt.Config) { c.Middleware = []alt.Middleware{tag("1"), tag("2")} }})
	hs.Chat("sms").Says("x").Expect("1", "2", "inner")
}
