package main

import (
	"context"
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
)

// postgresParts are how the database is reached.
type postgresParts struct {
	config      pgstore.Config // all but the key and RawFor
	owner       func() (dsn string, err error)
	application string
	keepLog     time.Duration
}

// open opens the store of a configuration.
func (p *parts) open(ctx context.Context) (alt.Store, error) {
	if p.postgres == nil {
		return opened(sqlitestore.Open(ctx, p.storeConfig()))
	}
	cfg := p.postgres.config // its clock is the database's, which all processes have in common
	cfg.Key, cfg.KeyFile, cfg.RawFor = p.key, p.keyFile, p.rawFor
	return opened(pgstore.Open(ctx, cfg))
}

// opened keeps a store that was not opened from becoming one.
func opened[S alt.Store](s S, err error) (alt.Store, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (p *parts) storeConfig() sqlitestore.Config {
	return sqlitestore.Config{Path: databasePath(p.data), Key: p.key, KeyFile: p.keyFile, RawFor: p.rawFor, Now: p.alt.Now}
}

// linesSpread is how long a server may take to notice a line that was added or
// removed at another one.
const linesSpread = 3 * time.Second

// spread returns how long the servers over the store may know different things;
// zero: there is one.
func (p *parts) spread() time.Duration {
	if p.postgres == nil {
		return 0
	}
	return linesSpread
}

// migrate brings the tables of the store to a version; latestVersion is the newest
// one, to which the store of a folder comes by itself.
func (p *parts) migrate(ctx context.Context, version int) error {
	switch {
	case p.postgres == nil && version == latestVersion:
		store, err := p.open(ctx)
		if err != nil {
			return err
		}
		return store.Close()
	case p.postgres == nil:
		return sqlitestore.Migrate(ctx, p.storeConfig(), version)
	}
	dsn, err := p.postgres.owner()
	if err != nil {
		return fmt.Errorf("postgres.owner: %w", err)
	}
	return pgstore.Migrate(ctx, pgstore.Migration{
		DSN: dsn, Application: p.postgres.application, Version: version, KeepLog: p.postgres.keepLog, Timeout: p.postgres.config.Timeout,
	})
}

const latestVersion = pgstore.Latest
