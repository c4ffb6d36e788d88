package alttest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
)

func reply(text string) alt.Handler {
	return alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { return t.ReplyText(text) })
}

// mustFail runs f with a tester whose failures panic, and returns what it said.
func mustFail(t *testing.T, f func(tb testing.TB)) (said string) {
	t.Helper()
	defer func() {
		v := recover()
		require.NotNil(t, v, "it did not fail")
		said = fmt.Sprint(v)
	}()
	f(tester{})
	return ""
}

func TestExpectationsFailWhenTheyShould(t *testing.T) {
	for name, f := range map[string]func(*alttest.Chat){
		"another text":             func(c *alttest.Chat) { c.Says("x").Expect("b") },
		"fewer messages":           func(c *alttest.Chat) { c.Says("x").Expect("a", "a") },
		"more messages":            func(c *alttest.Chat) { c.Says("x").ExpectNothing() },
		"a part that is not there": func(c *alttest.Chat) { c.Says("x").ExpectContains("zzz") },
	} {
		t.Run(name, func(t *testing.T) {
			mustFail(t, func(tb testing.TB) { f(alttest.New(tb, reply("a")).Chat("sms")) })
		})
	}
	require.Contains(t, mustFail(t, func(tb testing.TB) { alttest.New(tb, reply("a")).Chat("none") }), "no line")
	require.Contains(t, mustFail(t, func(tb testing.TB) { alttest.New(tb, nil) }), "Config.Handler")
}

func TestAHandlerThatCannotBeRepeatedIsFoundByTwice(t *testing.T) {
	count := 0
	careless := alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		count++ // outside of the turn
		return t.ReplyText(fmt.Sprint(count))
	})
	hs := alttest.NewWith(t, alttest.Config{Handler: careless, Twice: true})
	hs.Chat("sms").Says("x").Expect("2")
}

func TestShuffledReportsAllArrive(t *testing.T) {
	hs := alttest.NewWith(t, alttest.Config{Handler: reply("a"), Shuffle: 7})
	chat := hs.Chat("whatsapp")
	chat.Says("x")
	for _, s := range []channels.Status{channels.Delivered, channels.Read} {
		hs.Report("whatsapp", hs.Fake("whatsapp").StatusOf(chat.Sent()[0].Receipt, s))
	}
	require.Equal(t, channels.Sent, chat.Transcript()[1].Status)
	hs.Flush()
	require.Equal(t, channels.Read, chat.Transcript()[1].Status)
}

func TestTheClockMovesOnlyWhenTold(t *testing.T) {
	hs := alttest.New(t, reply("a"))
	require.Equal(t, alttest.Start(), hs.Service().Now())
	hs.Advance(90 * time.Second)
	require.Equal(t, alttest.Start().Add(90*time.Second), hs.Service().Now())
}
