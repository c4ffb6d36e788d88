package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/internal/pgtest"
)

// cluster is the PostgreSQL server of the run, with the durability it has by
// default: fsync and synchronous_commit are on.
type cluster struct {
	srv   *pgtest.Server
	pid   int    // of its first process; 0 when it runs elsewhere
	plans string // the file that it logs to; empty when that is not ours to read
}

// planLog lets the server write plans to a file once it is told to explain.
const planLog = "server.log"

func startCluster(ctx context.Context) (*cluster, error) {
	srv, err := pgtest.Start(pgtest.Config{Durable: true, Settings: []string{"logging_collector = on", "log_directory = 'log'", "log_filename = '" + planLog + "'", "log_rotation_size = 0", "log_rotation_age = 0"}})
	if err != nil {
		return nil, err
	}
	c := &cluster{srv: srv}
	if err := c.look(ctx); err != nil {
		return nil, errors.Join(err, srv.Stop())
	}
	return c, nil
}

// look finds the server's processes and prints how it is set up.
func (c *cluster) look(ctx context.Context) (err error) {
	dsn, err := c.srv.Database(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.srv.Drop(ctx, dsn)) }()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var version, fsync, synchronous, buffers string
	err = conn.QueryRow(ctx, `SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit'), current_setting('shared_buffers')`).
		Scan(&version, &fsync, &synchronous, &buffers)
	if err != nil {
		return err
	}
	fmt.Printf("bench: postgres version=%q fsync=%s synchronous_commit=%s shared_buffers=%s own=%t\n", version, fsync, synchronous, buffers, c.srv.Own())
	if fsync != "on" || synchronous == "off" {
		return errors.New("the server does not make a commit durable, so its numbers would say nothing")
	}
	var backend int
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		return err
	}
	name, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(backend), "comm"))
	if err == nil && strings.HasPrefix(string(name), "postgres") {
		if p, err := readProcess(backend); err == nil {
			c.pid = p.parent
		}
	}
	if c.srv.Own() {
		var data string
		if err := conn.QueryRow(ctx, "SELECT current_setting('data_directory')").Scan(&data); err != nil {
			return err
		}
		c.plans = filepath.Join(data, "log", planLog)
	}
	return nil
}

// database makes a database, with the library's tables if they are wanted.
func (c *cluster) database(ctx context.Context, migrated bool) (string, error) {
	dsn, err := c.srv.Database(ctx)
	if err != nil || !migrated {
		return dsn, err
	}
	return dsn, pgstore.Migrate(ctx, pgstore.Migration{DSN: dsn, Version: pgstore.Latest})
}

func number(ctx context.Context, dsn, sql string) (n int64, err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return 0, err
	}
	err = conn.QueryRow(ctx, sql).Scan(&n)
	return n, errors.Join(err, conn.Close(ctx))
}
