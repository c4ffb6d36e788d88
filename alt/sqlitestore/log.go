package sqlitestore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// logWindow is how many rows of the log one query looks at.
const logWindow = 5000

const columns = "SELECT seq, agency, at, act, actor, line, conversation, message, detail FROM log"

// logRow is an entry of the security log, with its detail encoded.
type logRow struct {
	alt.LogEntry
	detail []byte
}

func encodeLog(e alt.LogEntry) (logRow, error) {
	if len(e.Detail) == 0 {
		return logRow{LogEntry: e}, nil
	}
	b, err := json.Marshal(e.Detail)
	if err != nil {
		return logRow{}, fmt.Errorf("sqlitestore: encode log entry: %w", err)
	}
	return logRow{e, b}, nil
}

func (t *tx) writeLog(entries []logRow) error {
	for _, e := range entries {
		_, err := t.exec("INSERT INTO log (agency, at, act, actor, line, conversation, message, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			string(e.Agency), e.At.UnixMicro(), e.Act, e.Actor, text(e.Line), text(e.Conversation), text(e.Message), blob(e.detail))
		if err != nil {
			return err
		}
	}
	return nil
}

// Log implements alt.Archive.
func (s *Store) Log(ctx context.Context, q alt.LogQuery) ([]alt.LogEntry, string, error) {
	after, err := cursor(q.Cursor, 0)
	if err != nil {
		return nil, "", err
	}
	limit, err := pageSize(q.Agency, q.Limit, 100, 1000)
	if err != nil {
		return nil, "", err
	}
	f := filter{}
	f.and("agency = ?", string(q.Agency))
	from := columns + " WHERE "
	switch {
	case q.Message != "":
		from = columns + " INDEXED BY log_message WHERE "
		f.and("message = ?", q.Message)
		if q.Conversation != "" {
			f.and("conversation = ?", q.Conversation)
		}
	case q.Conversation != "":
		from = columns + " INDEXED BY log_conversation WHERE "
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
		if page[i], err = logEntry(r); err != nil {
			return nil, "", err
		}
	}
	return page, next, nil
}

func logEntry(r row) (alt.LogEntry, error) {
	e := alt.LogEntry{
		Seq: r.num(0), Agency: channels.Agency(r.str(1)), At: r.time(2), Act: r.str(3), Actor: r.str(4), Line: channels.ID(r.str(5)),
		Conversation: r.str(6), Message: r.str(7),
	}
	if b := r.blob(8); b != nil {
		if err := json.Unmarshal(b, &e.Detail); err != nil {
			return e, fmt.Errorf("sqlitestore: decode log entry: %w", err)
		}
	}
	return e, nil
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
