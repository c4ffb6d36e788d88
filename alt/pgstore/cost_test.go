//go:build linux

package pgstore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/pgtest"
)

// costs is what a benchmark has used of the server and of this process. Unlike
// rates, counts hold on a machine that is shared with others.
type costs struct {
	client, server                   float64 // processor time, in microseconds
	statements, transactions, rows   float64
	records, images, bytes, awaiting float64 // of the write-ahead log
}

// meter reads costs through a connection of its own.
type meter struct {
	b      *testing.B
	c      *pgx.Conn
	server int // the process
	before costs
}

// benchServer is a server that is durable, and counts.
func benchServer(b *testing.B) (*pgtest.Server, string) {
	b.Helper()
	srv, err := pgtest.Start(pgtest.Config{Durable: true, Settings: []string{
		"shared_preload_libraries = 'pg_stat_statements'", "pg_stat_statements.track = all", "max_wal_size = 4GB", "checkpoint_timeout = 30min",
	}})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, srv.Stop()) })
	dsn, err := srv.Database(b.Context())
	require.NoError(b, err)
	return srv, dsn
}

func newMeter(b *testing.B, dsn string) *meter {
	b.Helper()
	c, err := pgx.Connect(b.Context(), dsn)
	require.NoError(b, err)
	b.Cleanup(func() { _ = c.Close(context.Background()) })
	m := &meter{b: b, c: c}
	for _, sql := range []string{"CREATE EXTENSION IF NOT EXISTS pg_stat_statements", "CHECKPOINT"} {
		_, err = c.Exec(b.Context(), sql)
		require.NoError(b, err)
	}
	m.server = parentOf(b, int(c.PgConn().PID()))
	return m
}

// start begins to count.
func (m *meter) start() {
	_, err := m.c.Exec(context.Background(), "SELECT pg_stat_statements_reset()")
	require.NoError(m.b, err)
	m.b.ReportAllocs()
	m.b.ResetTimer()
	m.before = m.read()
}

func (m *meter) read() (n costs) {
	ctx := context.Background()
	require.NoError(m.b, m.c.QueryRow(ctx, `SELECT sum(calls), sum(rows), coalesce(sum(calls) FILTER (WHERE query = 'COMMIT'), 0) FROM pg_stat_statements`).
		Scan(&n.statements, &n.rows, &n.transactions))
	require.NoError(m.b, m.c.QueryRow(ctx, "SELECT wal_records, wal_fpi, wal_bytes, wal_sync FROM pg_stat_wal").Scan(&n.records, &n.images, &n.bytes, &n.awaiting))
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	n.client = float64(u.Utime.Nano()+u.Stime.Nano()) / 1000
	n.server = timeOf(m.b, m.server)
	return n
}

// report stops counting and prints what an operation costs.
func (m *meter) report(what string) {
	m.b.StopTimer()
	after, n := m.read(), float64(m.b.N)
	m.b.ReportMetric(n/m.b.Elapsed().Seconds(), what+"/s")
	for _, v := range []struct {
		name          string
		before, after float64
	}{
		{"client-us", m.before.client, after.client}, {"server-us", m.before.server, after.server},
		{"statements", m.before.statements, after.statements}, {"commits", m.before.transactions, after.transactions}, {"rows", m.before.rows, after.rows},
		{"wal-bytes", m.before.bytes, after.bytes}, {"wal-records", m.before.records, after.records}, {"wal-images", m.before.images, after.images},
		{"wal-syncs", m.before.awaiting, after.awaiting},
	} {
		m.b.ReportMetric((v.after-v.before)/n, v.name+"/op")
	}
	if os.Getenv("ALT_BENCH_STATEMENTS") == "" {
		return
	}
	rows, err := m.c.Query(context.Background(), `SELECT calls, rows, total_exec_time * 1000, wal_bytes, left(regexp_replace(query, '\s+', ' ', 'g'), 110)
		FROM pg_stat_statements ORDER BY 3 DESC LIMIT 40`)
	require.NoError(m.b, err)
	for rows.Next() {
		var calls, found int64
		var us, wal float64
		var query string
		require.NoError(m.b, rows.Scan(&calls, &found, &us, &wal, &query))
		fmt.Printf("%8d calls %6.2f rows/op %7.1f us/op %7.0f wal/op  %s\n", calls, float64(found)/n, us/n, wal/n, query)
	}
	require.NoError(m.b, rows.Err())
}

// timeOf is the processor time of the server with all its children, dead ones
// too, in microseconds.
func timeOf(b *testing.B, server int) float64 {
	b.Helper()
	list, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(b, err)
	ticks := 0.0
	for _, dir := range list {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		f := fields(pid)
		if len(f) < 15 || pid != server && f[1] != strconv.Itoa(server) {
			continue
		}
		for i, v := range f[11:15] {
			if n, err := strconv.ParseFloat(v, 64); err == nil && (i < 2 || pid == server) {
				ticks += n
			}
		}
	}
	return ticks * 10000
}

func parentOf(b *testing.B, pid int) int {
	b.Helper()
	f := fields(pid)
	require.Greater(b, len(f), 14)
	parent, err := strconv.Atoi(f[1])
	require.NoError(b, err)
	return parent
}

// fields of a process, from its state on; nil when it is gone.
func fields(pid int) []string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.Fields(rest)
}
