package lanes_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/lanes"
)

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return start.Add(d) }

func entry(id int64, lane string) lanes.Entry {
	return lanes.Entry{ID: id, Lane: lane, Line: "page", Agency: "ppa"}
}

func all() lanes.Query { return lanes.Query{Max: 100, Lease: time.Minute} }

func fill(entries ...lanes.Entry) *lanes.Lanes {
	l := lanes.New()
	for _, e := range entries {
		l.Add(e)
	}
	return l
}

func TestALaneHandsOutOneAtATimeInOrder(t *testing.T) {
	l := fill(entry(1, "mari"), entry(2, "mari"), entry(3, "jaan"))
	require.Equal(t, []int64{1, 3}, l.Claim(start, all()))
	require.Empty(t, l.Claim(start, all()))
	require.True(t, l.Finish(1))
	require.False(t, l.Finish(1))
	require.Equal(t, []int64{2}, l.Claim(start, all()))
	require.Equal(t, 2, l.Len())
}

func TestARetryHoldsItsOwnLaneOnly(t *testing.T) {
	l := fill(entry(1, "mari"), entry(2, "mari"), entry(3, "jaan"))
	l.Claim(start, lanes.Query{Max: 1, Lease: time.Minute})
	l.Again(1, after(time.Second))
	require.Equal(t, after(time.Second).UnixMicro(), l.Next().UnixMicro())
	require.Equal(t, []int64{3}, l.Claim(start, all()))
	require.Equal(t, []int64{1}, l.Claim(after(time.Second), all()))
}

func TestAHeldEntryKeepsItsPlace(t *testing.T) {
	held := entry(1, "mari")
	held.Held = true
	l := fill(held, entry(2, "mari"))
	require.Empty(t, l.Claim(start, all()))
	require.Equal(t, 1, l.Held())
	l.Unhold(1)
	require.Zero(t, l.Held())
	require.Equal(t, []int64{1}, l.Claim(start, all()))
}

func TestALateEntryTakesItsPlaceWhenItsTimeComes(t *testing.T) {
	late := entry(1, "mari")
	late.Late, late.Ready = true, after(time.Hour)
	l := fill(late, entry(2, "mari"))
	require.Equal(t, []int64{2}, l.Claim(start, all()), "it holds nothing before")
	l.Add(entry(3, "mari"))
	require.Empty(t, l.Claim(after(time.Hour), all()))
	l.Add(entry(4, "mari"))
	for _, id := range []int64{2, 3, 1, 4} {
		l.Finish(id)
		ids := l.Claim(after(time.Hour), all())
		if id != 4 {
			require.Len(t, ids, 1)
		}
	}
	require.Zero(t, l.Len())
}

func TestUrgentOvertakesOthersButNotItsOwnLane(t *testing.T) {
	urgent, bulk := entry(4, "mari"), entry(1, "kati")
	urgent.Priority, bulk.Priority = channels.Urgent, channels.Bulk
	l := fill(bulk, entry(2, "jaan"), entry(3, "mari"), urgent)
	require.Equal(t, []int64{3, 2, 1}, l.Claim(start, all()))
	l.Finish(3)
	require.Equal(t, []int64{4}, l.Claim(start, all()))
}

func TestLinesTakeTurns(t *testing.T) {
	l := lanes.New()
	for id := int64(1); id <= 6; id++ {
		e := entry(id, "person "+string(rune('a'+id)))
		e.Line = map[bool]channels.ID{true: "busy", false: "quiet"}[id <= 4]
		l.Add(e)
	}
	one := lanes.Query{Max: 1, Lease: time.Minute}
	require.Equal(t, []int64{1, 5}, l.Claim(start, lanes.Query{Max: 2, Lease: time.Minute}))
	require.Equal(t, []int64{2}, l.Claim(start, one))
	require.Equal(t, []int64{6}, l.Claim(start, one))
	require.Equal(t, []int64{3, 4}, l.Claim(start, all()))
}

func TestLimitsAndSkippedAgencies(t *testing.T) {
	l := lanes.New()
	for id := int64(1); id <= 9; id++ {
		e := entry(id, "person "+string(rune('a'+id)))
		switch id % 3 {
		case 0:
			e.Line = "stopped"
		case 1:
			e.Line, e.Agency = "other", "rik"
		}
		l.Add(e)
	}
	q := all()
	q.Limit = map[channels.ID]int{"stopped": 0, "page": 2}
	q.SkipAgencies = []channels.Agency{"rik"}
	require.Equal(t, []int64{2, 5}, l.Claim(start, q))
	require.ElementsMatch(t, []int64{8, 3, 6, 9, 1, 4, 7}, l.Claim(start, all()))
}

