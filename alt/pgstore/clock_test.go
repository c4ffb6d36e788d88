package pgstore_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
)

// Two replicas, whose clocks are ten seconds apart, write into the same
// conversations: the times of the entries are the database's, and follow their order.
func TestTimesOfTheLogFollowItsOrderWhateverTheClocksOfReplicas(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	const rounds, talks = 40, 3
	began := time.Now()
	var wg, both sync.WaitGroup
	both.Add(2)
	for i, st := range []alt.Store{a, b} {
		skew := time.Duration(1-2*i) * 5 * time.Second
		wg.Go(func() {
			for n := range rounds {
				e := alt.LogEntry{Agency: agency, At: time.Now().Add(skew), Act: fmt.Sprint("of replica ", i), Actor: "system", Conversation: fmt.Sprint("talk-", n%talks)}
				if err := st.Commit(t.Context(), alt.Item{}, alt.Changes{Log: []alt.LogEntry{e, e}}); err != nil {
					t.Error(err)
				}
				if n == 0 {
					both.Done()
					both.Wait()
				}
			}
		})
	}
	wg.Wait()
	page, _, err := a.Log(t.Context(), alt.LogQuery{Agency: agency, Limit: 1000})
	require.NoError(t, err)
	require.Len(t, page, 2*2*rounds)
	changes := 0
	for i, e := range page {
		require.WithinRange(t, e.At, began.Add(-time.Second), time.Now().Add(time.Second))
		if i > 0 {
			require.False(t, e.At.Before(page[i-1].At), "entry %d is older than entry %d", e.Seq, page[i-1].Seq)
			if e.Act != page[i-1].Act {
				changes++
			}
		}
	}
	require.Greater(t, changes, 1, "both write")
}
