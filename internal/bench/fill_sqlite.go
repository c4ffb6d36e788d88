package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// fillAtOnce is how many rows share a transaction.
const fillAtOnce = 50_000

// fillSQLite fills a store that no process has open. Durability is off meanwhile.
func fillSQLite(ctx context.Context, path string, f *filler) (err error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	exec := func(query string) error {
		if _, err := db.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("%.60s: %w", query, err)
		}
		return nil
	}
	for _, q := range []string{"PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -500000"} {
		if err := exec(q); err != nil {
			return err
		}
	}
	// All numbers but positions are given by one counter.
	if err := db.QueryRowContext(ctx, "SELECT seq, seq, position FROM store").Scan(&f.ids, &f.logs, &f.positions); err != nil {
		return err
	}
	for _, name := range []string{"conversations", "positions", "people", "items", "texts", "log"} {
		t, err := readSQLite(ctx, db, name)
		if err != nil {
			return err
		}
		if err := writeSQLite(ctx, db, t, f); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := exec(fmt.Sprintf("UPDATE store SET seq = seq * %d, position = position * %[1]d", f.copies+1)); err != nil {
		return err
	}
	return exec("PRAGMA journal_mode = WAL")
}

func readSQLite(ctx context.Context, db *sql.DB, name string) (*table, error) {
	rows, err := db.QueryContext(ctx, "SELECT * FROM "+name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	t := &table{name: name}
	if t.columns, err = rows.Columns(); err != nil {
		return nil, err
	}
	for rows.Next() {
		row, into := make([]any, len(t.columns)), make([]any, len(t.columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		t.rows = append(t.rows, row)
	}
	return t, rows.Err()
}

func writeSQLite(ctx context.Context, db *sql.DB, t *table, f *filler) error {
	insert := fmt.Sprintf("INSERT INTO %s (%s) VALUES (?%s)", t.name, strings.Join(t.columns, ", "), strings.Repeat(", ?", len(t.columns)-1))
	for n, more := 0, true; more; {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		st, err := tx.PrepareContext(ctx, insert)
		for range fillAtOnce {
			row := f.at(t, n)
			if more = row != nil; !more || err != nil {
				break
			}
			n++
			_, err = st.Exec(row...) // without ctx, which would cost a goroutine a row
		}
		if err != nil {
			return errors.Join(err, tx.Rollback())
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}
