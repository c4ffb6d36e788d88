package sqlitestore

import (
	"context"
	"time"

	"github.com/liidestuja/liidestuja/alt"
)

// purgeStep bounds the rows that one transaction removes.
const purgeStep = 500

// Purge implements alt.Purger: it forgets the provider's bytes after
// Config.RawFor, and after their terms parked reports, Once keys, and events
// that are no messages, with their keys. It works in small steps between which
// others go on, and costs next to nothing when there is nothing to forget.
func (s *Store) Purge(ctx context.Context, now time.Time) error {
	for _, what := range []struct {
		sql  string
		term time.Duration
	}{
		// Ids follow the time of acceptance, so the oldest come first, and what
		// is not old yet ends the list. What is not finished is needed still.
		{`DELETE FROM raw WHERE id IN (SELECT id FROM (SELECT id, at FROM raw ORDER BY id LIMIT 500) WHERE at < ?) AND id NOT IN (SELECT id FROM live)`,
			s.cfg.RawFor},
		{`DELETE FROM items WHERE id IN (SELECT id FROM (SELECT id, accepted FROM items INDEXED BY items_passing
			WHERE state = 1 AND direction IS NULL ORDER BY id LIMIT 500) WHERE accepted < ?)`, alt.DedupeFor},
		{`DELETE FROM once WHERE (agency, key) IN (SELECT agency, key FROM once WHERE at < ? ORDER BY at LIMIT 500)`, alt.OnceFor},
		{`DELETE FROM watermarks WHERE (agency, channel, peer, status) IN (SELECT agency, channel, peer, status FROM watermarks WHERE at < ? ORDER BY at LIMIT 500)`,
			alt.ParkFor},
	} {
		if err := s.purge(ctx, what.sql, now.Add(-what.term), nil); err != nil {
			return err
		}
	}
	return s.purge(ctx, `DELETE FROM parked WHERE id IN (SELECT id FROM (SELECT id, at FROM parked ORDER BY id LIMIT 500) WHERE at < ?)`,
		now.Add(-alt.ParkFor), func(t *tx, n int64) { t.parked -= n })
}

// purge repeats a statement until it finds less than a full step.
func (s *Store) purge(ctx context.Context, sql string, before time.Time, gone func(t *tx, n int64)) error {
	for {
		var n int64
		err := s.do(ctx, func(t *tx) error {
			var err error
			n, err = t.exec(sql, before.UnixMicro())
			if err == nil && gone != nil {
				gone(t, n)
			}
			return err
		})
		if err != nil || n < purgeStep {
			return err
		}
	}
}
