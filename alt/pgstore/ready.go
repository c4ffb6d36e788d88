package pgstore

import (
	"cmp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/lanes"
)

// How work is claimed was chosen by what it costs, measured on two processors with
// PostgreSQL 15 and 64 callers. To find heads in the table, with SKIP LOCKED, was a
// quarter of what a turn cost the server: its index is full of entries of items that
// are done, and a lease that an index knew was an insertion into every index of the
// row. Now the replica that made an item a head remembers it, with its content, and
// suggests it; the lease lies in a column without an index. A claim is a look by the
// primary key and a change in place, and claims are a twentieth of the turn. With a
// statement for many rows wherever there was one a row, a person's record read for
// all who wait together, and the next head looked for only where there is one, a
// turn takes 1.2 statements instead of 4.1 and half of the server's time.
//
// That each replica should own a part of the lanes, under a lease with an epoch, and
// keep them in memory, would save the mark of a head besides: an entry of an index
// and a look for neighbours an item, a twentieth of a turn. It was not taken: every
// event would have to be carried to its owner, and a part of the people would wait
// whenever a replica comes, goes or is slow. With suggestions any replica can do any
// work at any time, and nothing depends on what a replica believes.

// ready is what this replica believes can be claimed: heads that its own
// transactions made, and those that it found in the table. It is a list of
// suggestions. The table decides, in the statement that claims them, so that a
// wrong one costs a look and nothing else: a replica that was stopped, has a wrong
// clock or has not heard of what others did cannot claim or commit what is not its
// own.
type ready struct {
	mu     sync.Mutex
	queues map[alt.Work]*shelf
	// contents of items that came in here, so that they are not read again.
	contents map[int64]content
}

// shelf is the heads of one queue. An item that was claimed stays until it is
// settled, to be missed when its lease is over.
type shelf struct {
	heads     *lanes.Lanes
	waiting   int       // heads that nobody here has claimed
	elsewhere bool      // the table may have heads that are not here
	looked    time.Time // when the table was read
}

func (s *shelf) remove(id int64) {
	if s.heads.Remove(id) {
		s.waiting--
	} else {
		s.heads.Finish(id)
	}
}

// head is an item that can be claimed.
type head struct {
	id, place int64
	work      alt.Work
	agency    channels.Agency
	line      channels.ID
	rank      channels.Priority
}

func priorityOf(r row, i int) channels.Priority { return channels.Priority(r.num(i)) } //nolint:gosec // it was one

// content is what an item holds, as it is stored.
type content struct {
	id        int64
	kind      kind
	accepted  time.Time
	body, raw []byte
}

// maxReady bounds the heads of a queue, and the contents, that are remembered.
const maxReady = 10000

// enoughFor is how many times longer the table is not read while there is enough
// to claim.
const enoughFor = 4

func newReady() *ready {
	r := &ready{queues: make(map[alt.Work]*shelf), contents: make(map[int64]content)}
	for _, w := range []alt.Work{alt.Inbox, alt.Media, alt.Outbox, alt.Reconcile} {
		r.queues[w] = &shelf{heads: lanes.New(), elsewhere: true}
	}
	return r
}

// durable is what a transaction changed, once nobody can undo it.
func (r *ready) durable(t *tx) {
	if len(t.dropped)+len(t.offers)+len(t.contents) == 0 {
		return
	}
	slices.SortFunc(t.offers, func(a, b head) int { return cmp.Compare(a.place, b.place) })
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range t.dropped {
		delete(r.contents, id)
		for _, s := range r.queues {
			s.remove(id)
		}
	}
	for _, c := range t.contents {
		if len(r.contents) == maxReady { // nobody claims here
			clear(r.contents)
		}
		r.contents[c.id] = c
	}
	for _, id := range t.rewritten {
		delete(r.contents, id)
	}
	for _, h := range t.offers {
		r.offer(h)
	}
}

func (r *ready) offer(h head) {
	s := r.queues[h.work]
	if _, claimed := s.heads.Lease(h.id); claimed {
		return
	}
	s.remove(h.id) // it may be more urgent now
	s.add(h)
}

// add takes in a head that is not here yet.
func (s *shelf) add(h head) {
	before := s.heads.Len()
	if before >= maxReady {
		s.elsewhere = true
		return
	}
	s.heads.Add(lanes.Entry{ID: h.id, Lane: strconv.FormatInt(h.id, 36), Line: h.line, Agency: h.agency, Priority: h.rank})
	s.waiting += s.heads.Len() - before
}

// take chooses heads for a claim, and marks them.
func (r *ready) take(q alt.ClaimQuery, now time.Time) []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.queues[q.Work]
	ids := s.heads.Claim(now, lanes.Query{Max: q.Max, Lease: q.Lease, Limit: q.Limit, SkipAgencies: q.SkipAgencies})
	s.waiting -= len(ids)
	return ids
}

// claimed returns what is known of the items that the table gave; of the others
// nothing is believed any more.
func (r *ready) claimed(w alt.Work, asked []int64, given map[int64]bool) (known map[int64]content) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known = make(map[int64]content, len(given))
	s := r.queues[w]
	for _, id := range asked {
		if !given[id] {
			s.remove(id)
			s.elsewhere = true // who was in the way may leave it there
		}
		if c, ok := r.contents[id]; ok {
			known[id] = c
			delete(r.contents, id)
		}
	}
	return known
}

// forget believes nothing of some heads any more, and has the table read.
func (r *ready) forget(w alt.Work, ids []int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.queues[w]
	for _, id := range ids {
		s.remove(id)
	}
	s.elsewhere = true
}

// look reports whether the table should be read for more heads than there are,
// when so many are wanted, and that it will be.
func (r *ready) look(w alt.Work, want int, every time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, now := r.queues[w], time.Now()
	if s.waiting >= want {
		every *= enoughFor // but what waits elsewhere must not wait for ever
	}
	if since := now.Sub(s.looked); since < every && (!s.elsewhere || s.waiting >= want) {
		return false
	}
	s.elsewhere, s.looked = false, now
	return true
}

// found takes in heads that were read from the table; more tells that there are
// others.
func (r *ready) found(w alt.Work, list []head, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.queues[w]
	s.elsewhere = s.elsewhere || more
	for _, h := range list {
		s.add(h)
	}
}

// hear has the table read before the next claim.
func (r *ready) hear(w alt.Work) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.queues[w]; s != nil {
		s.elsewhere = true
	}
}

// hearAll does so for every queue.
func (r *ready) hearAll() {
	for w := range r.queues {
		r.hear(w)
	}
}

// left reports whether there is work that nobody here has claimed.
func (r *ready) left(w alt.Work) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.queues[w]
	return s != nil && (s.waiting > 0 || s.elsewhere)
}

// expired returns claimed items whose lease is over by the clock of this
// replica. The table's clock decides.
func (r *ready) expired(now time.Time) (ids []int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.queues {
		ids = append(ids, s.heads.Expired(now)...)
	}
	return ids
}
