package lanes_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/lanes"
)

// model is a queue as one would describe it: a list that is searched.
type model struct {
	order []*row // by place
	late  []*row
	clock time.Time
}

type row struct {
	lanes.Entry
	live  bool
	until time.Time
}

func (m *model) find(id int64) *row {
	for _, r := range slices.Concat(m.order, m.late) {
		if r.ID == id {
			return r
		}
	}
	return nil
}

func (m *model) add(e lanes.Entry) {
	r := &row{Entry: e}
	if e.Late && e.Ready.After(m.clock) {
		m.late = append(m.late, r)
		return
	}
	m.order = append(m.order, r)
}

func (m *model) remove(id int64) {
	is := func(r *row) bool { return r.ID == id }
	m.order, m.late = slices.DeleteFunc(m.order, is), slices.DeleteFunc(m.late, is)
}

func (m *model) advance(now time.Time) {
	m.clock = now
	slices.SortStableFunc(m.late, func(a, b *row) int {
		if c := a.Ready.Compare(b.Ready); c != 0 {
			return c
		}
		return int(a.ID - b.ID)
	})
	for len(m.late) > 0 && !m.late[0].Ready.After(now) {
		m.order, m.late = append(m.order, m.late[0]), m.late[1:]
	}
}

// claimable returns the head of each lane that may be claimed, with the
// priority of its lane.
func (m *model) claimable() map[int64]channels.Priority {
	heads, urgency := map[string]*row{}, map[string]channels.Priority{}
	for _, r := range m.order {
		if heads[r.Lane] == nil {
			heads[r.Lane], urgency[r.Lane] = r, r.Priority
		}
		urgency[r.Lane] = max(urgency[r.Lane], r.Priority)
	}
	found := map[int64]channels.Priority{}
	for lane, r := range heads {
		if !r.live && !r.Held && !r.Ready.After(m.clock) {
			found[r.ID] = urgency[lane]
		}
	}
	return found
}

func allowed(r *row, q lanes.Query, taken map[channels.ID]int) bool {
	limit, limited := q.Limit[r.Line]
	return !slices.Contains(q.SkipAgencies, r.Agency) && (!limited || taken[r.Line] < limit)
}

// claimed checks one answer of Claim against every rule and marks it.
func (m *model) claimed(t *testing.T, now time.Time, q lanes.Query, ids []int64) {
	t.Helper()
	free := m.claimable()
	require.LessOrEqual(t, len(ids), q.Max)
	taken, perLine := map[channels.ID]int{}, map[string]int{}
	last := channels.Urgent
	for _, id := range ids {
		p, ok := free[id]
		require.True(t, ok, "%d was not free", id)
		require.LessOrEqual(t, p, last, "a lower priority came first")
		r := m.find(id)
		require.True(t, allowed(r, q, taken), "%d is of a line or agency that is over its limit", id)
		last = p
		taken[r.Line]++
		perLine[fmt.Sprint(p, r.Agency, r.Line)]++
		delete(free, id)
		r.live, r.until = true, now.Add(q.Lease)
	}
	for id, p := range free {
		r := m.find(id)
		if !allowed(r, q, taken) {
			continue
		}
		require.Len(t, ids, q.Max, "%d could have been claimed too", id)
		require.LessOrEqual(t, p, last, "%d was more urgent", id)
		for line, n := range perLine { // it waits only while others had a turn, too
			if p == last && line[:len(fmt.Sprint(p))] == fmt.Sprint(p) {
				require.LessOrEqual(t, n, perLine[fmt.Sprint(p, r.Agency, r.Line)]+1, "%d's line had fewer turns", id)
			}
		}
	}
}

func TestRandomUseAgreesWithTheModel(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			play(t, rand.New(rand.NewPCG(seed, 1)))
		})
	}
}

