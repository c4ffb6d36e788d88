package pgstore

import (
	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/session"
)

// contactRow and sessionRow are something of a person's that is saved, and its
// columns; what has no value is left as it is.
type (
	contactRow struct {
		value *alt.Contact
		body  []byte
	}
	sessionRow struct {
		value    *session.Session
		body     []byte
		identity []byte // sealed; nil unless somebody was proven
		code     []byte // by which the session is found; nil, too, when it has ended
	}
)

// savePeople saves session, contact and conversation, and returns the row of
// the conversation.
func (t *tx) savePeople(p *change) (talk int64, err error) {
	contact, ss := contactRow{p.Contact, p.contact}, p.session
	if p.Conversation != nil {
		if talk, err = t.saveTalk(p); err != nil {
			return 0, err
		}
	}
	// As a rule they are of one person, and one statement saves them.
	if p.Contact != nil && p.Session != nil && p.Contact.Address != p.Session.Address {
		if err := t.savePerson(p.Contact.Address, contact, sessionRow{}); err != nil {
			return 0, err
		}
		contact = contactRow{}
	}
	var a channels.Address
	switch {
	case ss.value != nil:
		a = ss.value.Address
	case contact.value != nil:
		a = contact.value.Address
	}
	if p.Conversation != nil && (a.IsZero() || p.Conversation.Address != a) {
		if err := t.savePerson(p.Conversation.Address, contactRow{}, sessionRow{}); err != nil {
			return 0, err
		}
	}
	if contact.value != nil || ss.value != nil {
		err = t.savePerson(a, contact, ss)
	}
	return talk, err
}

const insertPerson = `INSERT INTO people (id, agency, channel, peer, contact, thread, session, talk, started, seen, identity, code)
	SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::bytea[], $8::bigint[], $9::timestamptz[],
		$10::timestamptz[], $11::bytea[], $12::bytea[])`

const (
	updatePerson = `UPDATE people AS p SET contact = coalesce(n.contact, p.contact), thread = CASE WHEN n.threads THEN n.thread ELSE p.thread END,
			session = coalesce(n.session, p.session), talk = CASE WHEN n.links THEN n.talk ELSE p.talk END,
			started = CASE WHEN n.links THEN n.started ELSE p.started END, seen = CASE WHEN n.links THEN n.seen ELSE p.seen END,
			identity = CASE WHEN n.proves THEN n.identity ELSE p.identity END, code = CASE WHEN n.proves THEN n.code ELSE p.code END
		FROM unnest($1::bigint[], $2::bytea[], $3::boolean[], $4::text[], $5::bytea[], $6::boolean[], $7::bigint[], $8::timestamptz[], $9::timestamptz[],
			$10::boolean[], $11::bytea[], $12::bytea[])
			AS n(id, contact, threads, thread, session, links, talk, started, seen, proves, identity, code) WHERE p.id = n.id`

	threadPerson = `UPDATE people SET thread = n.thread FROM unnest($1::bigint[], $2::text[]) AS n(id, thread) WHERE people.id = n.id`
	threadTalk   = `UPDATE conversations AS c SET thread = n.thread FROM unnest($1::bigint[], $2::text[]) AS n(id, thread)
		WHERE c.id = n.id AND c.thread IS DISTINCT FROM n.thread`

	threadAddress = `UPDATE people AS p SET thread = n.thread FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS n(agency, channel, peer, thread)
		WHERE p.agency = n.agency AND p.channel = n.channel AND p.peer = n.peer AND p.contact IS NOT NULL AND p.thread IS DISTINCT FROM n.thread`
)

// savePerson writes the row of a person: what is given, and which conversation
// saveTalk made the latest one.
func (t *tx) savePerson(a channels.Address, contact contactRow, ss sessionRow) error {
	p, err := t.person(a)
	if err != nil {
		return err
	}
	p = t.edit(a, p)
	links := p.row == 0 || t.linked[p]
	if ss.value != nil {
		links = links || reindex(p.session, ss.value)
		p.session = ss.value
	}
	if c := contact.value; c != nil {
		if c.Thread == "" && p.contact != nil {
			c.Thread = p.contact.Thread
		}
		p.contact = c
	}
	delete(t.linked, p)
	thread := any(nil)
	if p.contact != nil {
		thread = text(p.contact.Thread)
	}
	started, seen := index(p.session)
	talk := number(p.talkRow)
	if p.row == 0 {
		p.row = t.next()
		t.insert(insertPerson, p.row, string(a.Agency), string(a.Channel), string(a.Peer), blob(contact.body), thread, blob(ss.body), talk, started, seen,
			blob(ss.identity), blob(ss.code))
		return nil
	}
	// What indexes are made of is left alone where it can be: the row then stays
	// in its page.
	t.update(updatePerson, rowKey{"people", p.row}, p.row, blob(contact.body), contact.value != nil, thread, blob(ss.body), links, talk, started, seen,
		links && ss.value != nil, blob(ss.identity), blob(ss.code))
	return nil
}

// index is by what Expire finds a session.
func index(s *session.Session) (started, seen any) {
	if s == nil || !s.Active() {
		return nil, nil
	}
	return s.Started, s.LastSeen
}

// reindex reports whether what the index has would hide s from Expire or
// ByCode, or is not s's own. That the person was seen later does not: Expire
// looks, and corrects it.
func reindex(old, s *session.Session) bool {
	if old == nil || old.ID != s.ID || old.Active() != s.Active() || !sameIdentity(old.Identity, s.Identity) {
		return true
	}
	return s.Active() && (!old.Started.Equal(s.Started) || s.LastSeen.Before(old.LastSeen))
}

func sameIdentity(a, b *eid.Identity) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// thread keeps the provider's name of a conversation, when a report tells it. As
// a rule nobody else in the transaction asks for the person, who then need not be
// read for that.
func (t *tx) thread(a channels.Address, talk int64, thread string) error {
	if thread == "" {
		return nil
	}
	lock := t.s.addressLock(a)
	if err := t.hold(lock); err != nil {
		return err
	}
	p := t.people[a]
	if p == nil {
		if talk != 0 {
			t.update(threadTalk, rowKey{"conversations", talk}, talk, thread)
		}
		t.update(threadAddress, rowKey{"addresses", lock}, string(a.Agency), string(a.Channel), string(a.Peer), thread)
		return nil
	}
	if talk != 0 && (p.talkRow != talk || p.talk.Thread != thread) {
		t.update(threadTalk, rowKey{"conversations", talk}, talk, thread)
		if p.talkRow == talk {
			p = t.edit(a, p)
			c := *p.talk
			c.Thread = thread
			p.talk = &c
		}
	}
	if p.contact != nil && p.contact.Thread != thread {
		t.update(threadPerson, rowKey{"people", p.row}, p.row, thread)
		p = t.edit(a, p)
		p.contact = cloneContact(p.contact)
		p.contact.Thread = thread
	}
	return nil
}
