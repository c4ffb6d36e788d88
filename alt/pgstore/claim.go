package pgstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// claimHeads hands out heads of lanes. It waits for nobody: what another is
// claiming or changing is passed by. Lines take turns, oldest item first.
//
//nolint:misspell // the server's words
const claimHeads = `WITH RECURSIVE lines AS (
		(SELECT agency, channel FROM live WHERE work = $1 AND head AND due IS NULL ORDER BY agency, channel LIMIT 1)
		UNION ALL
		SELECT n.agency, n.channel FROM lines p CROSS JOIN LATERAL (
			SELECT agency, channel FROM live WHERE work = $1 AND head AND due IS NULL AND (agency, channel) > (p.agency, p.channel)
			ORDER BY agency, channel LIMIT 1) AS n),
	heads AS MATERIALIZED (
		SELECT h.id, h.rank, h.place, row_number() OVER (PARTITION BY l.agency, l.channel, h.rank ORDER BY h.place) AS turn
		FROM lines l LEFT JOIN unnest($3::text[], $4::bigint[]) AS few(channel, most) ON few.channel = l.channel
		CROSS JOIN LATERAL (
			SELECT id, rank, place FROM live WHERE work = $1 AND agency = l.agency AND channel = l.channel AND head AND due IS NULL
			ORDER BY rank DESC, place LIMIT least($2::bigint, few.most) FOR UPDATE SKIP LOCKED) AS h
		WHERE l.agency <> ALL($5::text[])),
	chosen AS MATERIALIZED (
		SELECT array_agg(id ORDER BY rank DESC, turn, place) AS ids FROM (
			SELECT id, rank, turn, place FROM heads ORDER BY rank DESC, turn, place LIMIT $2::bigint) AS first),
	claimed AS (
		UPDATE live SET claimed = true, due = coalesce($6::timestamptz, clock_timestamp()) + $7::bigint * interval '1 microsecond',
			attempt = attempt + 1, token = nextval('numbers'), replica = $8::bigint
		WHERE id = ANY((SELECT ids FROM chosen)::bigint[])
		RETURNING id, attempt, token, since)
	SELECT c.id, c.attempt, c.token, c.since, i.accepted, i.kind, i.body, r.raw
	FROM claimed c JOIN items i ON i.id = c.id LEFT JOIN raw r ON r.id = c.id ORDER BY array_position((SELECT ids FROM chosen), c.id)`

// anythingDue looks at the first of what is due. The time is one that does not
// run on while the statement does: any other could not be looked up in an index.
const anythingDue = `SELECT 1 FROM (SELECT due FROM live WHERE due IS NOT NULL ORDER BY due LIMIT 1) AS next
	WHERE due <= coalesce($1::timestamptz, statement_timestamp())`

// Claim implements alt.Queue. It is one statement and a transaction of its own,
// beside the writer's.
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
	items, due, err := s.claim(ctx, q)
	if err != nil || !due {
		return items, err
	}
	// Something's time has come, or a lease ran out.
	if err := s.wake(ctx); err != nil || len(items) >= q.Max {
		return items, err
	}
	q.Max -= len(items)
	if q.Limit != nil {
		limit := make(map[channels.ID]int, len(q.Limit))
		for line, n := range q.Limit {
			limit[line] = n
		}
		for _, it := range items {
			if _, limited := limit[channelOf(it)]; limited {
				limit[channelOf(it)]--
			}
		}
		q.Limit = limit
	}
	more, _, err := s.claim(ctx, q)
	return append(items, more...), err
}

func channelOf(it alt.Item) channels.ID {
	if it.Outbound != nil {
		return it.Outbound.To.Channel
	}
	return it.Event.Meta().Channel
}

