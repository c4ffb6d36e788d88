package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/internal/sealed"
)

// store says where the store is.
func (c *compiler) store() {
	switch {
	case c.Data == "" && c.Postgres == nil:
		c.fail("data", "is required: the folder of the database; or postgres")
	case c.Data != "" && c.Postgres != nil:
		c.fail("data", "is a folder, and postgres a database: the store is in one of them")
	case c.Postgres != nil:
		c.postgres(*c.Postgres)
	}
	c.parts.data, c.parts.rawFor = c.Data, c.RawFor.std()
	c.storeKey()
}

// postgres reads how the database is reached. The owner's own connection string is
// not looked at: a server has none.
func (c *compiler) postgres(p postgresConf) {
	dsn, ok := c.secret("postgres.dsn", p.DSN)
	if ok && !isDSN(dsn) {
		c.fail("postgres.dsn", "is no connection string of PostgreSQL")
	}
	if p.Owner.Env != "" && p.Owner.File != "" {
		c.fail("postgres.owner", "has both env and file")
	}
	if !p.Owner.isZero() && p.Application == "" {
		c.fail("postgres.application", "is required with owner: the role of dsn, which is given its rights")
	}
	if p.Connections < 0 {
		c.fail("postgres.connections", "must not be negative")
	}
	c.parts.postgres = &postgresParts{
		config: pgstore.Config{
			DSN: dsn, Pooled: p.Pooled, Connections: p.Connections, Timeout: p.Timeout.std(), KeepFor: p.KeepFor.std(),
			InsecureNotDurable: p.InsecureNotDurable,
		},
		application: p.Application, keepLog: p.KeepLog.std(),
		owner: func() (string, error) {
			if p.Owner.isZero() {
				return dsn, nil
			}
			return c.vault.read(p.Owner)
		},
	}
}

// isDSN reports whether a text is a connection string. What is wrong with it is not
// told: the parser quotes it.
func isDSN(dsn string) bool {
	_, err := pgx.ParseConfig(dsn)
	return err == nil
}

// storeKey tells the store where its key is. A file holds the very bytes, and is
// made by the store of a folder; a variable holds them in base64, and is checked
// here.
func (c *compiler) storeKey() {
	switch {
	case c.StoreKey.isZero():
		c.fail("store_key", "is required: {file: PATH}, made at the first start, or {env: NAME}")
	case c.StoreKey.Env != "" && c.StoreKey.File != "":
		c.fail("store_key", "has both env and file")
	case c.StoreKey.File != "":
		c.parts.keyFile = c.StoreKey.File
		if c.Postgres != nil {
			c.sharedKey(c.StoreKey.File)
		}
		if in, err := filepath.Rel(c.Data, c.StoreKey.File); c.Data != "" && err == nil && filepath.IsLocal(in) {
			c.fail("store_key", "must not lie in the folder of the data: who copies one must not have both")
		}
	case c.StoreKey.Env != "":
		value, ok := c.secret("store_key", c.StoreKey)
		if !ok {
			return
		}
		key, err := decodeKey(value)
		if err != nil {
			c.fail("store_key", err.Error())
		}
		c.parts.key = key
	}
}

// sharedKey checks a key that all servers have, and none makes.
func (c *compiler) sharedKey(path string) {
	key, err := os.ReadFile(path)
	switch {
	case err != nil:
		c.fail("store_key", "the file cannot be read: "+err.Error())
	case len(key) != sealed.KeySize:
		c.fail("store_key", fmt.Sprintf("the file must hold %[1]d bytes, as made by: head -c %[1]d /dev/urandom", sealed.KeySize))
	}
}
