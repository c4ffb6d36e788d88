package pgstore

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// selectTalk begins with conversations, changedTalk with positions.
const (
	talkColumns = "SELECT c.body, n.position, c.thread, c.id FROM "
	selectTalk  = talkColumns + "conversations c JOIN positions n ON n.talk = c.id "
	changedTalk = talkColumns + "positions n JOIN conversations c ON c.id = n.talk "
)

func talkOf(r row) (*alt.Conversation, error) {
	return decodeConversation(r.blob(0), r.num(1), r.str(2))
}

// Conversation implements alt.Archive.
func (s *Store) Conversation(ctx context.Context, agency channels.Agency, id string) (*alt.Conversation, error) {
	r, err := s.readOne(ctx, selectTalk+"WHERE c.agency = $1 AND c.name = $2", string(agency), id)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, alt.ErrNotFound
	}
	return talkOf(r)
}

// changedFeed reads both halves of the feed by their index.
const changedFeed = `SELECT x.*, a.position FROM (SELECT 1) AS always LEFT JOIN agencies a ON a.agency = $1 LEFT JOIN (SELECT * FROM (
	(` + changedTalk + `WHERE n.agency = $1 AND NOT n.open AND n.position > $2 ORDER BY n.position LIMIT $3) UNION ALL
	(` + changedTalk + `WHERE n.agency = $1 AND n.open AND n.position > $2 ORDER BY n.position LIMIT $3)
	) AS halves ORDER BY position LIMIT $3) AS x ON true ORDER BY x.position`

// Changed implements alt.Archive. One query, so that no change is between two.
// The latest position is read with it: it is that of the last change that can be
// seen, because positions are given under the lock of their agency.
func (s *Store) Changed(ctx context.Context, agency channels.Agency, after int64, max int) ([]alt.Conversation, int64, error) {
	rows, err := s.read(ctx, changedFeed, string(agency), after, max)
	if err != nil || len(rows) == 0 {
		return nil, 0, err
	}
	var page []alt.Conversation
	for _, r := range rows {
		if r.blob(0) == nil {
			break
		}
		c, err := talkOf(r)
		if err != nil {
			return nil, 0, err
		}
		page = append(page, *c)
	}
	return page, rows[0].num(4), nil
}

const selectMessages = `SELECT i.id, i.agency, i.channel, i.peer, i.direction, c.name, i.provider, i.at, i.status, i.status_at, i.code,
		i.edited, i.state, i.attempts, ` + bodyOf + `, q.claimed, q.attempt, q.work, l.state
	FROM items i LEFT JOIN conversations c ON c.id = i.talk
		LEFT JOIN live q ON q.id = i.id LEFT JOIN letters l ON l.item = i.id `

func messageFrom(r row) (alt.Message, error) {
	m := alt.Message{
		Seq: r.num(0), Address: channels.Address{Agency: channels.Agency(r.str(1)), Channel: channels.ID(r.str(2)), Peer: channels.Peer(r.str(3))},
		Direction: alt.In, Conversation: r.str(5), Provider: channels.ProviderID(r.str(6)), At: r.time(7), Status: channels.Status(r.str(8)),
		StatusAt: r.time(9), Code: r.str(10), Edited: r.is(11), Attempts: int(r.num(13)), Parts: 1,
	}
	if r.num(4) == 2 {
		m.Direction = alt.Out
	}
	switch state := r.num(12); {
	case state == stateDone:
		m.State = "done"
	case state == stateCanceled:
		m.State = "canceled"
	case state == stateLetter:
		m.State = r.str(18)
	case r.is(15):
		m.State = "claimed"
	default:
		m.State = "ready"
	}
	if alt.Work(r.str(17)) == alt.Outbox {
		m.Attempts += int(r.num(16))
	}
	if r[7] != nil { // queued: a message of ours
		o, err := channels.UnmarshalOutbound(r.blob(14))
		m.ID, m.Author, m.By, m.Content, m.ReplyTo, m.Part, m.Parts = o.ID, o.Author, o.By, o.Content, o.ReplyTo, o.Part, o.Parts
		m.Salt = o.Salt
		return m, err
	}
	m.ID = channels.MessageID("in-" + strconv.FormatInt(m.Seq, 10))
	e, err := channels.UnmarshalEvent(r.blob(14))
	if err != nil {
		return m, err
	}
	m.At, m.Content, m.Salt = e.Meta().At, contentOf(e), e.Meta().Salt
	switch e := e.(type) {
	case *channels.Received:
		m.ReplyTo = e.ReplyTo
	case *channels.Echoed:
		m.Author = e.Author
	}
	return m, nil
}

