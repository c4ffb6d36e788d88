package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

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
	for _, q := range []string{"PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -200000"} {
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
	for _, q := range []string{
		fmt.Sprintf("UPDATE store SET seq = seq * %d, position = position * %[1]d", f.copies+1),
		// What the copies are found by lies anywhere, and is in its table already.
		"INSERT OR IGNORE INTO names SELECT dedupe, id FROM items WHERE dedupe IS NOT NULL ORDER BY dedupe",
		"INSERT OR IGNORE INTO names SELECT randomblob(16) AS name, id FROM items WHERE direction = 2 AND provider IS NOT NULL ORDER BY name",
		"UPDATE store SET named = seq", "PRAGMA journal_mode = WAL",
	} {
		if err := exec(q); err != nil {
			return err
		}
	}
	return nil
}

func readSQLite(ctx context.Context, db *sql.DB, name string) (*table, error) {
	rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT * FROM %s", name))
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

// writeSQLite appends the rows of all copies. Indexes are made anew afterwards,
// which is faster than to put millions of keys into them one by one.
func writeSQLite(ctx context.Context, db *sql.DB, t *table, f *filler) error {
	indexes, err := textsOf(ctx, db, "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = '"+t.name+"'")
	if err != nil {
		return err
	}
	names, err := textsOf(ctx, db, "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = '"+t.name+"'")
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	exec := func(query string) {
		if err == nil {
			_, err = tx.ExecContext(ctx, query)
		}
	}
	for _, name := range names {
		exec("DROP INDEX " + name)
	}
	if err == nil {
		err = appendSQLite(ctx, tx, t, f)
	}
	for _, sql := range indexes {
		exec(sql)
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func appendSQLite(ctx context.Context, tx *sql.Tx, t *table, f *filler) error {
	insert, err := tx.PrepareContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (?%s)", t.name, strings.Join(t.columns, ", "), strings.Repeat(", ?", len(t.columns)-1)))
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }()
	n := 0
	for row := f.at(t, n); row != nil && err == nil; row = f.at(t, n) {
		_, err = insert.Exec(row...) // without ctx, which would cost a goroutine a row
		n++
	}
	return err
}

// textsOf returns a column.
func textsOf(ctx context.Context, db *sql.DB, query string) ([]string, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}
