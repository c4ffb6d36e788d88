package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// sqliteFloor is one table and one connection.
type sqliteFloor struct {
	conn   driver.ExecerContext
	insert driver.StmtExecContext
}

func openSQLiteFloor(path string) (floorStore, error) {
	conn, err := (&sqlite.Driver{}).Open(path)
	if err != nil {
		return nil, err
	}
	f := &sqliteFloor{}
	var ok bool
	if f.conn, ok = conn.(driver.ExecerContext); !ok {
		return nil, errors.New("the driver cannot execute")
	}
	for _, q := range []string{"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA secure_delete=ON",
		"CREATE TABLE inbox (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, body BLOB NOT NULL)"} {
		if err := f.exec(q); err != nil {
			return nil, err
		}
	}
	insert, err := conn.Prepare("INSERT INTO inbox (key, body) VALUES (?, ?) ON CONFLICT (key) DO NOTHING")
	if err != nil {
		return nil, err
	}
	if f.insert, ok = insert.(driver.StmtExecContext); !ok {
		return nil, errors.New("the driver cannot execute")
	}
	return f, nil
}

func (f *sqliteFloor) exec(q string) error {
	if _, err := f.conn.ExecContext(context.Background(), q, nil); err != nil {
		return fmt.Errorf("%s: %w", q, err)
	}
	return nil
}

func (f *sqliteFloor) commit(rows []floorRow) error {
	err := f.exec("BEGIN IMMEDIATE")
	for _, r := range rows {
		_, e := f.insert.ExecContext(context.Background(), []driver.NamedValue{{Ordinal: 1, Value: r.key}, {Ordinal: 2, Value: r.body}})
		err = errors.Join(err, e)
	}
	return errors.Join(err, f.exec("COMMIT"))
}
