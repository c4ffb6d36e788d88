package storetest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

func leasing() []check {
	return []check{
		{"an Inbox item whose lease ran out is handed out again, counted on", func(w *world) {
			w.says(at(mari), "1")
			w.says(at(mari), "2")
			w.one(alt.Inbox)
			w.wait(lease - time.Millisecond)
			w.none(alt.Inbox)
			w.wait(time.Millisecond)
			it := w.one(alt.Inbox)
			require.Equal(w, "1", text(it))
			require.Equal(w, 2, it.Attempt)
		}},
		{"a message whose lease ran out has an unknown outcome and is not sent again", func(w *world) {
			w.queue(reply(at(mari), "1", "1"), reply(at(mari), "2", "2"))
			w.one(alt.Outbox)
			w.wait(lease)
			require.Equal(w, "2", text(w.one(alt.Outbox)))
			it := w.one(alt.Reconcile)
			require.Equal(w, alt.Reconcile, it.Work)
			require.Equal(w, "1", text(it))
			require.Equal(w, 1, it.Attempt)
			require.True(w, it.Since.Equal(w.now()), "Since is when it became unknown")
			w.status("1", channels.Unknown)
		}},
		{"a message whose lease ran out can be reconciled at once, without a claim of the Outbox", func(w *world) {
			w.queue(reply(at(mari), "1", "1"))
			w.one(alt.Outbox)
			w.wait(lease)
			require.Equal(w, "1", text(w.one(alt.Reconcile)))
			w.none(alt.Outbox)
		}},
		{"a Media or Reconcile item whose lease ran out is handed out again", func(w *world) {
			w.accept(photo(at(jaan), "p"))
			w.lost(reply(at(mari), "1", "1"))
			w.one(alt.Media)
			since := w.one(alt.Reconcile).Since
			w.wait(lease)
			require.Equal(w, 2, w.one(alt.Media).Attempt)
			it := w.one(alt.Reconcile)
			require.Equal(w, 2, it.Attempt)
			require.True(w, it.Since.Equal(since))
		}},
		{"after a crash an Inbox item is handed out again and a message is not", func(w *world) {
			w.says(at(mari), "in 1")
			w.says(at(mari), "in 2")
			w.says(at(jaan), "in 3")
			w.queue(reply(at(mari), "1", "out 1"), reply(at(mari), "2", "out 2"), reply(at(jaan), "3", "out 3"))
			w.claim(alt.Inbox, 1)
			w.claim(alt.Outbox, 1)
			w.crash()
			items := w.claim(alt.Inbox, 10)
			require.ElementsMatch(w, []string{"in 1", "in 3"}, texts(items))
			for _, it := range items {
				require.Equal(w, map[string]int{"in 1": 2, "in 3": 1}[text(it)], it.Attempt)
			}
			require.ElementsMatch(w, []string{"out 2", "out 3"}, texts(w.claim(alt.Outbox, 10)))
			require.Equal(w, "out 1", text(w.one(alt.Reconcile)))
			w.status("1", channels.Unknown)
			w.depth(3, 0, 2, 1)
		}},
		{"order and waits survive a crash", func(w *world) {
			w.says(at(mari), "1")
			w.says(at(mari), "2")
			w.queue(reply(at(mari), "3", "3"), reply(at(mari), "4", "4"))
			w.release(w.one(alt.Inbox), w.now().Add(time.Hour), channels.ErrUnavailable)
			w.release(w.one(alt.Outbox), w.now().Add(time.Hour), channels.ErrUnavailable)
			w.crash()
			w.none(alt.Inbox)
			w.none(alt.Outbox)
			w.wait(time.Hour)
			in, out := w.one(alt.Inbox), w.one(alt.Outbox)
			require.Equal(w, []string{"1", "3"}, texts([]alt.Item{in, out}))
			require.Equal(w, []int{2, 2}, []int{in.Attempt, out.Attempt})
		}},
		{"the time since an outcome is unknown survives a crash", func(w *world) {
			w.lost(reply(at(mari), "1", "1"))
			w.wait(time.Hour)
			w.crash()
			require.True(w, w.one(alt.Reconcile).Since.Equal(noon()))
		}},
		{"an old token changes nothing", func(w *world) {
			w.says(at(mari), "tere")
			old := w.one(alt.Inbox)
			w.wait(lease)
			latest := w.one(alt.Inbox)
			w.unchanged(func() {
				c := everything(at(mari))
				w.refused(alt.ErrLeaseLost, old, c)
				require.Zero(w, c.Session.Version+c.Contact.Version+c.Conversation.Version)
				require.ErrorIs(w, w.st.Release(w.Context(), old, w.now(), nil), alt.ErrLeaseLost)
				require.ErrorIs(w, w.st.Release(w.Context(), old, time.Time{}, nil), alt.ErrLeaseLost)
			})
			w.commit(latest, everything(at(mari)))
		}},
		{"a token is spent with its Commit or Release", func(w *world) {
			for name, spend := range map[string]func(it alt.Item){
				"commit":  func(it alt.Item) { w.commit(it, alt.Changes{}) },
				"retry":   func(it alt.Item) { w.release(it, w.now().Add(time.Hour), nil) },
				"dead":    func(it alt.Item) { w.release(it, time.Time{}, nil) },
				"unknown": func(it alt.Item) { w.commit(it, alt.Changes{Unknown: true}) },
			} {
				w.queue(reply(at(channels.Peer(name)), name, name))
				it := w.one(alt.Outbox)
				spend(it)
				w.unchanged(func() {
					w.refused(alt.ErrLeaseLost, it, alt.Changes{Log: []alt.LogEntry{entry("again")}})
					require.ErrorIs(w, w.st.Release(w.Context(), it, w.now(), nil), alt.ErrLeaseLost, name)
				})
			}
		}},
		{"an item that never was is a lost lease", func(w *world) {
			w.says(at(mari), "tere")
			it := w.one(alt.Inbox)
			guess, strange := it, it
			guess.Token++
			strange.ID += 1000
			for _, bad := range []alt.Item{guess, strange} {
				w.refused(alt.ErrLeaseLost, bad, alt.Changes{})
				require.ErrorIs(w, w.st.Release(w.Context(), bad, w.now(), nil), alt.ErrLeaseLost)
			}
			w.commit(it, alt.Changes{})
		}},
		{"a late receipt is taken from who sent, until somebody else asks", func(w *world) {
			w.queue(reply(at(mari), "1", "1"), reply(at(jaan), "2", "2"))
			items := w.claim(alt.Outbox, 2)
			w.wait(lease)
			w.none(alt.Outbox)
			w.depth(0, 0, 0, 2)
			w.sent(items[0], "p1")
			w.status("1", channels.Sent)
			w.one(alt.Reconcile)
			w.refused(alt.ErrLeaseLost, items[1], alt.Changes{Receipt: &channels.Receipt{ID: "p2"}})
			w.status("2", channels.Unknown)
		}},
	}
}
