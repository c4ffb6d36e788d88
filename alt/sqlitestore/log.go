package sqlitestore

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// logWindow is how many numbers one query of the whole log looks at.
const logWindow = 20_000

const columns = "SELECT seq, agency, at, act, actor, line, conversation, message, detail FROM log"

// logRow is an entry of the security log, with its detail encoded.
type logRow struct {
	alt.LogEntry
	detail []byte
	again  bool // the message that it is about was queued before
	// Set in the transaction: the row, and the one before of the conversation.
	seq, prev int64
}

func encodeLog(e alt.LogEntry) (logRow, error) {
	if len(e.Detail) == 0 {
		return logRow{LogEntry: e}, nil
	}
	b, err := json.Marshal(e.Detail)
	if err != nil {
		return logRow{}, fmt.Errorf("sqlitestore: encode log entry: %w", err)
	}
	return logRow{LogEntry: e, detail: b}, nil
}

// chain numbers entries of a conversation that is being saved, and returns its
// newest; last is the one before.
func (t *tx) chain(entries []logRow, conversation string, last int64) int64 {
	for i := range entries {
		if e := &entries[i]; e.Conversation == conversation {
			e.seq, e.prev = t.next(), last
			last = e.seq
		}
	}
	return last
}

// writeLog has entries written at the end of the transaction.
func (t *tx) writeLog(entries []logRow, saved *alt.Conversation) error {
	for i := range entries {
		e := &entries[i]
		if saved == nil || e.Conversation != saved.ID {
			if err := t.link(e); err != nil {
				return err
			}
		}
		row := *e
		if e.again {
			bare, err := encodeLog(e.Uncommitted())
			if err != nil {
				return err
			}
			row.LogEntry, row.detail = bare.LogEntry, bare.detail
		}
		t.log = append(t.log, row)
	}
	return nil
}

// again marks entries about a message that was queued before, with another salt.
func again(entries []logRow, id channels.MessageID) {
	for i := range entries {
		entries[i].again = entries[i].again || entries[i].Message == string(id)
	}
}

// Statements that write an entry of the log, or many: most transactions have
// many, and the rest of a statement costs as much as a row.
const (
	insertLog  = "INSERT INTO log (seq, agency, at, act, actor, line, conversation, message, detail, prev) VALUES " + oneEntry
	insertLogs = insertLog + ", " + oneEntry + ", " + twoEntries + ", " + twoEntries + ", " + twoEntries

	oneEntry   = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	twoEntries = oneEntry + ", " + oneEntry
	logsAtOnce = 8
)

// flushLog writes the entries of all jobs.
func (t *tx) flushLog() error {
	args := make([]driver.Value, 0, 10*logsAtOnce)
	for rest := t.log; len(rest) > 0; {
		n, query := 1, insertLog
		if len(rest) >= logsAtOnce {
			n, query = logsAtOnce, insertLogs
		}
		args = args[:0]
		for _, e := range rest[:n] {
			args = append(args, e.seq, string(e.Agency), e.At.UnixMicro(), e.Act, e.Actor,
				text(e.Line), text(e.Conversation), text(e.Message), blob(e.detail), number(e.prev))
		}
		if _, err := t.exec(query, args...); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// link numbers an entry, and puts it at the end of the log of its conversation,
// which is not being saved.
func (t *tx) link(e *logRow) error {
	e.seq, e.prev = t.next(), 0
	if e.Conversation == "" {
		return nil
	}
	r, err := t.one("SELECT id, log, channel, peer FROM conversations WHERE agency = ? AND name = ?", string(e.Agency), e.Conversation)
	if err != nil || r == nil {
		return err
	}
	e.prev = r.num(1)
	if _, err := t.exec("UPDATE conversations SET log = ? WHERE id = ?", e.seq, r.num(0)); err != nil {
		return err
	}
	a := channels.Address{Agency: e.Agency, Channel: channels.ID(r.str(2)), Peer: channels.Peer(r.str(3))}
	p := t.known(a)
	switch {
	case p == nil:
		t.people[a] = nil // whoever reads it now reads something old
	case p.talkRow == r.num(0):
		t.edit(a, p).talkLog = e.seq
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
	rows, err := s.findLog(ctx, q, after, limit+1)
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

// selectChain walks the log of a conversation back, to after a place.
const selectChain = `WITH RECURSIVE chain(seq) AS (SELECT ? UNION ALL
	SELECT l.prev FROM chain JOIN log l ON l.seq = chain.seq WHERE l.prev > ?) ` + columns + " WHERE seq IN (SELECT seq FROM chain) AND "

// findLog takes the way that there is to the entries: the message's index, the
// conversation's chain, or a look at everything.
func (s *Store) findLog(ctx context.Context, q alt.LogQuery, after int64, want int) ([]row, error) {
	var f filter
	f.and("agency = ?", string(q.Agency))
	if q.Message != "" {
		f.and("message = ?", q.Message)
	}
	if q.Conversation != "" {
		f.and("conversation = ?", q.Conversation)
	}
	if !q.From.IsZero() {
		f.and("at >= ?", q.From.UnixMicro())
	}
	if !q.To.IsZero() {
		f.and("at <= ?", q.To.UnixMicro())
	}
	where := f.where() + " AND seq > ? ORDER BY seq LIMIT ?"
	if q.Message != "" {
		return s.read(ctx, columns+" INDEXED BY log_message WHERE "+where, f.values(after, want)...)
	}
	if q.Conversation != "" {
		r, err := s.readOne(ctx, "SELECT log FROM conversations WHERE agency = ? AND name = ?", string(q.Agency), q.Conversation)
		switch {
		case err != nil || r != nil && r.num(0) == 0:
			return nil, err
		case r != nil:
			return s.read(ctx, selectChain+where, append([]driver.Value{r.num(0), after}, f.values(after, want)...)...)
		}
	}
	return s.scanLog(ctx, f, after, want)
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

// scanLog reads on until there is enough, a window of the log at a time.
func (s *Store) scanLog(ctx context.Context, f filter, after int64, want int) ([]row, error) {
	r, err := s.readOne(ctx, "SELECT coalesce(max(seq), 0) FROM log")
	if err != nil {
		return nil, err
	}
	var found []row
	for last := r.num(0); after < last && len(found) < want; after += logWindow {
		rows, err := s.read(ctx, columns+" WHERE "+f.where()+" AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?", f.values(after, after+logWindow, want-len(found))...)
		if err != nil {
			return nil, err
		}
		found = append(found, rows...)
	}
	return found, nil
}
