package storetest

import (
	"math/rand/v2"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// reports commits providers' words as the service does.
func (w *world) reports(rs ...alt.Report) {
	w.Helper()
	w.commit(alt.Item{}, alt.Changes{Reports: rs})
}

func (w *world) report(id channels.ProviderID, st channels.Status) alt.Report {
	return alt.Report{Address: at(""), ID: id, Status: st, At: w.now()}
}

func (w *world) byRef(ref string, st channels.Status) alt.Report {
	return alt.Report{Address: at(""), Ref: ref, Status: st, At: w.now()}
}

func reporting() []check {
	return []check{
		{"a receipt makes a message sent", func(w *world) {
			w.queue(reply(at(mari), "1", "1"), reply(at(jaan), "2", "2"))
			items := w.claim(alt.Outbox, 2)
			w.commit(items[0], alt.Changes{Receipt: &channels.Receipt{ID: "p1", At: noon().Add(time.Second)}})
			w.commit(items[1], alt.Changes{Receipt: &channels.Receipt{ID: "p2", Status: channels.Delivered, At: noon()}})
			m := w.message("1")
			require.Equal(w, channels.Sent, m.Status)
			require.Equal(w, channels.ProviderID("p1"), m.Provider)
			require.True(w, m.StatusAt.Equal(noon().Add(time.Second)))
			w.status("2", channels.Delivered)
			w.depth(0, 0, 0, 0)
		}},
		{"reports come by the provider's id or by our reference", func(w *world) {
			part := reply(at(mari), "1", "part two")
			part.Part, part.Parts = 1, 2
			w.send(part, "p1")
			w.reports(w.report("p1", channels.Delivered))
			w.status("1", channels.Delivered)
			w.wait(time.Minute)
			w.reports(w.byRef("1.1", channels.Read))
			w.status("1", channels.Read)
			require.True(w, w.message("1").StatusAt.Equal(w.now()))
		}},
		{"reports in any order and repeated come to the same end", shuffled},
		{"a failure keeps its code, and evidence of delivery beats it", func(w *world) {
			w.send(reply(at(mari), "1", "1"), "p1")
			failed := w.report("p1", channels.Failed)
			failed.Code = "window_closed"
			w.reports(failed)
			require.Equal(w, "window_closed", w.message("1").Code)
			w.status("1", channels.Failed)
			w.reports(w.report("p1", channels.Delivered))
			w.status("1", channels.Delivered)
			require.Empty(w, w.message("1").Code)
		}},
		{"a report on another line or of another agency is about another message", func(w *world) {
			w.send(reply(at(mari), "1", "1"), "p1")
			line, agency := w.report("p1", channels.Read), w.report("p1", channels.Read)
			line.Address.Channel, agency.Address.Agency = sms, rik
			ref, other := w.byRef("1", channels.Read), w.byRef("1", channels.Read)
			ref.Address.Channel, other.Address.Agency = sms, rik
			w.reports(line, agency, ref, other)
			w.status("1", channels.Sent)
		}},
		{"a report that comes before the receipt waits for it", func(w *world) {
			w.queue(reply(at(mari), "1", "1"), reply(at(jaan), "2", "2"))
			items := w.claim(alt.Outbox, 2)
			failed := w.report("p2", channels.Failed)
			failed.Code = "unreachable"
			w.reports(w.report("p1", channels.Read), w.report("p1", channels.Delivered), failed)
			w.status("1", channels.Queued)
			w.sent(items[0], "p1")
			w.sent(items[1], "p2")
			w.status("1", channels.Read)
			w.status("2", channels.Failed)
			require.Equal(w, "unreachable", w.message("2").Code)
		}},
		{"a parked report survives a crash", func(w *world) {
			w.reports(w.report("p1", channels.Delivered))
			w.crash()
			w.send(reply(at(mari), "1", "1"), "p1")
			w.status("1", channels.Delivered)
		}},
		{"a parked report is dropped after its term", func(w *world) {
			w.reports(w.report("p1", channels.Read))
			w.wait(alt.ParkFor - time.Minute)
			w.purge()
			w.send(reply(at(mari), "1", "1"), "p1")
			w.status("1", channels.Read)
			w.reports(w.report("p2", channels.Read))
			w.wait(alt.ParkFor + time.Minute)
			w.send(reply(at(mari), "2", "2"), "p2")
			w.status("2", channels.Sent)
		}},
		{"a report up to a time is about all that was sent to the person until then", func(w *world) {
			until := noon().Add(time.Minute)
			w.send(reply(at(mari), "early", "1"), "p1")
			w.send(reply(at(jaan), "other", "1"), "p2")
			w.lost(reply(at(mari), "lost", "1"))
			w.wait(time.Minute)
			w.send(reply(at(mari), "then", "1"), "p3")
			w.wait(time.Second)
			w.send(reply(at(mari), "later", "1"), "p4")
			w.queue(reply(at(mari), "queued", "1"))
			w.reports(alt.Report{Address: at(mari), Until: until, Status: channels.Read, At: w.now()})
			for id, want := range map[channels.MessageID]channels.Status{
				"early": channels.Read, "then": channels.Read, "later": channels.Sent, "other": channels.Sent, "lost": channels.Unknown, "queued": channels.Queued,
			} {
				w.status(id, want)
			}
		}},
		{"a report up to a time waits for the receipts of what was sent until then", func(w *world) {
			until := func(a channels.Address, t time.Time, st channels.Status) alt.Report {
				return alt.Report{Address: a, Until: t, Status: st, At: w.now()}
			}
			sentAt := func(it alt.Item, id channels.ProviderID, at time.Time) {
				w.commit(it, alt.Changes{Receipt: &channels.Receipt{ID: id, At: at}})
			}
			other := at(mari)
			other.Channel = sms
			w.lost(reply(at(mari), "lost", "lost"))
			w.queue(reply(at(mari), "1", "1"), reply(at(mari), "2", "2"), reply(at(mari), "3", "3"), reply(at(jaan), "his", "x"), reply(other, "other", "x"))
			read := noon().Add(10 * time.Second)
			w.reports(until(at(mari), read.Add(time.Second), channels.Delivered), until(at(mari), read, channels.Read), until(at(mari), noon().Add(-time.Hour), channels.Read))
			w.restart()
			w.purge()
			for _, it := range w.claim(alt.Outbox, 10) {
				sentAt(it, channels.ProviderID("p-"+it.Outbound.ID), read)
			}
			sentAt(w.one(alt.Outbox), "p-2", read.Add(time.Second))
			sentAt(w.one(alt.Outbox), "p-3", read.Add(2*time.Second))
			sentAt(w.one(alt.Reconcile), "p-lost", read.Add(-time.Second))
			for id, want := range map[channels.MessageID]channels.Status{
				"1": channels.Read, "2": channels.Delivered, "3": channels.Sent, "his": channels.Sent, "other": channels.Sent, "lost": channels.Read,
			} {
				w.status(id, want)
			}
		}},
		{"a report up to a time is about a message of unknown outcome that an echo proves", func(w *world) {
			w.lost(reply(at(mari), "1", "one"))
			w.lost(reply(at(jaan), "2", "two"))
			echo := w.echo(mari, "p1", "", "one")
			w.wait(time.Minute)
			w.reports(alt.Report{Address: at(mari), Until: w.now(), Status: channels.Read, At: w.now()},
				alt.Report{Address: at(jaan), Until: w.now().Add(-time.Second), Status: channels.Read, At: w.now()})
			w.reports(echo, w.echo(jaan, "p2", "", "two"))
			w.status("1", channels.Read)
			w.status("2", channels.Sent)
		}},
		{"a report up to a time waits for its term only", func(w *world) {
			w.queue(reply(at(mari), "1", "1"))
			w.reports(alt.Report{Address: at(mari), Until: w.now().Add(48 * time.Hour), Status: channels.Read, At: w.now()})
			w.wait(alt.ParkFor + time.Minute)
			w.sent(w.one(alt.Outbox), "p1")
			w.status("1", channels.Sent)
			w.purge()
			w.status("1", channels.Sent)
		}},
		{"a report about nothing that is known is no error", func(w *world) {
			w.unchanged(func() {
				w.reports(w.report("p-none", channels.Read), w.byRef("none", channels.Read),
					alt.Report{Address: at(mari), Until: w.now(), Status: channels.Read, At: w.now()})
			})
		}},
		{"the provider's conversation is kept when it is told", func(w *world) {
			c := w.opens(at(mari))
			w.queue(reply(at(mari), "1", "1"))
			w.commit(w.one(alt.Outbox), alt.Changes{Receipt: &channels.Receipt{ID: "p1", Thread: "thread-1"}})
			require.Equal(w, "thread-1", w.dossier(at(mari)).Conversation.Thread)
			w.commit(alt.Item{}, alt.Changes{Conversation: c}) // decided before the receipt
			require.Equal(w, "thread-1", w.dossier(at(mari)).Conversation.Thread)
		}},
	}
}

func shuffled(w *world) {
	random := rand.New(rand.NewPCG(1, 2))
	for i, c := range []struct {
		name string
		got  []channels.Status
		want channels.Status
	}{
		{"read", []channels.Status{channels.Sent, channels.Delivered, channels.Read, channels.Delivered, channels.Failed}, channels.Read},
		{"delivered", []channels.Status{channels.Failed, channels.Delivered, channels.Sent, channels.Sent}, channels.Delivered},
		{"failed", []channels.Status{channels.Sent, channels.Failed, channels.Failed, channels.Sent}, channels.Failed},
	} {
		for round := range 6 {
			id := channels.MessageID(c.name + string(rune('a'+round)))
			provider := channels.ProviderID(id)
			w.queue(reply(at(channels.Peer(id)), string(id), "x"))
			it := w.one(alt.Outbox)
			random.Shuffle(len(c.got), func(i, j int) { c.got[i], c.got[j] = c.got[j], c.got[i] })
			receipt := random.IntN(len(c.got) + 1)
			for n, st := range c.got {
				if n == receipt {
					w.sent(it, provider)
				}
				r := w.report(provider, st)
				if st == channels.Failed {
					r.Code = "rejected"
				}
				w.reports(r)
			}
			if receipt == len(c.got) {
				w.sent(it, provider)
			}
			w.status(id, c.want)
			require.Equal(w, c.want == channels.Failed, w.message(id).Code == "rejected", "case %d", i)
		}
	}
}
