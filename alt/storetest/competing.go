package storetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// competing checks calls that run at the same time.
func competing() []check {
	return []check{
		{"of 90 commits at once exactly the 38 bad ones fail, and the others are whole", ninety},
		{"a context that ends after queueing does not end the change: the answer is true", trueAnswers},
		{"a context that has ended changes nothing", func(w *world) {
			ctx, cancel := context.WithCancel(w.Context())
			w.says(at(mari), "tere")
			it := w.one(alt.Inbox)
			cancel()
			w.unchanged(func() {
				_, err := w.st.Accept(ctx, []channels.Event{received(at(mari), "k", "x")})
				require.ErrorIs(w, err, context.Canceled)
				require.ErrorIs(w, w.st.Commit(ctx, it, everything(at(mari))), context.Canceled)
				require.ErrorIs(w, w.st.Release(ctx, it, w.now(), nil), context.Canceled)
			})
			w.commit(it, alt.Changes{})
		}},
		{"workers that compete get each item once, and each lane in order", compete},
		{"two workers commit the same item once", func(w *world) {
			w.says(at(mari), "tere")
			it := w.one(alt.Inbox)
			var won atomic.Int32
			var wg sync.WaitGroup
			for i := range 16 {
				wg.Go(func() {
					err := w.st.Commit(w.Context(), it, alt.Changes{Send: []channels.Outbound{reply(at(mari), fmt.Sprint(i), "x")}})
					if err == nil {
						won.Add(1)
						return
					}
					assert.ErrorIs(w, err, alt.ErrLeaseLost)
				})
			}
			wg.Wait()
			require.EqualValues(w, 1, won.Load())
			w.depth(0, 0, 1, 0)
		}},
		{"a closed store refuses every call", closed},
		{"close waits for what was queued, and what was answered with success is kept", closing},
	}
}

// ninety sends 30 commits with stale versions, 8 with ids that are taken and
// 52 good ones at the same time.
func ninety(w *world) {
	ctx := w.Context()
	for i := range 8 {
		w.queue(reply(at("taken"), fmt.Sprint("taken", i), "first"))
	}
	errs := make([]error, 90)
	cs := make([]alt.Changes, len(errs))
	var start, wg sync.WaitGroup
	start.Add(1)
	for i := range errs {
		peer := channels.Peer(fmt.Sprint("peer", i))
		c := everything(at(peer))
		c.Send[0].ID = channels.MessageID(fmt.Sprint("m", i))
		c.Later[0].Event.Meta().Key = fmt.Sprint("due", i)
		c.Once.Key = fmt.Sprint("once", i)
		switch {
		case i%3 == 0:
			c.Session.Version = 7
		case i%3 == 1 && i < 24:
			c.Send = append(c.Send, reply(at("taken"), fmt.Sprint("taken", i/3), "second"))
		}
		cs[i] = c
		wg.Go(func() {
			start.Wait()
			errs[i] = w.st.Commit(ctx, alt.Item{}, c)
		})
	}
	start.Done()
	wg.Wait()
	good := 0
	for i, err := range errs {
		a := at(channels.Peer(fmt.Sprint("peer", i)))
		d := w.dossier(a)
		parts, sendErr := w.st.Message(ctx, ppa, channels.MessageID(fmt.Sprint("m", i)))
		log := w.acts(alt.LogQuery{Conversation: cs[i].Conversation.ID})
		switch {
		case i%3 == 0:
			require.ErrorIs(w, err, alt.ErrConflict)
		case i%3 == 1 && i < 24:
			require.ErrorIs(w, err, alt.ErrIDReused)
		default:
			require.NoError(w, err)
			good++
			require.True(w, d.Session != nil && d.Contact != nil && d.Conversation != nil && sendErr == nil && len(parts) == 1 && len(log) == 1)
			continue
		}
		require.Equal(w, alt.Dossier{}, d)
		require.ErrorIs(w, sendErr, alt.ErrNotFound)
		require.Empty(w, log)
	}
	require.Equal(w, 52, good)
	w.depth(52, 0, 8+52, 0)
}

