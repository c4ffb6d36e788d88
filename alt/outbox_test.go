package alt_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func sendError(class error, outcome channels.Outcome, retry time.Duration) error {
	return &channels.Error{Op: "send", Class: class, Outcome: outcome, RetryAfter: retry}
}

func rateLimited(_ channels.ID, seconds int) error {
	return sendError(channels.ErrRateLimited, channels.NotSent, time.Duration(seconds)*time.Second)
}

func TestWhatBecomesOfAFailedSend(t *testing.T) {
	tests := map[string]struct {
		err    error
		wait   time.Duration
		sent   bool
		letter alt.LetterState
		code   string
	}{
		"a rate limit with Retry-After is waited out":       {rateLimited("", 90), 2 * time.Minute, true, "", ""},
		"a rate limit without Retry-After is tried again":   {rateLimited("", 0), time.Minute, true, "", ""},
		"an outage before the send is tried again":          {sendError(channels.ErrUnavailable, channels.NotSent, 0), time.Minute, true, "", ""},
		"a refusal is a letter at once":                     {sendError(channels.ErrRejected, channels.NotSent, 0), 0, false, alt.Dead, "rejected"},
		"refused credentials are a letter":                  {sendError(channels.ErrCredentials, channels.NotSent, 0), 0, false, alt.Dead, "credentials"},
		"a timeout after the send is never sent again":      {sendError(channels.ErrUnavailable, channels.OutcomeUnknown, 0), time.Hour, false, alt.Uncertain, "unavailable"},
		"a rate limit of unknown outcome is not sent again": {sendError(channels.ErrRateLimited, channels.OutcomeUnknown, 0), time.Hour, false, alt.Uncertain, "unavailable"},
		"an error of no known type is an unknown outcome":   {errors.New("driver bug"), time.Hour, false, alt.Uncertain, "unavailable"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			hs := alttest.New(t, alt.HandlerFunc(echo))
			chat := hs.Chat("sms")
			hs.Fake("sms").FailNext(tt.err)
			chat.Says("1").ExpectNothing()
			hs.Advance(tt.wait)
			if tt.sent {
				chat.Expect("You said: 1")
				require.Empty(t, hs.Letters())
				return
			}
			chat.ExpectNothing()
			letters := hs.Letters()
			require.Len(t, letters, 1)
			require.Equal(t, tt.letter, letters[0].State)
			require.Equal(t, tt.code, letters[0].Code)
			chat.Says("2").Expect("You said: 2") // a dead message holds nobody up
		})
	}
}

func TestARateLimitHoldsTheLineNotTheOthers(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	a, b, c := hs.Chat("whatsapp"), hs.Chat("whatsapp"), hs.Chat("sms")
	hs.Fake("whatsapp").FailNext(rateLimited("", 60))
	a.Says("1").ExpectNothing()
	b.Says("2").ExpectNothing() // the provider asked the whole line to wait
	c.Says("3").Expect("You said: 3")
	hs.Advance(2 * time.Minute)
	a.Expect("You said: 1")
	b.Expect("You said: 2")
}

func TestALimitOfOnePersonHoldsTheLineForNobodyElse(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	a, b := hs.Chat("whatsapp"), hs.Chat("whatsapp")
	hs.Fake("whatsapp").FailNext(&channels.Error{Class: channels.ErrRateLimited, Outcome: channels.NotSent, RetryAfter: time.Minute, Person: true})
	a.Says("1").Says("2").ExpectNothing()
	b.Says("3").Expect("You said: 3")
	hs.Advance(59 * time.Second)
	a.ExpectNothing()
	hs.Advance(time.Minute)
	a.Expect("You said: 1", "You said: 2")
}

func TestAProviderThatIsDownForAMinuteLosesNothingAndKeepsTheOrder(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	chat := hs.Chat("whatsapp")
	up := hs.Clock().Now().Add(time.Minute)
	hs.Fake("whatsapp").OnSend(func(context.Context, channels.Outbound) error {
		if hs.Clock().Now().Before(up) {
			return sendError(channels.ErrUnavailable, channels.NotSent, 0)
		}
		return nil
	})
	for _, s := range []string{"1", "2", "3"} {
		chat.Says(s)
	}
	chat.ExpectNothing()
	hs.Advance(time.Minute)
	require.Less(t, hs.Fake("whatsapp").Attempts(), 15, "the breaker spares the provider")
	hs.Advance(2 * time.Minute)
	chat.Expect("You said: 1", "You said: 2", "You said: 3")
	require.Empty(t, hs.Letters())
}

