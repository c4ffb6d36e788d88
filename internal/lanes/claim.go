package lanes

import (
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// Query asks for entries.
type Query struct {
	Max   int
	Lease time.Duration
	// Limit bounds the entries of a line, 0 skips it; a line that is not named
	// has no limit of its own.
	Limit        map[channels.ID]int
	SkipAgencies []channels.Agency
}

// Claim returns at most q.Max entries and marks them live until now plus
// q.Lease. Its cost grows with what it returns and with the number of lines,
// not with the number of entries.
func (l *Lanes) Claim(now time.Time, q Query) []int64 {
	l.advance(micros(now))
	c := claim{Query: q, lanes: l, until: micros(now.Add(q.Lease))}
	if len(q.Limit) > 0 {
		c.taken = make(map[channels.ID]int, len(q.Limit))
	}
	for level := numLevels - 1; level >= 0 && len(c.ids) < q.Max; level-- {
		c.level(level)
	}
	return c.ids
}

// claim is one Claim in progress.
type claim struct {
	Query
	lanes *Lanes
	until int64
	ids   []int64
	taken map[channels.ID]int // by line, where there are limits
}

// level takes one entry from each line in turn until there is no more to take.
func (c *claim) level(n int) {
	listed := c.lanes.levels[n]
	var open, full []*group
	passed := listed[:0]
	for _, g := range listed {
		switch {
		case g.ready[n].head == nil:
			g.listed[n] = false
		case !c.room(g) || slices.Contains(c.SkipAgencies, g.agency):
			passed = append(passed, g)
		default:
			open = append(open, g)
		}
	}
	for len(open) > 0 && len(c.ids) < c.Max {
		g := open[0]
		open = open[1:]
		switch {
		case g.ready[n].head == nil:
			g.listed[n] = false
		case !c.room(g):
			full = append(full, g)
		default:
			c.take(g.ready[n].head)
			open = append(open, g)
		}
	}
	clear(listed[len(passed):])
	c.lanes.levels[n] = append(append(passed, open...), full...)
}

func (c *claim) room(g *group) bool {
	limit, limited := c.Limit[g.line]
	return !limited || c.taken[g.line] < limit
}

func (c *claim) take(la *lane) {
	la.unlist()
	e := la.head
	e.state, e.at = live, c.until
	c.lanes.leases.push(e)
	c.ids = append(c.ids, e.id)
	if c.taken != nil {
		c.taken[la.group.line]++
	}
}

// advance lets the clock run: waits that are over end, in their order.
func (l *Lanes) advance(now int64) {
	l.clock = max(l.clock, now)
	for len(l.due) > 0 && l.due[0].at <= l.clock {
		e := l.due[0]
		l.due.remove(e)
		if e.state == late {
			e.state = queued
			e.lane.late--
			l.append(e)
		} else {
			l.settle(e.lane, back)
		}
	}
}
