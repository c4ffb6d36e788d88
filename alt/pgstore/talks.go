package pgstore

import (
	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

const (
	insertTalk = `INSERT INTO conversations (id, agency, name, channel, peer, version, open, kind, held_by, waiting, last, thread, search, body)
		SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::boolean[], $8::text[], $9::text[],
			$10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[], $14::bytea[])`
	updateTalk = `UPDATE conversations AS c SET version = n.version, open = n.open, kind = n.kind, held_by = n.held_by, waiting = n.waiting, last = n.last,
			thread = n.thread, search = n.search, body = n.body
		FROM unnest($1::bigint[], $2::bigint[], $3::boolean[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::text[], $9::text[],
			$10::bytea[]) AS n(id, version, open, kind, held_by, waiting, last, thread, search, body) WHERE c.id = n.id`
)

// saveTalk writes a conversation, which gets its next position at the end of
// the transaction.
func (t *tx) saveTalk(p *change) (int64, error) {
	c := p.Conversation
	who, err := t.person(c.Address)
	if err != nil {
		return 0, err
	}
	var row int64
	if c.Version == 1 {
		row = t.next()
		t.insert(insertTalk, row, string(c.Address.Agency), c.ID, string(c.Address.Channel), string(c.Address.Peer), c.Version, c.State == alt.Open,
			string(c.Holder.Kind), c.Holder.By, moment(c.Waiting), lastMessage(c), text(c.Thread), text(fold(c.Name)), p.talk)
	} else {
		old, err := t.findTalk(who, c)
		if err != nil {
			return 0, err
		}
		if c.Thread == "" {
			c.Thread = old.thread // a report told it meanwhile
		}
		row = old.row
		t.update(updateTalk, rowKey{"conversations", row}, row, c.Version, c.State == alt.Open, string(c.Holder.Kind), c.Holder.By, moment(c.Waiting), lastMessage(c),
			text(c.Thread), text(fold(c.Name)), p.talk)
		if old.address != c.Address { // the person has another one now
			t.exec("UPDATE conversations SET channel = $2, peer = $3 WHERE id = $1", row, string(c.Address.Channel), string(c.Address.Peer))
			if err := t.moveTalk(old.address, row, c); err != nil {
				return 0, err
			}
		}
	}
	t.talks[talkKey{c.Address.Agency, c.ID}] = storedTalk{row, c.Version, c.Thread, c.Address}
	t.place(row, c.Address.Agency, c.State == alt.Open, func(position int64) { p.position = position })
	latest := c.Version == 1 || c.State == alt.Open
	if latest || who.talkRow == row {
		relink := who.talkRow != row
		who = t.edit(c.Address, who)
		who.talk, who.talkRow = c, row
		if relink {
			t.linked[who] = true
		}
	}
	return row, nil
}

// storedTalk is what is stored of a conversation.
type storedTalk struct {
	row, version int64
	thread       string
	address      channels.Address
}

const readTalkNames = `SELECT c.agency, c.channel, c.peer, c.name, c.id, c.version, c.thread FROM unnest($1::text[], $2::text[]) AS n(agency, name)
			JOIN conversations c ON c.name = n.name AND c.agency = n.agency`

// readTalks looks conversations up by their ids.
func (t *tx) readTalks(list []talkKey) statement {
	agencies, names := make([]string, len(list)), make([]string, len(list))
	for i, k := range list {
		agencies[i], names[i] = string(k.agency), k.id
		t.talks[k] = storedTalk{}
	}
	return statement{
		sql:  readTalkNames,
		args: []any{agencies, names}, read: func(rows []row) error {
			for _, r := range rows {
				a := addressOf(r, 0)
				t.talks[talkKey{a.Agency, r.str(3)}] = storedTalk{r.num(4), r.num(5), r.str(6), a}
			}
			return nil
		},
	}
}

// findTalk looks a conversation up; p is the person whose it is. One that is
// with another address is guarded by that one's lock.
func (t *tx) findTalk(p *person, c *alt.Conversation) (storedTalk, error) {
	if p.talk != nil && p.talk.ID == c.ID {
		return storedTalk{p.talkRow, p.talk.Version, p.talk.Thread, p.talk.Address}, nil
	}
	key := talkKey{c.Address.Agency, c.ID}
	old, read := t.talks[key]
	for !read || old.row != 0 && !t.held[t.s.addressLock(old.address)] {
		if old.row != 0 {
			if err := t.hold(t.s.addressLock(old.address)); err != nil {
				return storedTalk{}, err
			}
		}
		// What was read before the lock was had may have changed.
		if err := t.send(append(t.pending(), t.readTalks([]talkKey{key}))); err != nil {
			return storedTalk{}, err
		}
		old, read = t.talks[key], true
	}
	return old, nil
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