func TestALimitCountsALineOfSeveralAgenciesTogether(t *testing.T) {
	other, third := entry(2, "b"), entry(3, "c")
	other.Agency, third.Line = "rik", "free"
	l := fill(entry(1, "a"), other, third)
	q := all()
	q.Max, q.Limit = 2, map[channels.ID]int{"page": 1}
	require.Equal(t, []int64{1, 3}, l.Claim(start, q))
}

func TestUnclaimGivesTheSamePlacesBack(t *testing.T) {
	l := fill(entry(1, "a"), entry(2, "b"), entry(3, "c"), entry(4, "a"))
	ids := l.Claim(start, lanes.Query{Max: 2, Lease: time.Minute})
	l.Unclaim(ids...)
	require.Equal(t, []int64{1, 2, 3}, l.Claim(start, all()))
}

func TestLeasesExpireInTheirOrder(t *testing.T) {
	l := fill(entry(1, "a"), entry(2, "b"))
	l.Claim(start, lanes.Query{Max: 1, Lease: 2 * time.Minute})
	l.Claim(start, lanes.Query{Max: 1, Lease: time.Minute})
	until, ok := l.Lease(2)
	require.True(t, ok)
	require.True(t, until.Equal(after(time.Minute)))
	require.True(t, l.Next().Equal(after(time.Minute)))
	require.Empty(t, l.Expired(after(time.Minute-1)))
	require.Equal(t, []int64{2}, l.Expired(after(time.Minute)))
	require.Equal(t, []int64{2, 1}, l.Expired(after(time.Hour)))
	l.Finish(2)
	require.Equal(t, []int64{1}, l.Expired(after(time.Hour)))
	l.Again(1, after(time.Hour))
	require.Empty(t, l.Expired(after(time.Hour)))
	_, ok = l.Lease(1)
	require.False(t, ok)
	require.Equal(t, []int64{1}, l.Claim(after(time.Hour), all()))
}

func TestRemoveLeavesWhatIsClaimed(t *testing.T) {
	l := fill(entry(1, "a"), entry(2, "a"), entry(3, "a"))
	l.Claim(start, all())
	require.False(t, l.Remove(1))
	require.True(t, l.Remove(2))
	require.False(t, l.Remove(2))
	l.Finish(1)
	require.Equal(t, []int64{3}, l.Claim(start, all()))
}

func TestAnEmptyQueueHasNothingToWaitFor(t *testing.T) {
	l := lanes.New()
	require.True(t, l.Next().IsZero())
	require.Empty(t, l.Claim(start, all()))
	l.Add(entry(1, "a"))
	l.Add(entry(1, "b"))
	require.Equal(t, 1, l.Len(), "an id is in the queue once")
	require.Empty(t, l.Claim(start, lanes.Query{Lease: time.Minute}))
	require.Equal(t, []int64{1}, l.Claim(start, all()))
}

func TestALateEntryKeepsItsLaneWhileThatIsEmpty(t *testing.T) {
	late := entry(1, "mari")
	late.Late, late.Ready = true, after(time.Second)
	l := fill(late, entry(2, "mari"))
	l.Claim(start, all())
	l.Finish(2)
	l.Add(entry(3, "mari"))
	require.Equal(t, []int64{3}, l.Claim(start, all()))
	require.Empty(t, l.Claim(after(time.Second), all()), "the lane is busy")
	l.Finish(3)
	require.Equal(t, []int64{1}, l.Claim(after(time.Second), all()))
}

func TestALateEntryWhoseTimeHasComeIsInItsPlaceAtOnce(t *testing.T) {
	l := lanes.New()
	l.Claim(after(time.Hour), all())
	late := entry(1, "mari")
	late.Late, late.Ready = true, after(time.Minute)
	l.Add(late)
	l.Add(entry(2, "mari"))
	require.Equal(t, []int64{1}, l.Claim(after(time.Hour), all()))
}

func TestALineThatWasOverItsLimitKeepsItsTurn(t *testing.T) {
	limited := entry(1, "a")
	limited.Line = "limited"
	l := fill(limited, entry(2, "b"), entry(3, "c"), entry(4, "d"), entry(5, "e"))
	for id := int64(2); id <= 4; id++ {
		require.Equal(t, []int64{id}, l.Claim(start, lanes.Query{Max: 1, Lease: time.Minute, Limit: map[channels.ID]int{"limited": 0}}))
	}
	require.Equal(t, []int64{1}, l.Claim(start, lanes.Query{Max: 1, Lease: time.Minute}))
}
