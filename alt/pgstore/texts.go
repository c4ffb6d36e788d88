package pgstore

import (
	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// rewrite replaces what an item says.
func (t *tx) rewrite(id int64, body []byte, search string) {
	t.exec("UPDATE bodies SET body = $2, search = $3 WHERE id = $1", id, body, text(search))
	t.exec("UPDATE live SET rewritten = true WHERE id = $1", id)
	t.rewritten = append(t.rewritten, id)
}

// bodyOf is the content of an item i. A join would do the same, but while the
// months are empty the planner takes reading all of them for as cheap as looking
// one row up, and keeps to that plan when they fill.
const bodyOf = "(SELECT b.body FROM bodies b WHERE b.id = i.id)"

const deleteBody = "DELETE FROM bodies WHERE id = ANY($1::bigint[])"

// dropBody deletes what an item says.
func (t *tx) dropBody(it *item) {
	if it.kind == inline {
		t.exec("UPDATE items SET body = NULL WHERE id = $1", it.id)
		return
	}
	t.update(deleteBody, rowKey{"bodies", it.id}, it.id)
}

// dropRaw deletes the provider's bytes of an event.
func (t *tx) dropRaw(id int64) { t.exec("DELETE FROM raw WHERE id = $1", id) }

// event reads the event of an item.
func (t *tx) event(id int64) (channels.Event, error) {
	r, err := t.one("SELECT coalesce(i.body, "+bodyOf+") FROM items i WHERE i.id = $1", id)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, errGone(id)
	}
	e, err := channels.UnmarshalEvent(r.blob(0))
	if err != nil {
		return nil, &broken{err}
	}
	return e, nil
}

// outbound reads a message of ours.
func (t *tx) outbound(id int64) (*channels.Outbound, error) {
	r, err := t.one("SELECT body FROM bodies WHERE id = $1", id)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, errGone(id)
	}
	o, err := channels.UnmarshalOutbound(r.blob(0))
	if err != nil {
		return nil, &broken{err}
	}
	return &o, nil
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
	t.rewrite(id, body, searchable(contentOf(e)))
	return nil
}

const markRecorded = `UPDATE items SET state = 1, attempts = n.attempts, direction = 1, talk = n.talk
	FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS n(id, attempts, talk) WHERE items.id = n.id`

// record makes an event that is a message one of the conversation.
func (t *tx) record(e *item, talk int64, as channels.Content) error {
	if talk == 0 {
		p, err := t.person(e.address)
		if err != nil {
			return err
		}
		talk = p.open()
	}
	e.talk, e.kept = talk, true
	t.touch(e.address.Agency, talk)
	if as != nil {
		ev, err := t.event(e.id)
		if err != nil {
			return err
		}
		setContent(ev, as)
		if err := t.rewriteEvent(e.id, ev); err != nil {
			return err
		}
		t.dropRaw(e.id)
	}
	if e.kind == received {
		t.update(markRecorded, rowKey{items, e.id}, e.id, int64(e.attempt), number(talk))
		return nil
	}
	ev, err := t.event(e.id)
	if err != nil {
		return err
	}
	if err := t.rewriteEvent(e.id, ev); err != nil { // to be found by its words
		return err
	}
	t.exec("UPDATE items SET state = $2, attempts = $3, direction = 2, talk = $4, status = $5, status_at = $6, sent = $6 WHERE id = $1",
		e.id, stateDone, e.attempt, number(talk), string(channels.Sent), moment(ev.Meta().At))
	e.out, e.status = true, channels.Sent
	if e.provider != "" {
		t.called(e, e.provider)
	}
	return nil
}

// selectNamed finds what the provider calls by one name: messages of ours by an
// index; a person's own, which no index is spent on, among the person's; and
// letters.
const selectNamed = `SELECT i.id FROM items i WHERE i.provider = $1 AND i.direction = 2 AND i.agency = $2 AND i.channel = $3 AND i.peer = $4
	UNION
	SELECT i.id FROM conversations c JOIN items i ON i.talk = c.id
		WHERE c.agency = $2 AND c.channel = $3 AND c.peer = $4 AND i.provider = $1
	UNION
	SELECT i.id FROM items i
		WHERE i.agency = $2 AND i.channel = $3 AND i.peer = $4 AND i.direction IS NOT NULL AND i.talk IS NULL AND i.provider = $1
	UNION
	SELECT i.id FROM items i WHERE i.state = 2 AND i.agency = $2 AND i.channel = $3 AND i.peer = $4 AND i.provider = $1`

// selectNamedAnywhere does the same when nobody knows the person: it looks
// through everything.
const selectNamedAnywhere = `SELECT i.id FROM items i LEFT JOIN letters l ON l.item = i.id
	WHERE i.provider = $1 AND i.agency = $2 AND i.channel = $3 AND (i.direction IS NOT NULL OR l.item IS NOT NULL)`

// redact replaces content wherever it is kept: in the message, and in letters
// about it. It returns the entries about the messages.
func (t *tx) redact(r alt.Redaction, with channels.Content) ([]logRow, error) {
	query, args := selectNamed, []any{string(r.ID), string(r.Address.Agency), string(r.Address.Channel), string(r.Address.Peer)}
	if r.Address.Peer == "" {
		query, args = selectNamedAnywhere, args[:3]
	}
	rows, err := t.all(query, args...)
	if err != nil {
		return nil, err
	}
	var entries []logRow
	for _, row := range rows {
		it, err := t.item(row.num(0))
		if err != nil {
			return nil, err
		}
		if it.ours {
			err = t.redactOutbound(it.id, with)
		} else {
			err = t.redactEvent(it.id, with)
		}
		if err != nil {
			return nil, err
		}
		if !it.kept {
			continue // a letter about what is no message yet
		}
		t.exec("UPDATE items SET edited = true WHERE id = $1", it.id)
		t.touch(it.address.Agency, it.talk)
		entry, err := t.redactedEntry(r, it.id)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// redactedEntry returns the entry about a message whose content r replaced.
func (t *tx) redactedEntry(r alt.Redaction, id int64) (logRow, error) {
	row, err := t.one(selectMessages+"WHERE i.id = $1", id)
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
	t.dropFile(e, with)
	e.Meta().Salt = alt.NewSalt()
	setContent(e, with)
	if err := t.rewriteEvent(id, e); err != nil {
		return err
	}
	t.dropRaw(id)
	return nil
}

// dropFile deletes the file of a message whose content is replaced.
func (t *tx) dropFile(e channels.Event, with channels.Content) {
	r, ok := e.(*channels.Received)
	if !ok {
		return
	}
	old, _ := r.Content.(channels.Media)
	kept, _ := with.(channels.Media)
	if old.Blob != "" && old.Blob != kept.Blob {
		t.exec(deleteBlob, string(r.Agency), blobName(r.Agency, old.Blob))
	}
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
	t.rewrite(id, body, searchable(with))
	return nil
}
