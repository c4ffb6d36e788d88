package pgstore

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/liidestuja/liidestuja/alt"
)

// purgeStep bounds the rows that one transaction removes.
const purgeStep = 500

// Purge implements alt.Purger: it forgets the provider's bytes after
// Config.RawFor, and after their terms keys of events, parked reports, Once keys,
// and events that are no messages. Once an hour it looks for months that are over,
// see Config.KeepFor. It works in small steps, beside the writer,
// and several replicas may do so at once.
func (s *Store) Purge(ctx context.Context, now time.Time) error {
	if err := s.keepMonths(ctx); err != nil {
		return err
	}
	for _, what := range []struct {
		sql  string
		term time.Duration
	}{
		// Ids follow the time of acceptance, so the oldest come first, and what
		// is not old yet ends the list. What is not finished is needed still.
		{`DELETE FROM raw WHERE id IN (SELECT id FROM (SELECT id, at FROM raw ORDER BY id LIMIT $2) AS old WHERE at < $1
			AND NOT EXISTS (SELECT 1 FROM live WHERE live.id = old.id))`, s.cfg.RawFor},
		{`DELETE FROM items WHERE id IN (SELECT id FROM (SELECT id, accepted FROM items WHERE state = 1 AND direction IS NULL ORDER BY id LIMIT $2) AS old
			WHERE accepted < $1)`, alt.DedupeFor},
		{`DELETE FROM event_keys WHERE (agency, key) IN (SELECT agency, key FROM event_keys WHERE at < $1 ORDER BY at LIMIT $2)`, alt.DedupeFor},
		{`DELETE FROM once WHERE (agency, key) IN (SELECT agency, key FROM once WHERE at < $1 ORDER BY at LIMIT $2)`, alt.OnceFor},
		{`DELETE FROM watermarks WHERE (agency, channel, peer, status) IN (
			SELECT agency, channel, peer, status FROM watermarks WHERE at < $1 ORDER BY at LIMIT $2)`, alt.ParkFor},
		{`DELETE FROM parked WHERE id IN (SELECT id FROM (SELECT id, at FROM parked ORDER BY id LIMIT $2) AS old WHERE at < $1)`, alt.ParkFor},
	} {
		for n := purgeStep; n == purgeStep; {
			var err error
			if n, err = s.remove(ctx, what.sql, now.Add(-what.term), purgeStep); err != nil {
				return err
			}
		}
	}
	if last := s.months.Load(); now.Sub(time.Unix(0, last)).Abs() < forgetEvery || !s.months.CompareAndSwap(last, now.UnixNano()) {
		return nil
	}
	return s.monthly(ctx, now)
}

// remove runs a statement that deletes what no transaction of the writer decides
// about, and returns how many rows are gone.
func (s *Store) remove(ctx context.Context, sql string, args ...any) (int, error) {
	if err := s.open(ctx); err != nil {
		return 0, err
	}
	defer s.closing.RUnlock()
	n := 0
	err := s.pool.use(ctx, func(c *pgx.Conn) error {
		tag, err := c.Exec(ctx, sql, args...)
		n = int(tag.RowsAffected())
		return unreadable(ctx, err)
	})
	return n, err
}

// time is now by the clock of leases.
func (s *Store) time(ctx context.Context, c *pgx.Conn) (now time.Time, err error) {
	if s.cfg.Now != nil {
		return s.cfg.Now(), nil
	}
	if err := c.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&now); err != nil {
		return now, &broken{err}
	}
	return now, nil
}
