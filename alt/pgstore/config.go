package pgstore

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/liidestuja/liidestuja/internal/atrest"
)

// Errors of Open and Migrate, to be compared with errors.Is.
var (
	// ErrNewer: the database was migrated by a newer version of this package.
	ErrNewer = errors.New("pgstore: database is of a newer version")
	// ErrOlder: the database must be migrated first.
	ErrOlder = errors.New("pgstore: database is of an older version")
	// ErrKey: the key is not the one that the store was made with.
	ErrKey = errors.New("pgstore: wrong key")
	// ErrUnsafe: the server is set up so that a commit would not be durable.
	ErrUnsafe = errors.New("pgstore: commits would not be durable")
)

// Config of a Store. DSN is required, and one of Key and KeyFile.
type Config struct {
	// DSN is a connection string or URL as of libpq, of a role that may read and
	// write the tables and need not own them. The tables are those of its
	// search_path.
	DSN string
	// Key seals files and identities, 32 bytes. KeyFile is a file that holds
	// them. All replicas have the same. Keep it apart from the database and from
	// its backups: who has both can read them, and without it what is sealed
	// cannot be read at all.
	Key     []byte
	KeyFile string

	// Now is the clock of leases, waits and terms, for tests. Default: the
	// database's clock, which is the same for all replicas.
	Now func() time.Time
	// RawFor is how long the provider's bytes of an event are kept. Default 7
	// days.
	RawFor time.Duration
	// KeepFor is how long conversations are kept when they have ended and nothing
	// of them changes any more, with their messages and the files of these. Terms end
	// with a month: what is due then goes together, at most 31 days later. What is
	// open, or has a message that waits for a person, stays. 0 keeps all for ever.
	// For the security log see Migration.KeepLog.
	KeepFor time.Duration
	// Connections is how many connections read and claim, beside the one that
	// writes and the one that listens. Default 8.
	Connections int
	// Timeout bounds a transaction, and how long calls wait while the database
	// cannot be reached. Default 10 s.
	Timeout time.Duration
	// Pooled says that connections go through a pooler in transaction mode, such
	// as PgBouncer: then nothing is used that belongs to a session. There is no
	// LISTEN and no prepared statement, Notify polls, and what a dead replica had
	// claimed is free when its leases have run out, not at once.
	Pooled bool
	// Poll is how often Notify looks for work when it cannot listen. Default 250
	// ms.
	Poll time.Duration
	// InsecureNotDurable lets the store run on a server with fsync or
	// synchronous_commit off: a power cut then loses what was answered with
	// success.
	InsecureNotDurable bool
}

func (c *Config) defaults() (*pgx.ConnConfig, error) {
	switch {
	case c.DSN == "":
		return nil, errors.New("pgstore: Config.DSN: required")
	case len(c.Key) == 0 && c.KeyFile == "":
		return nil, errors.New("pgstore: Config.Key: required, or KeyFile")
	case len(c.Key) > 0 && c.KeyFile != "":
		return nil, errors.New("pgstore: Config.KeyFile: there is a Key already")
	case len(c.Key) > 0 && len(c.Key) != atrest.KeySize:
		return nil, fmt.Errorf("pgstore: Config.Key: must be %d bytes", atrest.KeySize)
	case c.Connections < 0:
		return nil, errors.New("pgstore: Config.Connections: must not be negative")
	}
	if c.Connections == 0 {
		c.Connections = 8
	}
	for _, f := range []struct {
		name  string
		value *time.Duration
		usual time.Duration
	}{{"RawFor", &c.RawFor, 7 * 24 * time.Hour}, {"KeepFor", &c.KeepFor, 0}, {"Timeout", &c.Timeout, 10 * time.Second}, {"Poll", &c.Poll, 250 * time.Millisecond}} {
		if *f.value < 0 {
			return nil, fmt.Errorf("pgstore: Config.%s: must not be negative", f.name)
		}
		if *f.value == 0 {
			*f.value = f.usual
		}
	}
	if c.KeyFile != "" {
		key, err := os.ReadFile(c.KeyFile)
		switch {
		case err != nil:
			return nil, fmt.Errorf("pgstore: Config.KeyFile: %w", err)
		case len(key) != atrest.KeySize:
			return nil, fmt.Errorf("pgstore: Config.KeyFile: must hold %d bytes: %w", atrest.KeySize, ErrKey)
		}
		c.Key = key
	}
	return dialConfig(c.DSN, c.Pooled, c.Timeout)
}

// dialConfig reads a connection string. The error of the parser may quote the
// password and is left out.
func dialConfig(dsn string, pooled bool, timeout time.Duration) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("pgstore: Config.DSN: not a connection string")
	}
	if cfg.ConnectTimeout == 0 || cfg.ConnectTimeout > timeout {
		cfg.ConnectTimeout = timeout
	}
	if pooled {
		cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
		return cfg, nil
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "liidestuja"
	}
	// A plan that was made while a queue was empty, and reads the whole table,
	// would be kept while it fills; and a plan is never worth compiling here.
	cfg.RuntimeParams["enable_seqscan"], cfg.RuntimeParams["jit"] = "off", "off"
	// Hot statements look up a row at a time, for which a bitmap costs twice as much.
	cfg.RuntimeParams["enable_bitmapscan"] = "off"
	return cfg, nil
}
