package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
)

// place is where a server keeps its data: a folder, and for PostgreSQL a
// database. It is handed to child processes as JSON.
type place struct {
	Dir string
	DSN string // empty: SQLite in Dir
}

func (p place) sqlite() string { return filepath.Join(p.Dir, "store.db") }

// floor makes the table of the floor.
func (p place) floor() (floorStore, error) {
	if p.DSN != "" {
		return openPostgresFloor(context.Background(), p.DSN)
	}
	return openSQLiteFloor(filepath.Join(p.Dir, "floor.db"))
}

// open opens the library's store.
func (p place) open(ctx context.Context) (alt.Store, error) {
	if p.DSN != "" {
		return pgstore.Open(ctx, pgstore.Config{DSN: p.DSN, Key: []byte(strings.Repeat("k", 32))})
	}
	return sqlitestore.Open(ctx, sqlitestore.Config{Path: p.sqlite(), KeyFile: filepath.Join(p.Dir, "store.key")})
}

// bytes is how large the database is, its log included as far as it is one of
// the database's own files.
func (p place) bytes(ctx context.Context) (int64, error) {
	if p.DSN != "" {
		return number(ctx, p.DSN, "SELECT pg_database_size(current_database())")
	}
	var sum int64
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(p.sqlite() + suffix)
		if err != nil && !os.IsNotExist(err) {
			return 0, err
		}
		if err == nil {
			sum += info.Size()
		}
	}
	return sum, nil
}

// delivered looks into the tables: n messages of ours must be delivered, and no
// other.
func (p place) delivered(ctx context.Context, n int) error {
	const all, done = "SELECT count(*) FROM items WHERE direction = 2", " AND status = 'delivered'"
	for _, q := range []string{all, all + done} {
		got, err := p.count(ctx, q)
		if err == nil && got != int64(n) {
			err = fmt.Errorf("%d of %d messages: %s", got, n, q)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p place) count(ctx context.Context, query string) (n int64, err error) {
	if p.DSN != "" {
		return number(ctx, p.DSN, query)
	}
	db, err := sql.Open("sqlite", p.sqlite())
	if err != nil {
		return 0, err
	}
	err = db.QueryRowContext(ctx, query).Scan(&n)
	return n, errors.Join(err, db.Close())
}
