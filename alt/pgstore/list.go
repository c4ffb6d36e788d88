package pgstore

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/liidestuja/liidestuja/alt"
)

// Conversations implements alt.Archive.
func (s *Store) Conversations(ctx context.Context, q alt.ConversationQuery) ([]alt.Conversation, string, error) {
	before, err := cursor(q.Cursor, math.MaxInt64)
	if err != nil {
		return nil, "", err
	}
	limit, err := pageSize(q.Agency, q.Limit, 50, 200)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.list(ctx, q, before, limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = place(rows[limit-1].num(1))
	}
	page := make([]alt.Conversation, len(rows))
	for i, r := range rows {
		c, err := talkOf(r)
		if err != nil {
			return nil, "", err
		}
		page[i] = *c
	}
	return page, next, nil
}

// window is how many conversations one query looks at: a search through all of
// them is many short reads.
const window = 500

// list reads rows of selectTalk, latest position first. What a desk asks for
// all the time, who waits and who is held, has an index of its own; anything
// else is looked for in windows of positions.
func (s *Store) list(ctx context.Context, q alt.ConversationQuery, before int64, want int) ([]row, error) {
	f := conditions(q)
	indexed := true
	switch {
	case q.Waiting:
		f.and("c.waiting IS NOT NULL")
	case q.Holder != nil && q.Holder.Kind == alt.HeldByDesk && q.State == alt.Open:
		f.and("c.open AND c.kind = 'desk'")
	default:
		indexed = false
	}
	if indexed {
		f.and("n.position < ?", before)
		return s.read(ctx, selectTalk+"WHERE "+f.where()+" ORDER BY n.position DESC LIMIT "+f.arg(want), f.args...)
	}
	var found []row
	for _, open := range []bool{true, false} { // one that ends meanwhile is found twice, not never
		if q.State != "" && (q.State == alt.Open) != open {
			continue
		}
		rows, err := s.listWindows(ctx, q, open, before, want)
		if err != nil {
			return nil, err
		}
		found = append(found, rows...)
	}
	slices.SortFunc(found, func(a, b row) int { return cmp.Compare(b.num(1), a.num(1)) })
	seen := make(map[int64]bool)
	found = slices.DeleteFunc(found, func(r row) bool {
		twice := seen[r.num(3)]
		seen[r.num(3)] = true
		return twice
	})
	return found[:min(want, len(found))], nil
}

func (s *Store) listWindows(ctx context.Context, q alt.ConversationQuery, open bool, before int64, want int) ([]row, error) {
	var found []row
	for len(found) < want {
		r, err := s.readOne(ctx, `SELECT min(position), count(*) FROM (SELECT position FROM positions
			WHERE agency = $1 AND open = $2 AND position < $3 ORDER BY position DESC LIMIT $4) AS w`, string(q.Agency), open, before, window)
		if err != nil {
			return nil, err
		}
		if r == nil || r.num(1) == 0 {
			break
		}
		f := conditions(q)
		f.and("n.agency = ? AND n.open = ? AND n.position >= ? AND n.position < ?", string(q.Agency), open, r.num(0), before)
		rows, err := s.read(ctx, changedTalk+"WHERE "+f.where()+" ORDER BY n.position DESC LIMIT "+f.arg(want-len(found)), f.args...)
		if err != nil {
			return nil, err
		}
		found = append(found, rows...)
		if r.num(1) < window {
			break
		}
		before = r.num(0)
	}
	return found, nil
}

func conditions(q alt.ConversationQuery) *filter {
	f := &filter{}
	f.and("c.agency = ?", string(q.Agency))
	if q.Line != "" {
		f.and("c.channel = ?", string(q.Line))
	}
	if q.State != "" {
		f.and("c.open = ?", q.State == alt.Open)
	}
	if q.Holder != nil {
		f.and("c.kind = ?", string(q.Holder.Kind))
		if q.Holder.By != "" {
			f.and("c.held_by = ?", q.Holder.By)
		}
	}
	if !q.From.IsZero() {
		f.and("c.last >= ?", q.From)
	}
	if !q.To.IsZero() {
		f.and("c.last <= ?", q.To)
	}
	if q.Text != "" {
		text := fold(q.Text)
		f.and(`(strpos(c.search, ?) > 0 OR EXISTS (SELECT 1 FROM items i
			WHERE i.talk = c.id AND strpos((SELECT b.search FROM bodies b WHERE b.id = i.id), ?) > 0))`, text, text)
	}
	return f
}
