package main

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// postgresFloor is one table and one connection; what waits is one statement of
// many rows, and that statement is the transaction.
type postgresFloor struct{ conn *pgx.Conn }

func openPostgresFloor(ctx context.Context, dsn string) (floorStore, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, "CREATE TABLE inbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL UNIQUE, body bytea NOT NULL)")
	return &postgresFloor{conn}, err
}

func (f *postgresFloor) commit(rows []floorRow) error {
	keys, bodies := make([]string, len(rows)), make([][]byte, len(rows))
	for i, r := range rows {
		keys[i], bodies[i] = r.key, r.body
	}
	_, err := f.conn.Exec(context.Background(), "INSERT INTO inbox (key, body) SELECT * FROM unnest($1::text[], $2::bytea[]) ON CONFLICT (key) DO NOTHING", keys, bodies)
	return err
}
