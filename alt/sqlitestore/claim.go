package sqlitestore

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/lanes"
)

// Claim implements alt.Queue. An empty queue costs no look at the database.
func (s *Store) Claim(ctx context.Context, q alt.ClaimQuery) ([]alt.Item, error) {
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	if s.lanes[q.Work] == nil || q.Lease <= 0 {
		return nil, fmt.Errorf("%w: claim without work or lease", alt.ErrInput)
	}
	if err := s.expire(ctx); err != nil {
		return nil, err
	}
	items := s.reserve(q)
	if len(items) == 0 {
		return nil, nil
	}
	err := s.readBack(ctx, items)
	if err == nil {
		items, err = s.mark(ctx, items)
	}
	if err != nil {
		s.mu.Lock()
		s.lanes[q.Work].Unclaim(idsOf(items)...)
		s.mu.Unlock()
		return nil, err
	}
	return items, nil
}

func idsOf(items []alt.Item) []int64 {
	ids := make([]int64, len(items))
	for i, it := range items {
		ids[i] = it.ID
	}
	return ids
}

// expire takes back what was claimed for too long: it can be claimed again,
// except that nobody knows what became of a message.
func (s *Store) expire(ctx context.Context) error {
	now := s.cfg.Now()
	s.mu.Lock()
	for _, work := range []alt.Work{alt.Inbox, alt.Media, alt.Reconcile} {
		for _, id := range s.lanes[work].Expired(now) {
			s.lanes[work].Again(id, now)
		}
	}
	sending := s.lanes[alt.Outbox].Expired(now)
	s.mu.Unlock()
	if len(sending) == 0 {
		return nil
	}
	return s.do(ctx, func(t *tx) error {
		for _, id := range sending {
			r, err := t.one("SELECT 1 FROM live WHERE id = ? AND work = ? AND claimed = 1", id, string(alt.Outbox))
			if err != nil {
				return err
			}
			if r == nil { // its receipt was quicker
				continue
			}
			if err := t.unknown(id); err != nil {
				return err
			}
		}
		return nil
	})
}

// reserve takes items from their lanes, with what is decoded of them.
func (s *Store) reserve(q alt.ClaimQuery) []alt.Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := s.lanes[q.Work].Claim(s.cfg.Now(), lanes.Query{Max: q.Max, Lease: q.Lease, Limit: q.Limit, SkipAgencies: q.SkipAgencies})
	items := make([]alt.Item, len(ids))
	for i, id := range ids {
		e := s.live[id]
		items[i] = alt.Item{ID: id, Work: e.work, Accepted: e.accepted, Since: e.since, Event: e.event, Outbound: e.outbound}
	}
	return items
}

const selectContent = `SELECT i.id, l.kind, coalesce(t.body, i.body, r.body), r.raw
	FROM live l JOIN items i ON i.id = l.id LEFT JOIN texts t ON t.id = i.text LEFT JOIN raw r ON r.id = i.id
	WHERE l.id IN (SELECT value FROM json_each(?))`

// readBack decodes what is not in memory, with one query for all.
func (s *Store) readBack(ctx context.Context, items []alt.Item) error {
	var ids []int64
	at := make(map[int64]*alt.Item)
	for i := range items {
		if it := &items[i]; it.Event == nil && it.Outbound == nil {
			ids, at[it.ID] = append(ids, it.ID), it
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := s.read(ctx, selectContent, idList(ids))
	if err != nil {
		return err
	}
	for _, r := range rows {
		it := at[r.num(0)]
		if it.Event, it.Outbound, err = decodeContent(kind(r.num(1)), r.blob(2), r.blob(3)); err != nil {
			return err
		}
	}
	return nil
}

func decodeContent(k kind, body, raw []byte) (channels.Event, *channels.Outbound, error) {
	if k == outgoing {
		o, err := channels.UnmarshalOutbound(body)
		return nil, &o, err
	}
	e, err := channels.UnmarshalEvent(body)
	if err != nil {
		return nil, nil, err
	}
	e.Meta().Raw = raw
	return e, nil, nil
}

// mark writes the claim down. What was taken back or finished meanwhile is not
// ours and is left out.
func (s *Store) mark(ctx context.Context, items []alt.Item) ([]alt.Item, error) {
	list := idList(idsOf(items))
	var ours []alt.Item
	err := s.do(ctx, func(t *tx) error {
		token := t.next()
		n, err := t.exec(`UPDATE live SET claimed = 1, attempt = attempt + 1, token = ?, late = 0
			WHERE id IN (SELECT value FROM json_each(?)) AND work = ?`, token, list, string(items[0].Work))
		if err != nil {
			return err
		}
		ours = slices.Clone(items)
		for _, it := range items {
			t.changed[it.ID] = true
		}
		if int(n) < len(ours) {
			rows, err := t.all("SELECT id FROM live WHERE token = ?", token)
			if err != nil {
				return err
			}
			ours = slices.DeleteFunc(ours, func(it alt.Item) bool {
				return !slices.ContainsFunc(rows, func(r row) bool { return r.num(0) == it.ID })
			})
		}
		t.then(func() {
			for i := range ours {
				it := &ours[i]
				e := s.live[it.ID]
				s.drop(e)
				e.attempt++
				e.token, e.late = token, false
				it.Attempt, it.Token = e.attempt, token
			}
		})
		return nil
	})
	if err != nil {
		return items, err
	}
	return ours, nil
}

// idList is a JSON array, which a statement of any length of list can read.
func idList(ids []int64) string {
	b := make([]byte, 0, 12*len(ids)+2)
	b = append(b, '[')
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return string(append(b, ']'))
}

// holding returns a claimed item as it is in the transaction; nil for the zero
// Item. A message that moved to Reconcile can still be given its receipt by who
// sent it.
func (t *tx) holding(it alt.Item, receipt bool) (*entry, error) {
	if it.ID == 0 {
		return nil, nil
	}
	t.s.mu.Lock()
	e := t.s.live[it.ID]
	if e != nil {
		e = shallow(e)
	}
	t.s.mu.Unlock()
	if e == nil {
		return nil, alt.ErrLeaseLost
	}
	if t.changed[it.ID] { // by a job before this one: memory follows the transaction
		r, err := t.one("SELECT token, work, attempt FROM live WHERE id = ?", it.ID)
		if err != nil {
			return nil, err
		}
		if r == nil {
			return nil, alt.ErrLeaseLost
		}
		e.token, e.work, e.attempt = r.num(0), alt.Work(r.str(1)), int(r.num(2))
	}
	if e.token == 0 || e.token != it.Token || e.work != it.Work && !receipt {
		return nil, alt.ErrLeaseLost
	}
	return e, nil
}
