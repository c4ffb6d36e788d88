package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/pgtest"
)

// What docs/postgres.md says of a backup, of a restore to a point in time and of
// a standby that takes over is done here on servers of the test's own.

// postgresCluster starts a durable server with a database that is migrated.
func postgresCluster(t *testing.T, settings ...string) (srv *pgtest.Server, dsn string) {
	t.Helper()
	if testing.Short() {
		t.Skip("of processes, which tell the race detector nothing; make test has it")
	}
	srv = ownPostgres(t, pgtest.Config{Durable: true, Settings: settings})
	dsn = emptyDatabase(t, srv)
	require.NoError(t, pgstore.Migrate(t.Context(), pgstore.Migration{DSN: dsn, Version: pgstore.Latest}))
	return srv, dsn
}

func openCluster(t *testing.T, dsn string) *pgstore.Store {
	t.Helper()
	st, err := pgstore.Open(t.Context(), pgstore.Config{DSN: dsn, Key: []byte("0123456789abcdef0123456789abcdef"), Timeout: 2 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// onHosts returns the connection string with other servers in it, in the form that
// docs/postgres.md shows.
func onHosts(t *testing.T, dsn, options string, servers ...*pgtest.Server) string {
	t.Helper()
	cfg, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	var folders []string
	for _, s := range servers {
		folders = append(folders, s.Folder())
	}
	return fmt.Sprintf("host=%s user=%s dbname=%s %s", strings.Join(folders, ","), cfg.User, cfg.Database, options)
}

// on runs a statement.
func on(t *testing.T, dsn, sql string, args ...any) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	_, err = c.Exec(t.Context(), sql, args...)
	require.NoError(t, errors.Join(err, c.Close(t.Context())))
}

// eventually waits until a query says true.
func eventually(t *testing.T, dsn, query string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = c.Close(context.Background()) }()
	require.Eventually(t, func() bool {
		var yes bool
		require.NoError(t, c.QueryRow(t.Context(), query).Scan(&yes))
		return yes
	}, time.Minute, 20*time.Millisecond, query)
}

// numbered is a person's n-th message.
func numbered(person, n int) *channels.Received {
	key := fmt.Sprintf("%d/%d", person, n)
	return &channels.Received{
		EventMeta: channels.EventMeta{Key: key, Channel: "line", Agency: "ppa", Peer: channels.Peer(fmt.Sprint(person)), At: time.Now(), Raw: []byte("{}")},
		ID:        channels.ProviderID(key), Content: channels.Text{Body: key},
	}
}

// handled works the inbox to its end, and returns the keys of each person's
// messages in the order in which they came.
func handled(t *testing.T, st *pgstore.Store) map[channels.Peer][]string {
	t.Helper()
	all := make(map[channels.Peer][]string)
	for {
		items, err := st.Claim(t.Context(), alt.ClaimQuery{Work: alt.Inbox, Max: 100, Lease: time.Minute})
		require.NoError(t, err)
		if len(items) == 0 {
			return all
		}
		var wg sync.WaitGroup
		for _, it := range items {
			m := it.Event.Meta()
			all[m.Peer] = append(all[m.Peer], m.Key)
			wg.Go(func() {
				if err := st.Commit(t.Context(), it, alt.Changes{}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}

func TestDeployGoesBackToAPointInTimeOnPostgreSQL(t *testing.T) {
	srv, dsn := postgresCluster(t, "archive_mode = on", "archive_command = 'mkdir -p ../archive && cp %p ../archive/%f'")
	st := openCluster(t, dsn)
	accept := func(from, to int) {
		for n := from; n < to; n++ {
			fresh, err := st.Accept(t.Context(), []channels.Event{numbered(n%5, n)})
			require.NoError(t, err)
			require.Equal(t, 1, fresh)
		}
	}
	accept(0, 50)
	saved, err := srv.BaseBackup()
	require.NoError(t, err)
	accept(50, 120)
	on(t, dsn, "SELECT pg_create_restore_point('before the mistake')")
	accept(120, 150)
	on(t, dsn, "DELETE FROM event_keys")
	on(t, dsn, "SELECT pg_switch_wal()")
	eventually(t, dsn, "SELECT last_archived_wal >= (SELECT pg_walfile_name(pg_current_wal_lsn() - 1)) FROM pg_stat_archiver")
	srv.Kill() // the machine is lost

	require.NoError(t, saved.Recover(pgtest.Restore, "archive_mode = off", "restore_command = 'test -f ../../archive/%f && cp ../../archive/%f %p'",
		"recovery_target_name = 'before the mistake'", "recovery_target_action = 'promote'"))
	t.Cleanup(func() { require.NoError(t, saved.Stop()) })
	back := onHosts(t, dsn, "", saved)
	eventually(t, back, "SELECT NOT pg_is_in_recovery()")
	st = openCluster(t, back)
	for n := range 150 { // what came after the point comes again from the provider, or from a record
		fresh, err := st.Accept(t.Context(), []channels.Event{numbered(n%5, n)})
		require.NoError(t, err)
		require.Equal(t, n >= 120, fresh == 1, "message %d", n)
	}
	all := handled(t, st)
	require.Len(t, all, 5)
	for person, keys := range all {
		require.Len(t, keys, 30, person)
		for i, key := range keys {
			require.Equal(t, fmt.Sprintf("%s/%d", string(person), 5*i+int(person[0]-'0')), key)
		}
	}
}

func TestDeployStandbyTakesOverAndNothingAcceptedIsLost(t *testing.T) {
	srv, dsn := postgresCluster(t)
	standby, err := srv.BaseBackup()
	require.NoError(t, err)
	require.NoError(t, standby.Recover(pgtest.Standby, "hot_standby = on",
		"primary_conninfo = 'host="+srv.Folder()+" user=postgres application_name=second'"))
	t.Cleanup(func() { require.NoError(t, standby.Stop()) })
	on(t, dsn, "ALTER SYSTEM SET synchronous_standby_names = 'second'")
	on(t, dsn, "SELECT pg_reload_conf()")
	eventually(t, dsn, "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')")

	const persons, before, each = 8, 20, 50
	st := openCluster(t, onHosts(t, dsn, "target_session_attrs=read-write connect_timeout=2", standby, srv))
	var wg sync.WaitGroup
	var accepted, again atomic.Int64
	lost := make(chan struct{})
	for person := range persons {
		wg.Go(func() {
			for n := 0; n < each; {
				if n == before {
					<-lost
				}
				_, err := st.Accept(context.Background(), []channels.Event{numbered(person, n)})
				if err != nil { // the provider was not answered with 200 and comes again
					again.Add(1)
					continue
				}
				n++
				accepted.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return accepted.Load() == persons*before }, time.Minute, time.Millisecond)
	close(lost)
	srv.Kill()
	began := time.Now()
	on(t, onHosts(t, dsn, "", standby), "SELECT pg_promote()")
	wg.Wait()
	t.Logf("accepted=%d repeated=%d, the last after %s", accepted.Load(), again.Load(), time.Since(began).Round(time.Millisecond))

	all := handled(t, st)
	require.Len(t, all, persons)
	for _, person := range slices.Sorted(maps.Keys(all)) {
		var want []string
		for n := range each {
			want = append(want, fmt.Sprintf("%s/%d", string(person), n))
		}
		require.Equal(t, want, all[person], "each once and in order")
	}
}
