package sqlitestore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/internal/lockfile"

	"github.com/liidestuja/liidestuja/internal/migration"
)

//go:embed migrations
var migrationFiles embed.FS

// latest asks Migrate for the newest version.
const latest = -1

// Migrate brings a store that nobody has open to a version of the schema: back
// to an older one, before an older program is used, or forward. Open brings it
// to the newest by itself. Version 0 is an empty database: everything is gone.
// ErrNewer when the database is of a version that this program does not know,
// ErrLocked when it is open.
func Migrate(ctx context.Context, cfg Config, version int) error {
	if err := cfg.defaults(); err != nil {
		return err
	}
	if version < 0 {
		return errors.New("sqlitestore: a version is not negative")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	lock, err := prepareFiles(cfg.Path)
	if err != nil {
		return err
	}
	defer func() { _ = lockfile.Unlock(lock) }()
	c, err := openWriter(cfg)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	list, err := migration.Read(migrationFiles)
	if err != nil {
		return err
	}
	if err := migrate(c, list, version, cfg.Now()); err != nil {
		return err
	}
	_, err = c.one("PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

// migrate brings c to a version, each step in a transaction of its own.
func migrate(c *conn, list []migration.Step, version int, now time.Time) error {
	if version == latest {
		version = len(list)
	}
	if version > len(list) {
		return fmt.Errorf("sqlitestore: there is no version %d, the newest is %d", version, len(list))
	}
	if err := c.script("CREATE TABLE IF NOT EXISTS versions (version INTEGER PRIMARY KEY, applied INTEGER NOT NULL)"); err != nil {
		return err
	}
	r, err := c.one("SELECT coalesce(max(version), 0) FROM versions")
	if err != nil {
		return err
	}
	at := int(r.num(0))
	if at > len(list) {
		return fmt.Errorf("%w: it has version %d, this program knows %d", ErrNewer, at, len(list))
	}
	for at != version {
		var script, note string
		if at < version {
			at++
			script, note = list[at-1].Up, fmt.Sprintf("INSERT INTO versions VALUES (%d, %d)", at, now.UnixMicro())
		} else {
			script, note = list[at-1].Down, fmt.Sprintf("DELETE FROM versions WHERE version = %d", at)
			at--
		}
		if err := inTransaction(c, script, note); err != nil {
			return fmt.Errorf("sqlitestore: migration: %w", err)
		}
	}
	return nil
}

func inTransaction(c *conn, scripts ...string) error {
	if err := c.script("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, s := range append(scripts, "COMMIT") {
		if err := c.script(s); err != nil {
			_ = c.script("ROLLBACK")
			return err
		}
	}
	return nil
}
