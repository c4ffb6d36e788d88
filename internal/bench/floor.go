package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// floor is the smallest durable store: one table, one writer, and one
// transaction for all that waits.
type floor struct {
	conn   driver.Conn
	insert driver.Stmt
	jobs   chan floorJob
}

type floorJob struct {
	key  string
	body []byte
	done chan error
}

const floorBatch = 512

func openFloor(path string) (*floor, error) {
	conn, err := (&sqlite.Driver{}).Open(path)
	if err != nil {
		return nil, err
	}
	f := &floor{conn: conn, jobs: make(chan floorJob, floorBatch)}
	for _, q := range []string{"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA secure_delete=ON",
		"CREATE TABLE inbox (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, body BLOB NOT NULL)"} {
		if err := f.exec(q); err != nil {
			return nil, err
		}
	}
	if f.insert, err = conn.Prepare("INSERT INTO inbox (key, body) VALUES (?, ?) ON CONFLICT (key) DO NOTHING"); err != nil {
		return nil, err
	}
	go f.run()
	return f, nil
}

func (f *floor) exec(q string) error {
	e, ok := f.conn.(driver.ExecerContext)
	if !ok {
		return errors.New("the driver cannot execute")
	}
	if _, err := e.ExecContext(context.Background(), q, nil); err != nil {
		return fmt.Errorf("%s: %w", q, err)
	}
	return nil
}

func (f *floor) write(key string, body []byte) error {
	j := floorJob{key, body, make(chan error, 1)}
	f.jobs <- j
	return <-j.done
}

// run commits what queued during the last commit.
func (f *floor) run() {
	batch := make([]floorJob, 0, floorBatch)
	for j := range f.jobs {
		batch = append(batch[:0], j)
	fill:
		for len(batch) < floorBatch {
			select {
			case j := <-f.jobs:
				batch = append(batch, j)
			default:
				break fill
			}
		}
		err := f.commit(batch)
		for _, j := range batch {
			j.done <- err
		}
	}
}

func (f *floor) commit(batch []floorJob) error {
	err := f.exec("BEGIN IMMEDIATE")
	insert, ok := f.insert.(driver.StmtExecContext)
	if !ok {
		return errors.New("the driver cannot execute")
	}
	for _, j := range batch {
		_, e := insert.ExecContext(context.Background(), []driver.NamedValue{{Ordinal: 1, Value: j.key}, {Ordinal: 2, Value: j.body}})
		err = errors.Join(err, e)
	}
	return errors.Join(err, f.exec("COMMIT"))
}
