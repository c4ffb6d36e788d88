package alt_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
)

// report lets the provider tell late what became of the chat's only message.
func report(hs *alttest.Harness, chat *alttest.Chat, st channels.Status, class error) {
	e := hs.Fake(chat.Address().Channel).StatusOf(chat.Sent()[0].Receipt, st)
	if e.Err = nil; class != nil {
		e.Err = &channels.Error{Op: "send", Class: class, Provider: "131047"}
	}
	e.At = hs.Clock().Now()
	chat.Happens(e)
}

func TestAMessageThatTheProviderGivesUpLateWaitsForAPerson(t *testing.T) {
	for name, tt := range map[string]struct {
		class  error
		code   string
		closed bool // the window
		out    bool // opted out
	}{
		"nobody is there":            {channels.ErrUnreachable, "unreachable", false, false},
		"the window was closed":      {channels.ErrWindowClosed, "window_closed", true, false},
		"the person wants no more":   {channels.ErrOptedOut, "opted_out", false, true},
		"the content was refused":    {channels.ErrRejected, "rejected", false, false},
		"the provider does not know": {channels.ErrUnavailable, "unavailable", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			hs := alttest.New(t, alt.HandlerFunc(echo))
			chat := hs.Chat("whatsapp")
			chat.Says("1").Expect("You said: 1")
			hs.Advance(2 * time.Second)
			report(hs, chat, channels.Sent, nil)
			report(hs, chat, channels.Failed, tt.class)
			m := chat.Transcript()[1]
			require.Equal(t, []any{channels.Failed, tt.code, "dead"}, []any{m.Status, m.Code, m.State})
			require.Len(t, hs.Letters(), 1)
			l := hs.Letters()[0]
			require.Equal(t, []any{alt.Dead, tt.code, chat.Dossier().Conversation.ID}, []any{l.State, l.Code, l.Conversation})
			c := chat.Dossier().Contact
			require.Equal(t, tt.closed, !c.WindowClosed.IsZero())
			require.Equal(t, tt.out, c.OptedOut)
			hs.Advance(3 * time.Hour)
			chat.ExpectNothing() // it is a person's to decide

			require.NoError(t, hs.Service().Settle(t.Context(), "agency", l.ID, alt.Retry, "mari"))
			hs.Settle()
			if tt.closed || tt.out {
				chat.ExpectNothing()
				require.Equal(t, tt.code, hs.Letters()[0].Code)
				return
			}
			chat.Expect("You said: 1")
			require.Equal(t, channels.Sent, chat.Transcript()[1].Status)
			require.Empty(t, hs.Letters())
		})
	}
}

func TestALateFailureDoesNotBeatEvidenceOfDelivery(t *testing.T) {
	for _, st := range []channels.Status{channels.Delivered, channels.Read} {
		hs := alttest.New(t, alt.HandlerFunc(echo))
		chat := hs.Chat("whatsapp")
		chat.Says("1")
		report(hs, chat, st, nil)
		report(hs, chat, channels.Failed, channels.ErrUnreachable)
		require.Equal(t, st, chat.Transcript()[1].Status)
		require.Empty(t, hs.Letters())

		chat = hs.Chat("sms")
		chat.Says("1")
		report(hs, chat, channels.Failed, channels.ErrUnreachable)
		require.Len(t, hs.Letters(), 1)
		report(hs, chat, st, nil)
		require.Equal(t, st, chat.Transcript()[1].Status)
		require.Empty(t, hs.Letters(), "there is nothing to decide any more")
	}
}

func TestNobodyGetsAnEndWithoutItsBeginning(t *testing.T) {
	parts := []string{strings.Repeat("a", 4000) + ". ", strings.Repeat("b", 4000) + ". ", strings.Repeat("c", 4000) + "."}
	hs := alttest.New(t, alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		if t.Text() == "long" {
			return t.ReplyText(strings.Join(parts, ""))
		}
		return t.ReplyText("short")
	}))
	chat := hs.Chat("whatsapp")
	hs.Fake("whatsapp").FailNext(nil, sendError(channels.ErrRejected, channels.NotSent, 0))
	chat.Says("long").Expect(parts[0])
	chat.Says("more").Expect("short")
	var codes []string
	for _, l := range hs.Letters() {
		codes = append(codes, l.Code)
	}
	require.Equal(t, []string{"rejected", alt.PartBefore}, codes)
	require.NoError(t, hs.Service().Settle(t.Context(), "agency", hs.Letters()[0].ID, alt.Retry, "mari"))
	hs.Settle()
	chat.Expect(parts[1], parts[2])
	require.Empty(t, hs.Letters())
}
