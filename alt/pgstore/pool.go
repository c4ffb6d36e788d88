package pgstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pool keeps connections for reading and claiming. It opens one when all that
// it has are in use, and gives out first the one that was used last.
type pool struct {
	cfg   *pgx.ConnConfig
	slots chan struct{} // as many as connections may be in use

	mu   sync.Mutex
	idle []*pgx.Conn
}

func newPool(cfg *pgx.ConnConfig, size int) *pool {
	return &pool{cfg: cfg, slots: make(chan struct{}, size)}
}

// use has f use a connection. One that broke, or was left in the middle of
// something, is closed.
func (p *pool) use(ctx context.Context, f func(*pgx.Conn) error) error {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.slots }()
	c := p.take()
	if c == nil {
		var err error
		if c, err = pgx.ConnectConfig(ctx, p.cfg); err != nil {
			return unreachable(err)
		}
	}
	defer p.give(c)
	return f(c)
}

func (p *pool) take() *pgx.Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := len(p.idle); n > 0; n = len(p.idle) {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		if !c.IsClosed() {
			return c
		}
	}
	return nil
}

func (p *pool) give(c *pgx.Conn) {
	if c.IsClosed() || c.PgConn().TxStatus() != 'I' {
		hangUp(c)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
}

// close waits for connections in use and closes all.
func (p *pool) close() {
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	for _, c := range p.idle {
		hangUp(c)
	}
	p.idle = nil
	for range cap(p.slots) {
		<-p.slots
	}
}

// hangUp closes a connection without waiting for long.
func hangUp(c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.Close(ctx)
}

// errUnreachable is what errors of connecting say: those of the driver quote the
// address and the user.
var errUnreachable = errors.New("pgstore: the database cannot be reached")

func unreachable(err error) error {
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			return fmt.Errorf("%w: %w", errUnreachable, end)
		}
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return fmt.Errorf("%w: SQLSTATE %s", errUnreachable, e.Code)
	}
	return errUnreachable
}

// broken is an error of the database, after which the transaction cannot go
// on. Everything else that a job returns is a refusal. It shows the code only:
// messages of the server may quote rows.
type broken struct{ err error }

// Error implements error.
func (b *broken) Error() string {
	if code := sqlState(b.err); code != "" {
		return "pgstore: SQLSTATE " + code
	}
	var s *pgx.ScanArgError
	if errors.As(b.err, &s) {
		return "pgstore: a column is of another type"
	}
	if errors.Is(b.err, context.Canceled) || errors.Is(b.err, context.DeadlineExceeded) {
		return "pgstore: the database did not answer in time"
	}
	var c interface{ SafeToRetry() bool }
	if errors.As(b.err, &c) || pgconn.Timeout(b.err) {
		return "pgstore: the connection broke"
	}
	return "pgstore: " + b.err.Error()
}

// Unwrap returns the cause.
func (b *broken) Unwrap() error { return b.err }

func isBroken(err error) bool {
	var b *broken
	return errors.As(err, &b)
}

// sqlState returns the server's code of an error, empty when it is not the
// server's.
func sqlState(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