func TestAnUnknownOutcomeIsSettled(t *testing.T) {
	unknown := func(t *testing.T) (*alttest.Harness, *alttest.Chat) {
		hs := alttest.New(t, alt.HandlerFunc(echo))
		chat := hs.Chat("messenger")
		hs.Fake("messenger").UnknownNext()
		chat.Says("1")
		return hs, chat
	}
	status := func(t *testing.T, c *alttest.Chat) channels.Status {
		tr := c.Transcript()
		require.Len(t, tr, 2)
		return tr[1].Status
	}
	t.Run("by the finder", func(t *testing.T) {
		hs, chat := unknown(t)
		hs.Advance(2 * time.Minute)
		require.Equal(t, channels.Sent, status(t, chat))
		require.Empty(t, hs.Letters())
		chat.Expect("You said: 1")
	})
	t.Run("not as a message that was found before", func(t *testing.T) {
		var seen []string
		hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { return t.ReplyText("same") }),
			Change: func(c *alt.Config) {
				c.Observe = func(o alt.Observation) { seen = append(seen, o.Name) }
				for i, ch := range c.Channels {
					if f, ok := ch.(*channeltest.Fake); ok && f.Info().ID == "messenger" {
						c.Channels[i] = byContent{f}
					}
				}
			}})
		chat := hs.Chat("messenger")
		chat.Says("1").Expect("same")
		hs.Fake("messenger").FailNext(sendError(channels.ErrUnavailable, channels.OutcomeUnknown, 0))
		chat.Says("2").ExpectNothing()
		hs.Advance(time.Hour)
		require.Len(t, hs.Letters(), 1)
		require.Equal(t, alt.Uncertain, hs.Letters()[0].State)
		require.Equal(t, channels.Unknown, chat.Transcript()[3].Status)
		require.Contains(t, seen, "reconcile.uncertain")
		require.NotContains(t, seen, "reconcile.dead")
	})
	t.Run("by the provider's echo", func(t *testing.T) {
		hs := alttest.New(t, alt.HandlerFunc(echo))
		chat := hs.Chat("messenger")
		hs.Fake("messenger").FailNext(sendError(channels.ErrUnavailable, channels.OutcomeUnknown, 0))
		chat.Says("1")
		require.Equal(t, channels.Unknown, status(t, chat))
		chat.Happens(&channels.Echoed{EventMeta: channels.EventMeta{Key: "echo", Channel: "messenger", Peer: chat.Address().Peer, At: hs.Clock().Now()},
			ID: "provider-1", Content: channels.Text{Body: "You said: 1"}})
		require.Equal(t, channels.Sent, status(t, chat))
		hs.Advance(time.Hour)
		require.Empty(t, hs.Letters())
	})
	t.Run("by a person", func(t *testing.T) {
		for verdict, want := range map[alt.Verdict]channels.Status{alt.Confirm: channels.Sent, alt.Drop: channels.Failed, alt.Retry: channels.Sent} {
			t.Run(string(verdict), func(t *testing.T) {
				hs := alttest.New(t, alt.HandlerFunc(echo))
				chat := hs.Chat("sms")
				hs.Fake("sms").FailNext(sendError(channels.ErrUnavailable, channels.OutcomeUnknown, 0))
				chat.Says("1")
				hs.Advance(14 * time.Minute)
				require.Empty(t, hs.Letters(), "the provider still has time to tell")
				hs.Advance(2 * time.Minute)
				require.Len(t, hs.Letters(), 1)
				require.NoError(t, hs.Service().Settle(t.Context(), "agency", hs.Letters()[0].ID, verdict, "mari"))
				hs.Settle()
				require.Empty(t, hs.Letters())
				require.Equal(t, want, status(t, chat))
			})
		}
	})
	t.Run("after a crash between claim and receipt", func(t *testing.T) {
		hs := alttest.New(t, alt.HandlerFunc(echo))
		chat := hs.Chat("sms")
		_, err := hs.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Content: channels.Text{Body: "x"}})
		require.NoError(t, err)
		items, err := hs.Store().Claim(t.Context(), alt.ClaimQuery{Work: alt.Outbox, Max: 1, Lease: time.Minute})
		require.NoError(t, err)
		require.Len(t, items, 1)
		hs.Restart()
		hs.Advance(time.Hour)
		chat.ExpectNothing()
		require.Equal(t, alt.Uncertain, hs.Letters()[0].State)
	})
}

// byContent is a line whose provider gives no reference back.
type byContent struct{ *channeltest.Fake }

func (l byContent) Find(_ context.Context, m channels.Outbound) (channels.Receipt, bool, error) {
	for _, s := range l.Sent() {
		if s.To == m.To && s.Content == m.Content {
			return s.Receipt, true, nil
		}
	}
	return channels.Receipt{}, false, nil
}

