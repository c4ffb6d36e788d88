package pgstore

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/liidestuja/liidestuja/alt"

	"github.com/liidestuja/liidestuja/internal/atrest"

	"github.com/liidestuja/liidestuja/internal/migration"
)

var (
	_ alt.Store  = (*Store)(nil)
	_ alt.Purger = (*Store)(nil)
)

// Store implements alt.Store and alt.Purger. It may be used concurrently, and
// is fast only then. Any number of stores, in any number of processes, may be
// open on one database.
type Store struct {
	cfg     Config
	dial    *pgx.ConnConfig
	pool    *pool
	vault   *vault
	schema  string
	replica int64 // 0: nobody would notice its death
	alive   *alive
	witness atomic.Pointer[witness] // of the latest connection of alive
	news    *news

	noted chan struct{} // there may be notes

	calls   chan *call
	lookups chan *lookup
	closing sync.RWMutex // held for reading while a call is queued, or a query runs
	closed  bool
	ready   *ready
	doubts  doubts
	times   sync.Mutex // guards timers
	timers  timers
	months  atomic.Int64                          // when Purge last looked for months that are over, in nanoseconds
	wrote   chan struct{}                         // closed when the writer has ended
	fault   atomic.Pointer[func(sql string) bool] // a test's
}

// Open connects to the database at cfg.DSN, which Migrate has prepared. What a
// dead replica was working at is taken back. The caller closes the store.
//
// Errors: ErrNewer, ErrOlder, ErrKey, ErrUnsafe, those of the connection, and
// one that names the field of cfg that is wrong.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	dial, err := cfg.defaults()
	if err != nil {
		return nil, err
	}
	s := &Store{
		cfg: cfg, dial: dial, pool: newPool(dial, cfg.Connections), calls: make(chan *call, 4*batchSize), wrote: make(chan struct{}), noted: make(chan struct{}, 1),
		lookups: make(chan *lookup, 4*lookupsAtOnce),
	}
	if s.vault, err = newVault(cfg.Key); err != nil {
		return nil, err
	}
	s.news, s.ready = newNews(s), newReady()
	if err := s.start(ctx); err != nil {
		s.pool.close()
		return nil, err
	}
	s.news.start()
	for range lookers {
		go s.lookUp()
	}
	w := &writer{s: s}
	go func() {
		defer close(s.wrote)
		w.loop(s.calls)
	}()
	return s, nil
}

// start checks the database and makes this store known as a replica.
func (s *Store) start(ctx context.Context) error {
	err := s.pool.use(ctx, func(c *pgx.Conn) error {
		if err := s.safe(ctx, c); err != nil {
			return err
		}
		list, err := migration.Read(migrationFiles)
		if err != nil {
			return err
		}
		if err := current(ctx, c, len(list)); err != nil {
			return err
		}
		if err := c.QueryRow(ctx, "SELECT current_schema()").Scan(&s.schema); err != nil {
			return &broken{err}
		}
		return s.checkKey(ctx, c)
	})
	if err != nil || s.cfg.Pooled {
		return err
	}
	s.alive, err = join(ctx, s)
	return err
}

// safe refuses a server that does not make a commit durable.
func (s *Store) safe(ctx context.Context, c *pgx.Conn) error {
	var version int
	var fsync, synchronous string
	err := c.QueryRow(ctx, "SELECT current_setting('server_version_num')::int, current_setting('fsync'), current_setting('synchronous_commit')").
		Scan(&version, &fsync, &synchronous)
	switch {
	case err != nil:
		return &broken{err}
	case version < 150000:
		return fmt.Errorf("pgstore: PostgreSQL %d is too old, 15 is needed", version/10000)
	case s.cfg.InsecureNotDurable:
		return nil
	case fsync != "on":
		return fmt.Errorf("%w: fsync is %q", ErrUnsafe, fsync)
	case synchronous == "off":
		return fmt.Errorf("%w: synchronous_commit is %q", ErrUnsafe, synchronous)
	}
	return nil
}

// checkKey compares the key with the one that the store was made with; the
// first replica's is that one.
func (s *Store) checkKey(ctx context.Context, c *pgx.Conn) error {
	check := atrest.Derive(s.cfg.Key, nil, "liidestuja key check")
	if _, err := c.Exec(ctx, "UPDATE store SET seal = $1 WHERE seal IS NULL", check); err != nil {
		return &broken{err}
	}
	var stored []byte
	if err := c.QueryRow(ctx, "SELECT seal FROM store").Scan(&stored); err != nil {
		return &broken{err}
	}
	if subtle.ConstantTimeCompare(stored, check) != 1 {
		return ErrKey
	}
	return nil
}

// fails lets a test have a statement fail.
func (s *Store) fails(sql string) bool {
	f := s.fault.Load()
	return f != nil && (*f)(sql)
}

// do has the writer run a job, and returns its error. A ctx that ends before
// the job is queued ends the wait; afterwards the job's own result is returned.
func (s *Store) do(ctx context.Context, n *needs, j job) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	defer s.closing.RUnlock()
	return s.enter(ctx, n, j)
}

// enter is do for who has opened already.
func (s *Store) enter(ctx context.Context, n *needs, j job) error {
	c := &call{job: j, needs: n, done: make(chan error, 1)}
	select {
	case s.calls <- c:
	case <-ctx.Done():
		return ctx.Err()
	}
	return <-c.done
}

// open refuses late calls and keeps Close waiting until closing.RUnlock, unless
// it returns an error.
func (s *Store) open(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.closing.RLock()
	if s.closed {
		s.closing.RUnlock()
		return alt.ErrClosed
	}
	return nil
}

// query reads beside the writer.
func (s *Store) query(ctx context.Context, sql string, args ...any) ([]row, error) {
	var found []row
	err := s.pool.use(ctx, func(c *pgx.Conn) error {
		rows, err := c.Query(ctx, sql, args...)
		if err == nil {
			found, err = collect(rows)
		}
		return unreadable(ctx, err)
	})
	return found, err
}

// unreadable is what an error of a query means. A name that is no text, such as
// one with a zero byte, is in no row.
func unreadable(ctx context.Context, err error) error {
	switch {
	case err == nil || sqlState(err) == notText:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &broken{err}
}

const notText = "22021" // character_not_in_repertoire

// read is query for a caller who has not opened.
func (s *Store) read(ctx context.Context, sql string, args ...any) ([]row, error) {
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	defer s.closing.RUnlock()
	return s.query(ctx, sql, args...)
}

func (s *Store) readOne(ctx context.Context, sql string, args ...any) (row, error) {
	rows, err := s.read(ctx, sql, args...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// Close implements alt.Store. It returns when what was queued is done and the
// connections are closed; a second call does nothing.
func (s *Store) Close() error {
	s.closing.Lock()
	if s.closed {
		s.closing.Unlock()
		<-s.wrote
		return nil
	}
	s.closed = true
	close(s.calls)
	close(s.lookups)
	s.closing.Unlock()
	<-s.wrote
	s.news.close()
	var err error
	if s.alive != nil {
		err = s.alive.leave()
	}
	s.pool.close()
	return errors.Join(err)
}
