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
)

func reminder() channels.Content { return channels.Template{Name: "reminder", Language: "et"} }

func TestAMassNoticeToALineThatHasNoneFailsFast(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	chat := hs.Chat("messenger").Says("tere").Expect("You said: tere")
	refused, err := hs.Service().Broadcast(context.Background(), alt.Broadcast{ID: "notice-1", Line: "messenger", Content: channels.Text{Body: "Torm tuleb"},
		Recipients: []alt.Recipient{{Key: "1", Peer: chat.Address().Peer}}})
	require.ErrorIs(t, err, channels.ErrNoBroadcast)
	require.Equal(t, "no_broadcast", channels.Code(err))
	require.Empty(t, refused)
	hs.Settle()
	chat.ExpectNothing()
}

func TestAMassNoticeReachesEachRecipientOnceHoweverOftenItIsRepeated(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	b := alt.Broadcast{ID: "notice-1", Line: "whatsapp", Content: reminder(), By: "officer-7"}
	chats := make([]*alttest.Chat, 40)
	for i := range chats {
		chats[i] = hs.ChatAs("whatsapp", channels.Peer(fmt.Sprint("+3725550", i)))
		b.Recipients = append(b.Recipients, alt.Recipient{Key: fmt.Sprint("row_", i), Peer: chats[i].Address().Peer})
	}
	b.Recipients[7].Content = channels.Template{Name: "other", Language: "et"}
	first := b
	first.Recipients = b.Recipients[:15] // as if the process had died there
	for _, b := range []alt.Broadcast{first, b, b} {
		refused, err := hs.Service().Broadcast(context.Background(), b)
		require.NoError(t, err)
		require.Empty(t, refused)
	}
	hs.Settle()
	for i, chat := range chats {
		if i == 7 {
			chat.Expect("template other")
			continue
		}
		chat.Expect("template reminder")
	}
	m, err := hs.Store().Message(context.Background(), "agency", "notice-1-row_3")
	require.NoError(t, err)
	require.Equal(t, channels.System, m[0].Author)
	require.Equal(t, channels.Bulk, chats[3].Sent()[0].Priority)
}

func TestAMassNoticeTellsWhomItDoesNotReach(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	out := hs.Chat("whatsapp").Says("tere").Expect("You said: tere")
	out.Happens(&channels.OptedOut{EventMeta: channels.EventMeta{Key: "out", Channel: "whatsapp", Peer: out.Address().Peer, At: hs.Clock().Now()}})
	late := hs.Chat("whatsapp").Says("tere").Expect("You said: tere")
	hs.Advance(25 * time.Hour)
	open := hs.Chat("whatsapp").Says("tere").Expect("You said: tere")

	text := channels.Text{Body: "Torm tuleb"}
	b := alt.Broadcast{ID: "storm", Line: "whatsapp", Content: text, Recipients: []alt.Recipient{
		{Key: "out", Peer: out.Address().Peer}, {Key: "open", Peer: open.Address().Peer}, {Key: "late", Peer: late.Address().Peer},
		{Key: "stranger", Peer: "+3725551234"}, {Key: "template", Peer: "+3725551235", Content: reminder()},
	}}
	refused, err := hs.Service().Broadcast(context.Background(), b)
	require.NoError(t, err)
	hs.Settle()
	open.Expect("Torm tuleb")
	hs.ChatAs("whatsapp", "+3725551235").Expect("template reminder")
	var got []string
	for _, r := range refused {
		got = append(got, r.Key+" "+channels.Code(r.Err))
		require.NotContains(t, r.Err.Error(), "+372")
	}
	require.Equal(t, []string{"out opted_out", "late window_closed", "stranger cannot_initiate"}, got)

	b.Recipients = []alt.Recipient{{Key: "open", Peer: late.Address().Peer, Content: reminder()}}
	refused, err = hs.Service().Broadcast(context.Background(), b)
	require.NoError(t, err)
	require.ErrorIs(t, refused[0].Err, alt.ErrIDReused, "a key is one person's")
}

func TestWhatABroadcastRefuses(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	for name, change := range map[string]func(*alt.Broadcast){
		"Broadcast.ID":                    func(b *alt.Broadcast) { b.ID = "a.b" },
		"Broadcast.Recipients":            func(b *alt.Broadcast) { b.Recipients = nil },
		"Broadcast.Recipients[0].Key":     func(b *alt.Broadcast) { b.Recipients[0].Key = "+372 5550 1234" },
		"Broadcast.Recipients[1].Key":     func(b *alt.Broadcast) { b.Recipients[1].Key = "a" },
		"Broadcast.Recipients[0].Peer":    func(b *alt.Broadcast) { b.Recipients[0].Peer = "" },
		"Broadcast.Recipients[1].Peer":    func(b *alt.Broadcast) { b.Recipients[1].Peer = "+3725550001" },
		"Broadcast.Recipients[0].Content": func(b *alt.Broadcast) { b.Content = nil },
	} {
		b := alt.Broadcast{ID: "n", Line: "sms", Content: channels.Text{Body: "x"}, Recipients: []alt.Recipient{{Key: "a", Peer: "+3725550001"}, {Key: "b", Peer: "+3725550002"}}}
		change(&b)
		_, err := hs.Service().Broadcast(context.Background(), b)
		require.ErrorIs(t, err, alt.ErrInput, name)
		require.ErrorContains(t, err, name+":")
		require.NotContains(t, err.Error(), "+372")
	}
	_, err := hs.Service().Broadcast(context.Background(), alt.Broadcast{ID: "n", Line: "pigeon"})
	require.ErrorIs(t, err, alt.ErrUnknownLine)

	ctx, stop := context.WithCancel(context.Background())
	stop()
	_, err = hs.Service().Broadcast(ctx, alt.Broadcast{ID: "n", Line: "sms", Content: channels.Text{Body: "x"}, Recipients: []alt.Recipient{{Key: "a", Peer: "+3725550001"}}})
	require.ErrorIs(t, err, context.Canceled)
}
