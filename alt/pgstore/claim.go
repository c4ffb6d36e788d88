package pgstore

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

//nolint:misspell // the server's words
const (
	// claimHeads makes suggested heads ours. It waits for nobody: what another
	// replica has claimed, or a transaction is changing, is passed by. No index is
	// touched.
	claimHeads = `WITH free AS MATERIALIZED (
			SELECT id FROM live WHERE id = ANY($1::bigint[]) AND work = $2 AND coalesce(head AND NOT claimed AND due IS NULL, false) FOR UPDATE SKIP LOCKED)
		UPDATE live SET claimed = true, until = coalesce($3::timestamptz, clock_timestamp()) + $4::bigint * interval '1 microsecond',
			attempt = attempt + 1, token = $6::bigint, replica = $5::bigint
		FROM free WHERE live.id = free.id RETURNING live.id, attempt, since, rewritten`

	readContents = `SELECT i.id, i.accepted, i.kind, coalesce(i.body, ` + bodyOf + `), r.raw
		FROM items i LEFT JOIN raw r ON r.id = i.id WHERE i.id = ANY($1::bigint[])`

	// findHeads reads the first heads of each line.
	findHeads = `WITH RECURSIVE lines AS (
			(SELECT agency, channel FROM live WHERE work = $1 AND head AND due IS NULL ORDER BY agency, channel LIMIT 1)
			UNION ALL
			SELECT n.agency, n.channel FROM lines p CROSS JOIN LATERAL (
				SELECT agency, channel FROM live WHERE work = $1 AND head AND due IS NULL AND (agency, channel) > (p.agency, p.channel)
				ORDER BY agency, channel LIMIT 1) AS n)
		SELECT h.id, h.place, l.agency, l.channel, h.rank FROM lines l CROSS JOIN LATERAL (
			SELECT id, rank, place FROM live WHERE work = $1 AND agency = l.agency AND channel = l.channel AND head AND due IS NULL AND NOT claimed
			ORDER BY rank DESC, place LIMIT $2::bigint) AS h ORDER BY h.place`

	// headsAtOnce bounds how many of a line findHeads reads.
	headsAtOnce = 500
)

// Claim implements alt.Queue. It is a transaction of its own, beside the
// writer's.
func (s *Store) Claim(ctx context.Context, q alt.ClaimQuery) ([]alt.Item, error) {
	switch q.Work {
	case alt.Inbox, alt.Media, alt.Outbox, alt.Reconcile:
	default:
		return nil, fmt.Errorf("%w: claim without work", alt.ErrInput)
	}
	if q.Lease <= 0 {
		return nil, fmt.Errorf("%w: claim without lease", alt.ErrInput)
	}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	defer s.closing.RUnlock()
	if err := s.wakeDue(ctx); err != nil {
		return nil, err
	}
	if err := s.settleDoubts(ctx); err != nil {
		return nil, err
	}
	var items []alt.Item
	for range claimTries {
		given, lost, err := s.claim(ctx, q)
		items = append(items, given...)
		if err != nil || !lost || len(given) >= q.Max {
			if len(items) > 0 {
				err = nil // what follows is claimed the next time
			}
			return items, err
		}
		q = less(q, given)
	}
	return items, nil
}

// claimTries is how often a claim asks on when others were there before it.
const claimTries = 3

// less asks for what is missing.
func less(q alt.ClaimQuery, items []alt.Item) alt.ClaimQuery {
	q.Max -= len(items)
	if q.Limit == nil {
		return q
	}
	q.Limit = maps.Clone(q.Limit)
	for _, it := range items {
		if _, limited := q.Limit[channelOf(it)]; limited {
			q.Limit[channelOf(it)]--
		}
	}
	return q
}

func channelOf(it alt.Item) channels.ID {
	if it.Outbound != nil {
		return it.Outbound.To.Channel
	}
	return it.Event.Meta().Channel
}

