package memstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// PutLine implements alt.Lines.
func (s *Store) PutLine(ctx context.Context, l *alt.StoredLine, log alt.LogEntry) error {
	if err := l.Valid(); err != nil {
		return err
	}
	if err := sameAgency(l.Agency, log); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	key := lineKey{l.Agency, l.ID}
	old := s.lines[key]
	if old.Version != l.Version {
		return alt.ErrConflict
	}
	clear(old.Sealed)
	l.Version++
	s.lines[key] = cloneLine(*l)
	s.write([]alt.LogEntry{log})
	return nil
}

// Lines implements alt.Lines.
func (s *Store) Lines(ctx context.Context, agency channels.Agency) ([]alt.StoredLine, error) {
	if _, err := pageSize(string(agency), 0, 1, 1); err != nil {
		return nil, err
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var found []alt.StoredLine
	for key, l := range s.lines {
		if key.agency == agency {
			found = append(found, cloneLine(l))
		}
	}
	slices.SortFunc(found, func(a, b alt.StoredLine) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return found, nil
}

// RemoveLine implements alt.Lines.
func (s *Store) RemoveLine(ctx context.Context, agency channels.Agency, id channels.ID, log alt.LogEntry) error {
	if err := sameAgency(agency, log); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	key := lineKey{agency, id}
	l, known := s.lines[key]
	switch {
	case !known:
		return alt.ErrNotFound
	case l.State == alt.LineRemoved:
		return nil
	}
	clear(l.Sealed)
	l.State, l.Sealed, l.KeyID, l.Removed, l.By = alt.LineRemoved, nil, "", log.At, log.Actor
	l.Version++
	s.lines[key] = l
	s.write([]alt.LogEntry{log})
	return nil
}

// sameAgency refuses a log entry in which another agency would read it.
func sameAgency(agency channels.Agency, log alt.LogEntry) error {
	if agency == "" || log.Agency != agency {
		return fmt.Errorf("%w: the log entry is not the agency's", alt.ErrInput)
	}
	return nil
}

func cloneLine(l alt.StoredLine) alt.StoredLine {
	l.Sealed = slices.Clone(l.Sealed)
	return l
}
