package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/internal/pgtest"
)

// server is the PostgreSQL of this run, and template a database of it that is
// migrated and empty.
var (
	server   *pgtest.Server
	template string
)

func TestMain(m *testing.M) {
	if os.Getenv(killed) != "" { // a child of TestKill, which has a server
		os.Exit(m.Run())
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	srv, err := pgtest.Start(pgtest.Config{})
	if errors.Is(err, pgtest.ErrAbsent) && os.Getenv("CI") == "" {
		fmt.Println("pgstore: not tested:", err)
		return 0, nil
	}
	if err != nil {
		return 1, err
	}
	defer func() { _ = srv.Stop() }()
	server = srv
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if template, err = srv.Database(ctx); err != nil {
		return 1, err
	}
	if err := pgstore.Migrate(ctx, pgstore.Migration{DSN: template, Version: pgstore.Latest}); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// spare holds databases that are empty again: to make one takes longer than most
// tests.
var spare = make(chan string, 64)

// database lends a migrated database.
func database(t testing.TB) string {
	t.Helper()
	var dsn string
	select {
	case dsn = <-spare:
	default:
		var err error
		dsn, err = server.Copy(t.Context(), template)
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		if t.Failed() || !empty(t, dsn) {
			return // it is gone with the server
		}
		select {
		case spare <- dsn:
		default:
		}
	})
	return dsn
}

// empty removes all that stores left behind.
func empty(t testing.TB, dsn string) bool {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer func() { _ = c.Close(ctx) }()
	// What is a month ahead, or has lost one, is not lent again.
	const whole = `SELECT last_value < first_number(date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month')
		AND (SELECT count(*) FROM months WHERE since >= date_trunc('month', now() AT TIME ZONE 'UTC')) = 26 FROM numbers`
	var again bool
	if err := c.QueryRow(ctx, whole).Scan(&again); err != nil || !again {
		return false
	}
	_, err = c.Exec(ctx, `DO $$ DECLARE name text; BEGIN
		FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
				AND relname NOT IN ('store', 'versions', 'months') LOOP
			EXECUTE 'DELETE FROM ' || name;
		END LOOP;
		UPDATE store SET seal = NULL; END $$`)
	return err == nil
}
