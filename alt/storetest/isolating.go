package storetest

import (
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

func isolating() []check {
	return []check{
		{"an agency sees nothing of another's", foreign},
		{"copies are not shared", sharing},
		{"a provider's word with a name that is no text is taken, or refused for that", nameless},
		{"a file is stored whole and read back", func(w *world) {
			content := strings.Repeat("õ🙂\x00", 50_000)
			info := w.blob(ppa, content)
			require.NotEmpty(w, info.ID)
			require.EqualValues(w, len(content), info.Size)
			require.Equal(w, sum(content), info.SHA256)
			w.restart()
			got, err := w.readBlob(ppa, info.ID)
			require.NoError(w, err)
			require.Equal(w, content, got)
			again := w.blob(ppa, content)
			require.NotEqual(w, info.ID, again.ID, "each file has its own life")
			require.NoError(w, w.st.DeleteBlob(w.Context(), ppa, info.ID))
			require.NoError(w, w.st.DeleteBlob(w.Context(), ppa, info.ID))
			_, err = w.readBlob(ppa, info.ID)
			require.ErrorIs(w, err, alt.ErrNotFound)
			_, err = w.readBlob(ppa, again.ID)
			require.NoError(w, err)
		}},
		{"a file may be empty", func(w *world) {
			got, err := w.readBlob(ppa, w.blob(ppa, "").ID)
			require.NoError(w, err)
			require.Empty(w, got)
		}},
		{"a file over the limit is refused, one at the limit is not", func(w *world) {
			_, err := w.st.PutBlob(w.Context(), ppa, strings.NewReader("12345"), 4)
			require.ErrorIs(w, err, alt.ErrTooBig)
			info, err := w.st.PutBlob(w.Context(), ppa, strings.NewReader("1234"), 4)
			require.NoError(w, err)
			require.EqualValues(w, 4, info.Size)
		}},
		{"a file whose reading fails is not stored", func(w *world) {
			_, err := w.st.PutBlob(w.Context(), ppa, &broken{}, 1<<20)
			require.ErrorIs(w, err, errBroken)
		}},
		{"strange names of files are not found", func(w *world) {
			for _, id := range []channels.BlobID{"", "none", "../../etc/passwd", "a/b", "\x00", channels.BlobID(strings.Repeat("a", 500))} {
				_, err := w.readBlob(ppa, id)
				require.ErrorIs(w, err, alt.ErrNotFound, "%q", id)
				require.NoError(w, w.st.DeleteBlob(w.Context(), ppa, id), "%q", id)
			}
		}},
	}
}

// foreign fills one agency and reads as another.
func foreign(w *world) {
	ctx := w.Context()
	w.says(at(mari), "tere")
	c := everything(at(mari))
	c.Record = true
	w.commit(w.one(alt.Inbox), c)
	w.sent(w.one(alt.Outbox), "p1")
	w.deadIn(at(mari), "dead")
	w.wait(time.Hour)
	info := w.blob(ppa, "file")
	letter := w.letter().ID

	page, next, err := w.st.Conversations(ctx, alt.ConversationQuery{Agency: rik})
	require.NoError(w, err)
	require.Empty(w, page)
	require.Empty(w, next)
	_, err = w.st.Conversation(ctx, rik, c.Conversation.ID)
	require.ErrorIs(w, err, alt.ErrNotFound)
	_, _, err = w.st.Messages(ctx, alt.MessageQuery{Agency: rik, Conversation: c.Conversation.ID})
	require.ErrorIs(w, err, alt.ErrNotFound)
	for _, id := range []channels.MessageID{"new", "in-1", "in-2", "in-3"} {
		_, err = w.st.Message(ctx, rik, id)
		require.ErrorIs(w, err, alt.ErrNotFound)
	}
	changed, _, err := w.st.Changed(ctx, rik, 0, 10)
	require.NoError(w, err)
	require.Empty(w, changed)
	log, _, err := w.st.Log(ctx, alt.LogQuery{Agency: rik})
	require.NoError(w, err)
	require.Empty(w, log)
	letters, _, err := w.st.Letters(ctx, alt.LetterQuery{Agency: rik})
	require.NoError(w, err)
	require.Empty(w, letters)
	require.ErrorIs(w, w.st.Settle(ctx, rik, letter, alt.Drop, entry("x")), alt.ErrNotFound)
	_, err = w.readBlob(rik, info.ID)
	require.ErrorIs(w, err, alt.ErrNotFound)
	require.NoError(w, w.st.DeleteBlob(ctx, rik, info.ID))
	_, err = w.readBlob(ppa, info.ID)
	require.NoError(w, err)
	a := at(mari)
	a.Agency = rik
	require.Equal(w, alt.Dossier{}, w.dossier(a))
	_, err = w.st.Load(ctx, a)
	require.ErrorIs(w, err, alt.ErrNotFound)
	w.unchanged(func() { w.commit(alt.Item{}, alt.Changes{CancelBot: a}) })

	theirs := *c.Conversation
	theirs.Address, theirs.Version = a, 0
	w.commit(alt.Item{}, alt.Changes{Conversation: &theirs}) // the same id is another conversation there
	got, err := w.st.Conversation(ctx, ppa, theirs.ID)
	require.NoError(w, err)
	require.Equal(w, at(mari), got.Address)
}

// nameless reports with names that some databases cannot hold.
func nameless(w *world) {
	for i, name := range []string{"p\x00", "p\xff"} {
		id := strconv.Itoa(i)
		w.queue(reply(at(mari), id, "Tere"))
		it := w.one(alt.Outbox)
		for _, c := range []alt.Changes{
			{Reports: []alt.Report{w.report(channels.ProviderID(name), channels.Read)}},
			{Reports: []alt.Report{w.byRef(name, channels.Read)}},
			{Reports: []alt.Report{{Address: at(channels.Peer(name)), Until: noon(), Status: channels.Read, At: w.now()}}},
			{Reports: []alt.Report{{Address: at(mari), ID: "p1", Status: channels.Read, At: w.now(), Thread: name}}},
		} {
			if err := w.st.Commit(w.Context(), alt.Item{}, c); err != nil {
				require.ErrorIs(w, err, alt.ErrInput)
			}
		}
		got, want := channels.ProviderID(name), channels.Read // as was reported of it
		if err := w.st.Commit(w.Context(), it, alt.Changes{Receipt: &channels.Receipt{ID: got, At: w.now()}}); err != nil {
			require.ErrorIs(w, err, alt.ErrInput)
			got, want = "ours"+channels.ProviderID(id), channels.Sent
			w.commit(it, alt.Changes{Receipt: &channels.Receipt{ID: got, At: w.now()}}) // it is still ours
		}
		require.Equal(w, got, w.message(channels.MessageID(id)).Provider)
		w.status(channels.MessageID(id), want)
	}
	w.queue(reply(at(mari), "good", "Tere"))
	w.commit(w.one(alt.Outbox), alt.Changes{Receipt: &channels.Receipt{ID: "good", At: w.now()}})
	w.reports(w.report("good", channels.Read))
	w.status("good", channels.Read)
}

// sharing changes everything that was handed in or out.
func sharing(w *world) {
	e := received(at(mari), "k", "")
	choices := channels.Choices{Body: "b", Options: []channels.Choice{{ID: "1", Title: "jah"}}}
	e.Content, e.Raw = choices, []byte("raw")
	w.accept(e)
	choices.Options[0].Title = "changed"
	e.Raw[0], e.Key, e.Peer = 'X', "changed", "changed"
	it := w.one(alt.Inbox)
	got := it.Event.(*channels.Received)
	require.Equal(w, "jah", got.Content.(channels.Choices).Options[0].Title)
	require.Equal(w, "raw", string(got.Raw))
	got.Content.(channels.Choices).Options[0].Title, got.Raw[0] = "changed", 'X'
	w.release(it, w.now(), nil)
	it = w.one(alt.Inbox)
	got = it.Event.(*channels.Received)
	require.Equal(w, "jah", got.Content.(channels.Choices).Options[0].Title)
	require.Equal(w, "raw", string(got.Raw))

	c := everything(at(mari))
	c.Record = true
	options := []channels.Choice{{ID: "1", Title: "ei"}}
	c.Send[0].Content = channels.Choices{Body: "b", Options: options}
	w.commit(it, c)
	before := w.snapshot()
	c.Session.Set("topic", "changed")
	c.Contact.Name, c.Contact.Offer[0].Title = "changed", "changed"
	c.Conversation.Name, options[0].Title, c.Log[0].Detail["code"] = "changed", "changed", "changed"
	require.Equal(w, before, w.snapshot(), "what was handed in is the store's own")

	d := w.dossier(at(mari))
	d.Session.Set("topic", "changed")
	d.Contact.Offer[0].Title, d.Conversation.Name = "changed", "changed"
	log, _, err := w.st.Log(w.Context(), alt.LogQuery{Agency: ppa})
	require.NoError(w, err)
	log[0].Detail["code"] = "changed"
	conv, err := w.st.Conversation(w.Context(), ppa, d.Conversation.ID)
	require.NoError(w, err)
	conv.Name = "changed"
	w.message("new").Content.(channels.Choices).Options[0].Title = "changed"
	require.Equal(w, before, w.snapshot(), "what was handed out is the caller's own")
	out := w.one(alt.Outbox)
	require.Equal(w, "ei", out.Outbound.Content.(channels.Choices).Options[0].Title)
}
