package storetest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// list reads all pages of conversations and returns their names.
func (w *world) list(q alt.ConversationQuery) []string {
	w.Helper()
	if q.Agency == "" {
		q.Agency = ppa
	}
	names := []string{}
	for {
		page, next, err := w.st.Conversations(w.Context(), q)
		require.NoError(w, err)
		if q.Limit > 0 {
			require.LessOrEqual(w, len(page), q.Limit)
		}
		for _, c := range page {
			names = append(names, c.Name)
		}
		if next == "" {
			return names
		}
		require.NotEqual(w, q.Cursor, next)
		q.Cursor = next
	}
}

// named opens a conversation under a name.
func (w *world) named(name string, change func(c *alt.Conversation)) *alt.Conversation {
	w.Helper()
	c := conversation(at(channels.Peer(name)), w.now())
	c.Name = name
	if change != nil {
		change(c)
	}
	w.commit(alt.Item{}, alt.Changes{Conversation: c})
	return c
}

func listing() []check {
	return []check{
		{"conversations come whole, the most recently changed first", func(w *world) {
			full := w.named("a", func(c *alt.Conversation) {
				c.Holder = alt.Holder{Kind: alt.HeldByDesk, Name: "desk", By: "s7"}
				c.Waiting, c.Unread, c.Restricted, c.Language, c.Thread, c.LastOut = w.now(), 3, true, "et", "t", w.now()
			})
			w.named("b", nil)
			w.named("c", nil)
			require.Equal(w, []string{"c", "b", "a"}, w.list(alt.ConversationQuery{}))
			full.Unread = 4
			w.commit(alt.Item{}, alt.Changes{Conversation: full})
			require.Equal(w, []string{"a", "c", "b"}, w.list(alt.ConversationQuery{}))
			got, err := w.st.Conversation(w.Context(), ppa, full.ID)
			require.NoError(w, err)
			for _, p := range [][2]*time.Time{{&full.Opened, &got.Opened}, {&full.Waiting, &got.Waiting}, {&full.LastIn, &got.LastIn}, {&full.LastOut, &got.LastOut}} {
				require.True(w, p[0].Equal(*p[1]))
				*p[0] = *p[1]
			}
			require.NotZero(w, got.Position)
			full.Position = got.Position
			require.Equal(w, *full, *got)
		}},
		{"a message changes its conversation's position, whatever happens to it", func(w *world) {
			c := w.opens(at(mari))
			last := c.Position
			moved := func(what string) {
				w.Helper()
				got, err := w.st.Conversation(w.Context(), ppa, c.ID)
				require.NoError(w, err)
				require.Greater(w, got.Position, last, what)
				last = got.Position
			}
			w.record(at(mari), "p-in", "in")
			moved("recorded")
			w.queue(reply(at(mari), "1", "1"))
			moved("queued")
			w.sent(w.one(alt.Outbox), "p1")
			moved("sent")
			w.reports(w.report("p1", channels.Delivered))
			moved("reported")
			w.reports(alt.Report{Address: at(mari), Until: w.now(), Status: channels.Read, At: w.now()})
			moved("reported up to a time")
			w.redact(alt.Redaction{Address: at(mari), ID: "p-in", At: w.now()})
			moved("withdrawn")
			w.queue(reply(at(mari), "2", "2"))
			moved("queued")
			w.commit(alt.Item{}, alt.Changes{CancelBot: at(mari)})
			moved("canceled")
			w.lost(reply(at(mari), "3", "3"))
			moved("unknown")
			w.release(w.one(alt.Reconcile), time.Time{}, nil)
			moved("uncertain")
			w.settle(w.letter().ID, alt.Confirm)
			moved("settled")
			w.deadOut(reply(at(mari), "4", "4"))
			moved("dead")
		}},
		{"pages have no gaps and no doubles while conversations are added", func(w *world) {
			want := []string{}
			for i := range 7 {
				name := fmt.Sprint("old", i)
				w.named(name, nil)
				want = append([]string{name}, want...)
			}
			got := []string{}
			q := alt.ConversationQuery{Agency: ppa, Limit: 2}
			for {
				page, next, err := w.st.Conversations(w.Context(), q)
				require.NoError(w, err)
				for _, c := range page {
					got = append(got, c.Name)
				}
				if next == "" {
					break
				}
				q.Cursor = next
				w.named(fmt.Sprint("new", len(got)), nil)
			}
			require.Equal(w, want, got)
		}},
		{"lists are narrowed", narrowed},
		{"names and messages are searched without regard to case, as plain text", func(w *world) {
			w.named("Õnne Žürii", nil)
			w.named("b", nil)
			w.named("c", nil)
			w.record(at("b"), "p1", "Kus on minu PASS? 100% _kindel_ tšekk ŠÕÄÖÜ")
			w.commit(alt.Item{}, alt.Changes{Send: []channels.Outbound{reply(at("c"), "1", "Ваш паспорт ГОТОВ")}})
			for said, want := range map[string][]string{
				"õnne": {"Õnne Žürii"}, "ŽÜRII": {"Õnne Žürii"}, "pass?": {"b"}, "šõäöü": {"b"}, "100%": {"b"}, "1%": {}, "_kindel": {"b"}, "n_kindel": {},
				"паспорт готов": {"c"}, "missing": {}, "*": {}, "'": {}, "\"": {},
			} {
				require.ElementsMatch(w, want, w.list(alt.ConversationQuery{Text: said}), said)
			}
		}},
		{"a query without an agency or with a strange cursor is refused", func(w *world) {
			ctx := w.Context()
			for _, q := range []alt.ConversationQuery{{}, {Agency: ppa, Cursor: "not a cursor"}} {
				_, _, err := w.st.Conversations(ctx, q)
				require.ErrorIs(w, err, alt.ErrInput)
				_, _, err = w.st.Letters(ctx, alt.LetterQuery{Agency: q.Agency, Cursor: q.Cursor})
				require.ErrorIs(w, err, alt.ErrInput)
				_, _, err = w.st.Log(ctx, alt.LogQuery{Agency: q.Agency, Cursor: q.Cursor})
				require.ErrorIs(w, err, alt.ErrInput)
				_, _, err = w.st.Messages(ctx, alt.MessageQuery{Agency: q.Agency, Conversation: "x", Before: q.Cursor})
				require.ErrorIs(w, err, alt.ErrInput)
			}
		}},
		{"an unknown conversation is not found", func(w *world) {
			_, err := w.st.Conversation(w.Context(), ppa, "none")
			require.ErrorIs(w, err, alt.ErrNotFound)
			_, _, err = w.st.Messages(w.Context(), alt.MessageQuery{Agency: ppa, Conversation: "none"})
			require.ErrorIs(w, err, alt.ErrNotFound)
			for _, id := range []channels.MessageID{"none", "in-1", "in-x", "in-99999999999999999999"} {
				w.unknownMessage(id)
			}
		}},
		{"an unknown address has an empty dossier", func(w *world) {
			require.Equal(w, alt.Dossier{}, w.dossier(at(mari)))
		}},
	}
}

