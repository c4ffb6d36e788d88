package storetest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

func ordering() []check {
	return []check{
		{"one person's messages come in the order of acceptance, one at a time", func(w *world) {
			for i := range 5 {
				w.says(at(mari), fmt.Sprint(i))
			}
			for i := range 5 {
				it := w.one(alt.Inbox)
				require.Equal(w, fmt.Sprint(i), text(it))
				w.none(alt.Inbox)
				w.commit(it, alt.Changes{})
			}
		}},
		{"messages to one person go in the order of queueing, one at a time", func(w *world) {
			w.queue(reply(at(mari), "0", "0"), reply(at(mari), "1", "1"))
			w.queue(reply(at(mari), "2", "2"))
			for i := range 3 {
				it := w.one(alt.Outbox)
				require.Equal(w, fmt.Sprint(i), text(it))
				w.none(alt.Outbox)
				w.sent(it, channels.ProviderID(fmt.Sprint("p", i)))
			}
		}},
		{"people do not wait for one another, nor do queues", func(w *world) {
			line, agency := at(mari), at(mari)
			line.Channel, agency.Agency = sms, rik
			for _, a := range []channels.Address{at(mari), at(jaan), line, agency} {
				w.says(a, "in")
				w.queue(reply(a, string(a.Channel+"-")+string(a.Agency)+"-"+string(a.Peer), "out"))
			}
			require.Len(w, w.claim(alt.Inbox, 10), 4)
			require.Len(w, w.claim(alt.Outbox, 10), 4)
		}},
		{"a retry holds its own lane until its time, in its old place", func(w *world) {
			w.says(at(mari), "1")
			w.says(at(mari), "2")
			w.says(at(jaan), "3")
			it := w.claim(alt.Inbox, 1)[0]
			w.release(it, w.now().Add(lease/2), channels.ErrUnavailable)
			require.Equal(w, []string{"3"}, texts(w.claim(alt.Inbox, 10)))
			w.wait(lease/2 - time.Millisecond)
			w.none(alt.Inbox)
			w.wait(time.Millisecond)
			it = w.one(alt.Inbox)
			require.Equal(w, "1", text(it))
			require.Equal(w, 2, it.Attempt)
		}},
		{"a retry of a message holds its own lane only", func(w *world) {
			w.queue(reply(at(mari), "1", "1"), reply(at(mari), "2", "2"), reply(at(jaan), "3", "3"))
			items := w.claim(alt.Outbox, 10)
			require.Equal(w, []string{"1", "3"}, texts(items))
			w.release(items[0], w.now().Add(time.Minute), channels.ErrRateLimited)
			w.none(alt.Outbox)
			w.status("1", channels.Queued)
			w.wait(time.Minute)
			require.Contains(w, texts(w.claim(alt.Outbox, 10)), "1")
		}},
		{"what is dead holds nothing", func(w *world) {
			w.says(at(mari), "1")
			w.says(at(mari), "2")
			w.queue(reply(at(mari), "3", "3"), reply(at(mari), "4", "4"))
			w.release(w.one(alt.Inbox), time.Time{}, channels.ErrMalformed)
			w.release(w.one(alt.Outbox), time.Time{}, channels.ErrUnreachable)
			require.Equal(w, "2", text(w.one(alt.Inbox)))
			require.Equal(w, "4", text(w.one(alt.Outbox)))
		}},
		{"what is unknown holds nothing, not even another unknown", func(w *world) {
			w.lost(reply(at(mari), "1", "1"))
			w.lost(reply(at(mari), "2", "2"))
			w.queue(reply(at(mari), "3", "3"))
			require.Equal(w, "3", text(w.one(alt.Outbox)))
			items := w.claim(alt.Reconcile, 10)
			require.Equal(w, []string{"1", "2"}, texts(items))
			w.release(items[0], w.now().Add(time.Hour), nil)
			w.release(items[1], w.now(), nil)
			require.Equal(w, "2", text(w.one(alt.Reconcile)))
		}},
		{"reports and events about nobody wait for no conversation", func(w *world) {
			w.says(at(mari), "1")
			line := meta(at(""), "line")
			w.accept(
				&channels.StatusChanged{EventMeta: meta(at(mari), "s1"), ID: "p1", Status: channels.Read},
				&channels.StatusChanged{EventMeta: meta(at(mari), "s2"), ID: "p2", Status: channels.Read},
				&channels.StatusChanged{EventMeta: meta(at(mari), "s3"), ID: "p1", Status: channels.Delivered},
				&channels.LineChanged{EventMeta: line}, &channels.Malformed{EventMeta: meta(at(""), "bad")})
			require.Len(w, w.claim(alt.Inbox, 10), 5, "only the second report on p1 waits, for the first")
		}},
		{"urgent goes before normal and normal before bulk, but nothing overtakes its own lane", func(w *world) {
			o := func(peer channels.Peer, id string, p channels.Priority) channels.Outbound {
				v := reply(at(peer), id, id)
				v.Priority = p
				return v
			}
			w.queue(o("a", "bulk", channels.Bulk), o("b", "normal", channels.Normal), o("c", "before-urgent", channels.Bulk), o("c", "urgent", channels.Urgent))
			for _, want := range []string{"before-urgent", "urgent", "normal", "bulk"} {
				items := w.claim(alt.Outbox, 1)
				require.Equal(w, []string{want}, texts(items))
				w.sent(items[0], channels.ProviderID(want))
			}
		}},
		{"a busy line leaves room for a quiet one", func(w *world) {
			for i := range 10 {
				w.says(at(channels.Peer(fmt.Sprint(i))), "busy")
			}
			quiet := at(mari)
			quiet.Channel = sms
			w.says(quiet, "quiet")
			require.Contains(w, texts(w.claim(alt.Inbox, 2)), "quiet")
		}},
		{"a claim is never larger than it may be", func(w *world) {
			for i := range 10 {
				w.says(at(channels.Peer(fmt.Sprint(i))), fmt.Sprint(i))
			}
			require.Equal(w, []string{"0", "1", "2"}, texts(w.claim(alt.Inbox, 3)))
			require.Len(w, w.claim(alt.Inbox, 100), 7)
		}},
		{"lines over their limit and skipped agencies are left alone", limits},
	}
}

func limits(w *world) {
	for i := range 4 {
		peer := channels.Peer(fmt.Sprint(i))
		for _, a := range []channels.Address{
			{Agency: ppa, Channel: "spent", Peer: peer}, {Agency: ppa, Channel: "two", Peer: peer},
			{Agency: ppa, Channel: "free", Peer: peer}, {Agency: rik, Channel: "skipped", Peer: peer},
		} {
			w.queue(reply(a, string(a.Channel)+string(peer), string(a.Channel)))
		}
	}
	got := make(map[string]int)
	for _, s := range texts(w.ask(alt.ClaimQuery{Work: alt.Outbox, Max: 100, Lease: lease,
		Limit: map[channels.ID]int{"spent": 0, "two": 2}, SkipAgencies: []channels.Agency{rik}})) {
		got[s]++
	}
	require.Equal(w, map[string]int{"two": 2, "free": 4}, got)
	for _, it := range w.claim(alt.Outbox, 100) {
		require.Equal(w, 1, it.Attempt, "to be left out is no attempt")
	}
}
