package sqlitestore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
)

// count counts the rows of a table, or of a part of one.
func count(t testing.TB, st *sqlitestore.Store, of string) int {
	t.Helper()
	n, err := st.Count(t.Context(), of)
	require.NoError(t, err)
	return n
}

// lost are items that a start would not find.
const lost = "items WHERE state = 0 AND id <= (SELECT fresh FROM store) AND id NOT IN (SELECT id FROM live)"

func keysOf(items []alt.Item) (keys []string) {
	for _, it := range items {
		keys = append(keys, it.Event.Meta().Key)
	}
	return keys
}

func TestAMessageGetsItsRowWhenItIsClaimed(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	accept(t, st, says("mari", "m1", "tere"), says("jaan", "j1", "tere"), says("mari", "m2", "kuulete?"))
	require.Zero(t, count(t, st, "live"))
	first := claim(t, st, alt.Inbox, 1)
	require.Equal(t, 1, count(t, st, "live"))

	st = crash(t, st)
	require.Equal(t, 3, count(t, st, "live"))
	again := claim(t, st, alt.Inbox, 10)
	require.Equal(t, []string{"m1", "j1"}, keysOf(again))
	require.Equal(t, []int{2, 1}, []int{again[0].Attempt, again[1].Attempt})
	require.NotEmpty(t, again[0].Event.Meta().Raw)
	require.ErrorIs(t, st.Commit(t.Context(), first[0], alt.Changes{}), alt.ErrLeaseLost)
	commit(t, st, again[0], alt.Changes{})
	require.Equal(t, []string{"m2"}, keysOf(claim(t, st, alt.Inbox, 10)))
}

func TestWhatWaitsForLongGetsItsRowWithoutAClaim(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	cfg.KeepEvents = 10
	st := open(t, cfg)
	accept(t, st, says("mari", "first", "tere"))
	const many = 25_000
	for i := 0; i < many; i += 500 {
		evs := make([]channels.Event, 500)
		for j := range evs {
			evs[j] = says(channels.Peer(fmt.Sprint("p", i+j)), fmt.Sprint("k", i+j), "tere")
		}
		accept(t, st, evs...)
		require.Zero(t, count(t, st, lost))
	}
	rows := count(t, st, "live")
	require.Positive(t, rows)
	require.Less(t, rows, many/2)
	require.Equal(t, []string{"first"}, keysOf(claim(t, st, alt.Inbox, 1)))

	st = crash(t, st)
	require.Zero(t, count(t, st, lost))
	require.Equal(t, many+1, count(t, st, "live"))
	require.Equal(t, []string{"first", "k0", "k1"}, keysOf(claim(t, st, alt.Inbox, 3)))
}

func TestAnOlderProgramFindsWhatNobodyHasClaimed(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	st := open(t, cfg)
	accept(t, st, says("mari", "m1", "tere"), says("mari", "m2", "kuulete?"))
	require.NoError(t, st.Close())
	require.NoError(t, sqlitestore.Migrate(t.Context(), cfg, 7))
	require.NoError(t, sqlitestore.Migrate(t.Context(), cfg, 8))
	st = open(t, cfg)
	items := claim(t, st, alt.Inbox, 10)
	require.Equal(t, []string{"m1"}, keysOf(items))
	commit(t, st, items[0], alt.Changes{})
	require.Equal(t, []string{"m2"}, keysOf(claim(t, st, alt.Inbox, 10)))
}

func TestTheBytesOfWhatNobodyHasClaimedAreKept(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.May, 4, 10, 0, 0, 0, time.UTC)
	st := open(t, config(t, func() time.Time { return now }))
	accept(t, st, says("mari", "m1", "tere"))
	now = now.Add(90 * 24 * time.Hour)
	require.NoError(t, st.Purge(t.Context(), now))
	require.Equal(t, 1, count(t, st, "raw"))
}
