package alt_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/eid"
)

// writes is a message that the provider delivers and nobody works off yet.
func (o *bureau) writes(t *testing.T, c *alttest.Chat, key string, content channels.Content) {
	t.Helper()
	e := &channels.Received{ID: channels.ProviderID(key), Content: content,
		EventMeta: channels.EventMeta{Key: key, Channel: "viber", Peer: c.Address().Peer, At: o.Clock().Now()}}
	require.Equal(t, 200, o.Serve(channeltest.HTTP(o.Fake("viber").Post(e))))
}

// accepted delivers an event, and returns how it waits to be handled.
func (o *bureau) accepted(t *testing.T, e channels.Event) channels.Event {
	t.Helper()
	require.Equal(t, 200, o.Serve(channeltest.HTTP(o.Fake("viber").Post(e))))
	defer o.Settle()
	for _, it := range o.inbox(t) {
		if it.Event.Meta().Key == e.Meta().Key {
			return it.Event
		}
	}
	t.Fatal("the event does not wait")
	return nil
}

// inbox returns what waits to be handled.
func (o *bureau) inbox(t *testing.T) []alt.Item {
	t.Helper()
	items, err := o.Store().Claim(t.Context(), alt.ClaimQuery{Work: alt.Inbox, Max: 100, Lease: time.Minute})
	require.NoError(t, err)
	for _, it := range items {
		require.NoError(t, o.Store().Release(t.Context(), it, o.Clock().Now(), channels.ErrUnavailable))
	}
	return items
}

func last(c *alttest.Chat) channels.Content {
	all := c.Transcript()
	return all[len(all)-1].Content
}

func TestWhatIsSaidInADialogueIsSealedBeforeItIsAccepted(t *testing.T) {
	o := newChatBureau(t)
	c := o.asked(t, o.Chat("viber"))
	o.writes(t, c, "m1", channels.Text{Body: canaryCode})
	items := o.inbox(t)
	require.Len(t, items, 1)
	r := items[0].Event.(*channels.Received)
	require.Equal(t, channels.Unsupported{Type: channels.TypePrivate}, r.Content)
	require.Empty(t, r.Raw)
	o.Restart()
	got := wordsTo(c)
	require.Contains(t, got[len(got)-1], "telefoninumber", "it was not lost")
}

func TestAnAnswerThatIsDeliveredManyTimesAtOnceCountsOnce(t *testing.T) {
	o := newChatBureau(t)
	c := o.asked(t, o.Chat("viber"))
	var all sync.WaitGroup
	for range 8 {
		r := channeltest.HTTP(o.Fake("viber").Post(&channels.Received{ID: "m1", Content: channels.Text{Body: "wrong"},
			EventMeta: channels.EventMeta{Key: "m1", Channel: "viber", Peer: c.Address().Peer, At: o.Clock().Now()}}))
		all.Go(func() { o.Serve(r) })
	}
	all.Wait()
	o.Settle()
	require.Len(t, c.Sent(), 2, "one question, and asked again once")
	require.Equal(t, alt.LoginPending, c.Dossier().Conversation.Login.Status)
}

func TestWhatIsWrittenBeforeTheQuestionOrBehindTheEndIsAMessage(t *testing.T) {
	o := newChatBureau(t)
	c := o.Chat("viber")
	o.writes(t, c, "m1", channels.Text{Body: "kes"})
	o.writes(t, c, "m2", channels.Text{Body: "minu asi"})
	o.Settle()
	require.Equal(t, channels.Text{Body: "minu asi"}, last(c), "written before the question was there")

	o.writes(t, c, "m3", channels.Text{Body: "katkesta"})
	o.writes(t, c, "m4", channels.Text{Body: "homme kell 10"})
	photo := o.Fake("viber").Media(c.Address().Peer, channels.Media{As: channels.Image, Type: "image/png"}, []byte("\x89PNG\r\n\x1a\n"))
	o.writes(t, c, "m5", photo.Content)
	o.writes(t, c, "m6", channels.Text{Body: canaryCode})
	o.writes(t, c, "m7", channels.ContactCard{Name: "Mari", Phones: []string{canaryPhone}})
	o.Settle()
	require.Equal(t, []string{"auth:" + alt.LoginRefused}, o.auths)
	var kept []channels.Content
	for _, m := range c.Transcript() {
		kept = append(kept, m.Content)
	}
	require.Contains(t, kept, channels.Content(channels.Text{Body: "homme kell 10"}), "it is no answer of the dialogue")
	require.NotContains(t, kept, channels.Content(channels.Text{Body: canaryCode}), "it may be one that came too late")
	private, fetched := 0, false
	for _, k := range kept {
		if k == channels.Content(channels.Unsupported{Type: channels.TypePrivate}) {
			private++
		}
		if m, ok := k.(channels.Media); ok && m.Blob != "" {
			fetched = true
		}
	}
	require.Equal(t, 2, private, "that something was written is shown")
	require.True(t, fetched, "a file goes the way of files")
}

