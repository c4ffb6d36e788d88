package alt_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/session"
)

func httpOf(r *channels.Request) *http.Request { return channeltest.HTTP(r) }

func TestASpecialistActsThroughATurn(t *testing.T) {
	hs := alttest.New(t, people)
	chat := hs.Chat("messenger")
	chat.Says("help")
	id := chat.Dossier().Conversation.ID
	talk := func(do func(*alt.Turn) error) error { return hs.Service().Talk(t.Context(), "agency", id, "mari", do) }

	require.NoError(t, talk(func(t *alt.Turn) error { t.Hold("mari"); return t.ReplyText("How can I help?") }))
	hs.Settle()
	chat.Expect("How can I help?")
	require.Equal(t, channels.Person, chat.Sent()[0].Author)
	require.Equal(t, "mari", chat.Sent()[0].By)
	c := chat.Dossier().Conversation
	require.Equal(t, "mari", c.Holder.By)
	require.True(t, c.Waiting.IsZero())

	require.NoError(t, talk(func(t *alt.Turn) error { t.MarkRead(); t.Restrict(true); t.End(session.BySpecialist); return nil }))
	d := chat.Dossier()
	require.Equal(t, alt.Ended, d.Conversation.State)
	require.True(t, d.Conversation.Restricted)
	require.Equal(t, session.BySpecialist, d.Session.Reason)

	require.ErrorIs(t, hs.Service().Talk(t.Context(), "other", id, "mari", func(*alt.Turn) error { return nil }), alt.ErrNotFound)

	log, _, err := hs.Store().Log(t.Context(), alt.LogQuery{Agency: "agency", Conversation: id})
	require.NoError(t, err)
	var acts []string
	for _, e := range log {
		acts = append(acts, e.Act)
	}
	require.Subset(t, acts, []string{"conversation.opened", "message.received", "message.queued", "conversation.restricted", "conversation.ended", "session.ended"})
}

func TestATalkIsDecidedAgainWhenTheConversationChanged(t *testing.T) {
	hs := alttest.New(t, people)
	chat := hs.Chat("messenger")
	chat.Says("help")
	id := chat.Dossier().Conversation.ID
	tries := 0
	err := hs.Service().Talk(t.Context(), "agency", id, "mari", func(turn *alt.Turn) error {
		if tries++; tries == 1 { // somebody else is faster
			require.NoError(t, hs.Service().Talk(t.Context(), "agency", id, "juri", func(t *alt.Turn) error { t.Hold("juri"); return nil }))
		}
		if turn.Conversation().Holder.By != "" {
			return alt.ErrHeld
		}
		turn.Hold("mari")
		return nil
	})
	require.ErrorIs(t, err, alt.ErrHeld)
	require.Equal(t, 2, tries)
	require.Equal(t, "juri", chat.Dossier().Conversation.Holder.By)
}

func TestAHandlerSeesTheTurnOfAPersonOnly(t *testing.T) {
	var kinds []string
	hs := alttest.New(t, alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		kinds = append(kinds, t.Event().Type())
		return nil
	}))
	chat := hs.Chat("messenger")
	chat.Says("1")
	chat.Happens(hs.Fake("messenger").Refer(chat.Address().Peer, "word"))
	chat.Happens(hs.Fake("messenger").OptOut(chat.Address().Peer))
	require.Equal(t, []string{"received"}, kinds)
}
