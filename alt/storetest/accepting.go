package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

func accepting() []check {
	return []check{
		{"a key delivered by 50 connections at once is fresh once", func(w *world) {
			var fresh atomic.Int64
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					n, err := w.st.Accept(w.Context(), []channels.Event{received(at(mari), "key", "tere")})
					if err != nil {
						w.Error(err)
					}
					fresh.Add(int64(n))
				})
			}
			wg.Wait()
			require.EqualValues(w, 1, fresh.Load())
			require.Equal(w, "tere", text(w.one(alt.Inbox)))
			w.depth(1, 0, 0, 0)
		}},
		{"a redelivery is no news, also after the work is done", func(w *world) {
			e := received(at(mari), "key", "tere")
			require.Equal(w, 1, w.accept(e))
			require.Zero(w, w.accept(e))
			w.commit(w.one(alt.Inbox), alt.Changes{Record: true})
			w.wait(alt.DedupeFor - time.Hour)
			w.purge()
			require.Zero(w, w.accept(e))
			w.none(alt.Inbox)
			w.depth(0, 0, 0, 0)
		}},
		{"the same key on another line or of another agency is another event", func(w *world) {
			line, agency := at(mari), at(mari)
			line.Channel, agency.Agency = sms, rik
			for _, a := range []channels.Address{at(mari), line, agency} {
				require.Equal(w, 1, w.accept(received(a, "key", "tere")))
			}
			require.Len(w, w.claim(alt.Inbox, 10), 3)
		}},
		{"a batch with one event that cannot be stored stores none", func(w *world) {
			for name, bad := range map[string]channels.Event{"no key": received(at(mari), "", "b"), "no event": nil} {
				_, err := w.st.Accept(w.Context(), []channels.Event{received(at(mari), "key", "a"), bad})
				require.ErrorIs(w, err, alt.ErrInput, name)
			}
			w.depth(0, 0, 0, 0)
			require.Equal(w, 1, w.accept(received(at(mari), "key", "a")), "nothing remembers the refused batch")
		}},
		{"a batch counts what is new and keeps its order", func(w *world) {
			a, b := received(at(mari), "a", "a"), received(at(mari), "b", "b")
			require.Equal(w, 1, w.accept(b))
			require.Equal(w, 2, w.accept(a, b, received(at(mari), "c", "c"), a))
			for _, want := range []string{"b", "a", "c"} {
				it := w.one(alt.Inbox)
				require.Equal(w, want, text(it))
				w.commit(it, alt.Changes{})
			}
		}},
		{"an empty batch is nothing", func(w *world) {
			require.Zero(w, w.accept())
			w.depth(0, 0, 0, 0)
		}},
		{"every kind of event comes out as it went in", everyEvent},
		{"an item says when it was accepted and counts its attempts", func(w *world) {
			w.says(at(mari), "tere")
			w.wait(time.Minute)
			it := w.one(alt.Inbox)
			require.True(w, it.Accepted.Equal(noon()))
			require.Equal(w, alt.Inbox, it.Work)
			require.Equal(w, 1, it.Attempt)
			require.NotZero(w, it.ID)
			require.NotZero(w, it.Token)
			w.release(it, w.now(), nil)
			again := w.one(alt.Inbox)
			require.Equal(w, 2, again.Attempt)
			require.Equal(w, it.ID, again.ID)
			require.NotEqual(w, it.Token, again.Token)
		}},
		{"a store refuses claims that make no sense", func(w *world) {
			_, err := w.st.Claim(w.Context(), alt.ClaimQuery{Work: "laundry", Max: 1, Lease: lease})
			require.ErrorIs(w, err, alt.ErrInput)
			w.says(at(mari), "tere")
			require.Empty(w, w.ask(alt.ClaimQuery{Work: alt.Inbox, Lease: lease}), "Max 0")
		}},
	}
}

// purge lets a store that purges do so.
func (w *world) purge() {
	w.Helper()
	if p, ok := w.st.(alt.Purger); ok {
		require.NoError(w, p.Purge(w.Context(), w.now()))
	}
}

func everyEvent(w *world) {
	m := func(n int) channels.EventMeta {
		v := meta(at(channels.Peer(fmt.Sprint("peer", n))), fmt.Sprint("key", n))
		v.Trace, v.Raw = "trace", []byte(fmt.Sprint("raw", n))
		return v
	}
	nobody := m(0)
	nobody.Peer = ""
	evs := []channels.Event{
		&channels.Received{EventMeta: m(1), ID: "p1", Content: channels.Choices{Body: "b", Options: []channels.Choice{{ID: "1", Title: "õ"}}},
			ReplyTo: "p0", Thread: "t", From: channels.Profile{Name: "Mari", Language: "et"}},
		&channels.Edited{EventMeta: m(2), ID: "p1", Content: channels.Text{Body: "new"}},
		&channels.Withdrawn{EventMeta: m(3), ID: "p1"},
		&channels.Echoed{EventMeta: m(4), ID: "p2", Ref: "r", Content: channels.Text{Body: "echo"}, Author: channels.Person, Thread: "t"},
		&channels.StatusChanged{EventMeta: m(5), ID: "p3", Ref: "r", Status: channels.Failed, Thread: "t",
			Err: &channels.Error{Op: "send", Class: channels.ErrWindowClosed, Provider: "131047", Instead: []channels.Alternative{channels.UseTemplate}}},
		&channels.StatusChanged{EventMeta: m(6), Until: noon(), Status: channels.Read},
		&channels.Referred{EventMeta: m(7), Word: "w", Source: "s"},
		&channels.PeerChanged{EventMeta: m(8), New: "new"},
		&channels.ThreadControl{EventMeta: m(9), Mine: true},
		&channels.OptedOut{EventMeta: m(10), In: true},
		&channels.LineChanged{EventMeta: nobody, Subject: "template", Name: "n", State: "approved", Reason: "r"},
		&channels.Due{EventMeta: m(11), Name: "n"},
		&channels.SessionEnded{EventMeta: m(12), Session: "s", Reason: "idle"},
		&channels.Malformed{EventMeta: m(13), Reason: "json"},
		&channels.AuthDecided{EventMeta: m(14), Login: "l", Reason: "expired"},
	}
	want := make(map[string]channels.Event)
	for _, e := range evs {
		want[e.Meta().Key] = e
	}
	require.Equal(w, len(evs), w.accept(evs...))
	items := w.claim(alt.Inbox, 100)
	require.Len(w, items, len(evs))
	for _, it := range items {
		e := want[it.Event.Meta().Key]
		a, err := channels.MarshalEvent(e)
		require.NoError(w, err)
		b, err := channels.MarshalEvent(it.Event)
		require.NoError(w, err)
		require.JSONEq(w, string(a), string(b), e.Type())
		require.Equal(w, e.Meta().Raw, it.Event.Meta().Raw, "the provider's bytes stay until the work is done")
	}
}
