package sqlitestore

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/uuid"

	"github.com/liidestuja/liidestuja/internal/atrest"

	"github.com/liidestuja/liidestuja/internal/lockfile"
)

// files keeps blobs beside the database, each in a sealed file whose name
// tells nothing. They need no row: what is not there was never promised.
type files struct {
	dir string
	key []byte
}

func blobDir(path string) string { return path + "-files" }

// openFiles checks the key, or remembers it with a new database.
func openFiles(c *conn, cfg *Config) (*files, error) {
	r, err := c.one("SELECT seal FROM store")
	if err != nil {
		return nil, err
	}
	known := r.blob(0)
	key, err := cfg.key(known == nil)
	if err != nil {
		return nil, err
	}
	check := atrest.Derive(key, nil, "liidestuja key check")
	switch {
	case known == nil:
		if _, err := c.exec("UPDATE store SET seal = ?", check); err != nil {
			return nil, err
		}
	case subtle.ConstantTimeCompare(known, check) != 1:
		return nil, ErrKey
	}
	f := &files{dir: blobDir(cfg.Path), key: key}
	if err := os.RemoveAll(f.tmp()); err != nil { // what a dead process had begun
		return nil, fmt.Errorf("sqlitestore: %w", err)
	}
	if err := os.MkdirAll(f.tmp(), 0o700); err != nil {
		return nil, fmt.Errorf("sqlitestore: %w", err)
	}
	return f, nil
}

func (f *files) tmp() string { return filepath.Join(f.dir, "tmp") }

// name is what a blob's file and key are made of.
func (f *files) name(agency channels.Agency, id channels.BlobID) string {
	sum := sha256.Sum256([]byte(string(agency) + "\x00" + string(id)))
	return hex.EncodeToString(sum[:])
}

func (f *files) path(name string) string { return filepath.Join(f.dir, name[:2], name) }

// counting passes on at most max bytes, and counts and hashes them.
type counting struct {
	ctx context.Context
	r   io.Reader
	max int64
	n   int64
	sum hash.Hash
}

// Read implements io.Reader.
func (c *counting) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.n > c.max {
		return 0, alt.ErrTooBig
	}
	_, _ = c.sum.Write(p[:n])
	return n, err
}

// PutBlob implements alt.Blobs.
func (s *Store) PutBlob(ctx context.Context, agency channels.Agency, r io.Reader, max int64) (alt.BlobInfo, error) {
	if err := s.open(ctx); err != nil {
		return alt.BlobInfo{}, err
	}
	id := channels.BlobID(uuid.New(s.cfg.Now()))
	sum := sha256.New()
	counted := &counting{ctx: ctx, r: r, max: max, sum: sum}
	if err := s.files.put(s.files.name(agency, id), counted); err != nil {
		return alt.BlobInfo{}, err
	}
	return alt.BlobInfo{ID: id, Size: counted.n, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

func (f *files) put(name string, r io.Reader) error {
	tmp, err := os.OpenFile(filepath.Join(f.tmp(), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("sqlitestore: %w", err)
	}
	err = atrest.Seal(tmp, r, f.key, name)
	if err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = f.publish(tmp.Name(), f.path(name))
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}

// publish gives a complete file its name, durably.
func (f *files) publish(tmp, path string) error {
	dir := filepath.Dir(path)
	if err := os.Mkdir(dir, 0o700); err == nil {
		err = lockfile.SyncDir(f.dir)
		if err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return lockfile.SyncDir(dir)
}

// OpenBlob implements alt.Blobs. A file that is not as it was stored gives an
// error when it is read, before the first byte that is wrong.
func (s *Store) OpenBlob(ctx context.Context, agency channels.Agency, id channels.BlobID) (io.ReadCloser, error) {
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	name := s.files.name(agency, id)
	file, err := os.Open(s.files.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, alt.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("sqlitestore: %w", err)
	}
	o, err := atrest.Open(file, s.files.key, name)
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return o, nil
}

// DeleteBlob implements alt.Blobs.
func (s *Store) DeleteBlob(ctx context.Context, agency channels.Agency, id channels.BlobID) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	return s.files.remove(agency, id)
}

// remove deletes a file durably; one that is not there is no error.
func (f *files) remove(agency channels.Agency, id channels.BlobID) error {
	path := f.path(f.name(agency, id))
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = lockfile.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("sqlitestore: %w", err)
	}
	return nil
}
