package pgstore

import (
	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

const (
	insertTalk = `INSERT INTO conversations (id, agency, name, channel, peer, version, open, kind, held_by, waiting, last, thread, search, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	updateTalk = `UPDATE conversations SET version = $2, open = $3, kind = $4, held_by = $5, waiting = $6, last = $7, thread = $8, search = $9, body = $10
		WHERE id = $1`
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
		t.exec(insertTalk, row, string(c.Address.Agency), c.ID, string(c.Address.Channel), string(c.Address.Peer), c.Version, c.State == alt.Open,
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
		t.exec(updateTalk, row, c.Version, c.State == alt.Open, string(c.Holder.Kind), c.Holder.By, moment(c.Waiting), lastMessage(c),
			text(c.Thread), text(fold(c.Name)), p.talk)
		if old.address != c.Address { // the person has another one now
			t.exec("UPDATE conversations SET channel = $2, peer = $3 WHERE id = $1", row, string(c.Address.Channel), string(c.Address.Peer))
			if err := t.moveTalk(old.address, row, c); err != nil {
				return 0, err
			}
		}
	}
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

// findTalk looks a conversation up; p is the person whose it is. One that is
// with another address is guarded by that one's lock.
func (t *tx) findTalk(p *person, c *alt.Conversation) (storedTalk, error) {
	if p.talk != nil && p.talk.ID == c.ID {
		return storedTalk{p.talkRow, p.talk.Version, p.talk.Thread, p.talk.Address}, nil
	}
	for {
		r, err := t.one("SELECT id, version, thread, agency, channel, peer FROM conversations WHERE agency = $1 AND name = $2", string(c.Address.Agency), c.ID)
		if err != nil || r == nil {
			return storedTalk{}, err
		}
		old := storedTalk{r.num(0), r.num(1), r.str(2), addressOf(r, 3)}
		lock := t.s.addressLock(old.address)
		if t.held[lock] {
			return old, nil
		}
		if err := t.hold(lock); err != nil {
			return storedTalk{}, err
		}
	}
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
