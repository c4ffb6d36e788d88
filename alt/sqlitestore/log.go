package sqlitestore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
)

// logWindow is how many rows of the log one query looks at.
const logWindow = 5000

// Log implements alt.Archive.
func (s *Store) Log(ctx context.Context, q alt.LogQuery) ([]alt.LogEntry, string, error) {
	after, err := cursor(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit, err := pageSize(q.Agency, q.Limit, 100, 1000)
	if err != nil {
		return nil, "", err
	}
	f := filter{}
	f.and("agency = ?", string(q.Agency))
	from := "SELECT seq, body FROM log WHERE "
	switch {
	case q.Message != "":
		from = "SELECT seq, body FROM log INDEXED BY log_message WHERE "
		f.and("message = ?", q.Message)
		if q.Conversation != "" {
			f.and("conversation = ?", q.Conversation)
		}
	case q.Conversation != "":
		from = "SELECT seq, body FROM log INDEXED BY log_conversation WHERE "
		f.and("conversation = ?", q.Conversation)
	}
	if !q.From.IsZero() {
		f.and("at >= ?", q.From.UnixMicro())
	}
	if !q.To.IsZero() {
		f.and("at <= ?", q.To.UnixMicro())
	}
	rows, err := s.readLog(ctx, from, f, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = place(rows[limit-1].num(0))
	}
	page := make([]alt.LogEntry, len(rows))
	for i, r := range rows {
		if err := json.Unmarshal(r.blob(1), &page[i]); err != nil {
			return nil, "", fmt.Errorf("sqlitestore: decode log entry: %w", err)
		}
		page[i].Seq = r.num(0)
	}
	return page, next, nil
}

// readLog reads on until there is enough, a window of the log at a time.
func (s *Store) readLog(ctx context.Context, from string, f filter, after int64, want int) ([]row, error) {
	r, err := s.readOne(ctx, "SELECT coalesce(max(seq), 0) FROM log")
	if err != nil {
		return nil, err
	}
	last := r.num(0)
	step := int64(logWindow)
	if strings.Contains(from, "INDEXED BY") {
		step = last // the index leads to the few rows that there are
	}
	var found []row
	for ; after < last && len(found) < want; after += step {
		rows, err := s.read(ctx, from+f.where()+" AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?", f.values(after, after+step, want-len(found))...)
		if err != nil {
			return nil, err
		}
		found = append(found, rows...)
	}
	return found, nil
}
