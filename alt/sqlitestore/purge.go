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
		gone func(*tx, []row)
	}{
		// Ids follow the time of acceptance, so the oldest come first, and what
		// is not old yet ends the list. What is not finished is needed still.
		{`DELETE FROM raw WHERE id IN (SELECT id FROM (SELECT id, at FROM raw ORDER BY id LIMIT 500) WHERE at < ?) AND id NOT IN (SELECT id FROM live)`,
			s.cfg.RawFor, nil},
		{`DELETE FROM items WHERE id IN (SELECT id FROM (SELECT id, accepted FROM items INDEXED BY items_passing
			WHERE state = 1 AND direction IS NULL ORDER BY id LIMIT 500) WHERE accepted < ?) RETURNING dedupe`, alt.DedupeFor, (*tx).forget},
		{`DELETE FROM once WHERE (agency, key) IN (SELECT agency, key FROM once WHERE at < ? ORDER BY at LIMIT 500)`, alt.OnceFor, nil},
		{`DELETE FROM watermarks WHERE (agency, channel, peer, status) IN (SELECT agency, channel, peer, status FROM watermarks WHERE at < ? ORDER BY at LIMIT 500)`,
			alt.ParkFor, nil},
		{`DELETE FROM parked WHERE id IN (SELECT id FROM (SELECT id, at FROM parked ORDER BY id LIMIT 500) WHERE at < ?) RETURNING id`,
			alt.ParkFor, func(t *tx, gone []row) { t.parked -= int64(len(gone)) }},
	} {
		if err := s.purge(ctx, what.sql, now.Add(-what.term), what.gone); err != nil {
			return err
		}
	}
	return nil
}

// forget takes the names of items that are gone, of which some are only in memory.
func (t *tx) forget(keys []row) {
	for _, r := range keys {
		if key := r.blob(0); len(key) == len(name{}) {
			t.purged = append(t.purged, name(key))
		}
	}
}

// purge repeats a statement until it finds less than a full step. What it returns
// of the rows is shown to gone.
func (s *Store) purge(ctx context.Context, sql string, before time.Time, gone func(*tx, []row)) error {
	for {
		var n int64
		err := s.do(ctx, func(t *tx) (err error) {
			if gone == nil {
				n, err = t.exec(sql, before.UnixMicro())
				return err
			}
			rows, err := t.all(sql, before.UnixMicro())
			if n = int64(len(rows)); err == nil {
				gone(t, rows)
			}
			return err
		})
		if err != nil || n < purgeStep {
			return err
		}
	}
}
