package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/pgtest"
)

// startPostgres starts a PostgreSQL server for a test. Only where there is none,
// and the run is nobody's proof, the test is left out; make test installs one.
func startPostgres(t *testing.T, cfg pgtest.Config) *pgtest.Server {
	t.Helper()
	srv, err := pgtest.Start(cfg)
	if errors.Is(err, pgtest.ErrAbsent) && os.Getenv("CI") == "" {
		t.Skipf("%v; make test installs it", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Stop()) })
	return srv
}

// ownPostgres starts one that the test may stop, freeze and kill.
func ownPostgres(t *testing.T, cfg pgtest.Config) *pgtest.Server {
	t.Helper()
	if os.Getenv(pgtest.Variable) != "" {
		t.Skipf("the server that %s names is another's to stop; make test, without it, starts one", pgtest.Variable)
	}
	return startPostgres(t, cfg)
}

// newDatabase starts a PostgreSQL server for a test and returns the connection
// string of an empty database.
func newDatabase(t *testing.T) (dsn string) {
	t.Helper()
	return emptyDatabase(t, startPostgres(t, pgtest.Config{}))
}

func emptyDatabase(t *testing.T, srv *pgtest.Server) (dsn string) {
	t.Helper()
	dsn, err := srv.Database(t.Context())
	require.NoError(t, err)
	return dsn
}

// inDatabase has the configuration name a database instead of the folder.
func (w *world) inDatabase(dsn string) {
	w.t.Helper()
	w.write("dsn", dsn)
	w.write("store.key", strings.Repeat("k", 32))
	w.change("config.yaml", "data: "+w.path("data")+"\n", "postgres: {dsn: {file: "+w.path("dsn")+"}, insecure_not_durable: true}\n")
}

// migrate makes the tables.
func (w *world) migrate() {
	w.t.Helper()
	code, out, errs := w.command("migrate", "latest", "-config", w.path("config.yaml"))
	require.Equal(w.t, exitOK, code, errs)
	require.Equal(w.t, "the store has version latest\n", out)
}

func TestAServerWorksOnADatabaseAndCommandsReachItBesideTheServer(t *testing.T) {
	dsn := newDatabase(t)
	w := newWorld(t)
	w.inDatabase(dsn)
	code, out, errs := w.command("check-config", w.path("config.yaml"))
	require.Equal(t, exitOK, code, errs)
	require.NotContains(t, out+errs, "pgtest", "nothing of the address is shown")
	w.migrate()
	srv := w.serve()
	person := w.sim.Person(waChannel, phone)
	person.Says("tere")
	w.deliver()
	require.Contains(t, w.inbox(person, 1)[0].Text(), "Ütlesite: tere")

	messages := srv.desk(t, http.MethodGet, "/v1/conversations/"+srv.conversation(t)+"/messages", "")["items"].([]any)
	first := messages[0].(map[string]any)["id"].(string)
	code, life, errs := w.command("message", first, "-config", w.path("config.yaml"))
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, life, "ppa-whatsapp")
	code, _, errs = w.command("dead-letters", "list", "-config", w.path("config.yaml"))
	require.Equal(t, exitOK, code, errs)
	code, _, errs = w.command("backup", w.path("copy.db"), "-config", w.path("config.yaml"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "pg_basebackup")
	require.Equal(t, exitOK, srv.stop())
	require.NotContains(t, srv.log.String(), dsn)

	code, out, errs = w.command("migrate", "1", "-config", w.path("config.yaml"))
	require.Equal(t, exitOK, code, errs)
	require.Equal(t, "the store has version 1\n", out)
}

func TestAProcessServesTheRolesThatItHas(t *testing.T) {
	dsn := newDatabase(t)
	w := newWorld(t)
	w.inDatabase(dsn)
	w.migrate()
	at := map[role]string{roleWebhooks: "/webhooks/messagebird", roleDesk: "/v1/me", rolePages: "/login/"}
	for _, r := range allRoles() {
		srv := w.serve("-roles", string(r))
		for other, path := range at {
			status, _, _ := srv.get(t, path)
			if other != r {
				require.Equal(t, http.StatusNotFound, status, "%s at %s", path, r)
			} else if r != rolePages { // nobody logs in here
				require.NotEqual(t, http.StatusNotFound, status, "%s at %s", path, r)
			}
		}
		for _, path := range []string{"/healthz", "/readyz", "/heartbeat.json"} {
			status, _, _ := srv.get(t, path)
			require.Equal(t, http.StatusOK, status, "%s at %s", path, r)
		}
		require.Equal(t, exitOK, srv.stop(), srv.log.String())
	}
	code, _, errs := w.command("serve", "-config", w.path("config.yaml"), "-roles", "webhooks,pidgin")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "roles[1]: must be one of webhooks, workers, desk, pages")
	code, _, _ = w.command("serve", "-roles", "desk")
	require.Equal(t, exitUsage, code, "a demo has all of them")
}

func TestProcessesOfOneRoleEachAnswerTogether(t *testing.T) {
	dsn := newDatabase(t)
	w := newWorld(t)
	w.inDatabase(dsn)
	sims := w.withServices()
	w.migrate()
	w.serve("-roles", "workers")
	front := w.routed(map[string]*running{
		"/webhooks/": w.serve("-roles", "webhooks"), "/v1/": w.serve("-roles", "desk"), "/login/": w.serve("-roles", "pages"),
	})
	c := w.citizen(front, phone)
	c.says("inimene")
	c.hears()
	id := front.conversation(t)
	front.desk(t, http.MethodPost, "/v1/conversations/"+id+"/claim", "{}")
	front.desk(t, http.MethodPost, "/v1/conversations/"+id+"/replies", `{"text":"Tere, mina olen Mari."}`)
	require.Equal(t, "Tere, mina olen Mari.", c.hears())

	prompt, err := sims.sid.Scan(c.find(`href="(https://[^"]*deviceLinkType=Web2App[^"]*)"`, c.begins(id, "smart-id")))
	require.NoError(t, err)
	back, err := prompt.Approve("PNOEE-" + loginCode + "-MOCK-Q")
	require.NoError(t, err)
	c.comesBack(c.open(http.MethodGet, back, nil))
	_, identity := front.as(t, w.token, http.MethodGet, "/v1/conversations/"+id+"/identity", "")
	require.Contains(t, identity, loginGiven)
}

// routed puts a proxy in front of servers that leads to them by the beginning of
// the path.
func (w *world) routed(to map[string]*running) *running {
	w.t.Helper()
	mux := http.NewServeMux()
	for path, srv := range to {
		at, err := url.Parse(srv.url)
		require.NoError(w.t, err)
		mux.Handle(path, httputil.NewSingleHostReverseProxy(at))
	}
	proxy := httptest.NewServer(mux)
	w.t.Cleanup(proxy.Close)
	w.target.mu.Lock()
	*w.target.base = proxy.URL
	w.target.mu.Unlock()
	return &running{w: w, url: proxy.URL}
}
