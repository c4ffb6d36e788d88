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
)

// templates is a list of the agency's own.
type templates struct {
	state map[string]alt.Approval
	err   error
}

func (l *templates) of(_ context.Context, line channels.ID, t channels.Template) (alt.Approval, error) {
	return l.state[string(line)+"/"+t.Name+"/"+t.Language], l.err
}

func approving(t *testing.T) (*alttest.Harness, *templates) {
	t.Helper()
	list := &templates{state: map[string]alt.Approval{"whatsapp/reminder/et": alt.Approved}}
	return alttest.NewWith(t, alttest.Config{
		Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
			return t.Reply(channels.Template{Name: t.Text(), Language: "et"})
		}),
		Change: func(c *alt.Config) { c.Template = list.of },
	}), list
}

func TestATemplateThatIsNotApprovedIsNotSentByAnybody(t *testing.T) {
	for _, state := range []alt.Approval{alt.Draft, alt.Submitted, alt.Rejected, "", "paused"} {
		t.Run(string(state), func(t *testing.T) {
			hs, list := approving(t)
			list.state["whatsapp/news/et"] = state
			chat := hs.Chat("whatsapp").Says("reminder").Expect("template reminder")
			news := channels.Template{Name: "news", Language: "et"}

			_, err := hs.Service().Send(context.Background(), channels.Outbound{To: chat.Address(), Content: news})
			require.ErrorIs(t, err, channels.ErrTemplate)
			err = hs.Service().Talk(context.Background(), "agency", chat.Dossier().Conversation.ID, "ametnik", func(t *alt.Turn) error { return t.Reply(news) })
			require.ErrorIs(t, err, channels.ErrTemplate)
			refused, err := hs.Service().Broadcast(context.Background(), alt.Broadcast{ID: "n", Line: "whatsapp", Content: news,
				Recipients: []alt.Recipient{{Key: "1", Peer: "+3725550001"}}})
			require.NoError(t, err)
			require.ErrorIs(t, refused[0].Err, channels.ErrTemplate)
			chat.Says("news").ExpectNothing() // by a handler
			require.Len(t, hs.Letters(), 1)
			require.Equal(t, "template", hs.Letters()[0].Code)
			hs.Settle()
			require.Len(t, chat.Sent(), 1)
		})
	}
}

func TestATemplateThatIsTakenBackWhileItsMessageWaitsIsNotSent(t *testing.T) {
	hs, list := approving(t)
	to := hs.Chat("whatsapp").Address()
	o := channels.Outbound{ID: "n1", To: to, Content: channels.Template{Name: "reminder", Language: "et"}}
	for range 2 {
		_, err := hs.Service().Send(context.Background(), o)
		require.NoError(t, err, "what is queued may be repeated")
		list.state["whatsapp/reminder/et"] = alt.Rejected
	}
	hs.Settle()
	require.Empty(t, hs.Fake("whatsapp").Sent())
	require.Equal(t, "template", hs.Letters()[0].Code)
}

func TestAListOfTemplatesThatIsOutIsAskedAgain(t *testing.T) {
	hs, list := approving(t)
	chat := hs.Chat("whatsapp")
	_, err := hs.Service().Send(context.Background(), channels.Outbound{ID: "n1", To: chat.Address(), Content: channels.Template{Name: "reminder", Language: "et"}})
	require.NoError(t, err)
	list.err = errors.New("the database is away")
	hs.Settle()
	chat.ExpectNothing()
	list.err = nil
	hs.Advance(time.Minute)
	chat.Expect("template reminder")
	require.Empty(t, hs.Letters())
}
