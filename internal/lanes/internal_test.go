package lanes

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNothingIsKeptOfWhatIsOver(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	l := New()
	for id := int64(1); id <= 5; id++ {
		l.Add(Entry{ID: id, Lane: "mari", Line: "page", Late: id%2 == 0, Ready: now.Add(time.Duration(id) * time.Second)})
	}
	l.Remove(4)
	for {
		ids := l.Claim(now.Add(time.Minute), Query{Max: 1, Lease: time.Minute})
		if len(ids) == 0 {
			break
		}
		l.Finish(ids[0])
	}
	require.Empty(t, l.entries)
	require.Empty(t, l.due)
	require.Empty(t, l.leases)
	for _, g := range l.groups {
		require.Empty(t, g.lanes)
	}
	l.Claim(now, Query{Max: 1, Lease: time.Minute})
	for _, groups := range l.levels {
		require.Empty(t, groups)
	}
}
