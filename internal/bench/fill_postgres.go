package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// numbersApart is added to the last number that was given, because replicas draw
// some ahead.
const numbersApart = 10_000

// fillPostgres fills a database that nobody works with.
func fillPostgres(ctx context.Context, dsn string, f *filler) (err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	err = conn.QueryRow(ctx, "SELECT last_value + $1, a.log, a.position FROM numbers, agencies a", numbersApart).Scan(&f.ids, &f.logs, &f.positions)
	if err != nil {
		return err
	}
	for _, name := range []string{"conversations", "positions", "people", "items", "event_keys", "log"} {
		t, err := readPostgres(ctx, conn, name)
		if err != nil {
			return err
		}
		n := 0
		_, err = conn.CopyFrom(ctx, pgx.Identifier{name}, t.columns, pgx.CopyFromFunc(func() ([]any, error) {
			row := f.at(t, n)
			n++
			return row, nil
		}))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, q := range []string{
		fmt.Sprintf("SELECT setval('numbers', %d)", f.ids*int64(f.copies+1)),
		fmt.Sprintf("UPDATE agencies SET log = log * %d, position = position * %[1]d", f.copies+1),
		"ANALYZE", // as autovacuum does in life
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
