package alt_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// down makes a provider refuse everything for now.
func down(context.Context, channels.Outbound) error {
	return sendError(channels.ErrUnavailable, channels.NotSent, 0)
}

func bodies(sent []channeltest.Sent) []string {
	got := []string{}
	for _, s := range sent {
		got = append(got, s.Content.(channels.Text).Body)
	}
	return got
}

func TestALineMovesToAnotherProviderWhileMessagesWait(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	first := hs.Move("whatsapp", channeltest.Config{Provider: "First", PeerSpace: channels.PhonePeers})
	chat := hs.ChatAs("whatsapp", "+37255500001")
	chat.Says("1").Expect("You said: 1")
	first.FailNext(sendError(channels.ErrUnavailable, channels.OutcomeUnknown, 0))
	chat.Says("2").ExpectNothing() // did it go out?
	first.OnSend(down)
	chat.Says("3").Says("4").Says("5").ExpectNothing()

	second := hs.Move("whatsapp", channeltest.Config{Provider: "Second", PeerSpace: channels.PhonePeers})
	hs.Advance(14 * time.Minute)
	require.Equal(t, []string{"You said: 1"}, bodies(first.Sent()))
	require.Equal(t, []string{"You said: 3", "You said: 4", "You said: 5"}, bodies(second.Sent()), "in order, each once")
	require.Empty(t, hs.Letters())
	hs.Advance(2 * time.Minute)
	require.Len(t, hs.Letters(), 1)
	l := hs.Letters()[0]
	require.Equal(t, alt.Uncertain, l.State, "the new provider does not know it: a person decides")
	require.Equal(t, channels.Text{Body: "You said: 2"}, l.Outbound.Content)

	chat.Expect("You said: 3", "You said: 4", "You said: 5")
	chat.Says("6").Expect("You said: 6")
	require.Equal(t, channels.Sent, chat.Transcript()[1].Status)
	var said []string
	for _, m := range chat.Transcript() {
		said = append(said, m.Content.(channels.Text).Body)
	}
	require.Len(t, said, 12, "one conversation before and after")
}

func TestWhoIsNotKnownAtTheNewProviderIsListedForAPerson(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	first := hs.Move("messenger", channeltest.Config{Provider: "First", PeerSpace: "page/1"})
	chat := hs.ChatAs("messenger", "psid-1")
	first.OnSend(down)
	chat.Says("1").Says("2").ExpectNothing()

	second := hs.Move("messenger", channeltest.Config{Provider: "Second", PeerSpace: "page/2"})
	hs.Advance(time.Hour)
	require.Zero(t, second.Attempts(), "the same name may be somebody else there")
	var waiting []string
	for _, l := range hs.Letters() {
		require.Equal(t, []any{alt.Dead, "unreachable", chat.Dossier().Conversation.ID}, []any{l.State, l.Code, l.Conversation})
		waiting = append(waiting, l.Outbound.Content.(channels.Text).Body)
	}
	require.Equal(t, []string{"You said: 1", "You said: 2"}, waiting)
	_, err := hs.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Author: channels.Person, Content: channels.Text{Body: "x"}})
	require.ErrorIs(t, err, channels.ErrUnreachable)
	var e *channels.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, []channels.Alternative{channels.UseOtherChannel}, e.Instead)

	again := hs.ChatAs("messenger", "psid-2") // the same human, who writes again
	again.Says("3").Expect("You said: 3")
	require.NoError(t, hs.Service().Settle(t.Context(), "agency", hs.Letters()[0].ID, alt.Retry, "mari"))
	hs.Settle()
	require.Len(t, hs.Letters(), 2, "a retry changes nothing")
}

func TestAMessageToSomebodyWhoNeverWroteDoesNotGoToSomebodyElse(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	first := hs.Move("sms", channeltest.Config{Provider: "First", PeerSpace: "first"})
	first.OnSend(down)
	_, err := hs.Service().Send(t.Context(), channels.Outbound{ID: "notice", To: channels.Address{Channel: "sms", Peer: "p"}, Content: channels.Text{Body: "x"}})
	require.NoError(t, err)
	hs.Settle()
	second := hs.Move("sms", channeltest.Config{Provider: "Second", PeerSpace: "second"})
	hs.Advance(time.Hour)
	require.Zero(t, second.Attempts())
	require.Equal(t, "unreachable", hs.Letters()[0].Code)
}