func messagesFrom(rows []row) ([]alt.Message, error) {
	page := make([]alt.Message, len(rows))
	for i, r := range rows {
		var err error
		if page[i], err = messageFrom(r); err != nil {
			return nil, err
		}
	}
	return page, nil
}

// Messages implements alt.Archive.
func (s *Store) Messages(ctx context.Context, q alt.MessageQuery) ([]alt.Message, string, error) {
	before, err := cursor(q.Before, math.MaxInt64)
	if err != nil {
		return nil, "", err
	}
	limit, err := pageSize(q.Agency, q.Limit, 100, 500)
	if err != nil {
		return nil, "", err
	}
	r, err := s.readOne(ctx, "SELECT id FROM conversations WHERE agency = $1 AND name = $2", string(q.Agency), q.Conversation)
	if err != nil {
		return nil, "", err
	}
	if r == nil {
		return nil, "", alt.ErrNotFound
	}
	rows, err := s.read(ctx, selectMessages+"WHERE i.talk = $1 AND i.id < $2 ORDER BY i.id DESC LIMIT $3", r.num(0), before, limit+1)
	if err != nil {
		return nil, "", err
	}
	more := len(rows) > limit
	rows = rows[:min(len(rows), limit)]
	slices.Reverse(rows)
	earlier := ""
	if more {
		earlier = place(rows[0].num(0))
	}
	page, err := messagesFrom(rows)
	return page, earlier, err
}

// Message implements alt.Archive.
func (s *Store) Message(ctx context.Context, agency channels.Agency, id channels.MessageID) ([]alt.Message, error) {
	rows, err := s.read(ctx, selectMessages+"WHERE i.agency = $1 AND i.message = $2 ORDER BY i.part", string(agency), string(id))
	if err != nil {
		return nil, err
	}
	if n, ok := strings.CutPrefix(string(id), "in-"); ok && len(rows) == 0 {
		seq, perr := strconv.ParseInt(n, 10, 64)
		if perr != nil || strconv.FormatInt(seq, 10) != n {
			return nil, alt.ErrNotFound
		}
		rows, err = s.read(ctx, selectMessages+"WHERE i.id = $1 AND i.agency = $2 AND i.direction IS NOT NULL AND i.message IS NULL", seq, string(agency))
		if err != nil {
			return nil, err
		}
	}
	if len(rows) == 0 {
		return nil, alt.ErrNotFound
	}
	return messagesFrom(rows)
}

// Depths implements alt.Ledger.
func (s *Store) Depths(ctx context.Context) (map[alt.Work]int, error) {
	rows, err := s.read(ctx, "SELECT work, count(*) FROM live GROUP BY work")
	if err != nil {
		return nil, err
	}
	d := make(map[alt.Work]int, 4)
	for _, r := range rows {
		d[alt.Work(r.str(0))] = int(r.num(1))
	}
	return d, nil
}

// filter is the conditions of a query. Each ? in a term is a value.
type filter struct {
	terms []string
	args  []any
}

func (f *filter) and(term string, values ...any) {
	for _, v := range values {
		term = strings.Replace(term, "?", f.arg(v), 1)
	}
	f.terms = append(f.terms, term)
}

// arg adds a value and returns its name in the statement.
func (f *filter) arg(v any) string {
	f.args = append(f.args, v)
	return "$" + strconv.Itoa(len(f.args))
}

func (f *filter) where() string { return strings.Join(f.terms, " AND ") }

// pageSize checks what every query of pages has.
func pageSize(agency channels.Agency, limit, usual, most int) (int, error) {
	switch {
	case agency == "":
		return 0, fmt.Errorf("%w: Agency is required", alt.ErrInput)
	case limit < 0 || limit > most:
		return 0, fmt.Errorf("%w: Limit must be 1-%d", alt.ErrInput, most)
	case limit == 0:
		return usual, nil
	}
	return limit, nil
}

// cursor reads what place wrote; none is where to begin.
func cursor(c string, begin int64) (int64, error) {
	if c == "" {
		return begin, nil
	}
	n, err := strconv.ParseInt(c, 36, 64)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%w: cursor", alt.ErrInput)
	}
	return n, nil
}

func place(n int64) string { return strconv.FormatInt(n, 36) }
