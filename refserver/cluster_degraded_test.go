package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/pgtest"
)

// gate stands before a service, or is the proxy on the way out, and can be away.
type gate struct {
	t    *testing.T
	addr string
	to   *url.URL // nil: wherever the request wants
	srv  *httptest.Server
}

func newGate(t *testing.T, to string) *gate {
	t.Helper()
	g := &gate{t: t, addr: "127.0.0.1:0"}
	if to != "" {
		var err error
		g.to, err = url.Parse(to)
		require.NoError(t, err)
	}
	g.open()
	t.Cleanup(func() {
		if g.srv != nil {
			g.srv.Close()
		}
	})
	return g
}

// open lets requests through, at the same address each time.
func (g *gate) open() {
	g.t.Helper()
	var ln net.Listener
	require.Eventually(g.t, func() (ok bool) {
		var err error
		ln, err = new(net.ListenConfig).Listen(context.Background(), "tcp", g.addr)
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	g.addr = ln.Addr().String()
	g.srv = httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		if g.to != nil {
			r.SetURL(g.to)
		}
	}})
	_ = g.srv.Listener.Close()
	g.srv.Listener = ln
	g.srv.Start()
}

// close is an outage: nobody listens.
func (g *gate) close() {
	g.srv.CloseClientConnections()
	g.srv.Close()
	g.srv = nil
}

// ready is what /readyz answers.
func (r *running) ready(t *testing.T) int {
	t.Helper()
	status, _, _ := r.call(t, http.MethodGet, "/readyz", "", nil)
	return status
}

func TestWhatWorksWhileSomethingIsAway(t *testing.T) {
	t.Run("the provider: messages are taken, the desk reads them, answers wait and go out in order", func(t *testing.T) {
		w := newWorld(t)
		g := newGate(t, w.api)
		w.change("config.yaml", "conversations: "+w.api+"/v1", "conversations: http://"+g.addr+"/v1")
		answersWait(t, w, g)
	})
	t.Run("the proxy on the way out: as if the provider were", func(t *testing.T) {
		w := newWorld(t)
		g := newGate(t, "")
		w.change("config.yaml", "log: {level: debug}", "egress: {proxy: \"http://"+g.addr+"\"}\nlog: {level: debug}")
		answersWait(t, w, g)
	})
	t.Run("the service of identities: conversations go on, and a proof works when it is back", func(t *testing.T) {
		w := newWorld(t)
		sims := w.withServices()
		b, err := os.ReadFile(w.path("config.yaml"))
		require.NoError(t, err)
		at := regexp.MustCompile(`smartid:\s+environment: demo\s+url: (http://[^/]+)`).FindSubmatch(b)
		require.NotNil(t, at)
		g := newGate(t, string(at[1]))
		w.change("config.yaml", string(at[1]), "http://"+g.addr)
		srv := w.serve()
		c := w.citizen(srv, phone)
		c.says("inimene")
		c.hears()
		id := srv.conversation(t)
		srv.desk(t, http.MethodPost, "/v1/conversations/"+id+"/claim", "{}")
		g.close()
		require.NotContains(t, c.begins(id, "smart-id"), "deviceLinkType", "it cannot begin")

		require.Equal(t, http.StatusOK, srv.ready(t))
		srv.desk(t, http.MethodPost, "/v1/conversations/"+id+"/replies", `{"text":"Oleme siin."}`)
		require.Equal(t, "Oleme siin.", c.hears())
		other := w.citizen(srv, "+37255500002")
		other.says("tere")
		require.Contains(t, other.hears(), "Ütlesite: tere")

		g.open()
		page := c.open(http.MethodPost, publicURL+"/login/method", url.Values{"method": {"smart-id"}})
		prompt, err := sims.sid.Scan(c.find(`href="(https://[^"]*deviceLinkType=Web2App[^"]*)"`, page))
		require.NoError(t, err)
		back, err := prompt.Approve("PNOEE-" + loginCode + "-MOCK-Q")
		require.NoError(t, err)
		c.comesBack(c.open(http.MethodGet, back, nil))
	})
	t.Run("the database: providers come again, people are told, and nothing is lost", func(t *testing.T) {
		srv := ownPostgres(t, pgtest.Config{})
		dsn := emptyDatabase(t, srv)
		w := newWorld(t)
		w.inDatabase(dsn)
		w.migrate()
		server := w.serve()
		person := w.sim.Person(waChannel, phone)
		person.Says("enne")
		w.deliver()
		w.inbox(person, 1)
		srv.Kill()
		require.Eventually(t, func() bool { return server.ready(t) == http.StatusServiceUnavailable }, 30*time.Second, 50*time.Millisecond)
		status, _, _ := server.call(t, http.MethodGet, "/healthz", "", nil)
		require.Equal(t, http.StatusOK, status, "the process is not to be started anew")
		status, _, _ = server.call(t, http.MethodGet, "/v1/conversations", "", http.Header{"Authorization": {"Bearer " + w.token}})
		require.GreaterOrEqual(t, status, http.StatusInternalServerError, "the desk is told")
		person.Says("vahel")
		waiting := w.sim.Take()
		require.NotEmpty(t, waiting)
		posted := func() int {
			for len(waiting) > 0 {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.url+"/webhooks/messagebird", bytes.NewReader(waiting[0].Body))
				require.NoError(t, err)
				r.Header = waiting[0].Header.Clone()
				res, err := http.DefaultClient.Do(r)
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				if res.StatusCode != http.StatusOK {
					return res.StatusCode
				}
				waiting = waiting[1:]
			}
			return http.StatusOK
		}
		require.Equal(t, http.StatusServiceUnavailable, posted())
		require.NoError(t, srv.Run())
		require.Eventually(t, func() bool { return posted() == http.StatusOK }, 30*time.Second, 100*time.Millisecond)
		require.Contains(t, w.inbox(person, 2)[1].Text(), "Ütlesite: vahel")
		require.Eventually(t, func() bool { return server.ready(t) == http.StatusOK }, 30*time.Second, 50*time.Millisecond)
	})
}

// answersWait has the way to the provider be away while people write.
func answersWait(t *testing.T, w *world, g *gate) {
	t.Helper()
	srv := w.serve()
	person := w.sim.Person(waChannel, phone)
	person.Says("enne")
	w.deliver()
	w.inbox(person, 1)
	g.close()
	for _, text := range []string{"üks", "kaks", "kolm"} {
		person.Says(text)
		w.deliver() // each is accepted
	}
	require.Eventually(t, func() bool { return strings.Contains(srv.log.String(), `"liidestuja.as":"retry"`) }, 20*time.Second, 10*time.Millisecond)
	require.Equal(t, http.StatusOK, srv.ready(t))
	messages := srv.desk(t, http.MethodGet, "/v1/conversations/"+srv.conversation(t)+"/messages", "")["items"].([]any)
	require.GreaterOrEqual(t, len(messages), 5, "the desk reads what came meanwhile")
	require.Len(t, w.inbox(person, 1), 1)
	g.open()
	box := w.inbox(person, 4)
	for i, text := range []string{"enne", "üks", "kaks", "kolm"} {
		require.Contains(t, box[i].Text(), "Ütlesite: "+text)
	}
	for track, n := range w.sim.Tracks() {
		require.Equal(t, 1, n, track)
	}
}
