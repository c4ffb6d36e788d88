package pgstore

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

// person is what is stored about an address.
type person struct {
	row     int64 // in people; 0: there is none yet
	contact *alt.Contact
	session *session.Session
	talk    *alt.Conversation // the latest one
	talkRow int64
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
	v.Offer, v.Logins = slices.Clone(c.Offer), slices.Clone(c.Logins)
	return &v
}

const (
	// readTogether is for who decides in a transaction, to whom a position says
	// nothing.
	readTogether = `SELECT p.agency, p.channel, p.peer, p.id, p.contact, p.thread, p.session, p.identity, p.talk, c.body, NULL, c.thread ` + fromPeople

	selectPeople = `SELECT p.agency, p.channel, p.peer, p.id, p.contact, p.thread, p.session, p.identity, p.talk, c.body, n.position, c.thread ` + fromPeople + `
		LEFT JOIN positions n ON n.talk = p.talk`

	fromPeople = `FROM unnest($1::text[], $2::text[], $3::text[]) AS a(agency, channel, peer)
		JOIN people p ON p.agency = a.agency AND p.channel = a.channel AND p.peer = a.peer LEFT JOIN conversations c ON c.id = p.talk`
)

// readPeople reads what is stored about addresses, whose locks are held.
func (t *tx) readPeople(list []channels.Address) statement {
	for _, a := range list {
		t.people[a] = &person{}
	}
	agencies, lines, peers := addressColumns(list)
	return statement{sql: readTogether, args: []any{agencies, lines, peers}, read: func(rows []row) error {
		for _, r := range rows {
			p, err := t.s.vault.decodePerson(r)
			if err != nil {
				return err
			}
			t.people[addressOf(r, 0)] = p
		}
		return nil
	}}
}

// person returns what is stored about an address, as it is in the transaction.
func (t *tx) person(a channels.Address) (*person, error) {
	if p := t.people[a]; p != nil {
		return p, nil
	}
	if err := t.hold(t.s.addressLock(a)); err != nil {
		return nil, err
	}
	if err := t.send(append(t.pending(), t.readPeople([]channels.Address{a}))); err != nil {
		return nil, err
	}
	return t.people[a], nil
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

// decodePerson reads a row of selectPeople; none is a person of whom nothing
// is known.
func (v *vault) decodePerson(r row) (*person, error) {
	p := &person{}
	if r == nil {
		return p, nil
	}
	p.row = r.num(3)
	if b := r.blob(4); b != nil {
		p.contact = &alt.Contact{}
		if err := json.Unmarshal(b, p.contact); err != nil {
			return nil, fmt.Errorf("pgstore: decode contact: %w", err)
		}
		p.contact.Thread = r.str(5)
	}
	if b := r.blob(6); b != nil {
		s, err := v.Decode(b, r.blob(7))
		if err != nil {
			return nil, err
		}
		p.session = s
	}
	if b := r.blob(9); b != nil {
		c, err := decodeConversation(b, r.num(10), r.str(11))
		if err != nil {
			return nil, err
		}
		p.talk, p.talkRow = c, r.num(8)
	}
	return p, nil
}

func decodeConversation(body []byte, position int64, thread string) (*alt.Conversation, error) {
	c := &alt.Conversation{}
	if err := json.Unmarshal(body, c); err != nil {
		return nil, fmt.Errorf("pgstore: decode conversation: %w", err)
	}
	c.Position, c.Thread = position, thread
	return c, nil
}

// lastMessage is when either side last wrote.
func lastMessage(c *alt.Conversation) time.Time {
	last := c.Opened
	for _, at := range []time.Time{c.LastIn, c.LastOut} {
		if at.After(last) {
			last = at
		}
	}
	return last
}
