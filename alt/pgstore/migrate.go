package pgstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/liidestuja/liidestuja/internal/migration"
)

//go:embed migrations
var migrationFiles embed.FS

// Latest asks Migrate for the newest version of the schema.
const Latest = -1

// Migration is how Migrate works.
type Migration struct {
	// DSN is a connection string of the role that owns the tables, not through a
	// pooler. They lie in the first schema of its search_path.
	DSN string
	// Application is the role that stores connect as: it gets the right to read
	// and write rows, of the security log to read and add them, and no other. Empty
	// when stores connect as the owner, whom nothing keeps from changing the log.
	Application string
	// Version to reach: Latest, or an older one before an older program is used.
	// 0 is an empty schema: everything is gone.
	Version int
	// KeepLog is how long entries of the security log are kept: months that ended
	// longer ago are dropped. It is stored, and the owner alone can change it. 0
	// leaves what was stored, in a new database for ever; negative is for ever.
	KeepLog time.Duration
	// Timeout of the connection. Default 10 s.
	Timeout time.Duration
}

// migrating is the advisory lock that one migration at a time holds.
const migrating = 0x4c74_6d69_6772_6174

// Migrate brings the schema to a version, forward or back, each step in a
// transaction of its own. Migrations that are started at the same time wait for
// one another. ErrNewer when the database is of a version that this program does
// not know.
func Migrate(ctx context.Context, m Migration) error {
	list, err := migration.Read(migrationFiles)
	if err != nil {
		return err
	}
	return migrate(ctx, m, list)
}

func migrate(ctx context.Context, m Migration, list []migration.Step) error {
	if m.DSN == "" {
		return errors.New("pgstore: Migration.DSN: required")
	}
	if m.Version == Latest {
		m.Version = len(list)
	}
	if m.Version < 0 || m.Version > len(list) {
		return fmt.Errorf("pgstore: Migration.Version: there is no %d, the newest is %d", m.Version, len(list))
	}
	if m.Timeout == 0 {
		m.Timeout = 10 * time.Second
	}
	cfg, err := dialConfig(m.DSN, false, m.Timeout)
	if err != nil {
		return err
	}
	c, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return unreachable(err)
	}
	defer hangUp(c)
	for again := true; again; {
		if again, err = migrateStep(ctx, c, m, list); err != nil {
			return err
		}
	}
	return nil
}

// migrateStep goes one step, and grants what is to be granted after the last.
func migrateStep(ctx context.Context, c *pgx.Conn, m Migration, list []migration.Step) (again bool, err error) {
	err = pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		run := func(sql string, args ...any) {
			if err == nil {
				_, err = tx.Exec(ctx, sql, args...)
			}
		}
		run("SELECT pg_advisory_xact_lock($1)", int64(migrating))
		run("CREATE TABLE IF NOT EXISTS versions (version integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())")
		at := 0
		if err == nil {
			err = tx.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM versions").Scan(&at)
		}
		switch {
		case err != nil:
		case at > len(list):
			return fmt.Errorf("%w: it has version %d, this program knows %d", ErrNewer, at, len(list))
		case at < m.Version:
			again = true
			run(list[at].Up)
			run("INSERT INTO versions (version) VALUES ($1)", at+1)
		case at > m.Version:
			again = true
			run(list[at-1].Down)
			run("DELETE FROM versions WHERE version = $1", at)
		default:
			err = m.finish(ctx, tx)
		}
		if err != nil {
			return fmt.Errorf("pgstore: migration: %w", err)
		}
		return nil
	})
	return again && err == nil, err
}

// finish does what belongs to every migration: it makes the months that are to
// come, and grants rights.
func (m *Migration) finish(ctx context.Context, tx pgx.Tx) error {
	var monthly bool // older versions have no months
	if err := tx.QueryRow(ctx, "SELECT to_regproc('keep_months') IS NOT NULL").Scan(&monthly); err != nil {
		return err
	}
	if monthly {
		if _, err := tx.Exec(ctx, "SELECT keep_months()"); err != nil {
			return err
		}
		if m.KeepLog != 0 {
			if _, err := tx.Exec(ctx, "UPDATE store SET keep_log = nullif($1, interval '0')", max(m.KeepLog, 0)); err != nil {
				return err
			}
		}
	}
	if m.Application == "" || m.Version == 0 {
		return nil
	}
	return grant(ctx, tx, m.Application)
}

// current refuses a database of another version than the program's.
func current(ctx context.Context, c *pgx.Conn, want int) error {
	at := 0
	err := c.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM versions").Scan(&at)
	switch {
	case sqlState(err) == "42P01": // undefined_table
		return fmt.Errorf("%w: it was never migrated", ErrOlder)
	case err != nil:
		return &broken{err}
	case at > want:
		return fmt.Errorf("%w: it has version %d, this program knows %d", ErrNewer, at, want)
	case at < want:
		return fmt.Errorf("%w: it has version %d, this program needs %d", ErrOlder, at, want)
	}
	return nil
}
