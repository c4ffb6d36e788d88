package sqlitestore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Stats is how much a store takes.
type Stats struct {
	Size  int64 // of the database file, bytes
	Log   int64 // of the write-ahead log, bytes
	Live  int   // items that are not finished, in memory
	Known int   // people in the cache
}

// Stats returns how much the store takes now.
func (s *Store) Stats() (Stats, error) {
	var st Stats
	for suffix, size := range map[string]*int64{"": &st.Size, "-wal": &st.Log} {
		fi, err := os.Stat(s.cfg.Path + suffix)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return Stats{}, fmt.Errorf("sqlitestore: %w", err)
		default:
			*size = fi.Size()
		}
	}
	s.mu.Lock()
	st.Live = len(s.live)
	s.mu.Unlock()
	s.people.mu.Lock()
	st.Known = len(s.people.slots)
	s.people.mu.Unlock()
	return st, nil
}
