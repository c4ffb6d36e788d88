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
	"github.com/liidestuja/liidestuja/session"
)

// ending answers, and ends the conversation when it is told "aitäh"; "inimene"
// gives it to people.
func ending(_ context.Context, t *alt.Turn) error {
	switch t.Text() {
	case "aitäh":
		t.End(session.ByPerson)
	case "inimene":
		t.Hold("")
	}
	return nil
}

// eraser is a line whose provider can be told to fail.
type eraser struct {
	*channeltest.Fake

	err    error
	calls  int
	thread string
	result channels.Erasure
}

func (e *eraser) Erase(ctx context.Context, to channels.Address, thread string) (channels.Erasure, error) {
	e.calls++
	e.thread = thread
	if e.err != nil {
		return "", e.err
	}
	got, err := e.Fake.Erase(ctx, to, thread)
	if e.result != "" {
		got = e.result
	}
	return got, err
}

// erasing is a harness with one line of each kind, of which "sms" is wrapped.
func erasing(t *testing.T, after time.Duration) (*alttest.Harness, *eraser) {
	t.Helper()
	var sms *eraser
	hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(ending), Change: func(c *alt.Config) {
		c.EraseAfter = after
		for i, ch := range c.Channels {
			switch f := ch.(*channeltest.Fake); ch.Info().ID {
			case "sms":
				if sms == nil {
					sms = &eraser{Fake: f}
				}
				c.Channels[i] = sms
			case "messenger":
				c.Channels[i] = plain{f, f}
			}
		}
	}})
	return hs, sms
}

// plain is a line that can do nothing but what it must.
type plain struct {
	channels.Channel
	channels.Webhook
}

func results(t *testing.T, hs *alttest.Harness, line channels.ID) map[channels.Erasure]int {
	t.Helper()
	all, err := hs.Service().Erasures(context.Background(), "agency", time.Time{}, time.Time{})
	require.NoError(t, err)
	for _, l := range all {
		if l.Line == line {
			return l.Results
		}
	}
	return nil
}

func TestAConversationIsErasedAtTheProviderAfterItsEnd(t *testing.T) {
	hs, sms := erasing(t, 24*time.Hour)
	chat := hs.Chat("sms").Says("tere")
	hs.Advance(10 * time.Minute)
	chat.Says("aitäh")
	hs.Advance(23 * time.Hour)
	require.Zero(t, sms.calls)
	hs.Restart()
	hs.Advance(2 * time.Hour)
	require.Equal(t, 1, sms.calls)
	hs.Advance(72 * time.Hour)
	require.Equal(t, 1, sms.calls, "once")
	require.Equal(t, map[channels.Erasure]int{channels.Erased: 1}, results(t, hs, "sms"))
	require.Len(t, chat.Transcript(), 2, "the record here stays")

	chat.Happens(&channels.Received{EventMeta: channels.EventMeta{Key: "threaded", Channel: "sms", Peer: chat.Address().Peer, At: hs.Clock().Now()},
		ID: "threaded", Content: channels.Text{Body: "aitäh"}, Thread: "talk-4711"})
	hs.Advance(25 * time.Hour)
	require.Equal(t, 2, sms.calls)
	require.Equal(t, "talk-4711", sms.thread, "the provider's name of the conversation")
}

func TestATalkWithABotIsErasedAfterItsSessionToo(t *testing.T) {
	hs, sms := erasing(t, 24*time.Hour)
	chat := hs.Chat("sms").Says("tere")
	hs.Advance(20 * time.Hour)
	chat.Says("veel midagi") // another session: the end of that counts
	hs.Advance(23 * time.Hour)
	require.Zero(t, sms.calls)
	hs.Advance(3 * time.Hour)
	require.Equal(t, 1, sms.calls)
	hs.Advance(72 * time.Hour)
	require.Equal(t, 1, sms.calls)

	chat.Says("uus asi")
	hs.Advance(72 * time.Hour)
	require.Equal(t, 2, sms.calls, "what was said since")
}

func TestATalkThatGoesOnIsNotErased(t *testing.T) {
	hs, sms := erasing(t, 5*time.Minute)
	chat := hs.Chat("sms").Says("tere")
	hs.Advance(33 * time.Minute) // the session has ended
	chat.Says("veel midagi")
	hs.Advance(27 * time.Minute)
	require.Zero(t, sms.calls, "the next one goes on")
	hs.Advance(10 * time.Minute)
	require.Equal(t, 1, sms.calls)
}

func TestWhatPeopleHoldIsNotErased(t *testing.T) {
	hs, sms := erasing(t, time.Hour)
	chat := hs.Chat("sms").Says("inimene")
	hs.Advance(100 * time.Hour)
	require.Zero(t, sms.calls, "the specialist may still need it")
	require.NoError(t, hs.Service().Talk(context.Background(), "agency", chat.Dossier().Conversation.ID, "ametnik", func(t *alt.Turn) error {
		t.End(session.BySpecialist)
		return nil
	}))
	hs.Advance(2 * time.Hour)
	require.Equal(t, 1, sms.calls)
}

