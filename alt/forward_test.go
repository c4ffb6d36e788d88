package alt_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func TestAConversationIsForwardedToAnotherAgencyWithANoteOnly(t *testing.T) {
	over(t, func(t *testing.T, svc *alt.Service, st alt.Store, lines map[channels.ID]*channeltest.Fake) {
		const kati = "+37255500001"
		ctx := context.Background()
		says(t, svc, lines["sms"], kati, "Minu saladus")
		here, err := st.Dossier(ctx, channels.Address{Agency: "agency", Channel: "sms", Peer: kati})
		require.NoError(t, err)
		f := alt.Forwarding{Line: "tax-sms", Note: "Küsib maksu tagasi", By: "ametnik"}
		id, err := svc.Forward(ctx, "agency", here.Conversation.ID, f)
		require.NoError(t, err)

		closed, err := st.Conversation(ctx, "agency", here.Conversation.ID)
		require.NoError(t, err)
		require.Equal(t, "ended forwarded", string(closed.State)+" "+closed.Reason)

		got, err := st.Conversation(ctx, "tax", id)
		require.NoError(t, err)
		require.Len(t, got.Forwarded, 1)
		require.Equal(t, alt.Forwarded{From: "agency", Reference: here.Conversation.ID, Note: f.Note, At: got.Forwarded[0].At}, got.Forwarded[0])
		require.False(t, got.Waiting.IsZero(), "it waits for people")
		require.Empty(t, got.Name)
		_, err = st.Conversation(ctx, "tax", here.Conversation.ID)
		require.ErrorIs(t, err, alt.ErrNotFound, "agencies see nothing of each other")
		page, _, err := st.Messages(ctx, alt.MessageQuery{Agency: "tax", Conversation: id})
		require.NoError(t, err)
		require.Empty(t, page)

		for agency, act := range map[channels.Agency]string{"agency": "conversation.forwarded", "tax": "conversation.received"} {
			log, _, err := st.Log(ctx, alt.LogQuery{Agency: agency, Limit: 1000})
			require.NoError(t, err)
			n := 0
			for _, e := range log {
				if e.Act == act {
					n++
				}
				for _, v := range e.Detail {
					require.NotContains(t, v, "maks")
				}
			}
			require.Equal(t, 1, n, "%s", act)
		}

		says(t, svc, lines["tax-sms"], kati, "Olen siin")
		require.NoError(t, svc.Talk(ctx, "tax", id, "maksur", func(t *alt.Turn) error { return t.ReplyText("Tere") }))
		work(t, svc)
		require.Len(t, lines["tax-sms"].Sent(), 1)

		says(t, svc, lines["sms"], kati, "Veel midagi")
		here, err = st.Dossier(ctx, here.Contact.Address)
		require.NoError(t, err)
		again, err := svc.Forward(ctx, "agency", here.Conversation.ID, f)
		require.NoError(t, err)
		require.Equal(t, id, again, "the person talks with that agency already")
		got, err = st.Conversation(ctx, "tax", id)
		require.NoError(t, err)
		require.Len(t, got.Forwarded, 2)
	})
}

func TestWhatIsNotForwarded(t *testing.T) {
	over(t, func(t *testing.T, svc *alt.Service, st alt.Store, lines map[channels.ID]*channeltest.Fake) {
		ctx := context.Background()
		says(t, svc, lines["sms"], "+37255500001", "tere")
		here, err := st.Dossier(ctx, channels.Address{Agency: "agency", Channel: "sms", Peer: "+37255500001"})
		require.NoError(t, err)
		id := here.Conversation.ID
		for name, tt := range map[string]struct {
			agency channels.Agency
			f      alt.Forwarding
			err    error
		}{
			"to a line of its own agency":                   {"agency", alt.Forwarding{Line: "whatsapp", Note: "x"}, alt.ErrInput},
			"to nowhere":                                    {"agency", alt.Forwarding{Line: "pigeon", Note: "x"}, alt.ErrUnknownLine},
			"without a note":                                {"agency", alt.Forwarding{Line: "tax-sms"}, alt.ErrInput},
			"with a transcript for a note":                  {"agency", alt.Forwarding{Line: "tax-sms", Note: strings.Repeat("õ", alt.MaxNote+1)}, alt.ErrInput},
			"to a page that knows the person by other name": {"agency", alt.Forwarding{Line: "page", Note: "x"}, channels.ErrUnreachable},
			"another agency's conversation":                 {"tax", alt.Forwarding{Line: "sms", Note: "x"}, alt.ErrNotFound},
		} {
			_, err := svc.Forward(ctx, tt.agency, id, tt.f)
			require.ErrorIs(t, err, tt.err, name)
			require.NotContains(t, err.Error(), "+372")
		}
		_, err = svc.Forward(ctx, "agency", id, alt.Forwarding{Line: "tax-sms", Note: strings.Repeat("õ", alt.MaxNote)})
		require.NoError(t, err)
		_, err = svc.Forward(ctx, "agency", id, alt.Forwarding{Line: "tax-sms", Note: "x"})
		require.ErrorIs(t, err, alt.ErrInput, "it has ended")
	})
}

// broken is a store in which a crash falls between the two agencies.
type broken struct {
	alt.Store

	left int
}

func (b *broken) Commit(ctx context.Context, it alt.Item, c alt.Changes) error {
	if b.left--; b.left == 0 {
		return context.DeadlineExceeded
	}
	return b.Store.Commit(ctx, it, c)
}

func TestAForwardingThatWasCutOffIsFinishedOnce(t *testing.T) {
	over(t, func(t *testing.T, svc *alt.Service, st alt.Store, lines map[channels.ID]*channeltest.Fake) {
		ctx := context.Background()
		says(t, svc, lines["sms"], "+37255500001", "tere")
		here, err := st.Dossier(ctx, channels.Address{Agency: "agency", Channel: "sms", Peer: "+37255500001"})
		require.NoError(t, err)
		b := &broken{Store: st, left: 2}
		cut, err := alt.New(alt.Config{Store: b, Channels: []channels.Channel{lines["sms"], lines["tax-sms"]}, PublicURL: "https://agency.example/webhooks",
			Handler: alt.HandlerFunc(func(context.Context, *alt.Turn) error { return nil })})
		require.NoError(t, err)
		f := alt.Forwarding{Line: "tax-sms", Note: "x", By: "ametnik"}
		_, err = cut.Forward(ctx, "agency", here.Conversation.ID, f)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		id, err := cut.Forward(ctx, "agency", here.Conversation.ID, f)
		require.NoError(t, err)
		got, err := st.Conversation(ctx, "tax", id)
		require.NoError(t, err)
		require.Len(t, got.Forwarded, 1)
	})
}

func TestANoteIsPrintedNowhere(t *testing.T) {
	var out strings.Builder
	log := slog.New(slog.NewJSONHandler(&out, nil))
	for _, v := range []any{
		alt.Forwarding{Line: "tax-sms", Note: "saladus"}, alt.Forwarded{Reference: "r", Note: "saladus"},
		alt.Conversation{ID: "c", Forwarded: []alt.Forwarded{{Note: "saladus"}}},
		alt.Broadcast{ID: "b", Content: channels.Text{Body: "saladus"}, Recipients: []alt.Recipient{{Key: "1", Peer: "saladus"}}},
		alt.Recipient{Key: "1", Peer: "saladus", Content: channels.Text{Body: "saladus"}},
	} {
		log.Info("seen", "value", v)
		_, _ = fmt.Fprintf(&out, "%v %+v %#v %s", v, v, v, v)
	}
	require.NotContains(t, out.String(), "saladus")
}