func TestReportsConvergeWhateverTheirOrder(t *testing.T) {
	for seed := uint64(1); seed <= 8; seed++ {
		hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(echo), Shuffle: seed})
		chat := hs.Chat("whatsapp")
		chat.Says("1")
		for _, s := range []channels.Status{channels.Sent, channels.Delivered, channels.Read, channels.Delivered} {
			hs.Report("whatsapp", hs.Fake("whatsapp").StatusOf(chat.Sent()[0].Receipt, s))
		}
		hs.Flush()
		require.Equal(t, channels.Read, chat.Transcript()[1].Status, "seed %d", seed)
	}
}

func TestSendQueuesOnceForAnID(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	chat := hs.Chat("sms")
	m := channels.Outbound{ID: "notice-1", To: chat.Address(), Content: channels.Text{Body: "hello"}}
	for range 2 {
		id, err := hs.Service().Send(t.Context(), m)
		require.NoError(t, err)
		require.Equal(t, channels.MessageID("notice-1"), id)
		hs.Settle()
	}
	chat.Expect("hello")
	m.Content = channels.Text{Body: "other"}
	_, err := hs.Service().Send(t.Context(), m)
	require.ErrorIs(t, err, alt.ErrIDReused)
	m.ID = "bad id"
	_, err = hs.Service().Send(t.Context(), m)
	require.ErrorIs(t, err, alt.ErrInput)
	_, err = hs.Service().Send(t.Context(), channels.Outbound{To: channels.Address{Channel: "none", Peer: "p"}})
	require.ErrorIs(t, err, alt.ErrUnknownLine)
	_, err = hs.Service().Send(t.Context(), channels.Outbound{To: channels.Address{Agency: "other", Channel: "sms", Peer: "p"}, Content: channels.Text{Body: "x"}})
	require.ErrorIs(t, err, alt.ErrUnknownLine, "the line is another agency's")
}

func TestTheReplyWindow(t *testing.T) {
	template := channels.Template{Name: "reminder", Language: "et"}
	text := channels.Text{Body: "hello"}
	tests := map[string]struct {
		line    channels.ID
		after   time.Duration // since the person wrote; negative: never wrote
		author  channels.Author
		content channels.Content
		class   error
		instead []channels.Alternative
	}{
		"WhatsApp is open for 24 hours":           {"whatsapp", 24*time.Hour - time.Minute, channels.Bot, text, nil, nil},
		"WhatsApp then wants a template":          {"whatsapp", 24 * time.Hour, channels.Person, text, channels.ErrWindowClosed, []channels.Alternative{channels.UseTemplate, channels.UseOtherChannel}},
		"a template goes out at any time":         {"whatsapp", 72 * time.Hour, channels.Bot, template, nil, nil},
		"a template may begin":                    {"whatsapp", -1, channels.System, template, nil, nil},
		"free text may not begin on WhatsApp":     {"whatsapp", -1, channels.System, text, channels.ErrCannotInitiate, []channels.Alternative{channels.UseTemplate, channels.UseOtherChannel}},
		"Messenger is open for 24 hours for bots": {"messenger", 24*time.Hour - time.Minute, channels.Bot, text, nil, nil},
		"Messenger then lets only people answer":  {"messenger", 25 * time.Hour, channels.Bot, text, channels.ErrWindowClosed, []channels.Alternative{channels.UseHumanAgent, channels.UseOtherChannel}},
		"Messenger lets people answer for 7 days": {"messenger", 7*24*time.Hour - time.Minute, channels.Person, text, nil, nil},
		"Messenger then is closed":                {"messenger", 7 * 24 * time.Hour, channels.Person, text, channels.ErrWindowClosed, []channels.Alternative{channels.UseOtherChannel}},
		"nobody may begin on Messenger":           {"messenger", -1, channels.Person, text, channels.ErrCannotInitiate, []channels.Alternative{channels.UseOtherChannel}},
		"SMS has no window":                       {"sms", 30 * 24 * time.Hour, channels.Bot, text, nil, nil},
		"SMS may begin":                           {"sms", -1, channels.System, text, nil, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			hs := alttest.New(t, alt.HandlerFunc(func(context.Context, *alt.Turn) error { return nil }))
			chat := hs.Chat(tt.line)
			if tt.after >= 0 {
				chat.Says("hello")
				hs.Clock().Advance(tt.after)
			}
			_, err := hs.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Content: tt.content, Author: tt.author})
			hs.Settle()
			if tt.class == nil {
				require.NoError(t, err)
				require.Len(t, chat.Sent(), 1)
				extended := tt.line == "messenger" && tt.after > 24*time.Hour
				require.Equal(t, extended, chat.Sent()[0].Extended)
				return
			}
			require.ErrorIs(t, err, tt.class)
			var e *channels.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, tt.instead, e.Instead)
			chat.ExpectNothing()
		})
	}
}

