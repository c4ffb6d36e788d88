//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/internal/pgtest"
)

// large is set for the sizes of make crash-cluster. Otherwise a test is small, and
// waits for its end together with the others.
func large(t *testing.T) bool {
	t.Helper()
	if os.Getenv(clusterKills) != "" {
		return true
	}
	if testing.Short() {
		t.Skip("of processes, which tell the race detector nothing; make test has it")
	}
	t.Parallel()
	return false
}

// onlyLarge is of tests that have no small size.
func onlyLarge(t *testing.T) {
	t.Helper()
	if os.Getenv(clusterKills) == "" {
		t.Skip("make crash-cluster has it: it takes a machine of its own")
	}
}

// cluster is some replicas on one database, with a proxy in front of them that
// sends each request to the next one.
type cluster struct {
	*world
	pg       *pgtest.Server
	dsn      string
	replicas []*child
	behind   []*child // who gets requests

	proxy *httptest.Server
	next  atomic.Int64

	mu       sync.Mutex
	statuses map[int]int     // what replicas answered to providers
	away     map[*child]bool // which the proxy knows
}

// newCluster prepares a database for replicas that are to come. limits are fields
// of the configuration's section.
func newCluster(t *testing.T, limits string) *cluster {
	t.Helper()
	return newClusterOf(t, newWorld(t), limits)
}

// newClusterOf has a world already; settings are of the database's server.
func newClusterOf(t *testing.T, w *world, limits string, settings ...string) *cluster {
	t.Helper()
	pg := ownPostgres(t, pgtest.Config{Durable: true, Settings: settings})
	t.Cleanup(func() { _ = pg.Thaw() }) // of a test that failed; it would not stop
	c := &cluster{world: w, pg: pg, statuses: make(map[int]int), away: make(map[*child]bool)}
	c.dsn = emptyDatabase(t, pg)
	require.NoError(t, pgstore.Migrate(t.Context(), pgstore.Migration{DSN: c.dsn, Version: pgstore.Latest}))
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	w.write("store.key", string(key))
	w.change("config.yaml", "data: "+w.path("data"), "postgres: {dsn: {env: DATABASE_DSN}, connections: 4}")
	w.change("config.yaml", "log: {level: debug}", "log: {level: warn}\nlimits: {"+limits+"}")
	c.proxy = httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			if to, ok := r.In.Context().Value(replicaKey{}).(*url.URL); ok {
				r.SetURL(to)
			}
		},
		Transport:      &http.Transport{MaxIdleConnsPerHost: 64},
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		ModifyResponse: c.answered,
	})
	handler := c.proxy.Config.Handler
	c.proxy.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := c.pick()
		if to == nil {
			w.WriteHeader(http.StatusBadGateway) // nobody is there
			return
		}
		handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), replicaKey{}, to)))
	})
	t.Cleanup(c.proxy.Close)
	return c
}

type replicaKey struct{}

// pick is the next replica that answers; nil when none does.
func (c *cluster) pick() *url.URL {
	for range c.behind {
		r := c.behind[int(c.next.Add(1))%len(c.behind)]
		c.mu.Lock()
		away := c.away[r]
		c.mu.Unlock()
		r.mu.Lock()
		at := r.at
		r.mu.Unlock()
		if to, err := url.Parse(at); err == nil && at != "" && !away {
			return to
		}
	}
	return nil
}

// setAway tells the proxy that a replica does not answer, as probes do.
func (c *cluster) setAway(r *child, away bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away[r] = away
}

func (c *cluster) answered(res *http.Response) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.statuses[res.StatusCode]++
	return nil
}

// answers is how often replicas answered a status.
func (c *cluster) answers(status int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.statuses[status]
}

// address implements door.
func (c *cluster) address(ctx context.Context) (string, error) {
	if c.pick() == nil { // do not turn round and round
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return c.proxy.URL, ctx.Err()
}

// replica adds one of some roles (all: "") and starts it.
func (c *cluster) replica(roles string, env ...string) *child {
	c.t.Helper()
	args := "-config " + c.path("config.yaml")
	if roles != "" {
		args += " -roles " + roles
	}
	env = append(env, isReplica+"="+args, "DATABASE_DSN="+c.dsn)
	r := newChild(c.t, c.path(fmt.Sprintf("replica%d.log", len(c.replicas))), env, os.Args[0], "-test.run=^TestClusterReplica$")
	c.replicas = append(c.replicas, r)
	if roles == "" || strings.Contains(roles, string(roleWebhooks)) {
		c.behind = append(c.behind, r)
	}
	r.start()
	return r
}

// ready waits until all replicas are.
func (c *cluster) ready() {
	c.t.Helper()
	for _, r := range c.replicas {
		ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
		_, err := r.address(ctx)
		cancel()
		require.NoError(c.t, err, "a replica does not start")
	}
}