// claim claims once. It tells, too, whether something is due that wake must see
// to first.
func (s *Store) claim(ctx context.Context, q alt.ClaimQuery) (items []alt.Item, due bool, err error) {
	var lines []string
	var most []int64
	for line, n := range q.Limit {
		lines, most = append(lines, string(line)), append(most, int64(n))
	}
	agencies := make([]string, len(q.SkipAgencies))
	for i, a := range q.SkipAgencies {
		agencies[i] = string(a)
	}
	// A claim whose answer was not waited for would hold its items until their
	// leases end.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Timeout)
	defer cancel()
	var claimed []row
	err = s.pool.use(ctx, func(c *pgx.Conn) error {
		var list []statement
		if s.looksForDue() {
			list = append(list, statement{sql: anythingDue, args: []any{s.clock()}, read: func(rows []row) error {
				due = len(rows) > 0
				return nil
			}})
		}
		if q.Max > 0 {
			st := statement{
				sql: claimHeads, args: []any{string(q.Work), q.Max, lines, most, agencies, s.clock(), q.Lease.Microseconds(), number(s.replica)},
				read: func(rows []row) error {
					claimed = rows
					return nil
				},
			}
			if s.fails(claimHeads) {
				st.sql, st.args = failing, nil
			}
			list = append(list, st)
		}
		return pipeline(ctx, s, c, list)
	})
	if err != nil {
		return nil, false, err
	}
	items = make([]alt.Item, len(claimed))
	for i, r := range claimed {
		items[i] = alt.Item{ID: r.num(0), Work: q.Work, Attempt: int(r.num(1)), Token: r.num(2), Since: r.time(3), Accepted: r.time(4)}
		if items[i].Event, items[i].Outbound, err = decodeContent(kind(r.num(5)), r.blob(6), r.blob(7)); err != nil {
			return nil, false, &broken{err}
		}
	}
	return items, due, nil
}

// lookEvery is how often a busy store looks whether something's time has come.
const lookEvery = 50 * time.Millisecond

// looksForDue reports whether it is time to look. By a clock of its own, a test
// expects what is due at once.
func (s *Store) looksForDue() bool {
	if s.cfg.Now != nil {
		return true
	}
	now, last := time.Now().UnixNano(), s.looked.Load()
	return now-last >= int64(lookEvery) && s.looked.CompareAndSwap(last, now)
}

// clock is the time of a test, or NULL: the database has a better one.
func (s *Store) clock() any {
	if s.cfg.Now == nil {
		return nil
	}
	return s.cfg.Now().Truncate(time.Microsecond)
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

// dueAtOnce bounds how many items one transaction wakes.
const dueAtOnce = 500

// wake sees to items whose time has come: events take their place, retries and
// leases that ran out can be claimed again, and of a message that was being sent
// nobody knows what became.
func (s *Store) wake(ctx context.Context) error {
	for {
		rows, err := s.query(ctx, `SELECT l.id FROM live l WHERE l.due <= coalesce($1::timestamptz, statement_timestamp())
			ORDER BY l.due, l.place LIMIT $2::bigint`, s.clock(), dueAtOnce)
		if err != nil || len(rows) == 0 {
			return err
		}
		n := &needs{numbers: len(rows)}
		for _, r := range rows {
			n.items = append(n.items, r.num(0))
		}
		if err := s.enter(ctx, n, func(t *tx) error { return t.wake(n.items) }); err != nil || len(rows) < dueAtOnce {
			return err
		}
	}
}

func (t *tx) wake(ids []int64) error {
	rows, err := t.all(`SELECT id FROM live WHERE id = ANY($1::bigint[]) AND due <= $2 ORDER BY due, place`, ids, t.now)
	if err != nil {
		return err
	}
	var again []int64
	for _, r := range rows {
		it, err := t.item(r.num(0))
		if err != nil {
			return err
		}
		switch {
		case it.work == alt.Outbox && it.claimed:
			if err := t.unknown(it); err != nil {
				return err
			}
		case it.late:
			it.late = false
			t.exec("UPDATE live SET late = false, due = NULL, place = $2 WHERE id = $1", it.id, t.next())
			t.freed[it.lane] = true
		default:
			it.claimed = false
			again = append(again, it.id)
		}
		t.wakes[string(it.work)] = true
	}
	if len(again) > 0 {
		t.exec("UPDATE live SET due = NULL, claimed = false WHERE id = ANY($1::bigint[])", again)
	}
	return nil
}
