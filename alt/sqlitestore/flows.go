package sqlitestore

import (
	"context"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Flow implements alt.Flows.
func (s *Store) Flow(ctx context.Context, agency channels.Agency, key string) (alt.Flow, error) {
	rows, err := s.read(ctx, "SELECT sealed, version, expires FROM flows WHERE agency = ? AND key = ?", string(agency), key)
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
	due, err := s.read(ctx, "SELECT agency, key FROM flows WHERE expires < ? LIMIT ?", before.UnixMicro(), max)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	err = s.do(ctx, func(t *tx) error {
		for _, r := range due {
			if _, err := t.exec("DELETE FROM flows WHERE agency = ? AND key = ? AND expires < ?", r.str(0), r.str(1), before.UnixMicro()); err != nil {
				return err
			}
		}
		return nil
	})
	return len(due), err
}

// flowVersions refuses what was decided on something old.
func (t *tx) flowVersions(p *change) error {
	for _, f := range p.Flows {
		r, err := t.one("SELECT version FROM flows WHERE agency = ? AND key = ?", string(f.Agency), f.Key)
		if err != nil {
			return err
		}
		if err := follows(r != nil, func() int64 { return r.num(0) }, f.Version+1); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) saveFlows(p *change) error {
	for _, f := range p.Flows {
		var err error
		switch {
		case f.Spent:
			_, err = t.exec("DELETE FROM flows WHERE agency = ? AND key = ?", string(f.Agency), f.Key)
		case f.Version == 0:
			_, err = t.exec("INSERT INTO flows (agency, key, sealed, version, expires) VALUES (?, ?, ?, 1, ?)", string(f.Agency), f.Key, f.Sealed, f.Expires.UnixMicro())
		default:
			_, err = t.exec("UPDATE flows SET sealed = ?, version = version + 1, expires = ? WHERE agency = ? AND key = ?", f.Sealed, f.Expires.UnixMicro(), string(f.Agency), f.Key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
