package sqlitestore

import (
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

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
		err = t.rewriteTalk(p, c, row, body, last, newest)
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

// rewriteTalk writes a conversation of p again. As a rule something was said in
// it, and what it is looked for by is as it was.
func (t *tx) rewriteTalk(p *person, c *alt.Conversation, row int64, body []byte, last time.Time, newest int64) error {
	if p.talkRow == row && sameToDesk(p.talk, c) {
		_, err := t.exec("UPDATE conversations SET version = ?, last = ?, body = ?, log = ? WHERE id = ?", c.Version, last.UnixMicro(), body, number(newest), row)
		return err
	}
	_, err := t.exec(`UPDATE conversations SET version = ?, open = ?, kind = ?, held_by = ?, waiting = ?, last = ?,
		thread = ?, search = ?, body = ?, log = ? WHERE id = ?`,
		c.Version, c.State == alt.Open, string(c.Holder.Kind), c.Holder.By,
		micros(c.Waiting), last.UnixMicro(), text(c.Thread), text(fold(c.Name)), body, number(newest), row)
	return err
}

func sameToDesk(old, c *alt.Conversation) bool {
	return old.State == c.State && old.Holder.Kind == c.Holder.Kind && old.Holder.By == c.Holder.By && old.Waiting.Equal(c.Waiting) &&
		old.Thread == c.Thread && old.Name == c.Name
}

// place writes the position of a conversation that is saved.
func (t *tx) place(row int64, c *alt.Conversation) error {
	t.saved[row] = true
	delete(t.touched, row)
	if c.Version == 1 {
		_, err := t.exec("INSERT INTO positions (talk, agency, open, position) VALUES (?, ?, ?, ?)", row, string(c.Address.Agency), c.State == alt.Open, c.Position)
		return err
	}
	_, err := t.exec("UPDATE positions SET open = ?, position = ? WHERE talk = ?", c.State == alt.Open, c.Position, row)
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
