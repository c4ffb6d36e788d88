package pgstore

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// forgetEvery is how often a replica looks for months that are over.
const forgetEvery = time.Hour

// forgetAtOnce bounds how many conversations one query finds.
const forgetAtOnce = 100

// monthly does what belongs to months that are over: it deletes conversations
// whose term ended, has empty months dropped, and deletes the contents that are
// left over in months that something keeps.
func (s *Store) monthly(ctx context.Context, now time.Time) error {
	if s.cfg.KeepFor == 0 {
		return s.dropMonths(ctx)
	}
	y, m, _ := now.Add(-s.cfg.KeepFor).UTC().Date()
	end := time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
	agencies, err := s.read(ctx, "SELECT agency FROM agencies")
	if err != nil {
		return err
	}
	for _, r := range agencies {
		if err := s.forget(ctx, channels.Agency(r.str(0)), end); err != nil {
			return err
		}
	}
	if err := s.forgetLoose(ctx, end); err != nil {
		return err
	}
	if err := s.dropMonths(ctx); err != nil {
		return err
	}
	for n := purgeStep; n == purgeStep; {
		if n, err = s.remove(ctx, orphans, firstNumber(end), purgeStep); err != nil {
			return err
		}
	}
	return nil
}

// orphans are contents without an item, in months of which something else is
// kept.
const orphans = `DELETE FROM bodies WHERE id IN (
	SELECT id FROM bodies b WHERE id < $1 AND NOT EXISTS (SELECT 1 FROM items i WHERE i.id = b.id) ORDER BY id LIMIT $2)`

// forget deletes an agency's conversations that ended and in which nothing was
// said since a time. They come in the order of their last change, and the first
// that is not that old ends the search.
func (s *Store) forget(ctx context.Context, agency channels.Agency, end time.Time) error {
	const list = changedTalk + "WHERE n.agency = $1 AND NOT n.open AND n.position > $2 ORDER BY n.position LIMIT $3"
	for after := int64(0); ; {
		rows, err := s.read(ctx, list, string(agency), after, forgetAtOnce)
		if err != nil {
			return err
		}
		for _, r := range rows {
			c, err := talkOf(r)
			if err != nil {
				return err
			}
			if !lastMessage(c).Before(end) {
				return nil
			}
			key := talkKey{agency, c.ID}
			n := &needs{locks: []int64{s.addressLock(c.Address)}, people: []channels.Address{c.Address}, talks: []talkKey{key}}
			if err := s.do(ctx, n, func(t *tx) error { return t.forget(key, c.Address, end) }); err != nil {
				return err
			}
			after = c.Position
		}
		if len(rows) < forgetAtOnce {
			return nil
		}
	}
}

// forget deletes a conversation, unless it goes on, one of its messages waits for
// a person or in a queue, it is with another address by now, or somebody changes it
// in the same transaction. The security log says so, and keeps what it has.
func (t *tx) forget(key talkKey, a channels.Address, end time.Time) error {
	c, err := t.findTalk(&person{}, &alt.Conversation{ID: key.id, Address: a})
	changing := slices.ContainsFunc(t.positions, func(p positioned) bool { return p.talk == c.row })
	if err != nil || c.row == 0 || c.address != a || changing {
		return err
	}
	r, err := t.one(`SELECT open OR last >= $2 OR EXISTS (SELECT 1 FROM items i LEFT JOIN live l ON l.id = i.id LEFT JOIN letters w ON w.item = i.id
			WHERE i.talk = c.id AND (l.id IS NOT NULL OR w.item IS NOT NULL)),
		(SELECT max(seq) FROM log WHERE conversation = c.name AND agency = c.agency) FROM conversations c WHERE id = $1`, c.row, end)
	if err != nil || r == nil || r.is(0) {
		return err
	}
	if err := t.forgetFiles(a.Agency, "i.talk = $1", c.row); err != nil {
		return err
	}
	for _, sql := range []string{
		"DELETE FROM raw WHERE id IN (SELECT id FROM items WHERE talk = $1)", "DELETE FROM items WHERE talk = $1",
		"DELETE FROM positions WHERE talk = $1", "DELETE FROM conversations WHERE id = $1", "UPDATE people SET talk = NULL WHERE talk = $1",
	} {
		t.exec(sql, c.row)
	}
	p, err := t.person(a)
	if err != nil {
		return err
	}
	if p.talkRow == c.row {
		p = t.edit(a, p)
		p.talk, p.talkRow = nil, 0
	}
	t.talks[key] = storedTalk{}
	return t.purged(key, 1, r.num(1))
}

