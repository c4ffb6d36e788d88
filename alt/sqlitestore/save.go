package sqlitestore

import (
	"database/sql/driver"
	"time"

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
		if talk, err = t.saveTalk(p.Conversation, p.talk, p.log); err != nil {
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

// savePerson writes the row of a person: what is given, and which conversation
// saveTalk made the latest one.
func (t *tx) savePerson(a channels.Address, contact contactRow, ss sessionRow) error {
	p, err := t.person(a)
	if err != nil {
		return err
	}
	p = t.edit(a, p)
	links := p.row == 0 || t.relinked[p]
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
	delete(t.relinked, p)
	thread := driver.Value(nil)
	if p.contact != nil {
		thread = text(p.contact.Thread)
	}
	started, seen := index(p.session)
	talk := number(p.talkRow)
	switch {
	case p.row == 0:
		p.row = t.next()
		_, err = t.exec(`INSERT INTO people (id, agency, channel, peer, contact, thread, session, talk, started, seen, identity, code)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			p.row, string(a.Agency), string(a.Channel), string(a.Peer), contact.body, thread, ss.body, talk, started, seen, blob(ss.identity), blob(ss.code))
		return err
	case contact.value != nil && ss.value != nil && !links:
		_, err = t.exec("UPDATE people SET contact = ?, thread = ?, session = ? WHERE id = ?", contact.body, thread, ss.body, p.row)
		return err
	case contact.value != nil && ss.value != nil:
		_, err = t.exec("UPDATE people SET contact = ?, thread = ?, session = ?, talk = ?, started = ?, seen = ?, identity = ?, code = ? WHERE id = ?",
			contact.body, thread, ss.body, talk, started, seen, blob(ss.identity), blob(ss.code), p.row)
		return err
	}
	if contact.value != nil {
		if _, err := t.exec("UPDATE people SET contact = ?, thread = ? WHERE id = ?", contact.body, thread, p.row); err != nil {
			return err
		}
	}
	switch {
	case ss.value != nil && links:
		_, err = t.exec("UPDATE people SET session = ?, identity = ?, code = ? WHERE id = ?", ss.body, blob(ss.identity), blob(ss.code), p.row)
	case ss.value != nil:
		_, err = t.exec("UPDATE people SET session = ? WHERE id = ?", ss.body, p.row)
	}
	if err != nil {
		return err
	}
	if links {
		_, err = t.exec("UPDATE people SET talk = ?, started = ?, seen = ? WHERE id = ?", talk, started, seen, p.row)
	}
	return err
}

// index is by what Expire finds a session.
func index(s *session.Session) (started, seen driver.Value) {
	if s == nil || !s.Active() {
		return nil, nil
	}
	return s.Started.UnixMicro(), s.LastSeen.UnixMicro()
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

// saveTalk writes a conversation, which gets its next position and the end of
// its log.
func (t *tx) saveTalk(c *alt.Conversation, body []byte, log []logRow) (int64, error) {
	p, err := t.person(c.Address)
	if err != nil {
		return 0, err
	}
	t.position++
	c.Position = t.position
	last := c.Opened
	for _, at := range []time.Time{c.LastIn, c.LastOut} {
		if at.After(last) {
			last = at
		}
	}
	var row, newest int64
	if c.Version == 1 {
		row, newest = t.next(), t.chain(log, c.ID, 0)
		_, err = t.exec(`INSERT INTO conversations (id, agency, name, channel, peer, version, open, kind, held_by, waiting, last, thread, search, body, log)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			row, string(c.Address.Agency), c.ID, string(c.Address.Channel), string(c.Address.Peer), c.Version, c.State == alt.Open,
			string(c.Holder.Kind), c.Holder.By, micros(c.Waiting), last.UnixMicro(), text(c.Thread), text(fold(c.Name)), body, number(newest))
	} else {
		old, ferr := t.findTalk(p, c)
		if ferr != nil {
			return 0, ferr
		}
		if c.Thread == "" {
			c.Thread = old.thread // a report told it meanwhile
		}
		row, newest = old.row, t.chain(log, c.ID, old.log)
		_, err = t.exec(`UPDATE conversations SET version = ?, open = ?, kind = ?, held_by = ?, waiting = ?, last = ?,
			thread = ?, search = ?, body = ?, log = ? WHERE id = ?`,
			c.Version, c.State == alt.Open, string(c.Holder.Kind), c.Holder.By,
			micros(c.Waiting), last.UnixMicro(), text(c.Thread), text(fold(c.Name)), body, number(newest), row)
		if err == nil && old.address != c.Address { // the person has another one now
			_, err = t.exec("UPDATE conversations SET channel = ?, peer = ? WHERE id = ?", string(c.Address.Channel), string(c.Address.Peer), row)
			if err == nil {
				err = t.moveTalk(old.address, row, c)
			}
		}
	}
	if err != nil {
		return 0, err
	}
	if err := t.place(row, c); err != nil {
		return 0, err
	}
	latest := c.Version == 1 || c.State == alt.Open
	if latest || p.talkRow == row {
		relink := p.talkRow != row
		p = t.edit(c.Address, p)
		p.talk, p.talkRow, p.talkLog = c, row, newest
		if relink {
			t.relinked[p] = true
		}
	}
	return row, nil
}

// place writes the position of a conversation that is saved.
func (t *tx) place(row int64, c *alt.Conversation) error {
	t.saved[row] = true
	delete(t.moved, row)
	_, err := t.exec(`INSERT INTO positions (talk, agency, open, position) VALUES (?, ?, ?, ?)
		ON CONFLICT (talk) DO UPDATE SET open = excluded.open, position = excluded.position`, row, string(c.Address.Agency), c.State == alt.Open, c.Position)
	return err
}

// storedTalk is what is stored of a conversation.
type storedTalk struct {
	row, version int64
	thread       string
	address      channels.Address
	log          int64 // its newest entry
}

// findTalk looks a conversation up; p is the person whose it is.
func (t *tx) findTalk(p *person, c *alt.Conversation) (storedTalk, error) {
	if p.talk != nil && p.talk.ID == c.ID {
		return storedTalk{p.talkRow, p.talk.Version, p.talk.Thread, p.talk.Address, p.talkLog}, nil
	}
	r, err := t.one("SELECT id, version, thread, channel, peer, log FROM conversations WHERE agency = ? AND name = ?", string(c.Address.Agency), c.ID)
	if err != nil || r == nil {
		return storedTalk{}, err
	}
	return storedTalk{r.num(0), r.num(1), r.str(2),
		channels.Address{Agency: c.Address.Agency, Channel: channels.ID(r.str(3)), Peer: channels.Peer(r.str(4))}, r.num(5)}, nil
}

// moveTalk shows a conversation's new address to who had it.
func (t *tx) moveTalk(from channels.Address, row int64, c *alt.Conversation) error {
	p, err := t.person(from)
	if err == nil && p.talkRow == row {
		t.edit(from, p).talk = c
	}
	return err
}

func (t *tx) talkVersion(c *alt.Conversation) error {
	p, err := t.person(c.Address)
	if err != nil {
		return err
	}
	old, err := t.findTalk(p, c)
	if err != nil {
		return err
	}
	if err := follows(old.row != 0, func() int64 { return old.version }, c.Version); err != nil {
		return err
	}
	if open := p.open(); c.State == alt.Open && open != 0 && open != old.row {
		return alt.ErrConflict
	}
	return nil
}

// thread keeps the provider's name of a conversation, when a report tells it.
func (t *tx) thread(a channels.Address, talk int64, thread string) error {
	if thread == "" {
		return nil
	}
	p, err := t.person(a)
	if err != nil {
		return err
	}
	if talk != 0 && (p.talkRow != talk || p.talk.Thread != thread) {
		if _, err := t.exec("UPDATE conversations SET thread = ? WHERE id = ?", thread, talk); err != nil {
			return err
		}
		if p.talkRow == talk {
			p = t.edit(a, p)
			p.talk = shallow(p.talk)
			p.talk.Thread = thread
		}
	}
	if p.contact != nil && p.contact.Thread != thread {
		if _, err := t.exec("UPDATE people SET thread = ? WHERE id = ?", thread, p.row); err != nil {
			return err
		}
		p = t.edit(a, p)
		p.contact = cloneContact(p.contact)
		p.contact.Thread = thread
	}
	return nil
}