// trueAnswers ends contexts while their commits run.
func trueAnswers(w *world) {
	const n = 60
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(w.Context())
			defer cancel()
			wg.Go(cancel)
			errs[i] = w.st.Commit(ctx, alt.Item{}, alt.Changes{Log: []alt.LogEntry{entry("x")},
				Send: []channels.Outbound{reply(at(channels.Peer(fmt.Sprint(i))), fmt.Sprint(i), "x")}})
		})
	}
	wg.Wait()
	kept := 0
	for i, err := range errs {
		_, missing := w.st.Message(w.Context(), ppa, channels.MessageID(fmt.Sprint(i)))
		if err == nil {
			require.NoError(w, missing, "success was reported, and it is not there")
			kept++
			continue
		}
		require.ErrorIs(w, err, context.Canceled)
		require.ErrorIs(w, missing, alt.ErrNotFound, "a failure was reported, and it is there")
	}
	require.Len(w, w.acts(alt.LogQuery{}), kept)
}

// compete lets workers claim and commit side by side.
func compete(w *world) {
	const people, each, workers = 6, 8, 8
	for i := range each {
		for p := range people {
			w.says(at(channels.Peer(fmt.Sprint("person", p))), fmt.Sprint(i))
		}
	}
	var mu sync.Mutex
	got := make(map[channels.Peer][]string)
	var left atomic.Int32
	left.Store(people * each)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for left.Load() > 0 {
				items, err := w.st.Claim(w.Context(), alt.ClaimQuery{Work: alt.Inbox, Max: 2, Lease: lease})
				if err != nil {
					w.Error(err)
					return
				}
				for _, it := range items {
					mu.Lock()
					peer := it.Event.Meta().Peer
					got[peer] = append(got[peer], text(it))
					mu.Unlock()
					if err := w.st.Commit(w.Context(), it, alt.Changes{Log: []alt.LogEntry{entry("done")}}); err != nil {
						w.Error(err)
						return
					}
					left.Add(-1)
				}
			}
		})
	}
	wg.Wait()
	require.Len(w, got, people)
	for _, said := range got {
		for i, s := range said {
			require.Equal(w, fmt.Sprint(i), s)
		}
		require.Len(w, said, each)
	}
	require.Len(w, w.acts(alt.LogQuery{}), people*each)
}

func closed(w *world) {
	w.says(at(mari), "tere")
	it := w.one(alt.Inbox)
	require.NoError(w, w.st.Close())
	require.NoError(w, w.st.Close(), "twice is no error")
	ctx := w.Context()
	_, err := w.st.Accept(ctx, []channels.Event{received(at(mari), "k", "x")})
	errs := []error{err, w.st.Commit(ctx, it, alt.Changes{}), w.st.Release(ctx, it, w.now(), nil)}
	_, err = w.st.Claim(ctx, alt.ClaimQuery{Work: alt.Inbox, Max: 1, Lease: lease})
	errs = append(errs, err, w.st.Save(ctx, everything(at(mari)).Session))
	_, err = w.st.Dossier(ctx, at(mari))
	errs = append(errs, err)
	_, _, err = w.st.Conversations(ctx, alt.ConversationQuery{Agency: ppa})
	errs = append(errs, err, w.st.Settle(ctx, ppa, 1, alt.Drop, entry("x")))
	_, err = w.readBlob(ppa, "x")
	errs = append(errs, err)
	for i, err := range errs {
		require.ErrorIs(w, err, alt.ErrClosed, "call %d", i)
	}
}

func closing(w *world) {
	if w.subject.Reopen == nil {
		w.Skip("the store keeps nothing over a restart")
	}
	const n = 40
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			_, errs[i] = w.st.Accept(w.Context(), []channels.Event{received(at(mari), fmt.Sprint("k", i), "x")})
		})
		if i == n/2 {
			wg.Go(func() { assert.NoError(w, w.st.Close()) })
		}
	}
	wg.Wait()
	w.crash()
	for i, err := range errs {
		fresh := w.accept(received(at(mari), fmt.Sprint("k", i), "x"))
		if err == nil {
			require.Zero(w, fresh, "success was reported, and it is not there")
			continue
		}
		require.ErrorIs(w, err, alt.ErrClosed)
		require.Equal(w, 1, fresh, "a failure was reported, and it is there")
	}
}
