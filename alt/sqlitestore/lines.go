package sqlitestore

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
	err = s.do(ctx, func(t *tx) error {
		old, err := t.line(l.Agency, l.ID)
		if err != nil {
			return err
		}
		if old.version != l.Version {
			return alt.ErrConflict
		}
		secret, err := t.replaceSecret(old.secret, l.Sealed)
		if err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO lines (agency, line, provider, kind, account, business, name, state, secret, key, version, added, actor)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (agency, line) DO UPDATE SET provider = excluded.provider, kind = excluded.kind, account = excluded.account,
				business = excluded.business, name = excluded.name, state = excluded.state, secret = excluded.secret, key = excluded.key,
				version = excluded.version, added = excluded.added, removed = NULL, actor = excluded.actor`,
			string(l.Agency), string(l.ID), text(l.Provider), text(l.Kind), text(l.Account), text(l.Business), text(l.Name), string(l.State),
			number(secret), text(l.KeyID), l.Version+1, micros(l.Added), text(l.By))
		if err != nil {
			return err
		}
		return t.writeLog([]logRow{entry}, nil)
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
	return s.do(ctx, func(t *tx) error {
		old, err := t.line(agency, id)
		switch {
		case err != nil:
			return err
		case old.version == 0:
			return alt.ErrNotFound
		case old.state == alt.LineRemoved:
			return nil
		}
		if _, err := t.replaceSecret(old.secret, nil); err != nil {
			return err
		}
		_, err = t.exec(`UPDATE lines SET state = ?, secret = NULL, key = NULL, version = version + 1, removed = ?, actor = ?
			WHERE agency = ? AND line = ?`, string(alt.LineRemoved), micros(log.At), text(log.Actor), string(agency), string(id))
		if err != nil {
			return err
		}
		return t.writeLog([]logRow{entry}, nil)
	})
}

// Lines implements alt.Lines.
func (s *Store) Lines(ctx context.Context, agency channels.Agency) ([]alt.StoredLine, error) {
	if agency == "" {
		return nil, fmt.Errorf("%w: Agency is required", alt.ErrInput)
	}
	rows, err := s.read(ctx, `SELECT l.line, l.provider, l.kind, l.account, l.business, l.name, l.state, s.sealed, l.key, l.version, l.added,
			l.removed, l.actor FROM lines l LEFT JOIN secrets s ON s.id = l.secret WHERE l.agency = ? ORDER BY l.line`, string(agency))
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

// lineRow is what decides about a change of a line; zero when there is none.
type lineRow struct {
	version, secret int64
	state           alt.LineState
}

func (t *tx) line(agency channels.Agency, id channels.ID) (lineRow, error) {
	r, err := t.one("SELECT version, secret, state FROM lines WHERE agency = ? AND line = ?", string(agency), string(id))
	if err != nil || r == nil {
		return lineRow{}, err
	}
	return lineRow{version: r.num(0), secret: r.num(1), state: alt.LineState(r.str(2))}, nil
}

// replaceSecret destroys a secret, if there is one, and keeps another, if there
// is one; it returns its row.
func (t *tx) replaceSecret(old int64, sealed []byte) (int64, error) {
	if old != 0 {
		t.redacted = true
		if _, err := t.exec("UPDATE secrets SET sealed = zeroblob(length(sealed)) WHERE id = ?", old); err != nil {
			return 0, err
		}
	}
	if len(sealed) == 0 {
		return 0, nil
	}
	id := t.next()
	_, err := t.exec("INSERT INTO secrets (id, sealed) VALUES (?, ?)", id, sealed)
	return id, err
}

// encodeLine refuses a log entry in which another agency would read of a line.
func encodeLine(agency channels.Agency, log alt.LogEntry) (logRow, error) {
	if agency == "" || log.Agency != agency {
		return logRow{}, fmt.Errorf("%w: the log entry is not the agency's", alt.ErrInput)
	}
	return encodeLog(log)
}