func narrowed(w *world) {
	w.named("a", func(c *alt.Conversation) { c.Address.Channel = sms })
	w.named("b", func(c *alt.Conversation) { c.State, c.Ended = alt.Ended, w.now() })
	w.named("c", func(c *alt.Conversation) { c.Holder = alt.Holder{Kind: alt.HeldByDesk, By: "s7"} })
	w.named("d", func(c *alt.Conversation) { c.Holder = alt.Holder{Kind: alt.HeldByDesk}; c.Waiting = w.now() })
	w.named("e", func(c *alt.Conversation) { c.Holder = alt.Holder{Kind: alt.HeldByBot, Name: "faq"} })
	w.named("f", func(c *alt.Conversation) {
		c.Opened, c.LastIn = w.now().Add(-3*time.Hour), w.now().Add(-2*time.Hour)
	})
	w.named("g", func(c *alt.Conversation) {
		c.Opened, c.LastIn, c.LastOut = w.now().Add(-3*time.Hour), w.now().Add(-2*time.Hour), w.now().Add(-time.Hour)
	})
	for name, c := range map[string]struct {
		q    alt.ConversationQuery
		want []string
	}{
		"line":           {alt.ConversationQuery{Line: sms}, []string{"a"}},
		"state":          {alt.ConversationQuery{State: alt.Ended}, []string{"b"}},
		"desk":           {alt.ConversationQuery{Holder: &alt.Holder{Kind: alt.HeldByDesk}}, []string{"c", "d"}},
		"one specialist": {alt.ConversationQuery{Holder: &alt.Holder{Kind: alt.HeldByDesk, By: "s7"}}, []string{"c"}},
		"nobody":         {alt.ConversationQuery{Holder: &alt.Holder{}}, []string{"a", "b", "f", "g"}},
		"waiting":        {alt.ConversationQuery{Waiting: true}, []string{"d"}},
		"from":           {alt.ConversationQuery{From: w.now().Add(-90 * time.Minute)}, []string{"a", "b", "c", "d", "e", "g"}},
		"to":             {alt.ConversationQuery{To: w.now().Add(-30 * time.Minute)}, []string{"f", "g"}},
		"from and to":    {alt.ConversationQuery{From: w.now().Add(-90 * time.Minute), To: w.now().Add(-30 * time.Minute)}, []string{"g"}},
		"all at once":    {alt.ConversationQuery{Line: page, State: alt.Open, Waiting: true, Text: "d", Limit: 1}, []string{"d"}},
		"in pages":       {alt.ConversationQuery{State: alt.Open, Limit: 2}, []string{"a", "c", "d", "e", "f", "g"}},
	} {
		require.ElementsMatch(w, c.want, w.list(c.q), name)
	}
}
