package sqlitestore

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/liidestuja/liidestuja/alt"
)

func (s *Store) openReaders() error {
	for range cap(s.readers) {
		c, err := dial(s.cfg.Path, "query_only(1)", "temp_store(2)", "cache_size(-1024)", fmt.Sprintf("busy_timeout(%d)", s.cfg.BusyTimeout.Milliseconds()))
		if err != nil {
			return err
		}
		s.readers <- c
	}
	return nil
}

// closeReaders closes the connections, when no query runs.
func (s *Store) closeReaders() error {
	var err error
	for range len(s.readers) {
		c := <-s.readers
		if cerr := c.Close(); err == nil {
			err = cerr
		}
	}
	return err
}

// open reports alt.ErrClosed and an ended ctx, for calls that only read.
func (s *Store) open(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return alt.ErrClosed
	}
	return nil
}

// read runs a query beside the writer. It sees what was committed when it
// began. It must be short, because it holds the log back and is not ended by
// ctx: what looks at much is made of many.
func (s *Store) read(ctx context.Context, query string, args ...driver.Value) ([]row, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return nil, alt.ErrClosed
	}
	s.gate.RLock()
	defer s.gate.RUnlock()
	select {
	case c := <-s.readers:
		defer func() { s.readers <- c }()
		return c.all(query, args...)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// readOne returns the first row of a query, nil when there is none.
func (s *Store) readOne(ctx context.Context, query string, args ...driver.Value) (row, error) {
	rows, err := s.read(ctx, query, args...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}
