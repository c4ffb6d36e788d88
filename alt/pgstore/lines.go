package pgstore

import (
	"context"
	"fmt"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// PutLine implements alt.Lines.
func (s *Store) PutLine(ctx context.Context, l *alt.StoredLine, log alt.LogEntry) error {
	if err := l.Valid(); err != nil {
		return err
	}
	entry, err := encodeLine(l.Agency, log)
	if err != nil {
		return err
	}
	err = s.do(ctx, s.needLine(l.Agency, l.ID), func(t *tx) error {
		version, _, err := t.line(l.Agency, l.ID)
		if err != nil {
			return err
		}
		if version != l.Version {
			return alt.ErrConflict
		}
		t.exec(`INSERT INTO lines (agency, line, provider, kind, account, business, name, state, sealed, key, version, added, actor)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			ON CONFLICT (agency, line) DO UPDATE SET provider = excluded.provider, kind = excluded.kind, account = excluded.account,
				business = excluded.business, name = excluded.name, state = excluded.state, sealed = excluded.sealed, key = excluded.key,
				version = excluded.version, added = excluded.added, removed = NULL, actor = excluded.actor`,
			string(l.Agency), string(l.ID), text(l.Provider), text(l.Kind), text(l.Account), text(l.Business), text(l.Name), string(l.State),
			blob(l.Sealed), text(l.KeyID), l.Version+1, l.Added, text(l.By))
		t.log = append(t.log, entry)
		return nil
	})
	if err == nil {
		l.Version++
	}
	return err
}

// RemoveLine implements alt.Lines.
func (s *Store) RemoveLine(ctx context.Context, agency channels.Agency, id channels.ID, log alt.LogEntry) error {
	entry, err := encodeLine(agency, log)
	if err != nil {
		return err
	}
	return s.do(ctx, s.needLine(agency, id), func(t *tx) error {
		version, state, err := t.line(agency, id)
		switch {
		case err != nil:
			return err
		case version == 0:
			return alt.ErrNotFound
		case state == alt.LineRemoved:
			return nil
		}
		t.exec(`UPDATE lines SET state = $3, sealed = NULL, key = NULL, version = version + 1, removed = $4, actor = $5 WHERE agency = $1 AND line = $2`,
			string(agency), string(id), string(alt.LineRemoved), moment(log.At), text(log.Actor))
		t.log = append(t.log, entry)
		return nil
	})
}

// Lines implements alt.Lines.
func (s *Store) Lines(ctx context.Context, agency channels.Agency) ([]alt.StoredLine, error) {
	if agency == "" {
		return nil, fmt.Errorf("%w: Agency is required", alt.ErrInput)
	}
	rows, err := s.read(ctx, `SELECT line, provider, kind, account, business, name, state, sealed, key, version, added, removed, actor
		FROM lines WHERE agency = $1 ORDER BY line`, string(agency))
	if err != nil {
		return nil, err
	}
	found := make([]alt.StoredLine, len(rows))
	for i, r := range rows {
		found[i] = alt.StoredLine{
			Agency: agency, ID: channels.ID(r.str(0)), Provider: r.str(1), Kind: channels.Kind(r.str(2)), Account: r.str(3), Business: r.str(4),
			Name: r.str(5), State: alt.LineState(r.str(6)), Sealed: r.blob(7), KeyID: r.str(8), Version: r.num(9), Added: r.time(10),
			Removed: r.time(11), By: r.str(12),
		}
	}
	return found, nil
}

// needLine locks a line, also one that is not there yet.
func (s *Store) needLine(agency channels.Agency, id channels.ID) *needs {
	return &needs{locks: []int64{s.lockOf('n', string(agency)+"\x00"+string(id))}}
}

// line returns what decides about a change of a line; version 0 when there is
// none.
func (t *tx) line(agency channels.Agency, id channels.ID) (version int64, state alt.LineState, err error) {
	r, err := t.one("SELECT version, state FROM lines WHERE agency = $1 AND line = $2", string(agency), string(id))
	if err != nil || r == nil {
		return 0, "", err
	}
	return r.num(0), alt.LineState(r.str(1)), nil
}

// encodeLine refuses a log entry in which another agency would read of a line.
func encodeLine(agency channels.Agency, log alt.LogEntry) (logRow, error) {
	if agency == "" || log.Agency != agency {
		return logRow{}, fmt.Errorf("%w: the log entry is not the agency's", alt.ErrInput)
	}
	return encodeLog(log)
}
