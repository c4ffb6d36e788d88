//go:build linux

package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/pgtest"
)

// TestClusterFullDisk lets the database's disk fill up under load and makes room
// again: first the tables find none, and then its log neither, of which PostgreSQL
// dies. The disk is a file system in memory that is mounted for the test.
func TestClusterFullDisk(t *testing.T) {
	onlyLarge(t)
	t.Run("tables", func(t *testing.T) { fullDisk(t, false) })
	t.Run("log", func(t *testing.T) { fullDisk(t, true) })
}

func fullDisk(t *testing.T, log bool) {
	t.Helper()
	dir, err := os.MkdirTemp("", "small") //nolint:usetesting // that one lies in a folder which the server's user may not enter
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.Remove(dir) })
	disk, err := pgtest.SmallDisk(dir, 256<<20)
	if errors.Is(err, pgtest.ErrMount) && os.Getenv("CI") == "" {
		t.Skipf("%v: to mount a file system needs root; it runs in the stage crash-cluster of .ci/run, where CI=true makes this want a failure", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, disk.Unmount()) })
	require.NoError(t, os.Chmod(dir, 0o755))
	w := newWorld(t)
	t.Setenv("TMPDIR", dir)
	c := newClusterOf(t, w, clusterLimits, "wal_recycle = off", "min_wal_size = 32MB", "max_wal_size = 64MB")
	c.replica("")
	c.replica("")
	c.ready()
	load := c.load(1, 20*time.Minute)
	load.flows(t)

	require.NoError(t, disk.Fill(64<<10))
	require.Eventually(t, func() bool { return c.answers(http.StatusServiceUnavailable) > 50 }, time.Minute, 10*time.Millisecond, "the disk does not fill up")
	if log { // a new file of it is due
		if admin, err := pgx.Connect(t.Context(), c.dsn); err == nil {
			_, _ = admin.Exec(t.Context(), "SELECT pg_switch_wal()")
			_, _ = admin.Exec(t.Context(), "CREATE TABLE anything ()")
			_ = admin.Close(t.Context())
		}
	}
	accepted := load.accepted()
	time.Sleep(3 * time.Second)
	full := load.accepted() - accepted

	require.NoError(t, disk.Free())
	died := c.pg.Dead() // it may: a server that cannot write its log ends, and whoever runs it starts it again
	require.NoError(t, c.pg.Awake())
	accepted = load.accepted()
	require.Eventually(t, func() bool { return load.accepted() > accepted+100 }, time.Minute, 10*time.Millisecond, "it does not heal")
	v := load.verdict()
	require.Equal(t, log, died)
	fmt.Printf("full disk, %s: refused=%d accepted_meanwhile=%d server_ended=%t; %s\n", path.Base(t.Name()), c.answers(http.StatusServiceUnavailable), full, died, v)
	v.whole(t, 2*4)
}
