package sqlitestore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// broken is an error of the database itself, after which a transaction must be
// rolled back; every other error of a job is a refusal, and nothing was written.
type broken struct{ err error }

// Error implements error. The driver's text names tables and codes, no values.
func (b *broken) Error() string { return "sqlitestore: " + b.err.Error() }

// Unwrap returns the driver's error.
func (b *broken) Unwrap() error { return b.err }

func isBroken(err error) bool {
	var b *broken
	return errors.As(err, &b)
}

// isBusy reports whether another program holds the database.
func isBusy(err error) bool {
	const busy = 5 // SQLITE_BUSY; extended codes have it in their lowest byte
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == busy
}

// conn is a connection, used by one goroutine at a time. It uses the driver
// without database/sql, keeps every statement prepared, and gives the driver a
// context that never ends: one that does would interrupt a transaction that
// others share, and costs a goroutine for each statement.
type conn struct {
	driver.Conn
	prepared map[string]driver.Stmt
	args     []driver.NamedValue
	// before, if set, is asked before each statement; its error stands for the
	// statement's own.
	before func(sql string) error
}

// dsn names a database file, with pragmas that hold for each connection.
func dsn(path string, pragmas ...string) string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	q := url.Values{"_pragma": pragmas}
	return u.String() + "?" + q.Encode()
}

func dial(path string, pragmas ...string) (*conn, error) {
	connector, err := sqlite.NewConnector(dsn(path, pragmas...))
	if err != nil {
		return nil, fmt.Errorf("sqlitestore: %w", err)
	}
	c, err := connector.Connect(context.Background())
	if err != nil {
		return nil, fmt.Errorf("sqlitestore: open: %w", err)
	}
	return &conn{Conn: c, prepared: make(map[string]driver.Stmt)}, nil
}

// Close ends the connection and its statements.
func (c *conn) Close() error {
	for _, s := range c.prepared {
		_ = s.Close()
	}
	return c.Conn.Close()
}

func (c *conn) stmt(sql string, args []driver.Value) (driver.Stmt, error) {
	if c.before != nil {
		if err := c.before(sql); err != nil {
			return nil, &broken{err}
		}
	}
	s := c.prepared[sql]
	if s == nil {
		var err error
		if s, err = c.Prepare(sql); err != nil {
			return nil, &broken{err}
		}
		c.prepared[sql] = s
	}
	c.args = c.args[:0]
	for i, v := range args {
		if n, ok := v.(int); ok {
			v = int64(n)
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return s, nil
}

// exec runs a statement and returns how many rows it changed. Values are int,
// int64, string, []byte, bool or nil.
func (c *conn) exec(sql string, args ...driver.Value) (int64, error) {
	s, err := c.stmt(sql, args)
	if err != nil {
		return 0, err
	}
	res, err := s.(driver.StmtExecContext).ExecContext(context.Background(), c.args)
	if err != nil {
		return 0, &broken{err}
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, &broken{err}
	}
	return n, nil
}

// script runs statements that are not worth keeping.
func (c *conn) script(sql string) error {
	if c.before != nil {
		if err := c.before(sql); err != nil {
			return &broken{err}
		}
	}
	if _, err := c.Conn.(driver.ExecerContext).ExecContext(context.Background(), sql, nil); err != nil {
		return &broken{err}
	}
	return nil
}

// row is one result. The values are the caller's own.
type row []driver.Value

func (r row) num(i int) int64 {
	n, _ := r[i].(int64)
	return n
}

func (r row) str(i int) string {
	s, _ := r[i].(string)
	return s
}

func (r row) blob(i int) []byte {
	b, _ := r[i].([]byte)
	return b
}

func (r row) time(i int) time.Time { return timeOf(r[i]) }

// all runs a query and returns its rows.
func (c *conn) all(sql string, args ...driver.Value) ([]row, error) {
	s, err := c.stmt(sql, args)
	if err != nil {
		return nil, err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(context.Background(), c.args)
	if err != nil {
		return nil, &broken{err}
	}
	var found []row
	for width := len(rows.Columns()); ; {
		r := make(row, width)
		if err = rows.Next(r); err != nil {
			break
		}
		found = append(found, r)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if cerr := rows.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, &broken{err}
	}
	return found, nil
}

// one returns the first row of a query, nil when there is none.
func (c *conn) one(sql string, args ...driver.Value) (row, error) {
	rows, err := c.all(sql, args...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// pragma returns what a pragma says.
func (c *conn) pragma(name string) (string, error) {
	r, err := c.one("PRAGMA " + name)
	if err != nil || r == nil {
		return "", err
	}
	return strings.ToLower(fmt.Sprint(r[0])), nil
}

// micros is how a time is stored: microseconds, NULL for the zero time.
func micros(t time.Time) driver.Value {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func timeOf(v driver.Value) time.Time {
	n, ok := v.(int64)
	if !ok {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// text is how a string that may be absent is stored.
func text[T ~string](s T) driver.Value {
	if s == "" {
		return nil
	}
	return string(s)
}

// number is how a row number that may be absent is stored.
func number(n int64) driver.Value {
	if n == 0 {
		return nil
	}
	return n
}

// blob is how bytes that may be absent are stored.
func blob(b []byte) driver.Value {
	if len(b) == 0 {
		return nil
	}
	return b
}
