package storetest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// failed is a provider's late word that a message did not arrive.
func (w *world) failed(id channels.ProviderID, code string) alt.Report {
	r := w.report(id, channels.Failed)
	r.Code = code
	return r
}

// inParts are the parts of one message.
func inParts(a channels.Address, id string, texts ...string) []channels.Outbound {
	parts := make([]channels.Outbound, len(texts))
	for i, t := range texts {
		parts[i] = reply(a, id, t)
		parts[i].Part, parts[i].Parts = i, len(texts)
	}
	return parts
}

// gone returns what letters say: the text and the code of each.
func (w *world) gone() []string {
	w.Helper()
	got := []string{}
	for _, l := range w.letters(alt.LetterQuery{}) {
		got = append(got, textOf(l.Outbound.Content)+" "+string(l.State)+" "+l.Code)
	}
	return got
}

// goesOut sends what waits, one after another, and returns the texts.
func (w *world) goesOut() []string {
	w.Helper()
	got := []string{}
	for {
		items := w.claim(alt.Outbox, 1)
		if len(items) == 0 {
			return got
		}
		got = append(got, text(items[0]))
		w.sent(items[0], channels.ProviderID("p-"+text(items[0])))
	}
}

func givingUp() []check {
	return []check{
		{"a message that the provider gives up after it took it is a dead letter", func(w *world) {
			c := w.opens(at(mari))
			w.send(reply(at(mari), "1", "one"), "p1")
			before := w.dossier(at(mari)).Conversation.Position
			w.wait(time.Minute)
			w.reports(w.failed("p1", "window_closed"), w.failed("p1", "rejected"))
			l := w.letter()
			require.Equal(w, []any{alt.Dead, alt.Outbox, at(mari), "window_closed", 1, c.ID}, []any{l.State, l.Work, l.Address, l.Code, l.Attempts, l.Conversation})
			require.True(w, l.At.Equal(w.now()))
			m := w.message("1")
			require.Equal(w, []any{channels.Failed, "window_closed", "dead"}, []any{m.Status, m.Code, m.State})
			require.Greater(w, w.dossier(at(mari)).Conversation.Position, before)
			w.restart()
			require.Equal(w, []string{"one dead window_closed"}, w.gone())
			w.reports(w.report("p1", channels.Delivered))
			require.Empty(w, w.gone(), "it did arrive")
			w.status("1", channels.Delivered)
		}},
		{"a failure after evidence of delivery says nothing", func(w *world) {
			w.send(reply(at(mari), "1", "one"), "p1")
			w.reports(w.report("p1", channels.Delivered), w.failed("p1", "rejected"))
			w.status("1", channels.Delivered)
			require.Empty(w, w.gone())
		}},
		{"a failure that overtakes the receipt is a letter after it", func(w *world) {
			w.queue(reply(at(mari), "1", "one"), reply(at(jaan), "2", "two"))
			items := w.claim(alt.Outbox, 2)
			byRef := w.byRef("2", channels.Failed)
			byRef.Code = "unreachable"
			w.reports(w.failed("p1", "rejected"), byRef)
			require.Empty(w, w.gone(), "who sends it may not be disturbed")
			w.sent(items[0], "p1")
			w.sent(items[1], "p2")
			require.Equal(w, []string{"one dead rejected", "two dead unreachable"}, w.gone())
			require.Equal(w, "unreachable", w.message("2").Code)
			w.depth(0, 0, 0, 0)
		}},
		{"a failure that overtakes an unknown outcome is a letter after it", func(w *world) {
			w.queue(reply(at(mari), "1", "one"))
			it := w.one(alt.Outbox)
			byRef := w.byRef("1", channels.Failed)
			byRef.Code = "rejected"
			w.reports(byRef)
			w.commit(it, alt.Changes{Unknown: true})
			require.Equal(w, []string{"one dead rejected"}, w.gone())
			w.none(alt.Reconcile)
		}},
		{"a failure of another application's message is nobody's letter", func(w *world) {
			w.opens(at(mari))
			w.accept(&channels.Echoed{EventMeta: meta(at(mari), "echo"), ID: "p1", Content: channels.Text{Body: "theirs"}})
			w.commit(w.one(alt.Inbox), alt.Changes{Record: true})
			w.reports(w.failed("p1", "rejected"))
			require.Empty(w, w.gone())
		}},
		{"a failed message that is retried is another message to the provider", func(w *world) {
			w.send(reply(at(mari), "1", "one"), "p1")
			w.reports(w.failed("p1", "unreachable"))
			w.settle(w.letter().ID, alt.Retry)
			w.reports(w.report("p1", channels.Sent), w.failed("p1", "unreachable"))
			w.status("1", channels.Queued)
			w.sent(w.one(alt.Outbox), "p2")
			m := w.message("1")
			require.Equal(w, []any{channels.Sent, channels.ProviderID("p2"), "done"}, []any{m.Status, m.Provider, m.State})
			w.reports(w.report("p2", channels.Read))
			w.status("1", channels.Read)
			require.Empty(w, w.gone())
		}},
		{"a failed message that is dropped stays failed", func(w *world) {
			w.send(reply(at(mari), "1", "one"), "p1")
			w.reports(w.failed("p1", "unreachable"))
			w.settle(w.letter().ID, alt.Drop)
			m := w.message("1")
			require.Equal(w, []any{channels.Failed, "unreachable", "done"}, []any{m.Status, m.Code, m.State})
		}},
		{"behind a dead part the later parts are letters, and other messages go on", func(w *world) {
			w.opens(at(mari))
			w.queue(append(inParts(at(mari), "1", "a", "b", "c", "d"), reply(at(mari), "2", "next"))...)
			w.sent(w.one(alt.Outbox), "pa")
			w.release(w.one(alt.Outbox), time.Time{}, channels.ErrRejected)
			require.Equal(w, []string{"b dead rejected", "c dead part_before", "d dead part_before"}, w.gone())
			parts, err := w.st.Message(w.Context(), ppa, "1")
			require.NoError(w, err)
			require.Equal(w, []any{channels.Queued, "dead", alt.PartBefore}, []any{parts[3].Status, parts[3].State, parts[3].Code})
			w.restart()
			require.Equal(w, []string{"next"}, w.goesOut())
			require.Len(w, w.gone(), 3)
		}},
		{"behind a part that the provider gives up late nothing more goes out", func(w *world) {
			w.queue(inParts(at(mari), "1", "a", "b")...)
			w.sent(w.one(alt.Outbox), "pa")
			w.reports(w.failed("pa", "rejected"))
			require.Equal(w, []string{"a dead rejected", "b dead part_before"}, w.gone())
			require.Empty(w, w.goesOut())
		}},
		{"a part that is being sent when one before it fails is left to its sender", func(w *world) {
			w.queue(inParts(at(mari), "1", "a", "b", "c")...)
			w.sent(w.one(alt.Outbox), "pa")
			it := w.one(alt.Outbox)
			w.reports(w.failed("pa", "rejected"))
			require.Equal(w, []string{"a dead rejected", "c dead part_before"}, w.gone())
			w.sent(it, "pb")
			parts, err := w.st.Message(w.Context(), ppa, "1")
			require.NoError(w, err)
			require.Equal(w, channels.Sent, parts[1].Status)
		}},
		{"behind a part that waits, or of unknown outcome, the later parts stay as they are", func(w *world) {
			w.queue(append(inParts(at(mari), "1", "a", "b"), inParts(at(jaan), "2", "c", "d")...)...)
			items := w.claim(alt.Outbox, 2)
			w.release(items[0], w.now().Add(time.Minute), channels.ErrUnavailable)
			w.commit(items[1], alt.Changes{Unknown: true})
			require.Equal(w, []string{"d"}, w.goesOut())
			w.release(w.one(alt.Reconcile), time.Time{}, channels.ErrUnavailable)
			require.Equal(w, []string{"c uncertain unavailable"}, w.gone())
			w.wait(time.Minute)
			require.Equal(w, []string{"a", "b"}, w.goesOut())
		}},
		{"a part that is retried takes the parts behind it with it, in their order", func(w *world) {
			w.queue(inParts(at(mari), "1", "a", "b", "c")...)
			w.release(w.one(alt.Outbox), time.Time{}, channels.ErrRejected)
			w.queue(reply(at(mari), "2", "next"))
			w.settle(w.letters(alt.LetterQuery{})[0].ID, alt.Retry)
			require.Empty(w, w.gone())
			w.restart()
			require.Equal(w, []string{"next", "a", "b", "c"}, w.goesOut())
		}},
		{"a part that is dropped takes the parts behind it with it", func(w *world) {
			w.queue(inParts(at(mari), "1", "a", "b", "c")...)
			w.release(w.one(alt.Outbox), time.Time{}, channels.ErrRejected)
			letters := w.letters(alt.LetterQuery{})
			w.settle(letters[2].ID, alt.Drop)
			require.Equal(w, []string{"a dead rejected", "b dead part_before"}, w.gone(), "not those before it")
			w.settle(letters[0].ID, alt.Drop)
			require.Empty(w, w.gone())
			parts, err := w.st.Message(w.Context(), ppa, "1")
			require.NoError(w, err)
			for _, p := range parts {
				require.Equal(w, []any{channels.Failed, "done"}, []any{p.Status, p.State})
			}
			w.depth(0, 0, 0, 0)
		}},
	}
}