func TestTheWindowIsLookedAtWhenAMessageGoesOut(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(func(context.Context, *alt.Turn) error { return nil }))
	chat := hs.Chat("whatsapp")
	chat.Says("hello")
	hs.Clock().Advance(23*time.Hour + 50*time.Minute)
	_, err := hs.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Content: channels.Text{Body: "late"}})
	require.NoError(t, err)
	hs.Clock().Advance(time.Hour) // it waited in the queue
	hs.Settle()
	chat.ExpectNothing()
	require.Equal(t, "window_closed", hs.Letters()[0].Code)
}

func TestALateRefusalClosesTheWindow(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	chat := hs.Chat("whatsapp")
	chat.Says("1").Expect("You said: 1")
	hs.Advance(2 * time.Second)
	failed := hs.Fake("whatsapp").StatusOf(chat.Sent()[0].Receipt, channels.Failed)
	failed.Err = &channels.Error{Op: "send", Class: channels.ErrWindowClosed, Provider: "131047"}
	failed.Peer = chat.Address().Peer
	chat.Happens(failed)
	require.Equal(t, channels.Failed, chat.Transcript()[1].Status)
	require.Equal(t, "window_closed", chat.Transcript()[1].Code)
	_, err := hs.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Content: channels.Text{Body: "x"}})
	require.ErrorIs(t, err, channels.ErrWindowClosed)
	hs.Advance(time.Minute)
	chat.Says("2").Expect("You said: 2") // the person opens it again
}

func TestARefusalOfTheSameSecondDoesNotCloseTheWindow(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	chat := hs.Chat("whatsapp")
	chat.Says("1").Expect("You said: 1")
	failed := hs.Fake("whatsapp").StatusOf(chat.Sent()[0].Receipt, channels.Failed)
	failed.Err = &channels.Error{Op: "send", Class: channels.ErrWindowClosed}
	failed.At = hs.Clock().Now().Add(900 * time.Millisecond) // of a message from before, told late
	hs.Clock().Advance(time.Second)
	chat.Happens(failed)
	_, err := hs.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Content: channels.Text{Body: "x"}})
	require.NoError(t, err)
}

func TestOptOut(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	chat := hs.Chat("sms")
	chat.Says("1").Expect("You said: 1")
	meta := channels.EventMeta{Key: "out", Channel: "sms", Peer: chat.Address().Peer, At: hs.Clock().Now()}
	chat.Happens(&channels.OptedOut{EventMeta: meta})
	_, err := hs.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Content: channels.Text{Body: "x"}})
	require.ErrorIs(t, err, channels.ErrOptedOut)
	hs.Advance(time.Second)
	chat.Says("2").Expect("You said: 2")
}

func TestAnEchoIsNeverATurn(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	chat := hs.Chat("whatsapp")
	chat.Says("1").Expect("You said: 1")
	own := hs.Fake("whatsapp").Echo(chat.Sent()[0].Receipt)
	chat.Happens(own).ExpectNothing()
	require.Len(t, chat.Transcript(), 2)
	foreign := &channels.Echoed{EventMeta: channels.EventMeta{Key: "foreign", Channel: "whatsapp", Peer: chat.Address().Peer, At: hs.Clock().Now()},
		ID: "foreign", Content: channels.Text{Body: "from the phone app"}}
	chat.Happens(foreign).ExpectNothing()
	hs.Advance(10 * time.Minute)
	chat.ExpectNothing()
	tr := chat.Transcript()
	require.Len(t, tr, 3)
	require.Equal(t, alt.Out, tr[2].Direction)
	require.Equal(t, channels.Text{Body: "from the phone app"}, tr[2].Content)
}

func TestARateOfALineIsKept(t *testing.T) {
	hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(echo), Change: func(c *alt.Config) {
		c.Rates = map[channels.ID]alt.Rate{"sms": {PerSecond: 1, Burst: 2}}
	}})
	for range 5 {
		hs.Chat("sms").Says("x")
	}
	require.Len(t, hs.Fake("sms").Sent(), 2)
	hs.Clock().Advance(time.Second)
	hs.Settle()
	require.Len(t, hs.Fake("sms").Sent(), 3)
	hs.Advance(10 * time.Second)
	require.Len(t, hs.Fake("sms").Sent(), 5)
}
