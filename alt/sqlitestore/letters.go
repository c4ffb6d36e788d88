package sqlitestore

import (
	"context"
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Release implements alt.Queue.
func (s *Store) Release(ctx context.Context, it alt.Item, at time.Time, cause error) error {
	code := ""
	if cause != nil {
		code = channels.Code(cause)
	}
	return s.do(ctx, func(t *tx) error {
		e, err := t.holding(it, false)
		if err != nil {
			return err
		}
		if e == nil {
			return alt.ErrLeaseLost
		}
		if e.kind == outgoing {
			if _, err := t.exec("UPDATE items SET code = ? WHERE id = ?", text(code), e.id); err != nil {
				return err
			}
		}
		if at.IsZero() {
			return t.bury(e, code)
		}
		if _, err := t.exec("UPDATE live SET claimed = 0, token = 0, ready = ? WHERE id = ?", at.UnixMicro(), e.id); err != nil {
			return err
		}
		t.changed[e.id] = true
		t.then(func() {
			s.live[e.id].token = 0
			s.lanes[e.work].Again(e.id, at)
		})
		return nil
	})
}

const selectLetter = `SELECT l.place, l.item, l.state, l.code, l.at, c.name,
		i.agency, i.channel, i.peer, i.attempts, i.accepted, i.message, coalesce(t.body, i.body, r.body), r.raw
	FROM letters l JOIN items i ON i.id = l.item LEFT JOIN conversations c ON c.id = l.talk
		LEFT JOIN texts t ON t.id = i.text LEFT JOIN raw r ON r.id = i.id `

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
	rows, err := s.read(ctx, selectLetter+`WHERE l.agency = ? AND l.place > ? AND (? = '' OR l.state = ?) AND (? = '' OR l.channel = ?)
		ORDER BY l.place LIMIT ?`, string(q.Agency), after, string(q.State), string(q.State), string(q.Line), string(q.Line), limit+1)
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
	return s.do(ctx, func(t *tx) error {
		r, err := t.one("SELECT state, code FROM letters WHERE item = ? AND agency = ?", id, string(agency))
		if err != nil {
			return err
		}
		if r == nil {
			return alt.ErrNotFound
		}
		state := alt.LetterState(r.str(0))
		later, err := t.partsAfter(id, "JOIN letters l ON l.item = i.id WHERE l.code = ?", alt.PartBefore)
		if err != nil {
			return err
		}
		switch {
		case v == alt.Retry:
			err = t.retry(id)
			for _, id := range later {
				if err == nil {
					err = t.retry(id)
				}
			}
		case v == alt.Drop:
			err = t.settled(id, channels.Failed, r.str(1))
			for _, id := range later {
				if err == nil {
					err = t.settled(id, channels.Failed, alt.PartBefore)
				}
			}
		case v == alt.Confirm && state == alt.Uncertain:
			err = t.settled(id, channels.Sent, "")
		default:
			return fmt.Errorf("%w: verdict %.16q on a %s letter", alt.ErrInput, v, state)
		}
		if err != nil {
			return err
		}
		return t.writeLog([]logRow{entry}, nil)
	})
}

// settled ends a letter, with the status that its message gets.
func (t *tx) settled(id int64, st channels.Status, code string) error {
	m, err := t.message(id)
	if err != nil {
		return err
	}
	if !m.out {
		e, err := t.event(id)
		if err != nil {
			return err
		}
		if err := t.dropFile(e, nil); err != nil {
			return err
		}
		if _, err := t.exec("DELETE FROM letters WHERE item = ?", id); err != nil {
			return err
		}
		if _, err := t.exec("UPDATE items SET state = ?, body = NULL WHERE id = ?", int64(stateDone), id); err != nil {
			return err
		}
		return t.blank(id)
	}
	if err := t.done(m); err != nil {
		return err
	}
	t.touch(m.address, m.talk)
	return t.merge(m, st, code, t.now)
}

// retry queues a letter again as if it had just come.
func (t *tx) retry(id int64) error {
	m, err := t.message(id)
	if err != nil {
		return err
	}
	e := &entry{id: id, work: alt.Outbox, kind: outgoing, address: m.address, lane: personLane(m.address), talk: m.talk, accepted: t.now}
	if m.out {
		o, err := t.outbound(id)
		if err != nil {
			return err
		}
		e.priority = o.Priority
		// Reports on what was sent before say nothing of what will be.
		_, err = t.exec("UPDATE items SET state = ?, accepted = ?, status = ?, status_at = ?, code = NULL, provider = NULL WHERE id = ?",
			int64(stateLive), t.now.UnixMicro(), string(channels.Queued), t.now.UnixMicro(), id)
		if err != nil {
			return err
		}
		t.touch(m.address, m.talk)
	} else {
		ev, err := t.event(id)
		if err != nil {
			return err
		}
		e.work, e.kind, e.lane, e.talk = alt.Inbox, kindOf(ev), channels.Lane(ev), 0
		if needsFile(ev) {
			e.work = alt.Media
		}
		if _, err := t.exec("UPDATE items SET state = ?, accepted = ?, attempts = 0 WHERE id = ?", int64(stateLive), t.now.UnixMicro(), id); err != nil {
			return err
		}
	}
	if _, err := t.exec("DELETE FROM letters WHERE item = ?", id); err != nil {
		return err
	}
	if err := t.insertLive(e); err != nil {
		return err
	}
	t.then(func() { t.s.enter(e) })
	return nil
}
