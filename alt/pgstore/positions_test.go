package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/channels"
)

// writers runs f in parallel at several replicas of one database, and returns
// another replica, that follows, and a channel that is closed when all are done.
func writers(t *testing.T, f func(st *pgstore.Store, writer, n int) error) (reader *pgstore.Store, done chan struct{}) {
	t.Helper()
	const replicas, each, rounds = 3, 4, 60
	cfg := config(t, nil)
	reader = open(t, cfg)
	done = make(chan struct{})
	var wg sync.WaitGroup
	for r := range replicas {
		st := open(t, cfg)
		for w := range each {
			wg.Go(func() {
				for n := range rounds {
					if err := f(st, r*each+w, n); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	go func() {
		wg.Wait()
		close(done)
	}()
	return reader, done
}

// follow calls next until it has nothing more and the writers are done.
func follow(done chan struct{}, next func() (more bool)) {
	for {
		select {
		case <-done:
			for next() {
			}
			return
		default:
			next()
		}
	}
}

// TestWhoFollowsPositionsMissesNothing has every commit make a conversation of
// its own, which is never changed again, and change one that all share: a position
// that came late, behind what was read already, would never be seen.
func TestWhoFollowsPositionsMissesNothing(t *testing.T) {
	t.Parallel()
	shared := talk(at("all"), "shared")
	var mu sync.Mutex
	made := make(map[string]int64)
	reader, done := writers(t, func(st *pgstore.Store, writer, n int) error {
		a := at(channels.Peer(fmt.Sprintf("p%d-%d", writer, n)))
		own := talk(a, "own-"+string(a.Peer))
		if err := st.Commit(context.Background(), alt.Item{}, alt.Changes{Conversation: own}); err != nil {
			return err
		}
		mu.Lock()
		made[own.ID] = own.Position
		mine := *shared
		mu.Unlock()
		err := st.Commit(context.Background(), alt.Item{}, alt.Changes{Conversation: &mine})
		switch {
		case errors.Is(err, alt.ErrConflict):
			return nil // somebody else's turn
		case err == nil:
			mu.Lock()
			defer mu.Unlock()
			if mine.Version > shared.Version {
				shared = &mine
			}
		}
		return err
	})
	seen := make(map[string]int64)
	after, turns := int64(0), 0
	follow(done, func() bool {
		page, latest, err := reader.Changed(t.Context(), agency, after, 7)
		require.NoError(t, err)
		for _, c := range page {
			require.Greater(t, c.Position, after, "in order")
			require.Zero(t, seen[c.ID]*int64(len(c.ID)-len("shared")), "%s changed once", c.ID)
			seen[c.ID], after = c.Position, c.Position
		}
		require.GreaterOrEqual(t, latest, after)
		turns++
		return len(page) > 0
	})
	require.Greater(t, turns, 10)
	require.Equal(t, shared.Position, seen["shared"])
	delete(seen, "shared")
	require.Equal(t, made, seen)
}

func TestWhoFollowsTheLogMissesNothing(t *testing.T) {
	t.Parallel()
	reader, done := writers(t, func(st *pgstore.Store, writer, n int) error {
		return st.Commit(context.Background(), alt.Item{}, alt.Changes{Log: []alt.LogEntry{
			// The clocks of replicas differ, and that changes nothing.
			{Agency: agency, At: time.Now().Add(time.Duration(writer) * time.Hour), Act: "first", Detail: map[string]string{"n": fmt.Sprint(n)}},
			{Agency: agency, At: time.Now().Add(-time.Duration(writer) * 240 * time.Hour), Act: "second"},
		}})
	})
	last, cursor := int64(0), ""
	follow(done, func() bool {
		page, next, err := reader.Log(t.Context(), alt.LogQuery{Agency: agency, Cursor: cursor, Limit: 9})
		require.NoError(t, err)
		for _, e := range page {
			if e.Seq <= last {
				continue // the page before had no end yet
			}
			require.Equal(t, last+1, e.Seq, "without a gap")
			require.Equal(t, []string{"second", "first"}[e.Seq%2], e.Act, "what was written together stays together")
			last = e.Seq
		}
		if next != "" {
			cursor = next
		}
		return next != ""
	})
	require.Equal(t, int64(2*3*4*60), last)
}

// TestWhoFollowsLettersMissesNone pages through letters while they come in at
// several replicas, and never begins anew.
func TestWhoFollowsLettersMissesNone(t *testing.T) {
	t.Parallel()
	reader, done := writers(t, func(st *pgstore.Store, writer, n int) error {
		key := fmt.Sprintf("%d-%d", writer, n)
		if _, err := st.Accept(context.Background(), []channels.Event{says(channels.Peer("p"+key), key, "tere")}); err != nil {
			return err
		}
		items, err := st.Claim(context.Background(), alt.ClaimQuery{Work: alt.Inbox, Max: 3, Lease: time.Minute})
		for _, it := range items {
			if err := st.Release(context.Background(), it, time.Time{}, errors.New("no use")); err != nil {
				return err
			}
		}
		return err
	})
	seen := make(map[int64]bool)
	cursor := ""
	follow(done, func() bool {
		page, next, err := reader.Letters(t.Context(), alt.LetterQuery{Agency: agency, Cursor: cursor, Limit: 5})
		require.NoError(t, err)
		if next == "" {
			return false // the page may grow
		}
		for _, l := range page {
			require.False(t, seen[l.ID], "once")
			seen[l.ID] = true
		}
		cursor = next
		return true
	})
	page, _, err := reader.Letters(t.Context(), alt.LetterQuery{Agency: agency, Cursor: cursor, Limit: 200})
	require.NoError(t, err)
	for _, l := range page {
		seen[l.ID] = true
	}
	left := len(claim(t, reader, alt.Inbox, 1000))
	require.Equal(t, 3*4*60, len(seen)+left)
	require.Greater(t, len(seen), 3*4*60/2)
}
