package sqlitestore

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

// list reads rows of selectTalk, latest position first. What a desk asks for
// all the time, who waits and who is held, has an index of its own; anything
// else is looked for in windows of positions.
func (s *Store) list(ctx context.Context, q alt.ConversationQuery, before int64, want int) ([]row, error) {
	f := conditions(q)
	index := ""
	switch {
	case q.Waiting:
		index = "conversations_waiting"
		f.and("c.waiting IS NOT NULL")
	case q.Holder != nil && q.Holder.Kind == alt.HeldByDesk && q.State == alt.Open:
		index = "conversations_desk"
		f.and("c.open = 1 AND c.kind = 'desk'")
	}
	if index != "" {
		f.and("n.position < ?", before)
		return s.read(ctx, talkColumns+"conversations c INDEXED BY "+index+" JOIN positions n ON n.talk = c.id WHERE "+f.where()+
			" ORDER BY n.position DESC LIMIT ?", f.values(want)...)
	}
	var found []row
	for _, open := range []int{1, 0} { // one that ends meanwhile is found twice, not never
		if q.State != "" && (q.State == alt.Open) != (open == 1) {
			continue
		}
		rows, err := s.listWindows(ctx, string(q.Agency), open, f, before, want)
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

func (s *Store) listWindows(ctx context.Context, agency string, open int, f filter, before int64, want int) ([]row, error) {
	var found []row
	for len(found) < want {
		r, err := s.readOne(ctx, `SELECT min(position), count(*) FROM (SELECT position FROM positions
			WHERE agency = ? AND open = ? AND position < ? ORDER BY position DESC LIMIT ?)`, agency, open, before, window)
		if err != nil {
			return nil, err
		}
		if r.num(1) == 0 {
			break
		}
		from := r.num(0)
		rows, err := s.read(ctx, changedTalk+"WHERE "+f.where()+
			" AND n.agency = ? AND n.open = ? AND n.position >= ? AND n.position < ? ORDER BY n.position DESC LIMIT ?",
			f.values(agency, open, from, before, want-len(found))...)
		if err != nil {
			return nil, err
		}
		found = append(found, rows...)
		if r.num(1) < window {
			break
		}
		before = from
	}
	return found, nil
}

func conditions(q alt.ConversationQuery) filter {
	var f filter
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
		f.and("c.last >= ?", q.From.UnixMicro())
	}
	if !q.To.IsZero() {
		f.and("c.last <= ?", q.To.UnixMicro())
	}
	if q.Text != "" {
		text := fold(q.Text)
		f.and(`(instr(c.search, ?) > 0 OR EXISTS (SELECT 1 FROM items i JOIN texts t ON t.id = i.text
			WHERE i.talk = c.id AND instr(t.search, ?) > 0))`, text, text)
	}
	return f
}
