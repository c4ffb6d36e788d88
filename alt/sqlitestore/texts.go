package sqlitestore

import (
	"bytes"
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// insertText appends what was said. The id must be the latest number.
func (t *tx) insertText(id int64, body []byte, search string) error {
	_, err := t.exec("INSERT INTO texts (id, body, search) VALUES (?, ?, ?)", id, body, text(search))
	return err
}

// rewrite replaces what an item says. A row of texts never changes its length,
// see the schema: what is shorter is filled up with blanks, and what is longer
// becomes a row of its own.
func (t *tx) rewrite(id int64, body []byte, search string) error {
	r, err := t.one(`SELECT t.id, length(t.body), octet_length(t.search) FROM items i JOIN texts t ON t.id = i.text WHERE i.id = ?`, id)
	if err != nil {
		return err
	}
	if r == nil {
		return t.moveText(id, body, search)
	}
	roomBody, roomSearch := int(r.num(1)), int(r.num(2))
	if len(body) > roomBody || len(search) > roomSearch {
		if err := t.blank(id); err != nil {
			return err
		}
		return t.moveText(id, body, search)
	}
	filled := append(bytes.Clone(body), bytes.Repeat([]byte(" "), roomBody-len(body))...)
	folded := text(search + strings.Repeat(" ", roomSearch-len(search)))
	_, err = t.exec("UPDATE texts SET body = ?, search = ? WHERE id = ?", filled, folded, r.num(0))
	return err
}

// moveText gives an item a new row in texts.
func (t *tx) moveText(id int64, body []byte, search string) error {
	row := t.next()
	if err := t.insertText(row, body, search); err != nil {
		return err
	}
	_, err := t.exec("UPDATE items SET text = ? WHERE id = ?", row, id)
	return err
}

// blank overwrites what an item says, and the provider's bytes of it.
func (t *tx) blank(id int64) error {
	_, err := t.exec(`UPDATE texts SET body = zeroblob(length(body)), search = CASE WHEN search IS NOT NULL THEN zeroblob(octet_length(search)) END
		WHERE id = (SELECT text FROM items WHERE id = ?)`, id)
	if err != nil {
		return err
	}
	return t.blankRaw(id)
}

func (t *tx) blankRaw(id int64) error {
	_, err := t.exec(`UPDATE raw SET body = CASE WHEN body IS NOT NULL THEN zeroblob(length(body)) END,
		raw = CASE WHEN raw IS NOT NULL THEN zeroblob(length(raw)) END WHERE id = ?`, id)
	return err
}

// event reads the event of an item.
func (t *tx) event(id int64) (channels.Event, error) {
	r, err := t.one(`SELECT coalesce(t.body, i.body, r.body) FROM items i LEFT JOIN texts t ON t.id = i.text LEFT JOIN raw r ON r.id = i.id
		WHERE i.id = ?`, id)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, &broken{fmt.Errorf("item %d is gone", id)}
	}
	e, err := channels.UnmarshalEvent(r.blob(0))
	if err != nil {
		return nil, &broken{err}
	}
	return e, nil
}

// setContent replaces the content of an event.
func setContent(e channels.Event, c channels.Content) {
	switch e := e.(type) {
	case *channels.Received:
		e.Content = c
	case *channels.Edited:
		e.Content = c
	case *channels.Echoed:
		e.Content = c
	}
}

func contentOf(e channels.Event) channels.Content {
	switch e := e.(type) {
	case *channels.Received:
		return e.Content
	case *channels.Edited:
		return e.Content
	case *channels.Echoed:
		return e.Content
	}
	return nil
}

// rewriteEvent stores an event with the content that it has now.
func (t *tx) rewriteEvent(id int64, e channels.Event) error {
	body, err := channels.MarshalEvent(e)
	if err != nil {
		return &broken{err}
	}
	return t.rewrite(id, body, searchable(contentOf(e)))
}

// record makes an event that is a message one of the conversation.
func (t *tx) record(e *entry, talk int64, as channels.Content) error {
	if talk == 0 {
		p, err := t.person(e.address)
		if err != nil {
			return err
		}
		talk = p.open()
	}
	t.touch(e.address, talk)
	if e.kind == received && as == nil {
		_, err := t.exec("UPDATE items SET state = ?, attempts = ?, direction = 1, talk = ? WHERE id = ?", int64(stateDone), int64(e.attempt), number(talk), e.id)
		return err
	}
	ev, err := t.event(e.id)
	if err != nil {
		return err
	}
	if as != nil {
		setContent(ev, as)
	}
	if err := t.rewriteEvent(e.id, ev); err != nil {
		return err
	}
	if as != nil || e.kind == echoed {
		if err := t.blankRaw(e.id); err != nil {
			return err
		}
	}
	if e.kind == received {
		_, err = t.exec("UPDATE items SET state = ?, attempts = ?, direction = 1, talk = ? WHERE id = ?", int64(stateDone), int64(e.attempt), number(talk), e.id)
		return err
	}
	at := micros(ev.Meta().At)
	_, err = t.exec("UPDATE items SET state = ?, attempts = ?, direction = 2, talk = ?, status = ?, status_at = ?, sent = ? WHERE id = ?",
		int64(stateDone), int64(e.attempt), number(talk), string(channels.Sent), at, at, e.id)
	if echo, ok := ev.(*channels.Echoed); ok && err == nil && echo.ID != "" {
		err = t.name(providerName(e.address.Agency, e.address.Channel, echo.ID), e.id)
	}
	return err
}

