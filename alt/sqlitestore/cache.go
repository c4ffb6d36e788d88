package sqlitestore

import (
	"slices"
	"sync"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

// person is what is stored about an address. A person in the cache is never
// changed, only replaced.
type person struct {
	row     int64 // in people; 0: there is none yet
	contact *alt.Contact
	session *session.Session
	talk    *alt.Conversation // the latest one
	talkRow int64
}

// dossier returns a copy for the caller.
func (p *person) dossier() alt.Dossier {
	var d alt.Dossier
	if p.contact != nil {
		d.Contact = cloneContact(p.contact)
	}
	if p.talk != nil {
		c := *p.talk
		d.Conversation = &c
	}
	if p.session != nil {
		d.Session = p.session.Clone()
	}
	return d
}

// open returns the row of the open conversation, 0 when there is none. It is
// always the latest one, because a second one cannot be opened.
func (p *person) open() int64 {
	if p.talk == nil || p.talk.State != alt.Open {
		return 0
	}
	return p.talkRow
}

func cloneContact(c *alt.Contact) *alt.Contact {
	v := *c
	v.Offer = slices.Clone(c.Offer)
	return &v
}

// cache keeps the people who were used last. What it holds is what was
// committed last: the writer replaces people after each transaction, and a
// reader that was overtaken meanwhile cannot put back what it read before.
type cache struct {
	mu   sync.Mutex
	size int
	// Two generations: when the young one is full, it becomes the old one, and
	// who was not used since is forgotten.
	young, old map[channels.Address]*slot
}

// slot is the place of a person; empty while somebody reads.
type slot struct{ p *person }

func newCache(size int) *cache {
	return &cache{size: max(size/2, 1), young: make(map[channels.Address]*slot)}
}

// find returns the slot of an address. With the lock held.
func (c *cache) find(a channels.Address) *slot {
	if s := c.young[a]; s != nil {
		return s
	}
	s := c.old[a]
	if s != nil {
		c.set(a, s)
	}
	return s
}

func (c *cache) set(a channels.Address, s *slot) {
	if len(c.young) >= c.size {
		c.young, c.old = make(map[channels.Address]*slot, c.size), c.young
	}
	c.young[a] = s
}

// get returns the person, or nil and, if nobody else reads it, the slot to
// fill.
func (c *cache) get(a channels.Address) (*person, *slot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.find(a)
	switch {
	case s == nil:
		s = &slot{}
		c.set(a, s)
		return nil, s
	case s.p == nil:
		return nil, nil
	}
	return s.p, nil
}

// peek returns the person if it is there.
func (c *cache) peek(a channels.Address) *person {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.find(a); s != nil {
		return s.p
	}
	return nil
}

// fill puts in what was read since get gave the slot away, unless the writer
// was quicker.
func (c *cache) fill(a channels.Address, s *slot, p *person) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s != nil && c.find(a) == s {
		s.p = p
	}
}

// forget gives an unfilled slot back.
func (c *cache) forget(a channels.Address, s *slot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s != nil && c.find(a) == s {
		delete(c.young, a)
		delete(c.old, a)
	}
}

// put replaces people after a transaction.
func (c *cache) put(changed map[channels.Address]*person) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for a, p := range changed {
		delete(c.old, a)
		c.set(a, &slot{p})
	}
}
