package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"

	"github.com/liidestuja/liidestuja/internal/lockfile"
)

// Backup writes a copy of the store, as it is at one moment, to a path where
// nothing is yet, while work goes on: the database, compact, and beside it the
// sealed files of messages. The copy is opened with the same key, which is not
// part of it. What is withdrawn while a backup runs is still in the copy, and
// is gone from the store's own log only when the backup is over.
func (s *Store) Backup(ctx context.Context, path string) (err error) {
	if err := s.open(ctx); err != nil {
		return err
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("sqlitestore: backup: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("sqlitestore: backup: %w", err)
	}
	// VACUUM INTO writes into an empty file: so it has its rights from the start.
	if err := writeNew(path, nil); err != nil {
		return fmt.Errorf("sqlitestore: backup: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(path)
			_ = os.RemoveAll(blobDir(path))
		}
	}()
	// A connection of its own, as the readers' may not write anywhere.
	connector, err := sqlite.NewConnector(dsn(s.cfg.Path, "temp_store(2)", fmt.Sprintf("busy_timeout(%d)", s.cfg.BusyTimeout.Milliseconds())))
	if err != nil {
		return fmt.Errorf("sqlitestore: backup: %w", err)
	}
	db := sql.OpenDB(connector)
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("sqlitestore: backup: %w", err)
	}
	if err := syncFile(path); err != nil {
		return fmt.Errorf("sqlitestore: backup: %w", err)
	}
	if err := s.files.copyTo(ctx, blobDir(path)); err != nil {
		return fmt.Errorf("sqlitestore: backup: %w", err)
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	err = f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = lockfile.SyncDir(filepath.Dir(path))
	}
	return err
}

// copyTo copies all sealed files. They never change, so the copy holds each
// that the copied database can speak of, unless it was deleted meanwhile.
func (f *files) copyTo(ctx context.Context, dir string) error {
	return filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		rel, err := filepath.Rel(f.dir, path)
		if err != nil {
			return err
		}
		if rel == "tmp" || strings.HasPrefix(rel, "tmp"+string(filepath.Separator)) {
			return nil
		}
		to := filepath.Join(dir, rel)
		if d.IsDir() {
			return os.MkdirAll(to, 0o700)
		}
		return copyFile(path, to)
	})
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}