func TestTheNewProviderGetsNoNamesOfTheOldOnes(t *testing.T) {
	quote := alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		return t.Send(channels.Outbound{Content: channels.Text{Body: "answer"}, ReplyTo: "their-message"})
	})
	for name, tt := range map[string]struct {
		provider string
		thread   string
		reply    channels.ProviderID
	}{
		"another provider":              {"Second", "", ""},
		"the same one, after a restart": {"First", "thread-1", "their-message"},
	} {
		t.Run(name, func(t *testing.T) {
			hs := alttest.New(t, quote)
			first := hs.Move("whatsapp", channeltest.Config{Provider: "First"})
			chat := hs.Chat("whatsapp")
			first.OnSend(down)
			m := first.Message(chat.Address().Peer, "1")
			m.Thread = "thread-1"
			chat.Happens(m)
			require.NoError(t, hs.Service().Talk(t.Context(), "agency", chat.Dossier().Conversation.ID, "mari", func(t *alt.Turn) error {
				return t.ReplyText("from the desk")
			}))
			if tt.provider == "First" {
				hs.Restart()
				first.OnSend(nil)
			} else {
				hs.Move("whatsapp", channeltest.Config{Provider: tt.provider})
			}
			hs.Advance(10 * time.Minute)
			sent := chat.Sent()
			require.Len(t, sent, 2)
			require.Equal(t, tt.reply, sent[0].ReplyTo)
			for _, s := range sent {
				require.Equal(t, tt.thread, s.Thread)
			}
		})
	}
}

func TestAMessageThatCameBeforeTheMoveIsAnsweredToNobodyElse(t *testing.T) {
	stuck := true
	hs := alttest.New(t, alt.HandlerFunc(func(ctx context.Context, t *alt.Turn) error {
		if stuck {
			return errDisk
		}
		return echo(ctx, t)
	}))
	hs.Move("messenger", channeltest.Config{Provider: "First", PeerSpace: "page/1"})
	chat := hs.ChatAs("messenger", "psid-1")
	chat.Says("1")
	stuck = false
	second := hs.Move("messenger", channeltest.Config{Provider: "Second", PeerSpace: "page/2"})
	hs.Advance(10 * time.Minute)
	require.Zero(t, second.Attempts())
	require.Equal(t, "unreachable", hs.Letters()[0].Code)
	chat.Says("2").Expect("You said: 2") // who is named so at the new provider
}

func TestAQuoteOfTheOldProvidersMessageIsNotShownToTheNewOne(t *testing.T) {
	hs := alttest.New(t, &keeper{})
	hs.Move("whatsapp", channeltest.Config{Provider: "First", PeerSpace: channels.PhonePeers})
	chat := hs.Chat("whatsapp")
	chat.Says("1")
	hs.Move("whatsapp", channeltest.Config{Provider: "Second", PeerSpace: channels.PhonePeers})
	quote := func(id channels.ProviderID) {
		require.NoError(t, hs.Service().Talk(t.Context(), "agency", chat.Dossier().Conversation.ID, "mari", func(t *alt.Turn) error {
			return t.Send(channels.Outbound{Content: channels.Text{Body: "x"}, ReplyTo: id})
		}))
		hs.Settle()
	}
	quote(chat.LastID())
	require.Empty(t, chat.Sent()[0].ReplyTo)
	chat.Says("2")
	quote(chat.LastID())
	require.Equal(t, chat.LastID(), chat.Sent()[1].ReplyTo)
}

func TestADriverRefusesWhomItCannotName(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	first := hs.Move("whatsapp", channeltest.Config{Provider: "First"}) // says nothing of its peers
	chat := hs.Chat("whatsapp")
	first.OnSend(down)
	chat.Says("1")
	second := hs.Move("whatsapp", channeltest.Config{Provider: "Second", PeerSpace: channels.PhonePeers})
	second.OnSend(func(_ context.Context, o channels.Outbound) error {
		return fmt.Errorf("%w: no phone number", channels.ErrUnreachable)
	})
	hs.Advance(10 * time.Minute)
	require.Equal(t, 1, second.Attempts())
	require.Equal(t, []any{alt.Dead, "unreachable"}, []any{hs.Letters()[0].State, hs.Letters()[0].Code})
}
