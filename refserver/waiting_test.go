package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/pgtest"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// becomes waits for what readiness says.
func (r *running) becomes(t *testing.T, status int, why string) {
	t.Helper()
	last := ""
	require.Eventually(t, func() bool {
		code, body, _ := r.get(t, "/readyz")
		last = fmt.Sprint(code, " ", body)
		return code == status && body == why+"\n"
	}, 40*time.Second, 50*time.Millisecond, "it was %s last", last)
}

func TestAServerWaitsForItsDatabase(t *testing.T) {
	pg := ownPostgres(t, pgtest.Config{})
	dsn := emptyDatabase(t, pg)
	w := newWorld(t)
	w.inDatabase(dsn)
	person := w.sim.Person(waChannel, phone)

	// Nobody has made the tables.
	srv := w.serve()
	srv.becomes(t, http.StatusServiceUnavailable, notReadyMigration)
	status, _, header := srv.call(t, http.MethodPost, "/webhooks/messagebird", "{}", nil)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.NotEmpty(t, header.Get("Retry-After"))
	status, _, _ = srv.get(t, "/healthz")
	require.Equal(t, http.StatusOK, status, "it is alive, and need not be started again")
	_, beat, _ := srv.get(t, "/heartbeat.json")
	require.Contains(t, beat, `"state":"migration"`)
	w.migrate()
	srv.becomes(t, http.StatusOK, "ready")
	person.Says("tere")
	w.deliver()
	w.inbox(person, 1)

	// The database is gone while the server runs, and comes back.
	pg.Kill()
	srv.becomes(t, http.StatusServiceUnavailable, notReadyStore)
	require.NoError(t, pg.Run())
	srv.becomes(t, http.StatusOK, "ready")
	person.Says("tere jälle")
	w.deliver()
	w.inbox(person, 2)
	require.Equal(t, exitOK, srv.stop())

	// It is not there when the server starts.
	pg.Kill()
	srv = w.serve()
	srv.becomes(t, http.StatusServiceUnavailable, notReadyStore)
	require.NoError(t, pg.Run())
	srv.becomes(t, http.StatusOK, "ready")
	require.Equal(t, exitOK, srv.stop())

	pg.Kill()
	srv = w.serve()
	srv.becomes(t, http.StatusServiceUnavailable, notReadyStore)
	require.Equal(t, exitOK, srv.stop(), "a server that waits can be stopped")
	require.NotContains(t, srv.log.String(), dsn)
	require.NoError(t, pg.Run())
}

func TestAServerDoesNotWaitWhereWaitingIsOfNoUse(t *testing.T) {
	dsn := newDatabase(t)
	w := newWorld(t)
	w.inDatabase(dsn)
	w.migrate()
	require.Equal(t, exitOK, w.serve().stop())
	w.write("store.key", "another key that has 32 bytes...")
	code, _, errs := w.command("serve", "-config", w.path("config.yaml"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "wrong key")
	w.write("store.key", "short")
	code, _, errs = w.command("check-config", w.path("config.yaml"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "store_key: the file must hold 32 bytes")
	w.change("config.yaml", w.path("store.key"), w.path("no.key"))
	code, _, errs = w.command("check-config", w.path("config.yaml"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "store_key: the file cannot be read")
}

// Both servers are told to answer many people; one is stopped in the middle. What
// it had begun it ends, and the rest is the other's long before a lease has run
// out.
func TestAServerThatStopsLeavesItsWorkToTheOthers(t *testing.T) {
	dsn := newDatabase(t)
	w := newWorld(t)
	w.inDatabase(dsn)
	w.change("config.yaml", "log: {level: debug}", "limits: {turn_workers: 2, send_workers: 2, lease: 10m}")
	w.migrate()
	first, second := w.serve(), w.serve()
	w.balanced(first, second)
	const people = 40
	crowd := make([]*messagebirdtest.Phone, people)
	for i := range crowd {
		crowd[i] = w.sim.Person(waChannel, fmt.Sprintf("+372555%05d", i))
		crowd[i].Says("tere")
	}
	require.GreaterOrEqual(t, w.deliver(), people)
	require.Equal(t, exitOK, first.stop())
	w.target.mu.Lock()
	*w.target.base = second.url
	w.target.mu.Unlock()
	for _, person := range crowd {
		w.inbox(person, 1)
	}
	for track, n := range w.sim.Tracks() {
		require.Equal(t, 1, n, track)
	}
	second.becomes(t, http.StatusOK, "ready")
	_, page, _ := second.call(t, http.MethodGet, "/v1/letters", "", http.Header{"Authorization": {"Bearer " + w.token}})
	require.Contains(t, page, `"items":[]`, "nothing is uncertain")
}
