package storetest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// recording checks how messages come into conversations.
func recording() []check {
	return []check{
		{"a recorded message is called in- and its item's id", func(w *world) {
			c := w.opens(at(mari))
			e := received(at(mari), "k", "tere")
			e.ID, e.ReplyTo = "p-in", "p-old"
			w.accept(e)
			w.wait(time.Minute)
			it := w.one(alt.Inbox)
			id := channels.MessageID(fmt.Sprint("in-", it.ID))
			w.unknownMessage(id)
			w.commit(it, alt.Changes{Record: true, Conversation: c})
			m := w.message(id)
			require.Equal(w, it.ID, m.Seq)
			require.Equal(w, c.ID, m.Conversation)
			require.Equal(w, alt.In, m.Direction)
			require.Equal(w, channels.ProviderID("p-in"), m.Provider)
			require.Equal(w, channels.ProviderID("p-old"), m.ReplyTo)
			require.True(w, m.At.Equal(e.At), "the provider's time")
			require.Equal(w, at(mari), m.Address)
			require.Empty(w, m.Author)
			require.Equal(w, "done", m.State)
			require.Equal(w, []string{"tere"}, w.transcript(c.ID))
		}},
		{"what is not recorded is no message", func(w *world) {
			c := w.opens(at(mari))
			w.says(at(mari), "tere")
			it := w.one(alt.Inbox)
			w.commit(it, alt.Changes{})
			w.unknownMessage(channels.MessageID(fmt.Sprint("in-", it.ID)))
			require.Empty(w, w.transcript(c.ID))
		}},
		{"other content can be recorded than came in", func(w *world) {
			c := w.opens(at(mari))
			w.says(at(mari), "12345678901")
			w.commit(w.one(alt.Inbox), alt.Changes{Record: true, RecordAs: channels.Text{Body: "[code]"}})
			require.Equal(w, []string{"[code]"}, w.transcript(c.ID))
		}},
		{"a private message belongs to no conversation, and goes the way of all messages", func(w *world) {
			c := w.opens(at(mari))
			private := reply(at(mari), "1", "blank")
			private.Private, private.Secret = true, []byte("sealed")
			c.LastOut = w.now()
			w.commit(alt.Item{}, alt.Changes{Conversation: c, Send: []channels.Outbound{private, reply(at(mari), "2", "shown")}})
			private.ID = "3"
			w.queue(private)
			w.restart()
			it := w.one(alt.Outbox)
			require.True(w, it.Outbound.Private)
			require.Equal(w, []byte("sealed"), it.Outbound.Secret)
			w.sent(it, "p-1")
			w.sent(w.one(alt.Outbox), "p-2")
			w.sent(w.one(alt.Outbox), "p-3")
			require.Equal(w, []string{"shown"}, w.transcript(c.ID))
			for _, id := range []channels.MessageID{"1", "3"} {
				w.status(id, channels.Sent)
				require.Empty(w, w.message(id).Conversation)
			}
			page, _, err := w.st.Conversations(w.Context(), alt.ConversationQuery{Agency: ppa, Text: "blank"})
			require.NoError(w, err)
			require.Empty(w, page)
		}},
		{"messages of an unnamed conversation belong to the open one, if there is one", func(w *world) {
			w.queue(reply(at(mari), "1", "before"))
			require.Empty(w, w.message("1").Conversation)
			c := w.opens(at(mari))
			w.queue(reply(at(mari), "2", "during"), reply(at(jaan), "x", "another person's"))
			w.says(at(mari), "in")
			w.commit(w.one(alt.Inbox), alt.Changes{Record: true})
			require.Equal(w, []string{"during", "in"}, w.transcript(c.ID))
			c = w.dossier(at(mari)).Conversation
			c.State = alt.Ended
			w.commit(alt.Item{}, alt.Changes{Conversation: c, Send: []channels.Outbound{reply(at(mari), "3", "farewell")}})
			w.queue(reply(at(mari), "4", "after"))
			require.Equal(w, c.ID, w.message("3").Conversation)
			require.Empty(w, w.message("4").Conversation)
			require.Equal(w, []string{"during", "in", "farewell"}, w.transcript(c.ID))
		}},
		{"another application's message is recorded as an outgoing one", func(w *world) {
			c := w.opens(at(mari))
			w.accept(&channels.Echoed{EventMeta: meta(at(mari), "e"), ID: "p-other", Content: channels.Text{Body: "from the inbox app"}, Author: channels.Person})
			it := w.one(alt.Inbox)
			w.commit(it, alt.Changes{Record: true, Conversation: c})
			m := w.message(channels.MessageID(fmt.Sprint("in-", it.ID)))
			require.Equal(w, alt.Out, m.Direction)
			require.Equal(w, channels.Person, m.Author)
			require.Equal(w, channels.Sent, m.Status)
			w.reports(alt.Report{Address: at(mari), ID: "p-other", Status: channels.Read, At: w.now()})
			w.status(m.ID, channels.Read)
		}},
		{"the bot's waiting messages can be taken back", cancelBot},
		{"they can also where a conversation goes on at another address", cancelBotElsewhere},
		{"outgoing messages are seen as soon as they are queued", func(w *world) {
			c := w.opens(at(mari))
			o := reply(at(mari), "1", "tere")
			o.ReplyTo, o.By, o.Author = "p-quoted", "specialist-7", channels.Person
			w.wait(time.Minute)
			w.queue(o)
			m := w.message("1")
			require.Equal(w, channels.Queued, m.Status)
			require.Equal(w, "ready", m.State)
			require.True(w, m.At.Equal(w.now()))
			require.Equal(w, c.ID, m.Conversation)
			require.Equal(w, []any{channels.ProviderID("p-quoted"), "specialist-7", channels.Person}, []any{m.ReplyTo, m.By, m.Author})
			it := w.one(alt.Outbox)
			require.Equal(w, "claimed", w.message("1").State)
			w.sent(it, "p1")
			m = w.message("1")
			require.Equal(w, "done", m.State)
			require.Equal(w, 1, m.Attempts)
			require.Equal(w, channels.ProviderID("p1"), m.Provider)
		}},
		{"every kind of content goes out as it was queued", everyContent},
	}
}

