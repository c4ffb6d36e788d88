package sqlitestore

import (
	"strings"
	"sync/atomic"

	"errors"
)

// ErrFault is what FailNth makes a statement fail with.
var ErrFault = errors.New("fault")

// FailNth makes the nth statement of the writer from now on fail, once. Its
// result tells whether that happened, and ends it. A statement that empties the
// log or rolls back is none: it changes no data.
func (s *Store) FailNth(nth int) (happened func() bool) {
	var n atomic.Int64
	var done atomic.Bool
	f := func(sql string) error {
		if strings.HasPrefix(sql, "PRAGMA") || sql == "ROLLBACK" || n.Add(1) != int64(nth) {
			return nil
		}
		done.Store(true)
		return ErrFault
	}
	s.before.Store(&f)
	return func() bool {
		s.before.Store(nil)
		return done.Load()
	}
}

// Watch has every statement of the writer reported to f; its error fails it.
func (s *Store) Watch(f func(sql string) error) { s.before.Store(&f) }

// Config returns what the store was opened with.
func (s *Store) Config() Config { return s.cfg }
