package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/internal/lanes"

	"github.com/liidestuja/liidestuja/internal/lockfile"

	"github.com/liidestuja/liidestuja/internal/migration"
)

var (
	_ alt.Store  = (*Store)(nil)
	_ alt.Purger = (*Store)(nil)
)

// Store implements alt.Store and alt.Purger. It may be used concurrently, and
// is fast only then.
type Store struct {
	cfg    Config
	lock   *os.File
	files  *files
	vault  *vault
	people *cache

	// Queries run beside the writer; gate keeps them out while it empties the
	// log.
	readers chan *conn
	gate    sync.RWMutex
	back    *checkpointer

	writer  *writer
	calls   chan *call
	callers atomic.Int64
	closing sync.RWMutex // held for reading while a call is queued, or a query runs
	closed  bool
	wrote   chan struct{}                          // closed when the writer has ended
	before  atomic.Pointer[func(sql string) error] // see conn.before

	mu    sync.Mutex
	lanes map[alt.Work]*lanes.Lanes
	live  map[int64]*entry
	kept  int // entries with their content decoded
}

// Open opens the store at cfg.Path, making it if need be, and rebuilds the
// queues: what a dead process was sending has an unknown outcome, everything
// else that it held can be claimed again. The caller closes the store.
//
// Errors: ErrLocked, ErrNewer, ErrKey, ErrUnsafe, those of the file system, and
// one that names the field of cfg that is wrong.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	lock, err := prepareFiles(cfg.Path)
	if err != nil {
		return nil, err
	}
	s := &Store{
		cfg: cfg, lock: lock, people: newCache(cfg.CacheSize), calls: make(chan *call, batchSize), wrote: make(chan struct{}),
		readers: make(chan *conn, cfg.Readers), lanes: newLanes(), live: make(map[int64]*entry),
	}
	w := newWriter(s)
	if err := s.start(w); err != nil {
		if w.c != nil {
			_ = w.c.Close()
		}
		_ = s.closeReaders()
		_ = lockfile.Unlock(lock)
		return nil, err
	}
	s.writer = w
	go func() {
		defer close(s.wrote)
		w.loop(s.calls)
	}()
	return s, nil
}

func (s *Store) start(w *writer) error {
	var err error
	if w.c, err = openWriter(s.cfg); err != nil {
		return err
	}
	list, err := migration.Read(migrationFiles)
	if err != nil {
		return err
	}
	if err := migrate(w.c, list, latest, s.cfg.Now()); err != nil {
		return err
	}
	if s.files, err = openFiles(w.c, &s.cfg); err != nil {
		return err
	}
	if s.vault, err = newVault(s.files.key); err != nil {
		return err
	}
	if err := w.load(); err != nil {
		return err
	}
	w.c.before = s.ask
	w.truncate() // whatever a dead process left in the log
	if err := s.openReaders(); err != nil {
		return err
	}
	return s.openCheckpointer()
}

// prepareFiles makes the folder and the files with their rights, and takes the
// lock. SQLite gives its own files the rights of the database.
func prepareFiles(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("sqlitestore: %w", err)
	}
	lock, err := lockfile.Lock(path + ".lock")
	if errors.Is(err, lockfile.ErrLocked) {
		return nil, ErrLocked
	}
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = f.Close()
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if cerr := os.Chmod(name, 0o600); err == nil && cerr != nil && !errors.Is(cerr, os.ErrNotExist) {
			err = cerr
		}
	}
	if err != nil {
		_ = lockfile.Unlock(lock)
		return nil, fmt.Errorf("sqlitestore: %w", err)
	}
	return lock, nil
}

// ask lets a test stand in for a disk that fails.
func (s *Store) ask(sql string) error {
	if f := s.before.Load(); f != nil {
		return (*f)(sql)
	}
	return nil
}

func busyTimeout(cfg Config) string {
	return fmt.Sprintf("PRAGMA busy_timeout = %d", cfg.BusyTimeout.Milliseconds())
}

// openWriter opens the connection that writes, and makes sure that a commit on
// it is durable and that what is deleted is overwritten.
func openWriter(cfg Config) (*conn, error) {
	c, err := dial(cfg.Path)
	if err != nil {
		return nil, err
	}
	for _, sql := range []string{
		busyTimeout(cfg),
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = FULL",
		"PRAGMA secure_delete = ON",
		"PRAGMA foreign_keys = ON",
		"PRAGMA temp_store = MEMORY",
		"PRAGMA trusted_schema = OFF",
		fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", logMost),
		"PRAGMA journal_size_limit = 67108864",
		fmt.Sprintf("PRAGMA cache_size = -%d", cfg.PageCache),
	} {
		if err := c.script(sql); err != nil {
			_ = c.Close()
			return nil, err
		}
	}
	if err := safe(c.pragma); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// safe refuses a connection that did not take what durability and erasure rest
// on: SQLite does not say so when a pragma has no effect.
func safe(pragma func(name string) (string, error)) error {
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "secure_delete": "1"} {
		got, err := pragma(name)
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%w: %s is %q", ErrUnsafe, name, got)
		}
	}
	return nil
}

// do has the writer run a job, and returns its error. A ctx that ends before
// the job is queued ends the wait; afterwards the job's own result is returned.
func (s *Store) do(ctx context.Context, j job) error {
	c := &call{job: j, done: make(chan error, 1)}
	alone := s.callers.Add(1) == 1
	defer s.callers.Add(-1)
	if err := s.queue(ctx, c, alone); err != nil {
		return err
	}
	return <-c.done
}

// queue hands a call to the writer. Who is alone does the writing: to wake another
// goroutine and be woken by it is a tenth of what a call costs then.
func (s *Store) queue(ctx context.Context, c *call, alone bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return alt.ErrClosed
	}
	if alone && s.writer.mu.TryLock() {
		defer s.writer.mu.Unlock()
		s.writer.work(c, s.calls)
		return nil
	}
	select {
	case s.calls <- c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close implements alt.Store. It returns when what was queued is done and the
// files are closed; a second call does nothing.
func (s *Store) Close() error {
	s.closing.Lock()
	if s.closed {
		s.closing.Unlock()
		<-s.wrote
		return nil
	}
	s.closed = true
	close(s.calls)
	s.closing.Unlock()
	<-s.wrote
	return errors.Join(s.closeReaders(), s.back.close(), lockfile.Unlock(s.lock))
}
