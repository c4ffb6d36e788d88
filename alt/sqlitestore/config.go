package sqlitestore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/liidestuja/liidestuja/internal/atrest"

	"github.com/liidestuja/liidestuja/internal/lockfile"
)

// Errors of Open and Migrate, to be compared with errors.Is.
var (
	// ErrLocked: another process has the store open.
	ErrLocked = errors.New("sqlitestore: in use by another process")
	// ErrNewer: the database was written by a newer version of this package.
	ErrNewer = errors.New("sqlitestore: database is of a newer version")
	// ErrKey: the key is not the one that the store was made with.
	ErrKey = errors.New("sqlitestore: wrong key")
	// ErrUnsafe: the database cannot be brought into a mode in which a commit
	// is durable.
	ErrUnsafe = errors.New("sqlitestore: commits would not be durable")
)

// Config of a Store. Path is required, and one of Key and KeyFile.
type Config struct {
	// Path is the database file. Its folder is made if need be.
	Path string
	// Key seals the files of messages, 32 bytes. KeyFile is a file that holds
	// them; with a new database it is made if it is not there. Keep it apart
	// from the data and from their backups: who has both can read them, and
	// without it the files cannot be read at all.
	Key     []byte
	KeyFile string

	// Now is the clock of leases, waits and terms. Default time.Now.
	Now func() time.Time
	// RawFor is how long the provider's bytes of an event are kept. Default 7
	// days.
	RawFor time.Duration
	// CacheSize is how many people's dossiers are kept in memory. Default 8192.
	CacheSize int
	// KeepEvents is how many fresh items are kept decoded until they are
	// claimed; others are read back. Default 4096.
	KeepEvents int
	// KeepNames is how many of the newest keys of events, and ids that providers
	// gave to messages, are kept in memory before they enter the table by which
	// they are found, many to a page. The store is slower with fewer, and takes
	// longer to open after a crash with more. Default 16384, less than 1 MiB.
	KeepNames int
	// PageCache is the writer's page cache, in KiB. Default 4096.
	PageCache int
	// Readers is how many archive queries run at the same time. Default 4.
	Readers int
	// BusyTimeout is how long a statement waits for a lock, which only another
	// program that opened the file can hold. Default 5 s.
	BusyTimeout time.Duration
	// ScrubTimeout is how long the Commit of a redaction waits until the old
	// content is gone from the write-ahead log as well, which a running Backup
	// may put off. Afterwards it returns, and the log is cleaned as soon as
	// possible. Default 5 s.
	ScrubTimeout time.Duration
}

func (c *Config) defaults() error {
	switch {
	case c.Path == "":
		return errors.New("sqlitestore: Config.Path: required")
	case len(c.Key) == 0 && c.KeyFile == "":
		return errors.New("sqlitestore: Config.Key: required, or KeyFile")
	case len(c.Key) > 0 && c.KeyFile != "":
		return errors.New("sqlitestore: Config.KeyFile: there is a Key already")
	case len(c.Key) > 0 && len(c.Key) != atrest.KeySize:
		return fmt.Errorf("sqlitestore: Config.Key: must be %d bytes", atrest.KeySize)
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return fmt.Errorf("sqlitestore: Config.Path: %w", err)
	}
	c.Path = path
	if c.Now == nil {
		c.Now = time.Now
	}
	for _, f := range []struct {
		name  string
		value *int
		usual int
	}{
		{"CacheSize", &c.CacheSize, 8192}, {"KeepEvents", &c.KeepEvents, 4096}, {"KeepNames", &c.KeepNames, 16384},
		{"PageCache", &c.PageCache, 4096}, {"Readers", &c.Readers, 4},
	} {
		if *f.value < 0 {
			return fmt.Errorf("sqlitestore: Config.%s: must not be negative", f.name)
		}
		if *f.value == 0 {
			*f.value = f.usual
		}
	}
	for _, f := range []struct {
		name  string
		value *time.Duration
		usual time.Duration
	}{
		{"RawFor", &c.RawFor, 7 * 24 * time.Hour}, {"BusyTimeout", &c.BusyTimeout, 5 * time.Second}, {"ScrubTimeout", &c.ScrubTimeout, 5 * time.Second},
	} {
		if *f.value < 0 {
			return fmt.Errorf("sqlitestore: Config.%s: must not be negative", f.name)
		}
		if *f.value == 0 {
			*f.value = f.usual
		}
	}
	return nil
}

// key returns the key, making KeyFile when fresh says that nothing was sealed
// yet.
func (c *Config) key(fresh bool) ([]byte, error) {
	if len(c.Key) > 0 {
		return c.Key, nil
	}
	b, err := os.ReadFile(c.KeyFile)
	if errors.Is(err, fs.ErrNotExist) && fresh {
		return makeKey(c.KeyFile)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("sqlitestore: Config.KeyFile: %w", err)
	case len(b) != atrest.KeySize:
		return nil, fmt.Errorf("sqlitestore: Config.KeyFile: must hold %d bytes: %w", atrest.KeySize, ErrKey)
	}
	return b, nil
}

func makeKey(path string) ([]byte, error) {
	key := make([]byte, atrest.KeySize)
	_, _ = rand.Read(key) // never fails: the runtime ends the program instead
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = writeNew(path, key)
	}
	if err != nil {
		return nil, fmt.Errorf("sqlitestore: Config.KeyFile: %w", err)
	}
	return key, nil
}

// writeNew writes a file that must not be there yet, durably.
func writeNew(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = lockfile.SyncDir(filepath.Dir(path))
	}
	return err
}
