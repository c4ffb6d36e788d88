package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

const (
	// numbersApart is added to the last number that was given, because replicas
	// draw some ahead.
	numbersApart = 10_000
	// monthBits is how many bits of a number lie below its month.
	monthBits = 40
)

// fillPostgres fills a database that nobody works with.
func fillPostgres(ctx context.Context, dsn string, f *filler) (err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	var last int64
	err = conn.QueryRow(ctx, "SELECT last_value, a.log, a.position FROM numbers, agencies a").Scan(&last, &f.logs, &f.positions)
	if err != nil {
		return err
	}
	month := last >> monthBits << monthBits
	f.ids = last - month + numbersApart // all copies are of the seed's month
	for _, name := range []string{"conversations", "positions", "people", "items", "bodies", "event_keys", "log"} {
		t, err := readPostgres(ctx, conn, name)
		if err == nil {
			err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return writePostgres(ctx, tx, t, f) })
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, q := range []string{
		fmt.Sprintf("SELECT setval('numbers', %d)", month+f.ids*int64(f.copies+1)),
		fmt.Sprintf("UPDATE agencies SET log = log * %d, position = position * %[1]d", f.copies+1),
		"ANALYZE", //nolint:misspell // the server's word for what autovacuum does in life
		"CHECKPOINT",
	} {
		if _, err := conn.Exec(ctx, q); err != nil {
			return fmt.Errorf("%.60s: %w", q, err)
		}
	}
	return nil
}

func readPostgres(ctx context.Context, conn *pgx.Conn, name string) (*table, error) {
	rows, err := conn.Query(ctx, "SELECT * FROM "+pgx.Identifier{name}.Sanitize()) //nolint:misspell // a name of the driver
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	t := &table{name: name}
	for _, d := range rows.FieldDescriptions() {
		t.columns = append(t.columns, d.Name)
	}
	for rows.Next() {
		row, err := rows.Values()
		if err != nil {
			return nil, err
		}
		t.rows = append(t.rows, row)
	}
	return t, rows.Err()
}

// writePostgres appends the rows of all copies. Indexes that no constraint needs
// are made anew afterwards.
func writePostgres(ctx context.Context, tx pgx.Tx, t *table, f *filler) error {
	rows, err := tx.Query(ctx, `SELECT c.relname::text, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		WHERE i.indrelid = $1::text::regclass AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)`, t.name)
	if err != nil {
		return err
	}
	type index struct{ Name, SQL string }
	indexes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[index])
	if err != nil {
		return err
	}
	for _, i := range indexes {
		if _, err := tx.Exec(ctx, "DROP INDEX "+pgx.Identifier{i.Name}.Sanitize()); err != nil { //nolint:misspell // a name of the driver
			return err
		}
	}
	n := 0
	_, err = tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromFunc(func() ([]any, error) {
		row := f.at(t, n)
		n++
		return row, nil
	}))
	for _, i := range indexes {
		if err == nil {
			_, err = tx.Exec(ctx, strings.Replace(i.SQL, " ON ONLY ", " ON ", 1)) // of a table in partitions: all of them
		}
	}
	return err
}