func play(t *testing.T, rnd *rand.Rand) {
	l, m, now, next := lanes.New(), &model{}, start, int64(1)
	pick := func() int64 { return max(1, next-int64(rnd.IntN(30))) }
	for range 1000 {
		now = now.Add(time.Duration(rnd.IntN(3)) * time.Second)
		switch rnd.IntN(12) {
		case 0, 1, 2, 3:
			who := rnd.IntN(12)
			e := lanes.Entry{ID: next, Line: channels.ID(fmt.Sprint("line", who%4)), Agency: channels.Agency(fmt.Sprint("agency", who%2)),
				Lane: fmt.Sprint(who), Priority: channels.Priority(rnd.IntN(3) - 1), Held: rnd.IntN(8) == 0, Late: rnd.IntN(8) == 0}
			if e.Late || rnd.IntN(4) == 0 {
				e.Ready = now.Add(time.Duration(rnd.IntN(10)-2) * time.Second)
			}
			m.advance(now)
			l.Claim(now, lanes.Query{}) // lets the clock of both run alike
			l.Add(e)
			m.add(e)
			next++
		case 4, 5, 6:
			q := lanes.Query{Max: rnd.IntN(6), Lease: time.Duration(1+rnd.IntN(20)) * time.Second, Limit: map[channels.ID]int{}}
			for i := range 4 {
				if rnd.IntN(4) == 0 {
					q.Limit[channels.ID(fmt.Sprint("line", i))] = rnd.IntN(3)
				}
			}
			if rnd.IntN(4) == 0 {
				q.SkipAgencies = []channels.Agency{"agency1"}
			}
			m.advance(now)
			ids := l.Claim(now, q)
			m.claimed(t, now, q, ids)
			if rnd.IntN(5) == 0 {
				l.Unclaim(ids...)
				for _, id := range ids {
					r := m.find(id)
					r.live, r.Ready = false, time.Time{}
				}
			}
		case 7:
			if r := m.find(pick()); r != nil && r.live {
				at := now.Add(time.Duration(rnd.IntN(8)) * time.Second)
				l.Again(r.ID, at)
				r.live, r.Ready = false, at
			}
		case 8, 9:
			if r := m.find(pick()); r != nil && (r.live || rnd.IntN(10) == 0) {
				require.True(t, l.Finish(r.ID))
				m.remove(r.ID)
			}
		case 10:
			id := pick()
			r := m.find(id)
			require.Equal(t, r != nil && !r.live, l.Remove(id))
			if r != nil && !r.live {
				m.remove(id)
			}
		case 11:
			id := pick()
			l.Unhold(id)
			if r := m.find(id); r != nil {
				r.Held = false
			}
		}
		compare(t, l, m, now)
	}
}

func compare(t *testing.T, l *lanes.Lanes, m *model, now time.Time) {
	t.Helper()
	if want := len(m.order) + len(m.late); want != l.Len() { // cheaper than require, for what is done so often
		require.Equal(t, want, l.Len())
	}
	var expired []int64
	held := 0
	for _, r := range slices.Concat(m.order, m.late) {
		until, live := l.Lease(r.ID)
		if r.live != live || live && !until.Equal(r.until) {
			require.Fail(t, "lease", "%d: live %v, want %v", r.ID, live, r.live)
		}
		if r.Held {
			held++
		}
		if r.live {
			if !until.After(now) {
				expired = append(expired, r.ID)
			}
		}
	}
	require.Equal(t, held, l.Held())
	require.ElementsMatch(t, expired, l.Expired(now))
}

func TestABacklogIsSmallAndEmptiesWhole(t *testing.T) {
	const n = 200_000
	l := lanes.New()
	bytes := heap(t, func() {
		for i := range int64(n) {
			l.Add(lanes.Entry{ID: i, Lane: fmt.Sprintf("agency\x00line\x00%016d", i/2), Line: "line", Agency: "agency"})
		}
	})
	t.Logf("%d bytes an entry", bytes/n)
	require.Less(t, bytes/n, uint64(300))
	done := 0
	for {
		ids := l.Claim(start, lanes.Query{Max: 1000, Lease: time.Minute})
		if len(ids) == 0 {
			break
		}
		for _, id := range ids {
			l.Finish(id)
			done++
		}
	}
	require.Equal(t, n, done)
}
