package pgstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

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
		return logRow{}, fmt.Errorf("pgstore: encode log entry: %w", err)
	}
	return logRow{LogEntry: e, detail: b}, nil
}

// writeLog has entries written at the end of the transaction; those about a
// message that was queued before, with another salt, without commitments.
func (t *tx) writeLog(entries []logRow, again map[string]bool) error {
	for _, e := range entries {
		if again[e.Message] {
			var err error
			if e, err = encodeLog(e.Uncommitted()); err != nil {
				return err
			}
		}
		t.log = append(t.log, e)
	}
	return nil
}

// Log implements alt.Ledger.
func (s *Store) Log(ctx context.Context, q alt.LogQuery) ([]alt.LogEntry, string, error) {
	after, err := cursor(q.Cursor, 0)
	if err != nil {
		return nil, "", err
	}
	limit, err := pageSize(q.Agency, q.Limit, 100, 1000)
	if err != nil {
		return nil, "", err
	}
	var f filter
	f.and("agency = ?", string(q.Agency))
	f.and("seq > ?", after)
	if q.Message != "" {
		f.and("message = ?", q.Message)
	}
	if q.Conversation != "" {
		f.and("conversation = ?", q.Conversation)
	}
	if !q.From.IsZero() {
		f.and("at >= ?", q.From)
	}
	if !q.To.IsZero() {
		f.and("at <= ?", q.To)
	}
	where := f.where()
	rows, err := s.read(ctx, "SELECT seq, agency, at, act, actor, line, conversation, message, detail FROM log WHERE "+where+
		" ORDER BY seq LIMIT "+f.arg(limit+1), f.args...)
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
			return e, fmt.Errorf("pgstore: decode log entry: %w", err)
		}
	}
	return e, nil
}