func TestALetterShowsNothingOfADialogue(t *testing.T) {
	o := newChatBureau(t)
	c := o.asked(t, o.Chat("viber"))
	o.writes(t, c, "m1", channels.Text{Body: canaryCode})
	items, err := o.Store().Claim(t.Context(), alt.ClaimQuery{Work: alt.Inbox, Max: 1, Lease: time.Minute})
	require.NoError(t, err)
	require.NoError(t, o.Store().Release(t.Context(), items[0], time.Time{}, channels.ErrMalformed))
	letters, _, err := o.Store().Letters(t.Context(), alt.LetterQuery{Agency: "agency"})
	require.NoError(t, err)
	require.Len(t, letters, 1)
	require.Equal(t, channels.Unsupported{Type: channels.TypePrivate}, letters[0].Event.(*channels.Received).Content)
	require.NoError(t, o.Service().Settle(t.Context(), "agency", letters[0].ID, alt.Retry, "anu"))
	o.Settle()
	got := wordsTo(c)
	require.Contains(t, got[len(got)-1], "telefoninumber", "tried again, it is the answer that it was")
}

func TestAQuestionThatCannotBeSentIsALetterWithoutIt(t *testing.T) {
	o := newChatBureau(t)
	c := o.Chat("viber")
	o.Fake("viber").FailNext(&channels.Error{Op: "send", Channel: "viber", Class: channels.ErrRejected, Outcome: channels.NotSent})
	c.Says("kes")
	letters, _, err := o.Store().Letters(t.Context(), alt.LetterQuery{Agency: "agency"})
	require.NoError(t, err)
	require.Len(t, letters, 1)
	require.True(t, letters[0].Outbound.Private)
	require.Equal(t, channels.Text{Body: channels.Blank}, letters[0].Outbound.Content)
	require.Empty(t, letters[0].Conversation)
}

func TestNobodyElseHidesMessages(t *testing.T) {
	o := newChatBureau(t)
	c := o.Chat("viber").Says("tere")
	_, err := o.Service().Send(t.Context(), channels.Outbound{ID: "hidden", To: c.Address(), Content: channels.Text{Body: "x"}, Private: true})
	require.ErrorIs(t, err, alt.ErrInput)
	err = o.Service().Talk(t.Context(), "agency", c.Dossier().Conversation.ID, "mari", func(t *alt.Turn) error {
		return t.Send(channels.Outbound{Content: channels.Text{Body: "x"}, Private: true})
	})
	require.ErrorIs(t, err, alt.ErrInput)
}

func TestAnEchoOfADialogueSaysNothing(t *testing.T) {
	o := newChatBureau(t)
	c := o.asked(t, o.Chat("viber"))
	c.Says(canaryCode).Says(canaryPhone)
	control := c.Sent()[len(c.Sent())-1]
	require.Contains(t, control.Content.(channels.Text).Body, canaryControl)
	echo := func(key string, id channels.ProviderID, content channels.Content) {
		c.Happens(&channels.Echoed{ID: id, Content: content, Author: channels.System,
			EventMeta: channels.EventMeta{Key: key, Channel: "viber", Peer: c.Address().Peer, At: o.Clock().Now()}})
	}
	echo("e1", control.Receipt.ID, control.Content)
	require.Len(t, c.Transcript(), 1)
	echo("e2", "another application's", channels.Text{Body: canaryControl})
	o.Advance(2 * time.Minute)
	require.Equal(t, channels.Unsupported{Type: channels.TypePrivate}, last(c), "that somebody wrote is shown")
	c.Says("katkesta")
	late := o.accepted(t, &channels.Echoed{ID: control.Receipt.ID, Content: control.Content, Author: channels.System,
		EventMeta: channels.EventMeta{Key: "e3", Channel: "viber", Peer: c.Address().Peer, At: o.Clock().Now()}})
	require.Equal(t, channels.Unsupported{Type: channels.TypePrivate}, late.(*channels.Echoed).Content, "echoes come late")
	o.Advance(2 * time.Minute)
	echo("e4", "another application's again", channels.Text{Body: "tere"})
	o.Advance(2 * time.Minute)
	require.Equal(t, channels.Text{Body: "tere"}, last(c))
}

func TestWhatAProviderRepeatsInAReportIsNotKeptWhereDialoguesAre(t *testing.T) {
	for name, row := range map[string]struct {
		inChat bool
		kept   bool
	}{"with dialogues in the chat": {true, false}, "without": {false, true}} {
		t.Run(name, func(t *testing.T) {
			o := newChatBureau(t, func(l *alt.Logins) { l.Lines = map[channels.ID]alt.LoginPolicy{"viber": {InChat: row.inChat}} })
			c := o.Chat("viber").Says("tere")
			report := o.accepted(t, &channels.StatusChanged{ID: "m-1", Status: channels.Read,
				EventMeta: channels.EventMeta{Key: "s1", Channel: "viber", Peer: c.Address().Peer, At: o.Clock().Now()}})
			require.Equal(t, row.kept, len(report.Meta().Raw) > 0)
		})
	}
}