// selectNamed finds what the provider calls by one name: messages of ours by
// that; a person's own, which no index is spent on, among the person's; and
// letters.
const selectNamed = `SELECT i.id, i.peer, i.direction, i.message, i.talk FROM items i
		WHERE i.id IN ` + namedItems + ` AND i.provider = ?3 AND i.direction = 2 AND i.agency = ?4 AND i.channel = ?5 AND i.peer = ?6
	UNION
	SELECT i.id, i.peer, i.direction, i.message, i.talk FROM conversations c JOIN items i ON i.talk = c.id
		WHERE c.agency = ?4 AND c.channel = ?5 AND c.peer = ?6 AND i.provider = ?3
	UNION
	SELECT i.id, i.peer, i.direction, i.message, i.talk FROM items i INDEXED BY items_alone
		WHERE i.agency = ?4 AND i.channel = ?5 AND i.peer = ?6 AND i.direction IS NOT NULL AND i.talk IS NULL AND i.provider = ?3
	UNION
	SELECT i.id, i.peer, i.direction, i.message, i.talk FROM letters l JOIN items i ON i.id = l.item
		WHERE l.agency = ?4 AND l.channel = ?5 AND i.peer = ?6 AND i.provider = ?3`

// selectNamedAnywhere does the same when nobody knows the person: it looks
// through everything.
const selectNamedAnywhere = `SELECT i.id, i.peer, i.direction, i.message, i.talk FROM items i LEFT JOIN letters l ON l.item = i.id
	WHERE i.provider = ?1 AND i.agency = ?2 AND i.channel = ?3 AND (i.direction IS NOT NULL OR l.item IS NOT NULL)`

// redact replaces content wherever it is kept: in the message, and in letters
// about it. It returns the entries about the messages.
func (t *tx) redact(r alt.Redaction, with channels.Content) ([]logRow, error) {
	t.redacted = true
	query, args := selectNamedAnywhere, []driver.Value{string(r.ID), string(r.Address.Agency), string(r.Address.Channel)}
	if r.Address.Peer != "" {
		x := providerName(r.Address.Agency, r.Address.Channel, r.ID)
		query, args = selectNamed, append([]driver.Value{x[:], t.itemNamed(x)}, append(args, string(r.Address.Peer))...)
	}
	rows, err := t.all(query, args...)
	if err != nil {
		return nil, err
	}
	var entries []logRow
	for _, row := range rows {
		id, a := row.num(0), r.Address
		a.Peer = channels.Peer(row.str(1))
		if row.str(3) != "" {
			err = t.redactOutbound(id, with)
		} else {
			err = t.redactEvent(id, with)
		}
		if err != nil {
			return nil, err
		}
		if row.num(2) == 0 {
			continue
		}
		if _, err := t.exec("UPDATE items SET edited = 1 WHERE id = ?", id); err != nil {
			return nil, err
		}
		t.touch(a, row.num(4))
		entry, err := t.redactedEntry(r, id)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// redactedEntry returns the entry about a message whose content r replaced.
func (t *tx) redactedEntry(r alt.Redaction, id int64) (logRow, error) {
	row, err := t.one(selectMessages+"WHERE i.id = ?", id)
	if err != nil {
		return logRow{}, err
	}
	m, err := messageFrom(row)
	if err != nil {
		return logRow{}, &broken{err}
	}
	return encodeLog(r.Redacted(m))
}

func (t *tx) redactEvent(id int64, with channels.Content) error {
	e, err := t.event(id)
	if err != nil {
		return err
	}
	with = alt.Revised(contentOf(e), with)
	if err := t.dropFile(e, with); err != nil {
		return err
	}
	e.Meta().Salt = alt.NewSalt()
	setContent(e, with)
	if err := t.rewriteEvent(id, e); err != nil {
		return err
	}
	return t.blankRaw(id)
}

// dropFile deletes the file of a message whose content is replaced. It goes
// before the transaction is durable: a crash in between then leaves a message
// to be withdrawn again, and no file that nothing names.
func (t *tx) dropFile(e channels.Event, with channels.Content) error {
	r, ok := e.(*channels.Received)
	if !ok {
		return nil
	}
	old, _ := r.Content.(channels.Media)
	kept, _ := with.(channels.Media)
	if old.Blob == "" || old.Blob == kept.Blob {
		return nil
	}
	if err := t.s.files.remove(r.Agency, old.Blob); err != nil {
		return &broken{err}
	}
	return nil
}

func (t *tx) redactOutbound(id int64, with channels.Content) error {
	o, err := t.outbound(id)
	if err != nil {
		return err
	}
	o.Content, o.Salt = with, alt.NewSalt()
	body, err := channels.MarshalOutbound(*o)
	if err != nil {
		return &broken{err}
	}
	return t.rewrite(id, body, searchable(with))
}

// outbound reads a message of ours.
func (t *tx) outbound(id int64) (*channels.Outbound, error) {
	r, err := t.one("SELECT t.body FROM items i JOIN texts t ON t.id = i.text WHERE i.id = ?", id)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, &broken{fmt.Errorf("item %d is gone", id)}
	}
	o, err := channels.UnmarshalOutbound(r.blob(0))
	if err != nil {
		return nil, &broken{err}
	}
	return &o, nil
}
