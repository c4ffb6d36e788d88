package alt_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

func echo(_ context.Context, t *alt.Turn) error { return t.ReplyText("You said: " + t.Text()) }

func TestAMessageIsAnsweredOnceHoweverOftenItIsDelivered(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	chat := hs.Chat("whatsapp")
	chat.Says("tere").Expect("You said: tere")
	chat.Redelivered().Redelivered().ExpectNothing()
	hs.Restart()
	chat.Redelivered().ExpectNothing()
	require.Len(t, chat.Transcript(), 2)
}

func TestContentPassesAsItIs(t *testing.T) {
	for name, text := range map[string]string{
		"Estonian letters":      "õäöü ÕÄÖÜ šž",
		"Cyrillic and newlines": "Здравствуйте\n\n  два пробела\t",
		"emoji":                 "👩‍👩‍👧‍👦 🇪🇪 e\u0301",
		"3,000 characters":      strings.Repeat("pikk õ ", 428) + "lõpp",
	} {
		t.Run(name, func(t *testing.T) {
			var got string
			hs := alttest.New(t, alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { got = t.Text(); return t.ReplyText(got) }))
			chat := hs.Chat("whatsapp")
			chat.Says(text).Expect(text)
			require.Equal(t, text, got)
			require.Equal(t, channels.Text{Body: text}, chat.Transcript()[0].Content)
		})
	}
}

func TestALongAnswerIsSplitAndNothingIsCut(t *testing.T) {
	text := strings.Repeat("Üks lause, mis on pikk. ", 834) // 20,016 characters
	hs := alttest.New(t, alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { return t.ReplyText(text) }))
	chat := hs.Chat("whatsapp")
	chat.Says("pikk")
	var joined strings.Builder
	for i, o := range chat.Sent() {
		require.Equal(t, i, o.Part)
		joined.WriteString(o.Content.(channels.Text).Body)
	}
	require.Greater(t, len(chat.Sent()), 1)
	require.Equal(t, text, joined.String())
}

func TestTwoLinesAreTwoContacts(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	a, b := hs.ChatAs("whatsapp", "same"), hs.ChatAs("messenger", "same")
	a.Says("1").Expect("You said: 1")
	b.ExpectNothing()
	require.Nil(t, b.Dossier().Contact)
	b.Says("2").Expect("You said: 2")
	require.NotEqual(t, a.Dossier().Session.ID, b.Dossier().Session.ID)
	require.NotEqual(t, a.Dossier().Conversation.ID, b.Dossier().Conversation.ID)
}

func TestSessionsEndAndTheConversationGoesOn(t *testing.T) {
	type notice struct{ kind, reason string }
	tests := map[string]struct {
		wait   time.Duration
		policy session.Policy
		reason session.Reason
	}{
		"by idleness after half an hour": {31 * time.Minute, session.Policy{}, session.ByIdleness},
		"by age after a day":             {24 * time.Hour, session.Policy{Idle: -1}, session.ByAge},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var notices []notice
			hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(echo), Change: func(c *alt.Config) {
				c.Session = tt.policy
				c.Notices = alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
					if e, ok := t.Event().(*channels.SessionEnded); ok {
						notices = append(notices, notice{e.Type(), e.Reason})
					}
					return nil
				})
			}})
			chat := hs.Chat("sms")
			chat.Says("tere")
			first := chat.Dossier()
			require.True(t, first.Session.Active())
			require.Equal(t, "undefined", first.Session.Level.String())
			hs.Advance(tt.wait)
			require.Equal(t, tt.reason, chat.Dossier().Session.Reason)
			require.Equal(t, []notice{{"session", string(tt.reason)}}, notices)
			chat.Says("uuesti")
			second := chat.Dossier()
			require.NotEqual(t, first.Session.ID, second.Session.ID)
			require.Equal(t, first.Conversation.ID, second.Conversation.ID)
			require.Len(t, notices, 1)
		})
	}
}

func TestEndOfAConversationByThePerson(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		if t.Text() == "aitäh" {
			t.End(session.ByPerson)
			return t.ReplyText("Head aega!")
		}
		return echo(context.Background(), t)
	}))
	chat := hs.Chat("whatsapp")
	chat.Says("tere").Says("aitäh").Expect("You said: tere", "Head aega!")
	d := chat.Dossier()
	require.Equal(t, alt.Ended, d.Conversation.State)
	require.Equal(t, session.ByPerson, d.Session.Reason)
	chat.Says("veel")
	require.NotEqual(t, d.Conversation.ID, chat.Dossier().Conversation.ID)
}

func TestNumberedChoicesComeBackAsChosen(t *testing.T) {
	var chosen []string
	hs := alttest.New(t, alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		if c, ok := t.Chosen(); ok {
			chosen = append(chosen, c.ID)
			return nil
		}
		return t.Reply(channels.Choices{Body: "Kas sobib?", Options: []channels.Choice{{ID: "y", Title: "Jah"}, {ID: "n", Title: "Ei"}}})
	}))
	sms := hs.Chat("sms")
	sms.Says("tere").ExpectContains("1. Jah")
	sms.Says("2").ExpectNothing()
	sms.Says("2").ExpectContains("1. Jah") // answered already: a "2" is a text again
	wa := hs.Chat("whatsapp")
	wa.Says("tere").Expect("Kas sobib? [Jah] [Ei]")
	wa.Chooses("y").ExpectNothing()
	require.Equal(t, []string{"n", "y"}, chosen)
}

