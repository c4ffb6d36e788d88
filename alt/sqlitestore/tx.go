package sqlitestore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// counters are the last number given to anything and the last position of a
// conversation.
type counters struct{ seq, position int64 }

// grantSize is how far the stored counters run ahead, so that few transactions
// write them. After a restart numbers go on from there: they grow, with gaps.
const grantSize = 10_000

// tx is a transaction of the writer.
type tx struct {
	*conn
	s   *Store
	now time.Time
	// Counters and people as they will be.
	counters
	grant    counters
	parked   int64
	marked   bool // there may be watermarks
	people   map[channels.Address]*person
	own      map[*person]bool           // copies that may be changed
	relinked map[*person]bool           // who have another latest conversation
	changed  map[int64]bool             // items whose work is not what memory says
	touched  map[int64]channels.Address // conversations whose messages changed
	saved    map[int64]bool             // conversations that have a position of this transaction
	log      []logRow                   // not written yet
	names    *names                     // as they were before
	naming   map[name]int64             // names that are given
	moved    int                        // parts of names that go to the table
	purged   []name                     // of items that are gone
	before   int64                      // items up to this one are not of this transaction
	// after is run when the transaction is durable, with Store.mu held.
	after    []func()
	redacted bool
}

func newTx(s *Store) *tx {
	return &tx{
		s: s, people: make(map[channels.Address]*person), own: make(map[*person]bool), relinked: make(map[*person]bool),
		changed: make(map[int64]bool), touched: make(map[int64]channels.Address), naming: make(map[name]int64), saved: make(map[int64]bool),
	}
}

// begin makes t the next transaction of w. What it holds is used again, because
// it has grown to the size that is needed.
func (t *tx) begin(w *writer) {
	t.conn, t.now, t.redacted = w.c, w.s.cfg.Now(), false
	t.counters, t.grant, t.parked, t.marked = w.counters, w.grant, w.parked, w.marked
	clear(t.people)
	clear(t.own)
	clear(t.relinked)
	clear(t.changed)
	clear(t.touched)
	clear(t.naming)
	t.names, t.moved, t.before, t.purged = w.names, 0, w.seq, nil
	clear(t.saved)
	clear(t.log)
	clear(t.after)
	t.log, t.after = t.log[:0], t.after[:0]
}

// next gives a number to an item, a text, a token or a letter.
func (t *tx) next() int64 {
	t.seq++
	return t.seq
}

// then has f run when the transaction is durable.
func (t *tx) then(f func()) { t.after = append(t.after, f) }

// flush writes what the jobs have in common.
func (t *tx) flush() error {
	if err := t.flushLog(); err != nil {
		return err
	}
	if err := t.flushNames(); err != nil {
		return err
	}
	for id, a := range t.touched {
		t.position++
		if _, err := t.exec("UPDATE positions SET position = ? WHERE talk = ?", t.position, id); err != nil {
			return err
		}
		p := t.known(a)
		switch {
		case p == nil:
			t.people[a] = nil // whoever reads it now reads something old
		case p.talkRow == id:
			p = t.edit(a, p)
			p.talk = shallow(p.talk)
			p.talk.Position = t.position
		}
	}
	if t.seq <= t.grant.seq && t.position <= t.grant.position {
		return nil
	}
	t.grant = counters{t.seq + grantSize, t.position + grantSize}
	_, err := t.exec("UPDATE store SET seq = ?, position = ?", t.grant.seq, t.grant.position)
	return err
}

// known returns a person if no reading is needed for it. Of one whom this
// transaction has changed unread, nothing is known: what a reader has put into
// the cache meanwhile is from before.
func (t *tx) known(a channels.Address) *person {
	if p, mine := t.people[a]; mine {
		return p
	}
	return t.s.people.peek(a)
}

// person returns what is stored about an address, as it is in the transaction.
func (t *tx) person(a channels.Address) (*person, error) {
	if p := t.known(a); p != nil {
		return p, nil
	}
	r, err := t.one(selectPerson, string(a.Agency), string(a.Channel), string(a.Peer))
	if err != nil {
		return nil, err
	}
	p, err := t.s.vault.decodePerson(r)
	if err != nil {
		return nil, &broken{err}
	}
	t.people[a] = p
	return p, nil
}

// edit returns a copy of p that may be changed, and that is what is stored
// from now on.
func (t *tx) edit(a channels.Address, p *person) *person {
	if t.own[p] {
		return p
	}
	c := *p
	t.people[a], t.own[&c] = &c, true
	return &c
}

// touch gives a conversation a new position at the end of the transaction,
// because one of its messages, which are with a, has changed.
func (t *tx) touch(a channels.Address, talk int64) {
	if talk != 0 && !t.saved[talk] {
		t.touched[talk] = a
	}
}

const selectPerson = `SELECT p.id, p.contact, p.thread, p.session, p.talk, c.body, n.position, c.thread, c.log, p.identity
	FROM people p LEFT JOIN conversations c ON c.id = p.talk LEFT JOIN positions n ON n.talk = p.talk
	WHERE p.agency = ? AND p.channel = ? AND p.peer = ?`

// decodePerson reads a row of selectPerson; none is a person of whom nothing
// is known.
func (v *vault) decodePerson(r row) (*person, error) {
	p := &person{}
	if r == nil {
		return p, nil
	}
	p.row = r.num(0)
	if b := r.blob(1); b != nil {
		p.contact = &alt.Contact{}
		if err := json.Unmarshal(b, p.contact); err != nil {
			return nil, fmt.Errorf("sqlitestore: decode contact: %w", err)
		}
		p.contact.Thread = r.str(2)
	}
	if b := r.blob(3); b != nil {
		s, err := v.Decode(b, r.blob(9))
		if err != nil {
			return nil, err
		}
		p.session = s
	}
	if b := r.blob(5); b != nil {
		c, err := decodeConversation(b, r.num(6), r.str(7))
		if err != nil {
			return nil, err
		}
		p.talk, p.talkRow, p.talkLog = c, r.num(4), r.num(8)
	}
	return p, nil
}

func decodeConversation(body []byte, position int64, thread string) (*alt.Conversation, error) {
	c := &alt.Conversation{}
	if err := json.Unmarshal(body, c); err != nil {
		return nil, fmt.Errorf("sqlitestore: decode conversation: %w", err)
	}
	c.Position, c.Thread = position, thread
	return c, nil
}
