package pgstore

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// needs is what a job is going to look at. The writer takes the locks of a
// whole batch in one order, and reads the rest, with one round trip; what is
// not named here is read when it is wanted.
type needs struct {
	locks   []int64 // lanes, addresses and provider ids, see lockOf
	held    []int64 // claimed items
	items   []int64
	strays  []int64 // items whose lanes are to be found, and locked
	people  []channels.Address
	talks   []talkKey
	keys    []eventKey
	sends   []messageKey
	onces   []onceKey
	named   []providerKey // outbound messages, whose lanes are locked as well
	parked  []providerKey
	marks   []channels.Address
	numbers int
}

type (
	eventKey struct {
		agency channels.Agency
		key    [16]byte
	}
	messageKey struct {
		agency channels.Agency
		id     channels.MessageID
		part   int
	}
	talkKey struct {
		agency channels.Agency
		id     string
	}
	onceKey struct {
		agency channels.Agency
		key    string
	}
	providerKey struct {
		agency  channels.Agency
		channel channels.ID
		id      channels.ProviderID
	}
)

func (n *needs) add(m *needs) {
	n.locks = append(n.locks, m.locks...)
	n.held = append(n.held, m.held...)
	n.items = append(n.items, m.items...)
	n.strays = append(n.strays, m.strays...)
	n.people = append(n.people, m.people...)
	n.talks = append(n.talks, m.talks...)
	n.keys = append(n.keys, m.keys...)
	n.sends = append(n.sends, m.sends...)
	n.onces = append(n.onces, m.onces...)
	n.named = append(n.named, m.named...)
	n.parked = append(n.parked, m.parked...)
	n.marks = append(n.marks, m.marks...)
	n.numbers += m.numbers
}

func (n *needs) clear() {
	*n = needs{
		locks: n.locks[:0], held: n.held[:0], items: n.items[:0], strays: n.strays[:0], people: n.people[:0], talks: n.talks[:0], keys: n.keys[:0], sends: n.sends[:0], onces: n.onces[:0],
		named: n.named[:0], parked: n.parked[:0], marks: n.marks[:0],
	}
}

// lockOf is the advisory lock of a lane, an address or a name. Two that have
// the same wait for one another without need, and that is all.
func (s *Store) lockOf(kind byte, name string) int64 {
	b := make([]byte, 0, 128)
	b = append(b, s.schema...)
	b = append(b, 0, kind)
	sum := sha256.Sum256(append(b, name...))
	return int64(binary.BigEndian.Uint64(sum[:8])) //nolint:gosec // any 64 bits
}

func (s *Store) laneLock(lane string) int64 { return s.lockOf('l', lane) }

// addressLock guards all that is stored about an address. It is the lock of the
// lane that its messages are in, both ways.
func (s *Store) addressLock(a channels.Address) int64 { return s.laneLock(personLane(a)) }

// providerLock guards what is known under a provider's id: a report on it and
// its receipt must not pass one another.
func (s *Store) providerLock(k providerKey) int64 {
	return s.lockOf('p', string(k.agency)+"\x00"+string(k.channel)+"\x00"+string(k.id))
}

// needsOf lists what a Commit looks at.
func (s *Store) needsOf(it alt.Item, p *change) *needs {
	n := &needs{numbers: len(p.send)}
	person := func(a channels.Address) {
		if !slices.Contains(n.people, a) {
			n.people, n.locks = append(n.people, a), append(n.locks, s.addressLock(a))
		}
	}
	s.needItem(n, it)
	if p.Session != nil {
		person(p.Session.Address)
	}
	if p.Contact != nil {
		person(p.Contact.Address)
	}
	n.numbers += len(n.people) // they may be new
	if p.Conversation != nil {
		person(p.Conversation.Address)
		if p.Conversation.Version == 1 { // as a rule it is the person's latest one otherwise, which is read with the person
			n.talks = append(n.talks, talkKey{p.Conversation.Address.Agency, p.Conversation.ID})
			n.numbers++
		}
	} else if p.Record && it.Event != nil {
		person(it.Event.Meta().Address())
	}
	if !p.CancelBot.IsZero() {
		n.locks = append(n.locks, s.addressLock(p.CancelBot))
	}
	for _, o := range p.send {
		person(o.out.To)
		n.sends = append(n.sends, messageKey{o.out.To.Agency, o.out.ID, o.out.Part})
	}
	for _, a := range p.later {
		s.needArrival(n, a)
	}
	if p.Receipt != nil && it.Outbound != nil {
		to := it.Outbound.To
		key := providerKey{to.Agency, to.Channel, p.Receipt.ID}
		n.locks = append(n.locks, s.providerLock(key))
		n.parked, n.marks = append(n.parked, key), append(n.marks, to)
		if it.Work == alt.Reconcile {
			n.named = append(n.named, key)
		}
	}
	for _, r := range p.Reports {
		s.needReport(n, r)
	}
	for _, r := range p.Redactions {
		n.locks = append(n.locks, s.addressLock(r.Address))
	}
	if p.Once != nil {
		n.onces = append(n.onces, onceKey{p.Once.Agency, p.Once.Key})
	}
	return n
}

// needItem names a claimed item. What it holds tells its lane, unless the caller
// has changed it: then the lock is had later.
func (s *Store) needItem(n *needs, it alt.Item) {
	if it.ID == 0 {
		return
	}
	n.held = append(n.held, it.ID)
	switch {
	case it.Outbound != nil:
		n.locks = append(n.locks, s.addressLock(it.Outbound.To))
	case it.Event != nil:
		n.locks = append(n.locks, s.laneLock(channels.Lane(it.Event)))
	}
}

func (s *Store) needArrival(n *needs, a *arrival) {
	n.locks = append(n.locks, s.laneLock(a.lane))
	n.keys = append(n.keys, a.key)
	n.numbers++
}

func (s *Store) needReport(n *needs, r alt.Report) {
	if r.Address.Peer != "" {
		n.locks = append(n.locks, s.addressLock(r.Address))
	}
	if r.ID == "" {
		return
	}
	key := providerKey{r.Address.Agency, r.Address.Channel, r.ID}
	n.locks = append(n.locks, s.providerLock(key))
	n.named, n.parked = append(n.named, key), append(n.parked, key)
}