func TestHistoryAndTimers(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(func(ctx context.Context, t *alt.Turn) error {
		if due, ok := t.Event().(*channels.Due); ok {
			return t.ReplyText("remember: " + due.Name)
		}
		t.After(time.Hour, "tea")
		h, err := t.History(ctx, 10)
		if err != nil {
			return err
		}
		var said []string
		for _, m := range h {
			said = append(said, m.Content.(channels.Text).Body)
		}
		return t.ReplyText("so far: " + strings.Join(said, "|"))
	}))
	chat := hs.Chat("whatsapp")
	chat.Says("a").Says("b").Says("c")
	require.Equal(t, "so far: a|so far: |b|so far: a|so far: ", describeLast(chat))
	hs.Advance(59 * time.Minute)
	require.Len(t, chat.Sent(), 3)
	hs.Advance(2 * time.Minute)
	require.Len(t, chat.Sent(), 6)
	require.Equal(t, "remember: tea", describeLast(chat))
}

func describeLast(c *alttest.Chat) string {
	s := c.Sent()
	return s[len(s)-1].Content.(channels.Text).Body
}

func TestAHandlerMayRunTwiceAndItsEffectsCommitOnce(t *testing.T) {
	keys := map[string]int{}
	hs := alttest.NewWith(t, alttest.Config{Twice: true, Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		keys[t.Key()]++
		return t.ReplyText("ok")
	})})
	chat := hs.Chat("whatsapp")
	chat.Says("1").Says("2").Expect("ok", "ok")
	require.Len(t, keys, 2)
	for _, n := range keys {
		require.Equal(t, 2, n)
	}
}

func TestAPanickingHandlerIsIsolated(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(func(ctx context.Context, t *alt.Turn) error {
		if t.Text() == "boom" {
			panic("secret of a person")
		}
		return echo(ctx, t)
	}))
	bad, good := hs.Chat("whatsapp"), hs.Chat("whatsapp")
	bad.Says("boom")
	good.Says("1").Expect("You said: 1")
	bad.Says("behind").ExpectNothing() // the lane waits
	hs.Advance(2 * time.Hour)
	letters := hs.Letters()
	require.Len(t, letters, 1)
	require.Equal(t, alt.Dead, letters[0].State)
	require.Equal(t, "panic", letters[0].Code)
	bad.Expect("You said: behind")
	require.NoError(t, hs.Service().Settle(t.Context(), "agency", letters[0].ID, alt.Drop, "tester"))
	require.Empty(t, hs.Letters())
}

func TestErrorsOfHandlers(t *testing.T) {
	calls := 0
	var fail error
	hs := alttest.New(t, alt.HandlerFunc(func(ctx context.Context, t *alt.Turn) error {
		calls++
		if fail != nil {
			_ = t.ReplyText("never sent")
			return fail
		}
		return echo(ctx, t)
	}))
	t.Run("pass and the message is answered", func(t *testing.T) {
		chat := hs.Chat("whatsapp")
		fail = errors.New("register is down")
		chat.Says("1").ExpectNothing()
		fail = nil
		hs.Advance(time.Minute)
		chat.Expect("You said: 1")
	})
	t.Run("that cannot pass make a letter at once", func(t *testing.T) {
		calls, fail = 0, alt.Permanent(errors.New("no"))
		chat := hs.Chat("whatsapp")
		chat.Says("2").ExpectNothing()
		require.Equal(t, 1, calls)
		letters := hs.Letters()
		require.Len(t, letters, 1)
		fail = nil
		require.NoError(t, hs.Service().Settle(t.Context(), "agency", letters[0].ID, alt.Retry, "tester"))
		hs.Settle()
		chat.Expect("You said: 2")
	})
}

func TestAnAncientMessageGoesToAPerson(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	chat := hs.Chat("whatsapp")
	chat.Happens(&channels.Received{EventMeta: channels.EventMeta{Key: "old", Channel: "whatsapp", Peer: "p", At: alttest.Start().Add(-9 * 24 * time.Hour)},
		ID: "old", Content: channels.Text{Body: "x"}}).ExpectNothing()
	require.Equal(t, "stale", hs.Letters()[0].Code)
}

func TestAMessageThatAnotherApplicationHasIsKeptAndNotAnswered(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	chat := hs.Chat("messenger")
	chat.Happens(&channels.Received{EventMeta: channels.EventMeta{Key: "s", Channel: "messenger", Peer: chat.Address().Peer, At: hs.Clock().Now()},
		ID: "s", Content: channels.Text{Body: "to the other one"}, Standby: true}).ExpectNothing()
	require.Equal(t, channels.Text{Body: "to the other one"}, chat.Transcript()[0].Content)
	chat.Says("tere").Expect("You said: tere")
}

func TestEditedAndWithdrawnMessagesChangeTheTranscript(t *testing.T) {
	var notices []string
	hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(echo), Change: func(c *alt.Config) {
		c.Notices = alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { notices = append(notices, t.Event().Type()); return nil })
	}})
	chat := hs.Chat("messenger")
	chat.Says("wrong").Says("secret")
	meta := func(key string) channels.EventMeta {
		return channels.EventMeta{Key: key, Channel: "messenger", Peer: chat.Address().Peer, At: hs.Clock().Now()}
	}
	chat.Happens(&channels.Edited{EventMeta: meta("e"), ID: chat.LastID()[:len(chat.LastID())-1] + "1", Content: channels.Text{Body: "right"}})
	chat.Happens(&channels.Withdrawn{EventMeta: meta("w"), ID: chat.LastID()})
	tr := chat.Transcript()
	require.Equal(t, channels.Text{Body: "right"}, tr[0].Content)
	require.True(t, tr[0].Edited)
	require.Contains(t, []channels.Content{tr[1].Content, tr[2].Content}, channels.Unsupported{Type: channels.TypeWithdrawn})
	require.Equal(t, []string{"edited", "withdrawn"}, notices)
	chat.Expect("You said: wrong", "You said: secret")
}
