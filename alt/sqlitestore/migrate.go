package sqlitestore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations
var migrationFiles embed.FS

// step is one migration of the schema and its way back.
type step struct{ up, down string }

// steps reads the migrations, numbered from 1 without a gap.
func steps(files fs.FS) ([]step, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	found := make([]step, len(names)/2)
	for _, name := range names {
		base := path.Base(name)
		number, _, _ := strings.Cut(base, "_")
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > len(found) {
			return nil, fmt.Errorf("sqlitestore: migration %s: numbers must run from 1 in pairs", base)
		}
		sql, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		switch s := &found[n-1]; {
		case strings.HasSuffix(base, ".up.sql"):
			s.up = string(sql)
		case strings.HasSuffix(base, ".down.sql"):
			s.down = string(sql)
		}
	}
	for i, s := range found {
		if s.up == "" || s.down == "" {
			return nil, fmt.Errorf("sqlitestore: migration %d: needs both ways", i+1)
		}
	}
	return found, nil
}

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
	defer func() { _ = unlockFile(lock) }()
	c, err := openWriter(cfg)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	list, err := steps(migrationFiles)
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
func migrate(c *conn, list []step, version int, now time.Time) error {
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
			script, note = list[at-1].up, fmt.Sprintf("INSERT INTO versions VALUES (%d, %d)", at, now.UnixMicro())
		} else {
			script, note = list[at-1].down, fmt.Sprintf("DELETE FROM versions WHERE version = %d", at)
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
