package sqlitestore

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync/atomic"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/atrest"

	"github.com/liidestuja/liidestuja/internal/migration"
)

// ErrFault is what FailNth makes a statement fail with.
var ErrFault = errors.New("fault")

// FailNth makes the nth statement of the writer from now on fail, once. Its
// result tells whether that happened, and ends it. A statement that empties the
// log or rolls back is none: it changes no data.
func (s *Store) FailNth(nth int) (happened func() bool) {
	var n atomic.Int64
	var done atomic.Bool
	s.Watch(func(sql string) error {
		if strings.HasPrefix(sql, "PRAGMA") || sql == "ROLLBACK" || n.Add(1) != int64(nth) {
			return nil
		}
		done.Store(true)
		return ErrFault
	})
	return func() bool {
		s.Watch(nil)
		return done.Load()
	}
}

// Watch has every statement of the writer shown to f, whose error fails it.
func (s *Store) Watch(f func(sql string) error) {
	if f == nil {
		s.before.Store(nil)
		return
	}
	s.before.Store(&f)
}

// Config returns what the store was opened with.
func (s *Store) Config() Config { return s.cfg }

// Exec runs a statement in a transaction of the writer.
func (s *Store) Exec(ctx context.Context, sql string) error {
	return s.do(ctx, func(t *tx) error {
		_, err := t.exec(sql)
		return err
	})
}

// Panic panics in a transaction of the writer, after a statement.
func (s *Store) Panic(ctx context.Context, sql string) error {
	return s.do(ctx, func(t *tx) error {
		_, err := t.exec(sql)
		panic(err)
	})
}

// PanicBeside has a job panic in the transaction of another, whose error it
// returns.
func (s *Store) PanicBeside() error {
	other := &call{job: func(*tx) error { return nil }, done: make(chan error, 1)}
	wild := &call{job: func(*tx) error { panic("a job") }, done: make(chan error, 1)}
	s.writer.mu.Lock()
	defer s.writer.mu.Unlock()
	func() {
		defer func() { _ = recover() }()
		s.writer.run([]*call{other, wild})
	}()
	return <-other.done
}

// Pragma asks or sets a pragma of the writer's connection.
func (s *Store) Pragma(ctx context.Context, name string) (value string, err error) {
	derr := s.do(ctx, func(t *tx) error {
		value, err = t.pragma(name)
		return err
	})
	return value, derr
}

// WrittenBack returns how many pages of the log are in the database.
func (s *Store) WrittenBack(ctx context.Context) (int64, error) {
	r, err := s.readOne(ctx, "PRAGMA wal_checkpoint(NOOP)")
	if err != nil || r == nil {
		return 0, err
	}
	return r.num(2), nil
}

// Safe is the check of a connection.
func Safe(pragma func(name string) (string, error)) error { return safe(pragma) }

// MigrateWith is Migrate with other migrations.
func MigrateWith(path string, files fs.FS, version int) error {
	list, err := migration.Read(files)
	if err != nil {
		return err
	}
	cfg := Config{Path: path, Key: make([]byte, atrest.KeySize)}
	if err := cfg.defaults(); err != nil {
		return err
	}
	c, err := openWriter(cfg)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return migrate(c, list, version, cfg.Now())
}

// Count returns how many rows a table has.
func (s *Store) Count(ctx context.Context, table string) (int, error) {
	r, err := s.readOne(ctx, "SELECT count(*) FROM "+table)
	if err != nil {
		return 0, err
	}
	return int(r.num(0)), nil
}

// PartOfKey and PartOfID are the parts of names that an event's key, and a
// provider's id, are in.
func PartOfKey(m channels.EventMeta) byte { return keyName(&m)[0] }

func PartOfID(a channels.Address, id channels.ProviderID) byte {
	return providerName(a.Agency, a.Channel, id)[0]
}
