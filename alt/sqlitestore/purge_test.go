package sqlitestore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

func TestWhatNobodyNeedsIsPurgedAfterItsTerm(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, time.May, 4, 10, 0, 0, 0, time.UTC)
	now := start
	cfg := config(t, func() time.Time { return now })
	cfg.RawFor = 3 * 24 * time.Hour
	st := open(t, cfg)
	status := func(i int) *channels.StatusChanged {
		return &channels.StatusChanged{
			EventMeta: channels.EventMeta{Key: fmt.Sprint("s", i), Channel: line, Agency: agency, Peer: "mari", Raw: []byte("RAWSTATUS")},
			ID:        channels.ProviderID(fmt.Sprint("p", i)), Status: channels.Read,
		}
	}
	const many = 1200 // more than two steps
	var evs []channels.Event
	for i := range many {
		evs = append(evs, status(i))
	}
	accept(t, st, evs...)
	accept(t, st, says("mari", "m1", "PEREKOND"), says("mari", "m2", "WAITING"))
	for range many + 1 { // all but m2, which holds its own lane
		items := claim(t, st, alt.Inbox, many)
		if len(items) == 0 {
			break
		}
		for i, it := range items {
			c := alt.Changes{}
			switch e := it.Event.(type) {
			case *channels.StatusChanged:
				c.Reports = []alt.Report{{Address: at("mari"), ID: e.ID, Status: e.Status}}
				c.Once = &alt.Once{Agency: agency, Key: fmt.Sprint(it.ID, i)}
			case *channels.Received:
				if e.ID == "m2" {
					require.NoError(t, st.Release(t.Context(), it, start.Add(90*24*time.Hour), nil))
					continue
				}
				c.Record, c.Conversation = true, talk(at("mari"), "c1")
			}
			commit(t, st, it, c)
		}
	}
	purge := func(after time.Duration) {
		now = start.Add(after)
		require.NoError(t, st.Purge(t.Context(), now))
	}
	has := func(raw, items, parked, once int) {
		t.Helper()
		for table, want := range map[string]int{"raw": raw, "items": items, "parked": parked, "once": once} {
			n, err := st.Count(t.Context(), table)
			require.NoError(t, err)
			require.Equal(t, want, n, table)
		}
	}
	has(many+2, many+2, many, many)
	purge(alt.OnceFor - time.Second)
	has(many+2, many+2, many, many)
	purge(alt.OnceFor + time.Second) // the same as ParkFor
	has(many+2, many+2, 0, 0)
	purge(cfg.RawFor + time.Second)
	has(1, many+2, 0, 0) // what waits is needed
	require.Empty(t, found(t, crash(t, st), "RAWSTATUS"))
	purge(alt.DedupeFor - time.Second)
	n, err := st.Accept(t.Context(), []channels.Event{status(7)})
	require.NoError(t, err)
	require.Zero(t, n, "its key is known for the whole term")
	purge(alt.DedupeFor + time.Second)
	has(1, 2, 0, 0)
	n, err = st.Accept(t.Context(), []channels.Event{says("mari", "m1", "again")})
	require.NoError(t, err)
	require.Zero(t, n, "a message stays, and its key with it")
	page, _, err := st.Messages(t.Context(), alt.MessageQuery{Agency: agency, Conversation: "c1"})
	require.NoError(t, err)
	require.Equal(t, channels.Text{Body: "PEREKOND"}, page[0].Content)
	now = start.Add(91 * 24 * time.Hour)
	it := claim(t, st, alt.Inbox, 10)
	require.Len(t, it, 1)
	require.Equal(t, channels.Text{Body: "WAITING"}, it[0].Event.(*channels.Received).Content)
	require.NotEmpty(t, it[0].Event.Meta().Raw)
}

func TestAParkedReportIsAppliedWithinItsTermOnly(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.May, 4, 10, 0, 0, 0, time.UTC)
	st := open(t, config(t, func() time.Time { return now }))
	report := alt.Report{Address: at("mari"), ID: "p1", Status: channels.Read}
	commit(t, st, alt.Item{}, alt.Changes{Reports: []alt.Report{report}})
	now = now.Add(alt.ParkFor + time.Second)
	commit(t, st, alt.Item{}, alt.Changes{Send: []channels.Outbound{answer(at("mari"), "m", "x")}})
	commit(t, st, claim(t, st, alt.Outbox, 1)[0], alt.Changes{Receipt: &channels.Receipt{ID: "p1", At: now}})
	m, err := st.Message(t.Context(), agency, "m")
	require.NoError(t, err)
	require.Equal(t, channels.Sent, m[0].Status)
}

func TestAWatermarkIsForgottenAfterItsTerm(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.May, 4, 10, 0, 0, 0, time.UTC)
	st := open(t, config(t, func() time.Time { return now }))
	for i := range 2 * 600 {
		commit(t, st, alt.Item{}, alt.Changes{Reports: []alt.Report{{Address: at(channels.Peer(fmt.Sprint(i % 600))), Until: now, Status: channels.Read}}})
	}
	for _, tt := range []struct {
		after time.Duration
		left  int
	}{{alt.ParkFor, 600}, {alt.ParkFor + time.Second, 0}} {
		require.NoError(t, st.Purge(t.Context(), now.Add(tt.after)))
		n, err := st.Count(t.Context(), "watermarks")
		require.NoError(t, err)
		require.Equal(t, tt.left, n)
	}
}
