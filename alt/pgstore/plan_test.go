package pgstore_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/pgstore"
)

// crowd fills a store with the history of many people, and some work to do.
//
//nolint:misspell // the server's words
const crowd = `
	INSERT INTO agencies VALUES ('agency', 1000000, 1000000);
	INSERT INTO people (id, agency, channel, peer, contact, session, talk, started, seen)
		SELECT n, 'agency', 'page', 'p' || n, '{}', '{}', n, now(), now() FROM generate_series(1, 20000) n;
	INSERT INTO conversations (id, agency, name, channel, peer, version, open, kind, held_by, last, body)
		SELECT n, 'agency', 'c' || n, 'page', 'p' || n, 1, true, '', '', now(), '{}' FROM generate_series(1, 20000) n;
	INSERT INTO positions SELECT n, 'agency', n % 3 = 0, n FROM generate_series(1, 20000) n;
	INSERT INTO items (id, agency, channel, peer, lane, state, kind, accepted, provider, direction, talk, at, status, message, part, print)
		SELECT n, 'agency', 'page', 'p' || n % 20000, n % 20000, 1, CASE n % 2 WHEN 0 THEN 1 ELSE 4 END, now(), 'x' || n, 1 + n % 2, 1 + n % 20000, now(),
			'sent', CASE n % 2 WHEN 1 THEN 'm' || n END, 0, 'x' FROM generate_series(1, 100000) n;
	INSERT INTO bodies SELECT n, '{}', 'x' FROM generate_series(1, 100000) n;
	INSERT INTO bodies SELECT first_number(m) + n, '{}', repeat('x', 400) FROM generate_series(date_trunc('month', now()::timestamp), now()::timestamp + interval '14 months', '1 month') m, generate_series(1, 1000) n;
	INSERT INTO event_keys SELECT 'agency', decode(md5(n::text), 'hex'), now() FROM generate_series(1, 50000) n;
	INSERT INTO raw SELECT n, now(), 'x' FROM generate_series(1, 100000, 2) n;
	INSERT INTO live (id, agency, channel, lane, work, place, head)
		SELECT n, 'agency', 'page', n % 5000, CASE n % 2 WHEN 0 THEN 'inbox' ELSE 'outbox' END, n, n <= 10000 FROM generate_series(1, 20000) n;
	INSERT INTO letters SELECT n, n, 'agency', 'page', 'dead', 'rejected', now(), n FROM generate_series(1, 5000) n;
	INSERT INTO log SELECT 'agency', n, now(), 'act', 'system', 'page', 'c' || n % 20000, 'm' || n FROM generate_series(1, 100000) n;
	INSERT INTO log SELECT 'agency', 200000 + n, now() + n * interval '10 minutes', 'act', 'system', 'page', 'c' || n % 20000, 'm' || n FROM generate_series(1, 60000) n;
	INSERT INTO parked SELECT n, 'agency', 'page', 'y' || n, now(), 'read', '', now() FROM generate_series(1, 5000) n;
	INSERT INTO watermarks SELECT 'agency', 'page', 'p' || n, 'read', now(), now(), now() FROM generate_series(1, 5000) n;
	ANALYZE`

// TestNoHotStatementReadsAWholeTable asks the planner for the plan that serves
// any value, which is what a prepared statement ends up with.
func TestNoHotStatementReadsAWholeTable(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, err := pgx.Connect(ctx, database(t))
	require.NoError(t, err)
	defer func() { _ = c.Close(context.Background()) }()
	for _, sql := range append(strings.Split(crowd, ";"), "SET plan_cache_mode = force_generic_plan") {
		_, err := c.Exec(ctx, sql)
		require.NoError(t, err, sql)
	}
	whole := regexp.MustCompile(`Seq Scan on (\w+)`)
	for what, sql := range pgstore.Hot() {
		most := 0
		for n := range 20 {
			if strings.Contains(sql, fmt.Sprintf("$%d", n)) {
				most = n
			}
		}
		_, err := c.Exec(ctx, "PREPARE s AS "+sql)
		require.NoError(t, err, what)
		args := ""
		if most > 0 {
			args = "(" + strings.TrimSuffix(strings.Repeat("NULL, ", most), ", ") + ")"
		}
		rows, err := c.Query(ctx, "EXPLAIN EXECUTE s"+args)
		require.NoError(t, err, what)
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err, what)
		_, err = c.Exec(ctx, "DEALLOCATE s")
		require.NoError(t, err)
		for _, m := range whole.FindAllStringSubmatch(strings.Join(plan, "\n"), -1) {
			if m[1] != "agencies" { // it has a row an agency
				t.Errorf("%s:\n%s", what, strings.Join(plan, "\n"))
			}
		}
	}
}