func TestAnEditOfWhatWasSaidInADialogueIsKeptNowhere(t *testing.T) {
	o := newChatBureau(t)
	c := o.asked(t, o.Chat("viber"))
	edit := func(key string, id channels.ProviderID, text string) {
		c.Happens(&channels.Edited{ID: id, Content: channels.Text{Body: text},
			EventMeta: channels.EventMeta{Key: key, Channel: "viber", Peer: c.Address().Peer, At: o.Clock().Now()}})
	}
	c.Says("6000101990")
	wrong := c.LastID()
	c.Says("katkesta")
	o.Advance(time.Hour)
	ordinary := c.Says("tere").LastID()
	e := o.accepted(t, &channels.Edited{ID: wrong, Content: channels.Text{Body: canaryCode},
		EventMeta: channels.EventMeta{Key: "x1", Channel: "viber", Peer: c.Address().Peer, At: o.Clock().Now()}})
	require.Equal(t, channels.Unsupported{Type: channels.TypePrivate}, e.(*channels.Edited).Content)
	require.Empty(t, e.Meta().Raw)
	edit("x2", ordinary, "tere jälle")
	require.Equal(t, channels.Text{Body: "tere jälle"}, last(c))
	for _, m := range c.Transcript() {
		if text, ok := m.Content.(channels.Text); ok {
			require.NotContains(t, text.Body, canaryCode)
		}
	}
}

func TestAStoreThatCannotTellLetsTheProviderComeAgain(t *testing.T) {
	var broken faulty
	o := &bureau{ident: &ident{method: eid.MobileID, err: eid.ErrPending}}
	o.Harness = alttest.NewWith(t, alttest.Config{
		Lines:   map[channels.ID]channels.Kind{"viber": channels.Viber},
		Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { return t.Authenticate(alt.Authentication{}) }),
		Change: func(c *alt.Config) {
			broken.over(c)
			c.Logins.Methods = []eid.Authenticator{o.ident}
			c.Logins.Lines["viber"] = alt.LoginPolicy{InChat: true}
		},
	})
	c := o.Chat("viber").Says("tere")
	e := &channels.Received{ID: "m1", Content: channels.Text{Body: canaryCode},
		EventMeta: channels.EventMeta{Key: "m1", Channel: "viber", Peer: c.Address().Peer, At: o.Clock().Now()}}
	broken.dossier = func() error { return errors.New("away") }
	require.Equal(t, 503, o.Serve(channeltest.HTTP(o.Fake("viber").Post(e))))
	broken.dossier = nil
	broken.commit = func(alt.Item, alt.Changes) error { return errors.New("away") }
	require.Equal(t, 503, o.Serve(channeltest.HTTP(o.Fake("viber").Post(e))))
	broken.commit = nil
	require.Empty(t, o.inbox(t)) // nothing was accepted in the clear
	require.Equal(t, 200, o.Serve(channeltest.HTTP(o.Fake("viber").Post(e))))
	o.Settle()
	require.Contains(t, strings.Join(wordsTo(c), "\n"), "telefoninumber")
}

func TestADialogueWhoseConversationEndsAsksNobody(t *testing.T) {
	o := newChatBureau(t)
	c := o.asked(t, o.Chat("viber"))
	c.Says(canaryCode).Says(canaryPhone)
	id := c.Dossier().Conversation.ID
	require.NoError(t, o.Service().Talk(t.Context(), "agency", id, "mari", func(t *alt.Turn) error { t.End("desk"); return nil }))
	o.approve()
	require.Empty(t, o.auths)
	require.Nil(t, c.Dossier().Session.Identity)
	c.Says("tere")
	require.Equal(t, channels.Text{Body: "tere"}, last(c))
	require.NotEqual(t, id, c.Dossier().Conversation.ID)
}

func TestAPersonWhoIsAnotherInThisSessionIsRefused(t *testing.T) {
	o := newChatBureau(t)
	c := o.asked(t, o.Chat("viber"))
	c.Says(canaryCode).Says(canaryPhone)
	o.approve()
	c.Says("kes").Says("38001085718").Says("5555 1234")
	o.ident.id.Code = "EE38001085718"
	o.Advance(10 * time.Second)
	require.Equal(t, alt.LoginPerson, c.Dossier().Conversation.Login.Reason)
	require.Equal(t, mari().Code.Number(), c.Dossier().Session.Identity.Code.Number())
}