// forgetLoose deletes messages of no conversation.
func (s *Store) forgetLoose(ctx context.Context, end time.Time) error {
	const list = `SELECT id FROM items i WHERE id > $1 AND id < $2 AND talk IS NULL AND direction IS NOT NULL AND accepted < $3
			AND NOT EXISTS (SELECT 1 FROM live WHERE live.id = i.id) AND NOT EXISTS (SELECT 1 FROM letters WHERE item = i.id) ORDER BY id LIMIT $4`
	for after := int64(0); ; {
		rows, err := s.read(ctx, list, after, firstNumber(end), end, forgetAtOnce)
		if err != nil || len(rows) == 0 {
			return err
		}
		ids := make([]int64, len(rows))
		for i, r := range rows {
			ids[i] = r.num(0)
		}
		after = ids[len(ids)-1]
		err = s.do(ctx, &needs{items: ids, strays: ids}, func(t *tx) error {
			for _, id := range ids {
				if err := t.forgetMessage(id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// forgetMessage deletes a message of no conversation, unless something has become
// of it meanwhile.
func (t *tx) forgetMessage(id int64) error {
	it, err := t.find(id)
	if err != nil || it == nil || it.talk != 0 || it.work != "" || it.letter != "" {
		return err
	}
	if err := t.forgetFiles(it.address.Agency, "i.id = $1", id); err != nil {
		return err
	}
	rows, err := t.all(`SELECT l.seq FROM items i JOIN log l ON l.agency = i.agency AND l.message = coalesce(i.message, 'in-' || i.id) WHERE i.id = $1`, id)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := t.purged(talkKey{agency: it.address.Agency}, r.num(0), r.num(0)); err != nil {
			return err
		}
	}
	t.exec("DELETE FROM raw WHERE id = $1", id)
	t.exec("DELETE FROM items WHERE id = $1", id)
	t.items[id] = nil
	return nil
}

// forgetFiles deletes the files that came with messages. Files that we sent stay:
// several messages may have the same.
func (t *tx) forgetFiles(agency channels.Agency, of string, id int64) error {
	rows, err := t.all("SELECT "+bodyOf+" FROM items i WHERE i.kind = $2 AND "+of, id, int64(received))
	if err != nil {
		return err
	}
	for _, r := range rows {
		e, err := channels.UnmarshalEvent(r.blob(0))
		if err != nil {
			return &broken{err}
		}
		if m, ok := contentOf(e).(channels.Media); ok && m.Blob != "" {
			t.exec(deleteBlob, string(agency), blobName(agency, m.Blob))
		}
	}
	return nil
}

// purged declares that the contents are gone of which entries of the log tell:
// alt/audit takes their absence for an attack otherwise.
func (t *tx) purged(talk talkKey, from, through int64) error {
	if through == 0 {
		return nil
	}
	detail, err := json.Marshal(map[string]string{"from": strconv.FormatInt(from, 10), "through": strconv.FormatInt(through, 10)})
	if err != nil {
		return err
	}
	t.log = append(t.log, logRow{
		LogEntry: alt.LogEntry{Agency: talk.agency, At: t.now, Act: "contents.purged", Actor: "system", Conversation: talk.id}, detail: detail,
	})
	return nil
}
