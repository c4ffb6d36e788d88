// Package lanes keeps the order of one queue of a store in memory, so that a
// claim never has to search a table. The store's data is the truth: lanes are
// rebuilt from it at start, and changed only after a transaction is durable.
//
//	q := lanes.New()
//	q.Add(lanes.Entry{ID: 1, Lane: "a person", Line: "page", Agency: "agency"})
//	ids := q.Claim(now, lanes.Query{Max: 8, Lease: time.Minute}) // write it down, or Unclaim(ids...)
//	q.Finish(1)                                                  // or Again(1, later)
//
// Entries of one lane are handed out in the order of Add, one at a time; an
// entry that waits, for its time or because it is held, holds its lane and no
// other. Lanes with something urgent in them come first, and lines take turns.
package lanes

import (
	"math"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// Entry is an item of the queue.
type Entry struct {
	ID       int64  // unique in the queue
	Lane     string // unique within its line and agency
	Line     channels.ID
	Agency   channels.Agency
	Priority channels.Priority // above 0 counts as urgent, below as bulk
	Ready    time.Time         // not to be claimed before; zero: at once
	// Held entries keep their place and are not claimed until Unhold.
	Held bool
	// Late entries take their place in the lane only when Ready has come. When
	// that was before a restart, the owner adds them in their place, not Late.
	Late bool
}

// Lanes is the order of one queue. It is not safe for concurrent use: the
// owner locks.
type Lanes struct {
	entries map[int64]*entry
	groups  map[groupKey]*group
	// levels are the groups with lanes to claim, by priority; the one that was
	// served longest ago comes first.
	levels [numLevels][]*group
	due    timers // heads whose time has not come, and late entries
	leases timers // live entries
	clock  int64  // the latest time that was seen
	held   int
	peak   int // the most entries since there were none
}

const numLevels = 3

// always is before every time.
const always = math.MinInt64

type groupKey struct {
	agency channels.Agency
	line   channels.ID
}

// group is one line of one agency.
type group struct {
	groupKey
	lanes  map[string]*lane
	ready  [numLevels]laneList
	listed [numLevels]bool // is in Lanes.levels
}

// lane is the entries that wait for one another. It is in its group's ready
// list exactly when its head can be claimed.
type lane struct {
	key        string
	group      *group
	head, tail *entry
	prev, next *lane             // in the ready list
	waiting    [numLevels]uint32 // entries by priority
	late       uint32            // entries that have no place yet
	listed     int8              // level of the ready list it is in, or -1
}

type state uint8

const (
	queued state = iota
	live
	late
)

type entry struct {
	id         int64
	at         int64 // not before, in microseconds; of a live entry: the end of its lease
	lane       *lane
	prev, next *entry
	pos        int32 // in a timers heap, or -1
	level      uint8
	state      state
	held       bool
}

// New returns an empty queue.
func New() *Lanes {
	return &Lanes{entries: make(map[int64]*entry), groups: make(map[groupKey]*group), clock: always}
}

// Len returns the number of entries, live and held ones included.
func (l *Lanes) Len() int { return len(l.entries) }

// Held returns the number of held entries.
func (l *Lanes) Held() int { return l.held }

// Add puts e at the end of its lane. An ID that is known already is ignored.
func (l *Lanes) Add(e Entry) {
	if _, known := l.entries[e.ID]; known {
		return
	}
	la := l.lane(e)
	n := &entry{id: e.ID, at: micros(e.Ready), lane: la, pos: -1, level: level(e.Priority), held: e.Held}
	l.entries[e.ID] = n
	l.peak = max(l.peak, len(l.entries))
	if e.Held {
		l.held++
	}
	if e.Late && n.at > l.clock {
		n.state = late
		la.late++
		l.due.push(n)
		return
	}
	l.append(n)
}

// Unhold lets a held entry be claimed when its turn comes.
func (l *Lanes) Unhold(id int64) {
	if e := l.entries[id]; e != nil && e.held {
		e.held = false
		l.held--
		l.settle(e.lane, back)
	}
}

// Again makes a claimed entry wait until the given time, in its old place.
func (l *Lanes) Again(id int64, at time.Time) {
	e := l.entries[id]
	if e == nil || e.state == late {
		return
	}
	l.untime(e)
	e.state, e.at = queued, micros(at)
	l.settle(e.lane, back)
}

// Unclaim takes a Claim back that could not be written down: the entries can
// be claimed again at once, in their old places.
func (l *Lanes) Unclaim(ids ...int64) {
	for i := len(ids) - 1; i >= 0; i-- {
		if e := l.entries[ids[i]]; e != nil && e.state == live {
			l.untime(e)
			e.state, e.at = queued, always
			l.settle(e.lane, front)
		}
	}
}

// Finish takes an entry out, whatever its state, and reports whether it was
// there.
func (l *Lanes) Finish(id int64) bool {
	e := l.entries[id]
	if e == nil {
		return false
	}
	l.untime(e)
	if e.held {
		l.held--
	}
	delete(l.entries, id)
	if e.state == late {
		e.lane.late--
	} else {
		e.lane.unlink(e)
	}
	l.settle(e.lane, back)
	if len(l.entries) == 0 {
		l.shrink()
	}
	return true
}

// Remove takes an entry out unless it is claimed, and reports whether it did.
func (l *Lanes) Remove(id int64) bool {
	e := l.entries[id]
	return e != nil && e.state != live && l.Finish(id)
}

// Lease returns when the lease of an entry ends; false when it is not claimed.
func (l *Lanes) Lease(id int64) (time.Time, bool) {
	if e := l.entries[id]; e != nil && e.state == live {
		return time.UnixMicro(e.at), true
	}
	return time.Time{}, false
}

// Expired returns the claimed entries whose lease is over, the longest one
// first. They stay claimed until Again or Finish.
func (l *Lanes) Expired(now time.Time) []int64 { return l.leases.until(micros(now)) }

// Next returns when the next wait or lease ends; zero when there is none.
func (l *Lanes) Next() time.Time {
	next := int64(math.MaxInt64)
	for _, t := range []timers{l.due, l.leases} {
		if len(t) > 0 {
			next = min(next, t[0].at)
		}
	}
	if next == math.MaxInt64 {
		return time.Time{}
	}
	return time.UnixMicro(next)
}

func level(p channels.Priority) uint8 {
	switch {
	case p < channels.Normal:
		return 0
	case p > channels.Normal:
		return 2
	}
	return 1
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return always
	}
	return t.UnixMicro()
}
