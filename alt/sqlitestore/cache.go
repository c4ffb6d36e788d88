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
	talkLog int64 // the newest entry of its log
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
	mu    sync.Mutex
	size  int
	slots map[channels.Address]*slot
	used  slot // the ring of slots, the one used last first
}

// slot is the place of a person; empty while somebody reads.
type slot struct {
	address    channels.Address
	p          *person
	prev, next *slot
}

func newCache(size int) *cache {
	c := &cache{size: size, slots: make(map[channels.Address]*slot)}
	c.used.prev, c.used.next = &c.used, &c.used
	return c
}

// find returns the slot of an address, nil when there is none.
func (c *cache) find(a channels.Address) *slot {
	s := c.slots[a]
	if s != nil {
		s.unlink()
		c.link(s)
	}
	return s
}

func (c *cache) link(s *slot) {
	s.prev, s.next = &c.used, c.used.next
	s.prev.next, s.next.prev = s, s
}

func (s *slot) unlink() { s.prev.next, s.next.prev = s.next, s.prev }

// add makes a slot, for which the one that was not used for the longest time
// goes.
func (c *cache) add(a channels.Address) *slot {
	if len(c.slots) >= c.size {
		c.remove(c.used.prev)
	}
	s := &slot{address: a}
	c.slots[a] = s
	c.link(s)
	return s
}

func (c *cache) remove(s *slot) {
	s.unlink()
	delete(c.slots, s.address)
}

// get returns the person, or nil and, if nobody else reads it, the slot to
// fill.
func (c *cache) get(a channels.Address) (*person, *slot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.find(a)
	switch {
	case s == nil:
		return nil, c.add(a)
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
// was quicker. Without a person, the slot is given back.
func (c *cache) fill(s *slot, p *person) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case s == nil || c.slots[s.address] != s:
	case p == nil:
		c.remove(s)
	default:
		s.p = p
	}
}

// put replaces people after a transaction; nil is somebody who changed without
// being known.
func (c *cache) put(changed map[channels.Address]*person) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for a, p := range changed {
		if s := c.slots[a]; s != nil {
			c.remove(s) // who has it to fill must not
		}
		if p != nil {
			c.add(a).p = p
		}
	}
}