func cancelBot(w *world) {
	person, system := reply(at(mari), "person", "person"), reply(at(mari), "system", "system")
	person.Author, system.Author = channels.Person, channels.System
	c := w.opens(at(mari))
	w.queue(reply(at(mari), "claimed", "claimed"), reply(at(mari), "bot", "bot"), person, system, reply(at(jaan), "other", "other"))
	items := w.claim(alt.Outbox, 10)
	require.ElementsMatch(w, []string{"claimed", "other"}, texts(items))
	for _, it := range items {
		if text(it) == "other" {
			w.release(it, w.now().Add(time.Hour), channels.ErrUnavailable)
		}
	}
	w.commit(alt.Item{}, alt.Changes{CancelBot: at(mari), Send: []channels.Outbound{reply(at(mari), "new", "a person takes over")}})
	for id, want := range map[channels.MessageID]channels.Status{
		"claimed": channels.Queued, "bot": channels.Canceled, "person": channels.Queued, "system": channels.Canceled, "new": channels.Queued, "other": channels.Queued,
	} {
		w.status(id, want)
	}
	require.Equal(w, "canceled", w.message("bot").State)
	w.depth(0, 0, 4, 0)
	for _, it := range items {
		if text(it) == "claimed" {
			w.sent(it, "p1")
		}
	}
	for _, want := range []string{"person", "a person takes over"} {
		it := w.one(alt.Outbox)
		require.Equal(w, want, text(it))
		w.sent(it, channels.ProviderID(want))
	}
	require.Len(w, w.transcript(c.ID), 5, "what was taken back stays in the transcript")

	w.commit(alt.Item{}, alt.Changes{CancelBot: at(jaan)})
	w.status("other", channels.Canceled)
	w.wait(2 * time.Hour)
	w.none(alt.Outbox)
	w.queue(reply(at(jaan), "other", "other"))
	w.none(alt.Outbox) // the id is still taken
}

func cancelBotElsewhere(w *world) {
	c := w.opens(at(mari))
	c, err := w.st.Conversation(w.Context(), ppa, c.ID)
	require.NoError(w, err)
	w.commit(alt.Item{}, alt.Changes{Conversation: c, Contact: &alt.Contact{Address: at(jaan)}, Send: []channels.Outbound{reply(at(jaan), "there", "there"), reply(at(mari), "here", "here")}})
	c, err = w.st.Conversation(w.Context(), ppa, c.ID)
	require.NoError(w, err)
	w.commit(alt.Item{}, alt.Changes{Conversation: c, CancelBot: at(jaan)})
	w.status("there", channels.Canceled)
	w.status("here", channels.Queued)
}

func everyContent(w *world) {
	all := []channels.Content{
		channels.Text{Body: "õäöü šž 🙂\nline\u2028two\x00"},
		channels.Media{As: channels.File, Blob: "b", Name: "n.pdf", Type: "application/pdf", Size: 7, SHA256: "aa", Caption: "c"},
		channels.Location{Latitude: 59.437, Longitude: 24.7536, Name: "Tallinn"},
		channels.ContactCard{Name: "n", Phones: []string{"1"}, Emails: []string{"a@b"}},
		channels.Choices{Body: "b", Options: []channels.Choice{{ID: "1", Title: "t", Description: "d", Section: "s"}}, Button: "x", Header: "h", Footer: "f"},
		channels.Chosen{ID: "1", Title: "t"},
		channels.Template{Name: "n", Language: "et", Body: []channels.Param{{Kind: channels.ParamCurrency, Text: "12 €", Currency: "EUR", Amount: 12340}}},
		channels.Reaction{To: "p", Emoji: "👍"},
		channels.Unsupported{Type: "order", Fallback: "f"},
	}
	for i, content := range all {
		o := reply(at(channels.Peer(fmt.Sprint(i))), fmt.Sprint("id", i), "")
		o.Content, o.Priority, o.NotAfter, o.Thread, o.Trace = content, channels.Urgent, noon().Add(time.Hour), "thread", "trace"
		w.queue(o)
		it := w.one(alt.Outbox)
		require.True(w, o.NotAfter.Equal(it.Outbound.NotAfter))
		o.NotAfter, it.Outbound.NotAfter = time.Time{}, time.Time{}
		require.Equal(w, o.Content, it.Outbound.Content)
		require.True(w, o.Content != nil && it.Event == nil)
		o.Content, it.Outbound.Content = nil, nil
		require.Equal(w, o, *it.Outbound)
		require.Equal(w, content, w.message(o.ID).Content)
		w.sent(it, channels.ProviderID(o.ID))
	}
}
