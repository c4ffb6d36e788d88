package storetest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

func (w *world) echo(peer channels.Peer, id channels.ProviderID, ref, said string) alt.Report {
	return alt.Report{Address: at(peer), ID: id, Ref: ref, Status: channels.Sent, At: w.now(), Echo: channels.Text{Body: said}}
}

// reconciling checks how the outcome of a message becomes known after all.
func reconciling() []check {
	return []check{
		{"a message of unknown outcome waits in Reconcile, not in the Outbox", func(w *world) {
			w.queue(reply(at(mari), "1", "1"))
			it := w.one(alt.Outbox)
			w.wait(time.Second)
			w.commit(it, alt.Changes{Unknown: true})
			w.status("1", channels.Unknown)
			w.none(alt.Outbox)
			w.depth(0, 0, 0, 1)
			got := w.one(alt.Reconcile)
			require.Equal(w, channels.MessageID("1"), got.Outbound.ID)
			require.Equal(w, 1, got.Attempt)
			require.True(w, got.Since.Equal(w.now()))
			w.sent(got, "p1")
			w.status("1", channels.Sent)
			w.depth(0, 0, 0, 0)
		}},
		{"a report proves a message of unknown outcome, by id or reference, whoever holds it", func(w *world) {
			w.lost(reply(at(mari), "1", "1"))
			w.lost(reply(at(mari), "2", "2"))
			items := w.claim(alt.Reconcile, 10)
			withBoth := w.byRef("1", channels.Delivered)
			withBoth.ID = "p1"
			w.reports(withBoth, w.byRef("2", channels.Unknown))
			w.status("1", channels.Delivered)
			w.status("2", channels.Sent)
			require.Equal(w, channels.ProviderID("p1"), w.message("1").Provider)
			w.depth(0, 0, 0, 0)
			for _, it := range items {
				w.refused(alt.ErrLeaseLost, it, alt.Changes{})
			}
			w.reports(w.report("p1", channels.Read))
			w.status("1", channels.Read)
		}},
		{"a reported failure of unknown outcome is a dead letter", func(w *world) {
			w.lost(reply(at(mari), "1", "1"))
			failed := w.byRef("1", channels.Failed)
			failed.Code = "rejected"
			w.reports(failed)
			m := w.message("1")
			require.Equal(w, []any{channels.Failed, "rejected", "dead"}, []any{m.Status, m.Code, m.State})
			w.none(alt.Reconcile)
			w.none(alt.Outbox)
		}},
		{"a report of delivery settles an uncertain letter", func(w *world) {
			w.uncertain(reply(at(mari), "1", "x"))
			letter := w.letter().ID
			w.reports(w.byRef("1", channels.Delivered))
			w.status("1", channels.Delivered)
			require.Empty(w, w.letters(alt.LetterQuery{}))
			require.ErrorIs(w, w.st.Settle(w.Context(), ppa, letter, alt.Retry, entry("x")), alt.ErrNotFound)
		}},
		{"a report of failure makes an uncertain letter a dead one", func(w *world) {
			w.uncertain(reply(at(mari), "1", "x"))
			failed := w.byRef("1", channels.Failed)
			failed.Code = "rejected"
			w.reports(failed)
			l := w.letter()
			require.Equal(w, []any{alt.Dead, "rejected", 1}, []any{l.State, l.Code, l.Attempts})
			w.status("1", channels.Failed)
			require.ErrorIs(w, w.st.Settle(w.Context(), ppa, l.ID, alt.Confirm, entry("x")), alt.ErrInput)
		}},
		{"a report proves a message that waits for a retry: it is not sent again", func(w *world) {
			w.queue(reply(at(mari), "1", "1"), reply(at(mari), "2", "2"))
			w.release(w.one(alt.Outbox), w.now().Add(time.Minute), channels.ErrUnavailable)
			w.reports(w.byRef("1", channels.Delivered))
			w.status("1", channels.Delivered)
			require.Equal(w, "2", text(w.one(alt.Outbox)))
			w.depth(0, 0, 1, 0)
		}},
		{"a report settles a dead letter about a message that did arrive", func(w *world) {
			w.deadOut(reply(at(mari), "1", "1"))
			w.reports(w.byRef("1", channels.Delivered))
			w.status("1", channels.Delivered)
			require.Empty(w, w.letters(alt.LetterQuery{}))
		}},
		{"a report may overtake the receipt by our reference", func(w *world) {
			w.queue(reply(at(mari), "1", "1"), reply(at(jaan), "2", "2"))
			items := w.claim(alt.Outbox, 2)
			w.reports(w.byRef("1", channels.Delivered), w.byRef("2", channels.Delivered))
			w.sent(items[0], "p1")
			w.status("1", channels.Delivered)
			w.wait(lease) // the second receipt never comes, and is not needed
			w.none(alt.Outbox)
			w.none(alt.Reconcile)
			w.status("2", channels.Delivered)
			w.depth(0, 0, 0, 0)
		}},
		{"an echo finds its message by id, reference or equal content", func(w *world) {
			w.send(reply(at(mari), "1", "one"), "p1")
			w.lost(reply(at(mari), "2", "two"))
			w.lost(reply(at(mari), "3", "three"))
			w.reports(w.echo(mari, "p1", "", "whatever"), w.echo(mari, "p2", "2", "whatever"), w.echo(mari, "p3", "", "three"))
			for id, provider := range map[channels.MessageID]channels.ProviderID{"1": "p1", "2": "p2", "3": "p3"} {
				w.status(id, channels.Sent)
				require.Equal(w, provider, w.message(id).Provider)
			}
			w.depth(0, 0, 0, 0)
			w.reports(w.report("p3", channels.Read))
			w.status("3", channels.Read)
		}},
		{"an echo that could be several messages, or none, is refused and changes nothing", func(w *world) {
			w.lost(reply(at(mari), "1", "same"))
			w.lost(reply(at(mari), "2", "same"))
			w.lost(reply(at(jaan), "3", "his"))
			w.queue(reply(at(mari), "waits", "waiting"))
			w.unchanged(func() {
				for _, r := range []alt.Report{
					w.echo(mari, "p", "", "same"), w.echo(mari, "p", "", "his"), w.echo(mari, "p", "", "waiting"), w.echo(mari, "p", "none", "other"),
				} {
					w.refused(alt.ErrNotFound, alt.Item{}, alt.Changes{Reports: []alt.Report{r}, Log: []alt.LogEntry{entry("echo")}})
				}
			})
			w.reports(w.echo(mari, "p1", "1", "same"))
			w.reports(w.echo(mari, "p2", "", "same")) // only one is left
			w.status("2", channels.Sent)
		}},
		{"a message is not found as another message of ours", func(w *world) {
			w.send(reply(at(mari), "1", "same"), "p1")
			w.lost(reply(at(mari), "2", "same"))
			it := w.one(alt.Reconcile)
			w.unchanged(func() {
				w.refused(alt.ErrIDReused, it, alt.Changes{Receipt: &channels.Receipt{ID: "p1", At: w.now()}})
			})
			w.release(it, time.Time{}, channels.ErrUnavailable)
			require.Equal(w, alt.Uncertain, w.letter().State)
			w.status("2", channels.Unknown)
			w.reports(w.report("p1", channels.Read))
			w.status("1", channels.Read)
		}},
		{"a message is found under an id of its own, also one that another line gave", func(w *world) {
			other := at(mari)
			other.Channel = sms
			w.send(reply(other, "1", "same"), "p1")
			w.lost(reply(at(mari), "2", "same"))
			w.sent(w.one(alt.Reconcile), "p1")
			w.status("2", channels.Sent)
		}},
		{"a reconciler that gives up makes an uncertain letter", func(w *world) {
			w.uncertain(reply(at(mari), "1", "1"))
			l := w.letter()
			require.Equal(w, []any{alt.Uncertain, alt.Outbox, "unavailable"}, []any{l.State, l.Work, l.Code})
			require.Equal(w, channels.MessageID("1"), l.Outbound.ID)
			m := w.message("1")
			require.Equal(w, []any{channels.Unknown, "uncertain"}, []any{m.Status, m.State})
			w.none(alt.Reconcile)
			w.depth(0, 0, 0, 0)
		}},
	}
}

// uncertain makes a letter of a message that nobody could find.
func (w *world) uncertain(o channels.Outbound) {
	w.Helper()
	w.lost(o)
	w.release(w.one(alt.Reconcile), time.Time{}, channels.ErrUnavailable)
}
