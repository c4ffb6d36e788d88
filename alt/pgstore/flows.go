package pgstore

import (
	"context"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Flow implements alt.Flows.
func (s *Store) Flow(ctx context.Context, agency channels.Agency, key string) (alt.Flow, error) {
	rows, err := s.read(ctx, "SELECT sealed, version, expires FROM flows WHERE agency = $1 AND key = $2", string(agency), key)
	if err != nil {
		return alt.Flow{}, err
	}
	if len(rows) == 0 {
		return alt.Flow{}, alt.ErrNotFound
	}
	r := rows[0]
	return alt.Flow{Agency: agency, Key: key, Sealed: r.blob(0), Version: r.num(1), Expires: r.time(2)}, nil
}

// ExpireFlows implements alt.Flows.
func (s *Store) ExpireFlows(ctx context.Context, before time.Time, max int) (int, error) {
	// As a rule there is none, which a read finds out without the writer.
	due, err := s.read(ctx, "SELECT 1 FROM flows WHERE expires < $1 LIMIT 1", before)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	return s.remove(ctx, `DELETE FROM flows WHERE (agency, key) IN (
		SELECT agency, key FROM flows WHERE expires < $1 ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED)`, before, max)
}

// flowVersions refuses what was decided on something old. Flows have no lane:
// their rows are locked, and of two who save a new one the second is told by its
// key that it is late, and finds it when it is tried again.
func (t *tx) flowVersions(p *change) error {
	for _, f := range p.Flows {
		r, err := t.one("SELECT version FROM flows WHERE agency = $1 AND key = $2 FOR UPDATE", string(f.Agency), f.Key)
		if err != nil {
			return err
		}
		if err := follows(r != nil, func() int64 { return r.num(0) }, f.Version+1); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) saveFlows(p *change) {
	for _, f := range p.Flows {
		switch {
		case f.Spent:
			t.exec("DELETE FROM flows WHERE agency = $1 AND key = $2", string(f.Agency), f.Key)
		case f.Version == 0:
			t.exec("INSERT INTO flows (agency, key, sealed, version, expires) VALUES ($1, $2, $3, 1, $4)", string(f.Agency), f.Key, f.Sealed, f.Expires)
		default:
			t.exec("UPDATE flows SET sealed = $3, version = version + 1, expires = $4 WHERE agency = $1 AND key = $2",
				string(f.Agency), f.Key, f.Sealed, f.Expires)
		}
	}
}
