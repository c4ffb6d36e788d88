package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// start reports the time from a process's begin to its first line, with many
// messages in the store.
func (b *bench) start(ctx context.Context) error {
	const seed = 1000 // messages that really happened; their rows are copied
	r, err := b.rig(messageBird())
	if err != nil {
		return err
	}
	defer r.close()
	s, err := r.launch(ctx, roleTurns)
	if err != nil {
		return err
	}
	_, err = newLoad(r.wire, 64, seed).fire(s.addr)
	if err == nil {
		err = s.settled(ctx, seed)
	}
	s.stop()
	if err != nil {
		return err
	}
	stored, err := multiply(ctx, filepath.Join(r.dir, "store.db"), b.stored)
	if err != nil {
		return err
	}
	var took []result
	for range b.rounds {
		begun := time.Now()
		s, err := r.launch(ctx, roleTurns)
		if err != nil {
			return err
		}
		took = append(took, result{rate: time.Since(begun).Seconds()})
		s.stop()
	}
	fmt.Printf("bench: start_%d seconds=%.3f\n", stored, median(took).rate)
	return nil
}

// multiply copies the stored messages until there are n, each a row of its own
// to every index.
func multiply(ctx context.Context, path string, n int) (stored int, err error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	items, err := columns(ctx, db, "items", map[string]string{
		"id": "id + $step", "text": "text + $step", "dedupe": "iif(dedupe IS NULL, NULL, randomblob(32))",
		"message": "iif(message IS NULL, NULL, hex(randomblob(16)))", "provider": "iif(provider IS NULL, NULL, hex(randomblob(16)))",
	})
	if err != nil {
		return 0, err
	}
	texts, err := columns(ctx, db, "texts", map[string]string{"id": "id + $step"})
	if err != nil {
		return 0, err
	}
	for {
		var step int64
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM items WHERE direction IS NOT NULL").Scan(&stored); err != nil {
			return stored, err
		}
		if stored >= n {
			return stored, nil
		}
		if err := db.QueryRowContext(ctx, "SELECT seq FROM store").Scan(&step); err != nil {
			return stored, err
		}
		for _, q := range []string{"BEGIN IMMEDIATE", items, texts, "UPDATE store SET seq = seq + $step", "COMMIT"} {
			if _, err := db.ExecContext(ctx, strings.ReplaceAll(q, "$step", fmt.Sprint(step))); err != nil {
				return stored, fmt.Errorf("%.40s: %w", q, err)
			}
		}
	}
}

// columns is the statement that copies a table, some columns changed.
func columns(ctx context.Context, db *sql.DB, table string, change map[string]string) (string, error) {
	rows, err := db.QueryContext(ctx, "SELECT name FROM pragma_table_info(?)", table)
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }()
	var to, from []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return "", err
		}
		to, from = append(to, name), append(from, name)
		if c := change[name]; c != "" {
			from[len(from)-1] = c
		}
	}
	return fmt.Sprintf("INSERT INTO %[1]s (%s) SELECT %s FROM %[1]s", table, strings.Join(to, ", "), strings.Join(from, ", ")), rows.Err()
}
