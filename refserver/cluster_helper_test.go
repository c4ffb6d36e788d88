//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/internal/pgtest"
)

// clusterRate is how many messages people write a second.
const clusterRate = 200

// clusterCrowd is who writes to a cluster.
func clusterCrowd() crowd { return crowd{posters: 64, people: 192} }

// isReplica is set in a process that is a replica; ahead is by how much its clock
// is.
const (
	isReplica = "LIIDESTUJA_TEST_REPLICA"
	ahead     = "LIIDESTUJA_TEST_AHEAD"
)

// TestClusterReplica is no test: it is the server, as a process of its own. It
// ends with the process that started it.
func TestClusterReplica(t *testing.T) {
	args := os.Getenv(isReplica)
	if args == "" {
		t.Skip("a replica of the other tests, which start it as a process of its own")
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(exitFailed)
	}()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if by := os.Getenv(ahead); by != "" {
		if err := runAhead(ctx, by, strings.Fields(args)[1]); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(exitFailed)
		}
		os.Exit(exitOK)
	}
	os.Exit(run(ctx, strings.Fields(args), os.LookupEnv, os.Stdin, os.Stdout, os.Stderr))
}

// runAhead serves a configuration by a clock that is ahead of the machine's.
func runAhead(ctx context.Context, by, config string) error {
	d, err := time.ParseDuration(by)
	if err != nil {
		return err
	}
	c := &console{env: os.LookupEnv, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	p, err := c.configured(config, instead{})
	if err != nil {
		return err
	}
	p.alt.Now = func() time.Time { return time.Now().Add(d) }
	return serveHTTP(ctx, p.listen, p.logger, p.start, func(url string) error {
		_, err := fmt.Println("Liidestuja:", url)
		return err
	})
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

func newClusterOf(t *testing.T, w *world, limits string) *cluster {
	t.Helper()
	pg, err := pgtest.Start(pgtest.Config{Durable: true})
	if errors.Is(err, pgtest.ErrAbsent) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = pg.Thaw() // of a test that failed; it would not stop
		require.NoError(t, pg.Stop())
	})
	if !pg.Own() {
		t.Skip("another's server is not killed")
	}
	c := &cluster{world: w, pg: pg, statuses: make(map[int]int), away: make(map[*child]bool)}
	c.dsn, err = pg.Database(t.Context())
	require.NoError(t, err)
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

// load is what people write while something happens.
type load struct {
	*office
	c      *cluster
	ctx    context.Context //nolint:containedctx // of a test
	cancel func()
	stop   func()
	all    *sync.WaitGroup
}

// load begins.
func (c *cluster) load(seed int, most time.Duration) *load {
	c.t.Helper()
	l := &load{office: newOffice(messagebirdWire{c.sim}, c, uint64(seed), clusterCrowd()), c: c} //nolint:gosec // a seed
	l.ctx, l.cancel = context.WithTimeout(c.t.Context(), most)
	c.t.Cleanup(l.cancel)
	var posting context.Context
	posting, l.stop = context.WithCancel(l.ctx)
	l.all = l.start(l.ctx, posting, rate.NewLimiter(clusterRate, 16))
	return l
}

// verdict lets everything under way come to its end, and counts.
func (l *load) verdict() *verdict {
	t := l.c.t
	t.Helper()
	l.stop()
	l.all.Wait()
	store, err := pgstore.Open(t.Context(), pgstore.Config{DSN: l.c.dsn, KeyFile: l.c.path("store.key"), Pooled: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	var v *verdict
	for range 20 {
		require.NoError(t, l.quiet(l.ctx), "it does not come to its end")
		if v = count(t, store, l.office); v.pending == 0 {
			break
		}
	}
	t.Logf("posts again %d, with an expired token %d, at once by several %d, answers lost %d, echoes %d, answered %v",
		l.again.Load(), l.late.Load(), l.several.Load(), l.hungUp.Load(), l.echoes.Load(), l.c.statuses)
	return v
}

// whole requires that nothing was lost, doubled, reordered or left, and that no
// more is uncertain than may be.
func (v *verdict) whole(t *testing.T, uncertain int) {
	t.Helper()
	require.Zero(t, v.pending, "work is left over: %v", v.depths)
	require.Zero(t, v.dead, "dead letters: %v", v.examples)
	require.Zero(t, v.lost, "%v", v.examples)
	require.Zero(t, v.doubled, "%v", v.examples)
	require.Zero(t, v.reordered, "%v", v.examples)
	require.Equal(t, v.accepted, v.handled)
	require.Positive(t, v.accepted)
	require.LessOrEqual(t, v.uncertain, uncertain, "more than what was in flight")
}
