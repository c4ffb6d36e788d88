package lanes

import (
	"cmp"
	"container/heap"
	"slices"
)

type end bool

const (
	back  end = false
	front end = true
)

// lane returns e's lane, a new one if need be.
func (l *Lanes) lane(e Entry) *lane {
	key := groupKey{e.Agency, e.Line}
	g := l.groups[key]
	if g == nil {
		g = &group{groupKey: key, lanes: make(map[string]*lane)}
		l.groups[key] = g
	}
	la := g.lanes[e.Lane]
	if la == nil {
		la = &lane{key: e.Lane, group: g, listed: -1}
		g.lanes[e.Lane] = la
	}
	return la
}

// shrink gives back the memory of a backlog that is gone: maps and heaps keep
// the size that they once had.
func (l *Lanes) shrink() {
	if l.peak > 4096 {
		l.entries, l.due, l.leases = make(map[int64]*entry), nil, nil
		for _, g := range l.groups {
			g.lanes = make(map[string]*lane)
		}
	}
	l.peak = 0
}

// append puts e at the end of its lane.
func (l *Lanes) append(e *entry) {
	la := e.lane
	if la.tail == nil {
		la.head = e
	} else {
		la.tail.next, e.prev = e, la.tail
	}
	la.tail = e
	la.waiting[e.level]++
	l.settle(la, back)
}

// unlink takes e out of its lane.
func (la *lane) unlink(e *entry) {
	if e.prev == nil {
		la.head = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		la.tail = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.prev, e.next = nil, nil
	la.waiting[e.level]--
}

// settle puts a lane where it belongs after a change: into a ready list, among
// those whose time has not come, nowhere while its head is live or held, or
// away when nothing is left of it. A lane that is in the right list keeps its
// place there.
func (l *Lanes) settle(la *lane, where end) {
	want := int8(-1)
	switch h := la.head; {
	case h == nil:
		if la.late == 0 {
			delete(la.group.lanes, la.key)
		}
	case h.state == live || h.held:
	case h.at > l.clock:
		if h.pos < 0 {
			l.due.push(h)
		}
	default:
		want = la.level()
	}
	if la.listed == want {
		return
	}
	la.unlist()
	if want >= 0 {
		la.list(want, where)
		if g := la.group; !g.listed[want] {
			g.listed[want] = true
			l.levels[want] = append(l.levels[want], g)
		}
	}
}

// level is the highest priority that waits in the lane: what is urgent must
// not stand behind other people's because of what is before it in the lane.
func (la *lane) level() int8 {
	for n := int8(numLevels - 1); n > 0; n-- {
		if la.waiting[n] > 0 {
			return n
		}
	}
	return 0
}

// laneList is the lanes of a group that can be claimed, in one priority.
type laneList struct{ head, tail *lane }

func (la *lane) list(level int8, where end) {
	list := &la.group.ready[level]
	switch {
	case list.head == nil:
		list.head, list.tail = la, la
	case where == front:
		la.next, list.head.prev = list.head, la
		list.head = la
	default:
		la.prev, list.tail.next = list.tail, la
		list.tail = la
	}
	la.listed = level
}

func (la *lane) unlist() {
	if la.listed < 0 {
		return
	}
	list := &la.group.ready[la.listed]
	if la.prev == nil {
		list.head = la.next
	} else {
		la.prev.next = la.next
	}
	if la.next == nil {
		list.tail = la.prev
	} else {
		la.next.prev = la.prev
	}
	la.prev, la.next, la.listed = nil, nil, -1
}

// untime takes e out of the heap that it is in.
func (l *Lanes) untime(e *entry) {
	switch {
	case e.pos < 0:
	case e.state == live:
		l.leases.remove(e)
	default:
		l.due.remove(e)
	}
}

// timers is a heap of entries by their time; every entry knows its place.
type timers []*entry

func (t *timers) push(e *entry)   { heap.Push(t, e) }
func (t *timers) remove(e *entry) { heap.Remove(t, int(e.pos)) }

// until returns the entries up to a time, in order, and leaves them in.
func (t timers) until(now int64) []int64 {
	var found []*entry
	var walk func(i int)
	walk = func(i int) {
		if i < len(t) && t[i].at <= now {
			found = append(found, t[i])
			walk(2*i + 1)
			walk(2*i + 2)
		}
	}
	walk(0)
	slices.SortFunc(found, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id))
	})
	ids := make([]int64, len(found))
	for i, e := range found {
		ids[i] = e.id
	}
	return ids
}

// Len implements heap.Interface.
func (t timers) Len() int { return len(t) }

// Less implements heap.Interface.
func (t timers) Less(i, j int) bool {
	return t[i].at < t[j].at || t[i].at == t[j].at && t[i].id < t[j].id
}

// Swap implements heap.Interface.
func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].pos, t[j].pos = int32(i), int32(j) //nolint:gosec // fewer than 2^31 entries
}

// Push implements heap.Interface.
func (t *timers) Push(x any) {
	e := x.(*entry)
	e.pos = int32(len(*t)) //nolint:gosec // fewer than 2^31 entries
	*t = append(*t, e)
}

// Pop implements heap.Interface.
func (t *timers) Pop() any {
	last := len(*t) - 1
	e := (*t)[last]
	(*t)[last] = nil
	*t = (*t)[:last]
	e.pos = -1
	return e
}
