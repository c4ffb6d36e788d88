//go:build linux

package pgstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

// floor is the least that a durable store does: a row an event, in one
// statement for all that wait.
type floor struct {
	c    *pgx.Conn
	jobs chan floorJob
}

type floorJob struct {
	key  string
	body []byte
	done chan error
}

func newFloor(b *testing.B, dsn string) *floor {
	b.Helper()
	c, err := pgx.Connect(b.Context(), dsn)
	require.NoError(b, err)
	_, err = c.Exec(b.Context(), "CREATE TABLE floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL UNIQUE, body bytea NOT NULL)")
	require.NoError(b, err)
	f := &floor{c: c, jobs: make(chan floorJob, 512)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.run()
	}()
	b.Cleanup(func() {
		close(f.jobs)
		<-done
		_ = c.Close(context.Background())
	})
	return f
}

func (f *floor) run() {
	for j := range f.jobs {
		batch := []floorJob{j}
		for range len(f.jobs) {
			batch = append(batch, <-f.jobs)
		}
		keys, bodies := make([]string, len(batch)), make([][]byte, len(batch))
		for i, j := range batch {
			keys[i], bodies[i] = j.key, j.body
		}
		_, err := f.c.Exec(context.Background(),
			"INSERT INTO floor (key, body) SELECT * FROM unnest($1::text[], $2::bytea[]) ON CONFLICT (key) DO NOTHING", keys, bodies)
		for _, j := range batch {
			j.done <- err
		}
	}
}

func (f *floor) accept(e channels.Event) error {
	body, err := channels.MarshalEvent(e)
	j := floorJob{e.Meta().Key, body, make(chan error, 1)}
	f.jobs <- j
	return errors.Join(err, <-j.done)
}
