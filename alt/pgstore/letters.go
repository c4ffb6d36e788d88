package pgstore

import (
	"context"
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

const selectLetter = `SELECT l.place, l.item, l.state, l.code, l.at, c.name,
		i.agency, i.channel, i.peer, i.attempts, i.accepted, i.message, coalesce(i.body, ` + bodyOf + `), r.raw
	FROM letters l JOIN items i ON i.id = l.item LEFT JOIN conversations c ON c.id = l.talk LEFT JOIN raw r ON r.id = i.id `

// Letters implements alt.Letters.
func (s *Store) Letters(ctx context.Context, q alt.LetterQuery) ([]alt.Letter, string, error) {
	after, err := cursor(q.Cursor, 0)
	if err != nil {
		return nil, "", err
	}
	limit, err := pageSize(q.Agency, q.Limit, 50, 200)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.read(ctx, selectLetter+`WHERE l.agency = $1 AND l.place > $2 AND ($3 = '' OR l.state = $3) AND ($4 = '' OR l.channel = $4)
		ORDER BY l.place LIMIT $5`, string(q.Agency), after, string(q.State), string(q.Line), limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = place(rows[limit-1].num(0))
	}
	page := make([]alt.Letter, len(rows))
	for i, r := range rows {
		if page[i], err = letterOf(r); err != nil {
			return nil, "", err
		}
	}
	return page, next, nil
}

func letterOf(r row) (alt.Letter, error) {
	l := alt.Letter{
		ID: r.num(1), State: alt.LetterState(r.str(2)), Work: alt.Inbox, Code: r.str(3), At: r.time(4), Conversation: r.str(5),
		Address:  channels.Address{Agency: channels.Agency(r.str(6)), Channel: channels.ID(r.str(7)), Peer: channels.Peer(r.str(8))},
		Attempts: int(r.num(9)), Accepted: r.time(10),
	}
	k := inline
	if r.str(11) != "" {
		l.Work, k = alt.Outbox, outgoing
	}
	var err error
	l.Event, l.Outbound, err = decodeContent(k, r.blob(12), r.blob(13))
	return l, err
}

// Settle implements alt.Letters.
func (s *Store) Settle(ctx context.Context, agency channels.Agency, id int64, v alt.Verdict, log alt.LogEntry) error {
	entry, err := encodeLog(log)
	if err != nil {
		return err
	}
	n := &needs{items: []int64{id}, strays: []int64{id}, numbers: 1}
	return s.do(ctx, n, func(t *tx) error {
		it, err := t.find(id)
		if err != nil {
			return err
		}
		if it == nil || it.letter == "" || it.address.Agency != agency {
			return alt.ErrNotFound
		}
		if v != alt.Retry && v != alt.Drop && (v != alt.Confirm || it.letter != alt.Uncertain) {
			return fmt.Errorf("%w: verdict %.16q on a %s letter", alt.ErrInput, v, it.letter)
		}
		later, err := t.partsAfter(id, "JOIN letters l ON l.item = i.id WHERE l.code = 'part_before'")
		if err != nil {
			return err
		}
		switch v {
		case alt.Retry:
			for _, it := range append([]*item{it}, later...) {
				if err := t.retry(it); err != nil {
					return err
				}
			}
		case alt.Drop:
			if err := t.settled(it, channels.Failed, it.code); err != nil {
				return err
			}
			for _, it := range later {
				if err := t.settled(it, channels.Failed, alt.PartBefore); err != nil {
					return err
				}
			}
		default:
			if err := t.settled(it, channels.Sent, ""); err != nil {
				return err
			}
		}
		t.log = append(t.log, entry)
		return nil
	})
}

// settled ends a letter, with the status that its message gets.
func (t *tx) settled(it *item, st channels.Status, code string) error {
	if !it.out {
		e, err := t.event(it.id)
		if err != nil {
			return err
		}
		t.dropFile(e, nil)
		t.dropLetter(it)
		t.exec("UPDATE items SET state = $2 WHERE id = $1", it.id, stateDone)
		t.dropBody(it)
		t.dropRaw(it.id)
		return nil
	}
	t.done(it)
	t.touch(it.address.Agency, it.talk)
	t.merge(it, st, code, t.now)
	return nil
}

// retry queues a letter again as if it had just come.
func (t *tx) retry(it *item) error {
	priority := channels.Normal
	it.work, it.accepted = alt.Outbox, t.now
	if it.out {
		o, err := t.outbound(it.id)
		if err != nil {
			return err
		}
		priority = o.Priority
		// Reports on what was sent before say nothing of what will be.
		t.exec("UPDATE items SET state = $2, accepted = $3, status = $4, status_at = $3, code = NULL, provider = NULL WHERE id = $1",
			it.id, stateLive, t.now, string(channels.Queued))
		if k := (providerKey{it.address.Agency, it.address.Channel, it.provider}); t.named[k] == it.id {
			delete(t.named, k)
		}
		it.status, it.code, it.provider = channels.Queued, "", ""
		t.touch(it.address.Agency, it.talk)
	} else {
		ev, err := t.event(it.id)
		if err != nil {
			return err
		}
		it.work = alt.Inbox
		if needsFile(ev) {
			it.work = alt.Media
		}
		t.exec("UPDATE items SET state = $2, accepted = $3, attempts = 0 WHERE id = $1", it.id, stateLive, t.now)
	}
	t.dropLetter(it)
	t.enqueue(it, t.next(), priority, time.Time{})
	return nil
}

func (t *tx) dropLetter(it *item) {
	it.letter = ""
	t.exec("DELETE FROM letters WHERE item = $1", it.id)
}
