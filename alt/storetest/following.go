package storetest

import (
	"fmt"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// following reads the security log while many write: whoever goes on behind the last
// entry that it saw must miss none, whatever order the transactions ended in.
func following(w *world) {
	const writers, rounds = 8, 12
	done := make(chan struct{})
	var wg, reader sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for n := range rounds {
				c := conversation(at(channels.Peer(fmt.Sprint(i, "-", n))), w.now())
				e, other := entry(fmt.Sprint(i, "-", n)), entry("another agency's")
				e.Conversation, other.Agency = c.ID, rik
				if err := w.st.Commit(w.Context(), alt.Item{}, alt.Changes{Conversation: c, Log: []alt.LogEntry{e, other, entry("more")}}); err != nil {
					w.Error(err)
					return
				}
			}
		})
	}
	seen := make(map[string]int)
	reader.Go(func() {
		q, last := alt.LogQuery{Agency: ppa, Limit: 3}, int64(0)
		for ending := false; ; {
			page, next, err := w.st.Log(w.Context(), q)
			if err != nil {
				w.Error(err)
				return
			}
			// A page that is not full is read again from its beginning.
			for _, e := range page {
				if e.Seq > last {
					seen[e.Act], last = seen[e.Act]+1, e.Seq
				}
			}
			if next != "" {
				q.Cursor = next
				continue
			}
			if ending {
				return
			}
			select {
			case <-done:
				ending = true
			default:
			}
		}
	})
	wg.Wait()
	close(done)
	reader.Wait()
	require.Len(w, seen, writers*rounds+1, "an entry appeared before one that was seen")
	require.Equal(w, writers*rounds, seen["more"])
}
