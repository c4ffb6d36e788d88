package storetest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// reading checks transcripts, the feed of changes and the security log.
func reading() []check {
	return []check{
		{"a transcript is read back from its end, without gaps or doubles while it grows", func(w *world) {
			c := w.opens(at(mari))
			var want []string
			for i := range 10 {
				want = append(want, fmt.Sprint(i))
				if i%2 == 0 {
					w.record(at(mari), fmt.Sprint("p", i), fmt.Sprint(i))
				} else {
					w.send(reply(at(mari), fmt.Sprint("m", i), fmt.Sprint(i)), channels.ProviderID(fmt.Sprint("o", i)))
				}
			}
			var got []string
			q := alt.MessageQuery{Agency: ppa, Conversation: c.ID, Limit: 3}
			for {
				page, earlier, err := w.st.Messages(w.Context(), q)
				require.NoError(w, err)
				require.LessOrEqual(w, len(page), 3)
				var older []string
				for _, m := range page {
					older = append(older, textOf(m.Content))
				}
				got = append(older, got...)
				if earlier == "" {
					break
				}
				q.Before = earlier
				w.record(at(mari), fmt.Sprint("more", len(got)), "more")
			}
			require.Equal(w, want, got)
			require.Equal(w, append(want, "more", "more", "more"), w.transcript(c.ID))
		}},
		{"a message that was accepted first stands first, when it is recorded last", func(w *world) {
			c := w.opens(at(mari))
			w.accept(photo(at(mari), "1"))
			it := w.one(alt.Media)
			w.queue(reply(at(mari), "1", "sent meanwhile"))
			w.commit(it, fetched(it))
			w.commit(w.one(alt.Inbox), alt.Changes{Record: true})
			require.Equal(w, []string{"photo 1", "sent meanwhile"}, w.transcript(c.ID))
		}},
		{"changes are read in the order of their positions, each conversation once", func(w *world) {
			a, b := w.named("a", nil), w.named("b", nil)
			page, latest := w.changed(0, 10)
			require.Equal(w, []string{"a", "b"}, page)
			page, again := w.changed(latest, 10)
			require.Empty(w, page)
			require.Equal(w, latest, again)
			a.Unread = 1
			w.commit(alt.Item{}, alt.Changes{Conversation: a})
			w.commit(alt.Item{}, alt.Changes{Conversation: a})
			b.Unread = 1
			w.commit(alt.Item{}, alt.Changes{Conversation: b})
			w.named("c", nil)
			page, _ = w.changed(latest, 10)
			require.Equal(w, []string{"a", "b", "c"}, page)
			page, _ = w.changed(latest, 2)
			require.Equal(w, []string{"a", "b"}, page)
			page, newest := w.changed(0, 10)
			require.Equal(w, []string{"a", "b", "c"}, page)
			require.Greater(w, newest, latest)
		}},
		{"no change becomes visible behind a position that was read", positions},
		{"the security log is kept in order and read in pages", securityLog},
		{"who follows the security log misses nothing while many write", following},
		{"the security log is narrowed", func(w *world) {
			for i := range 4 {
				e := entry(fmt.Sprint(i))
				e.At = noon().Add(time.Duration(i) * time.Hour)
				e.Conversation, e.Message, e.Line = []string{"c1", "c2"}[i%2], []string{"m1", "m2"}[i/2], page
				w.commit(alt.Item{}, alt.Changes{Log: []alt.LogEntry{e}})
			}
			require.Equal(w, []string{"0", "2"}, w.acts(alt.LogQuery{Conversation: "c1"}))
			require.Equal(w, []string{"2", "3"}, w.acts(alt.LogQuery{Message: "m2"}))
			require.Equal(w, []string{"1", "2"}, w.acts(alt.LogQuery{From: noon().Add(30 * time.Minute), To: noon().Add(150 * time.Minute)}))
			require.Equal(w, []string{"2"}, w.acts(alt.LogQuery{Conversation: "c1", Message: "m2"}))
		}},
	}
}

func (w *world) changed(after int64, max int) ([]string, int64) {
	w.Helper()
	page, latest, err := w.st.Changed(w.Context(), ppa, after, max)
	require.NoError(w, err)
	var names []string
	for _, c := range page {
		require.Greater(w, c.Position, after)
		after = c.Position
		names = append(names, c.Name)
	}
	require.GreaterOrEqual(w, latest, after)
	return names, latest
}

// positions reads the feed while many write: a reader that goes on from the
// last position it saw must come to know every conversation's last state.
func positions(w *world) {
	const writers, rounds = 8, 12
	done := make(chan struct{})
	var wg, reader sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			c := conversation(at(channels.Peer(fmt.Sprint(i))), w.now())
			for range rounds {
				c.Unread++
				if err := w.st.Commit(w.Context(), alt.Item{}, alt.Changes{Conversation: c}); err != nil {
					w.Error(err)
					return
				}
			}
		})
	}
	seen := make(map[string]int)
	reader.Go(func() {
		after := int64(0)
		for last := false; ; {
			page, _, err := w.st.Changed(w.Context(), ppa, after, 3)
			if err != nil {
				w.Error(err)
				return
			}
			for _, c := range page {
				seen[c.ID], after = c.Unread, c.Position
			}
			if len(page) > 0 {
				continue
			}
			if last {
				return
			}
			select {
			case <-done:
				last = true
			default:
			}
		}
	})
	wg.Wait()
	close(done)
	reader.Wait()
	require.Len(w, seen, writers)
	for _, unread := range seen {
		require.Equal(w, rounds, unread)
	}
}

func securityLog(w *world) {
	var want []string
	for i := range 7 {
		e, other := entry(fmt.Sprint(i)), entry("another agency's")
		e.Detail, other.Agency = map[string]string{"n": fmt.Sprint(i)}, rik
		want = append(want, e.Act)
		w.commit(alt.Item{}, alt.Changes{Log: []alt.LogEntry{e, other}})
	}
	var got []string
	var seqs []int64
	q := alt.LogQuery{Agency: ppa, Limit: 2}
	for {
		page, next, err := w.st.Log(w.Context(), q)
		require.NoError(w, err)
		require.LessOrEqual(w, len(page), 2)
		for _, e := range page {
			require.Equal(w, map[string]string{"n": e.Act}, e.Detail)
			require.Equal(w, []any{ppa, "system"}, []any{e.Agency, e.Actor})
			require.True(w, e.At.Equal(noon()))
			got, seqs = append(got, e.Act), append(seqs, e.Seq)
		}
		if next == "" {
			break
		}
		if len(got) == 2 {
			w.commit(alt.Item{}, alt.Changes{Log: []alt.LogEntry{{Agency: ppa, At: noon(), Act: "more", Actor: "system", Detail: map[string]string{"n": "more"}}}})
		}
		q.Cursor = next
	}
	require.Equal(w, append(want, "more"), got)
	require.True(w, slices.IsSorted(seqs) && seqs[0] < seqs[1])
}
