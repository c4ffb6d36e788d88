package storetest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// deadIn and deadOut make letters.
func (w *world) deadIn(a channels.Address, said string) {
	w.Helper()
	w.says(a, said)
	w.release(w.one(alt.Inbox), time.Time{}, channels.ErrMalformed)
}

func (w *world) deadOut(o channels.Outbound) {
	w.Helper()
	w.queue(o)
	w.release(w.one(alt.Outbox), time.Time{}, channels.ErrUnreachable)
}

func settling() []check {
	return []check{
		{"a letter holds the whole event, why and when", func(w *world) {
			w.says(at(mari), "tere")
			w.release(w.one(alt.Inbox), w.now(), channels.ErrUnavailable)
			w.wait(time.Hour)
			w.release(w.one(alt.Inbox), time.Time{}, fmt.Errorf("secret detail: %w", channels.ErrRejected))
			l := w.letter()
			require.Equal(w, []any{alt.Dead, alt.Inbox, at(mari), "rejected", 2}, []any{l.State, l.Work, l.Address, l.Code, l.Attempts})
			require.Equal(w, "tere", textOf(l.Event.(*channels.Received).Content))
			require.Nil(w, l.Outbound)
			require.True(w, l.Accepted.Equal(noon()) && l.At.Equal(w.now()))
			require.NotContains(w, w.snapshot(), "secret detail", "only the code of a cause is kept")
			w.depth(0, 0, 0, 0)
		}},
		{"a letter holds the whole message and its conversation", func(w *world) {
			c := w.opens(at(mari))
			w.queue(reply(at(mari), "1", "tere"))
			w.release(w.one(alt.Outbox), w.now(), channels.ErrUnavailable)
			w.release(w.one(alt.Outbox), time.Time{}, channels.ErrOptedOut)
			l := w.letter()
			require.Equal(w, []any{alt.Dead, alt.Outbox, "opted_out", 2, c.ID}, []any{l.State, l.Work, l.Code, l.Attempts, l.Conversation})
			require.Equal(w, "tere", textOf(l.Outbound.Content))
			require.Nil(w, l.Event)
			m := w.message("1")
			require.Equal(w, []any{channels.Queued, "dead", "opted_out", 2}, []any{m.Status, m.State, m.Code, m.Attempts})
		}},
		{"an error of no class has the code internal", func(w *world) {
			w.says(at(mari), "tere")
			w.release(w.one(alt.Inbox), time.Time{}, alt.ErrHeld)
			require.Equal(w, "internal", w.letter().Code)
		}},
		{"a letter about an event is retried behind what waits in its lane", func(w *world) {
			w.deadIn(at(mari), "1")
			w.says(at(mari), "2")
			w.wait(time.Hour)
			w.settle(w.letter().ID, alt.Retry)
			require.Empty(w, w.letters(alt.LetterQuery{}))
			w.says(at(mari), "3")
			w.restart()
			for _, want := range []string{"2", "1", "3"} {
				it := w.one(alt.Inbox)
				require.Equal(w, want, text(it))
				require.Equal(w, 1, it.Attempt, "attempts start again")
				if want == "1" {
					require.True(w, it.Accepted.Equal(w.now()), "it counts as accepted now")
				}
				w.commit(it, alt.Changes{})
			}
		}},
		{"a letter about a message is retried under the same id", func(w *world) {
			w.deadOut(reply(at(mari), "1", "1"))
			w.queue(reply(at(mari), "2", "2"))
			w.settle(w.letter().ID, alt.Retry)
			m := w.message("1")
			require.Equal(w, []any{channels.Queued, "ready", ""}, []any{m.Status, m.State, m.Code})
			for _, want := range []string{"2", "1"} {
				it := w.one(alt.Outbox)
				require.Equal(w, channels.MessageID(want), it.Outbound.ID)
				w.sent(it, channels.ProviderID("p"+want))
			}
			w.status("1", channels.Sent)
		}},
		{"an uncertain message is sent again when a person says so", func(w *world) {
			w.uncertain(reply(at(mari), "1", "1"))
			w.settle(w.letter().ID, alt.Retry)
			w.status("1", channels.Queued)
			it := w.one(alt.Outbox)
			require.Equal(w, channels.MessageID("1"), it.Outbound.ID)
			w.commit(it, alt.Changes{Unknown: true})
			w.status("1", channels.Unknown)
		}},
		{"a dropped message has failed, a dropped event is gone", func(w *world) {
			w.deadIn(at(mari), "1")
			w.deadOut(reply(at(mari), "1", "1"))
			w.uncertain(reply(at(mari), "2", "2"))
			for _, l := range w.letters(alt.LetterQuery{}) {
				w.settle(l.ID, alt.Drop)
			}
			require.Empty(w, w.letters(alt.LetterQuery{}))
			for _, id := range []channels.MessageID{"1", "2"} {
				m := w.message(id)
				require.Equal(w, []any{channels.Failed, "done"}, []any{m.Status, m.State})
			}
			w.depth(0, 0, 0, 0)
			require.Zero(w, w.accept(received(at(mari), "key-1", "1")), "its key stays known")
		}},
		{"the file of a dropped event goes with it", func(w *world) {
			blob, other := w.pictured(at(mari), "1", false), w.blob(ppa, "another")
			w.settle(w.letter().ID, alt.Drop)
			_, err := w.readBlob(ppa, blob)
			require.ErrorIs(w, err, alt.ErrNotFound)
			_, err = w.readBlob(ppa, other.ID)
			require.NoError(w, err)
		}},
		{"only an uncertain message can be confirmed", func(w *world) {
			w.uncertain(reply(at(mari), "1", "1"))
			w.settle(w.letter().ID, alt.Confirm)
			m := w.message("1")
			require.Equal(w, []any{channels.Sent, "done"}, []any{m.Status, m.State})
			w.none(alt.Outbox)
			w.deadIn(at(mari), "x")
			w.deadOut(reply(at(mari), "2", "2"))
			for _, l := range w.letters(alt.LetterQuery{}) {
				w.unchanged(func() {
					require.ErrorIs(w, w.st.Settle(w.Context(), ppa, l.ID, alt.Confirm, entry("x")), alt.ErrInput)
					require.ErrorIs(w, w.st.Settle(w.Context(), ppa, l.ID, "burn", entry("x")), alt.ErrInput)
				})
			}
		}},
		{"a verdict is logged, once", func(w *world) {
			w.deadIn(at(mari), "1")
			id := w.letter().ID
			w.settle(id, alt.Drop)
			for _, gone := range []int64{id, id + 1000} {
				require.ErrorIs(w, w.st.Settle(w.Context(), ppa, gone, alt.Drop, entry("again")), alt.ErrNotFound)
			}
			require.Equal(w, []string{"letter.drop"}, w.acts(alt.LogQuery{}))
		}},
		{"a claimed item is no letter to settle", func(w *world) {
			w.says(at(mari), "1")
			it := w.one(alt.Inbox)
			require.ErrorIs(w, w.st.Settle(w.Context(), ppa, it.ID, alt.Drop, entry("x")), alt.ErrNotFound)
			w.commit(it, alt.Changes{})
		}},
		{"letters are paged oldest first, without gaps, while others are added", func(w *world) {
			var items []alt.Item
			for i := range 6 {
				w.says(at(channels.Peer(fmt.Sprint(i))), fmt.Sprint(i))
				items = append(items, w.one(alt.Inbox))
			}
			for _, i := range []int{3, 2, 4, 1} {
				w.release(items[i], time.Time{}, nil)
			}
			var got []string
			q := alt.LetterQuery{Agency: ppa, Limit: 3}
			for _, more := range []int{0, 5, -1} {
				page, next, err := w.st.Letters(w.Context(), q)
				require.NoError(w, err)
				for _, l := range page {
					got = append(got, textOf(l.Event.(*channels.Received).Content))
				}
				if more >= 0 {
					w.release(items[more], time.Time{}, nil) // of an older event, in the same instant
				}
				if q.Cursor = next; next == "" {
					break
				}
			}
			require.Equal(w, []string{"3", "2", "4", "1", "0", "5"}[:len(got)], got)
			require.GreaterOrEqual(w, len(got), 5)
		}},
		{"letters are narrowed by state and line", func(w *world) {
			w.deadOut(reply(at(mari), "1", "1"))
			w.uncertain(reply(at(mari), "2", "2"))
			a := at(mari)
			a.Channel = sms
			w.deadOut(reply(a, "3", "3"))
			ids := func(q alt.LetterQuery) (got []channels.MessageID) {
				for _, l := range w.letters(q) {
					got = append(got, l.Outbound.ID)
				}
				return got
			}
			require.Equal(w, []channels.MessageID{"1", "3"}, ids(alt.LetterQuery{State: alt.Dead}))
			require.Equal(w, []channels.MessageID{"2"}, ids(alt.LetterQuery{State: alt.Uncertain}))
			require.Equal(w, []channels.MessageID{"3"}, ids(alt.LetterQuery{Line: sms}))
			require.Equal(w, []channels.MessageID{"1", "2", "3"}, ids(alt.LetterQuery{}))
		}},
		{"letters survive a crash", func(w *world) {
			w.deadIn(at(mari), "1")
			w.uncertain(reply(at(mari), "2", "2"))
			before := w.snapshot()
			w.crash()
			require.Equal(w, before, w.snapshot())
			w.none(alt.Inbox)
			w.none(alt.Reconcile)
			for _, l := range w.letters(alt.LetterQuery{}) {
				w.settle(l.ID, alt.Retry)
			}
			w.one(alt.Inbox)
			w.one(alt.Outbox)
		}},
	}
}