// claim claims once. It tells, too, whether something that it asked for was
// somebody else's.
func (s *Store) claim(ctx context.Context, q alt.ClaimQuery) (items []alt.Item, lost bool, err error) {
	if q.Max <= 0 {
		return nil, false, nil
	}
	// A claim whose answer was not waited for would hold its items until their
	// leases end.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Timeout)
	defer cancel()
	every := s.cfg.Poll
	if s.cfg.Now != nil {
		every = 0 // a test expects to find what another has just written
	}
	if s.ready.look(q.Work, q.Max, every) {
		if err := s.findHeads(ctx, q.Work); err != nil {
			return nil, false, err
		}
	}
	ids := s.ready.take(q, s.localNow())
	if len(ids) == 0 {
		return nil, false, nil
	}
	asked := claimed{work: q.Work, ids: ids, token: newToken()}
	var rows []row
	err = s.pool.use(ctx, func(c *pgx.Conn) error {
		return pipeline(ctx, s, c, []statement{{
			sql: claimHeads, args: []any{ids, string(q.Work), s.clock(), q.Lease.Microseconds(), number(s.replica), asked.token}, write: true,
			read: func(found []row) error {
				rows = found
				return nil
			},
		}})
	})
	if err != nil && inDoubt(err) {
		s.doubts.add(asked)
		return nil, false, err
	}
	given := make(map[int64]bool, len(rows))
	for _, r := range rows {
		given[r.num(0)] = true
	}
	known := s.ready.claimed(q.Work, ids, given)
	if err != nil {
		return nil, false, err
	}
	if items, err = s.decodeClaimed(ctx, asked, rows, known); err != nil {
		s.doubts.add(asked)     // nobody has begun with it
		_ = s.settleDoubts(ctx) // or the next claim does
		return nil, false, err
	}
	return items, len(rows) < len(ids), nil
}

// decodeClaimed makes items of what was claimed, in the order of ids.
func (s *Store) decodeClaimed(ctx context.Context, asked claimed, rows []row, known map[int64]content) ([]alt.Item, error) {
	if err := s.readContents(ctx, rows, known); err != nil {
		return nil, err
	}
	byID := make(map[int64]row, len(rows))
	for _, r := range rows {
		byID[r.num(0)] = r
	}
	items := make([]alt.Item, 0, len(rows))
	for _, id := range asked.ids {
		r, c := byID[id], known[id]
		if r == nil {
			continue
		}
		it := alt.Item{ID: id, Work: asked.work, Attempt: int(r.num(1)), Token: asked.token, Since: r.time(2), Accepted: c.accepted}
		var err error
		if it.Event, it.Outbound, err = decodeContent(c.kind, c.body, c.raw); err != nil {
			return nil, &broken{err}
		}
		items = append(items, it)
	}
	return items, nil
}

// readContents reads what is not known of claimed items, and what has changed.
func (s *Store) readContents(ctx context.Context, claimed []row, known map[int64]content) error {
	var missing []int64
	for _, r := range claimed {
		if _, ok := known[r.num(0)]; !ok || r.is(3) {
			missing = append(missing, r.num(0))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	sql := readContents
	if s.fails(sql) {
		sql = "SELECT 1/0, $1::bigint[]"
	}
	rows, err := s.query(ctx, sql, missing)
	for _, r := range rows {
		known[r.num(0)] = content{r.num(0), kind(r.num(2)), r.time(1), r.blob(3), r.blob(4)}
	}
	return err
}

func (s *Store) findHeads(ctx context.Context, w alt.Work) error {
	rows, err := s.query(ctx, findHeads, string(w), headsAtOnce)
	if err != nil {
		s.ready.hear(w)
		return err
	}
	found, perLine, more := make([]head, len(rows)), make(map[channels.Address]int), false
	for i, r := range rows {
		found[i] = head{
			id: r.num(0), place: r.num(1), work: w, agency: channels.Agency(r.str(2)), line: channels.ID(r.str(3)), rank: priorityOf(r, 4),
		}
		line := channels.Address{Agency: found[i].agency, Channel: found[i].line}
		perLine[line]++
		more = more || perLine[line] == headsAtOnce
	}
	s.ready.found(w, found, more)
	return nil
}

// clock is the time of a test, or NULL: the database has a better one.
func (s *Store) clock() any {
	if s.cfg.Now == nil {
		return nil
	}
	return s.cfg.Now().Truncate(time.Microsecond)
}

// localNow is the time by the clock of this replica.
func (s *Store) localNow() time.Time {
	if s.cfg.Now != nil {
		return s.cfg.Now()
	}
	return time.Now()
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