func TestANewTalkPutsErasureOff(t *testing.T) {
	hs, sms := erasing(t, time.Hour)
	chat := hs.Chat("sms").Says("aitäh")
	hs.Advance(50 * time.Minute)
	chat.Says("inimene")
	hs.Advance(5 * time.Hour)
	require.Zero(t, sms.calls, "the provider would erase the new one with the old")
}

func TestAnErasureIsTriedAgainWithGrowingPauses(t *testing.T) {
	hs, sms := erasing(t, time.Hour)
	sms.err = &channels.Error{Op: "erase", Class: channels.ErrUnavailable, Outcome: channels.NotSent}
	chat := hs.Chat("sms").Says("aitäh")
	hs.Advance(2 * time.Hour)
	require.Greater(t, sms.calls, 2)
	require.Less(t, sms.calls, 10)
	before := sms.calls
	hs.Advance(48 * time.Hour)
	require.Less(t, sms.calls, before+12)
	chat.Says("tere").ExpectNothing() // and nobody waits for it
	require.Equal(t, "tere", chat.Transcript()[0].Content.(channels.Text).Body)
	chat.Says("aitäh")
	sms.err = nil
	hs.Advance(100 * time.Hour)
	require.Equal(t, map[channels.Erasure]int{channels.Erased: 1}, results(t, hs, "sms"), "the later end erased both")

	sms.err = &channels.Error{Op: "erase", Class: channels.ErrCredentials, Outcome: channels.NotSent}
	chat.Says("aitäh")
	hs.Advance(20 * 24 * time.Hour)
	require.Equal(t, 1, results(t, hs, "sms")[alt.EraseFailed], "after two weeks it is given up")
	sms.err = &channels.Error{Op: "erase", Class: channels.ErrRejected, Outcome: channels.NotSent}
	calls := sms.calls
	chat.Says("aitäh")
	hs.Advance(5 * time.Hour)
	require.Equal(t, calls+1, sms.calls)
	require.Equal(t, 2, results(t, hs, "sms")[alt.EraseFailed], "a refusal does not pass")
	sms.err = errors.New("a driver that breaks its contract: +37255512345")
	chat.Says("aitäh")
	hs.Advance(30 * 24 * time.Hour)
	require.Equal(t, 3, results(t, hs, "sms")[alt.EraseFailed])
	require.Empty(t, hs.Letters())
}

func TestTheReportListsLinesThatCannotErase(t *testing.T) {
	hs, sms := erasing(t, time.Hour)
	sms.result = channels.Archived
	for _, line := range []channels.ID{"sms", "whatsapp", "messenger"} {
		hs.Chat(line).Says("aitäh")
	}
	hs.Advance(2 * time.Hour)
	all, err := hs.Service().Erasures(context.Background(), "agency", time.Time{}, time.Time{})
	require.NoError(t, err)
	require.Equal(t, []alt.LineErasures{
		{Line: "messenger", Kind: channels.Messenger, Provider: "Fake", Can: channels.NotErasable, Results: map[channels.Erasure]int{channels.NotErasable: 1}},
		{Line: "sms", Kind: channels.SMS, Provider: "Fake", Can: "", Results: map[channels.Erasure]int{channels.Archived: 1}},
		{Line: "whatsapp", Kind: channels.WhatsApp, Provider: "Fake", Can: channels.NotErasable, Results: map[channels.Erasure]int{channels.NotErasable: 1}},
	}, all)
	none, err := hs.Service().Erasures(context.Background(), "another", time.Time{}, time.Time{})
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestNothingIsErasedUnlessItIsAskedFor(t *testing.T) {
	hs, sms := erasing(t, 0)
	hs.Chat("sms").Says("aitäh")
	hs.Advance(30 * 24 * time.Hour)
	require.Zero(t, sms.calls)
	_, err := alt.New(alt.Config{Store: hs.Store(), Handler: alt.HandlerFunc(ending), Channels: []channels.Channel{sms}, PublicURL: "https://a.example", EraseAfter: -1})
	require.ErrorContains(t, err, "EraseAfter")
}

func TestAConversationThatWentOnElsewhereIsErasedOnEachLine(t *testing.T) {
	hs, sms := erasing(t, time.Hour)
	chat := hs.Chat("sms").Says("inimene")
	other := hs.ChatAs("whatsapp", chat.Address().Peer)
	conv := chat.Dossier().Conversation
	conv.Trail = []channels.Address{chat.Address(), other.Address()}
	require.NoError(t, hs.Store().Commit(context.Background(), alt.Item{}, alt.Changes{Conversation: conv,
		Contact: &alt.Contact{Address: other.Address(), Continues: conv.ID}}))
	other.Says("aitäh")
	hs.Advance(3 * time.Hour)
	require.Equal(t, 1, sms.calls)
	require.Equal(t, []channels.Address{chat.Address()}, sms.Erasures())
	require.Equal(t, []channels.Address{other.Address()}, hs.Fake("whatsapp").Erasures())
	require.Equal(t, map[channels.Erasure]int{channels.NotErasable: 1}, results(t, hs, "whatsapp"))
}
