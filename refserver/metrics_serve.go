package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/liidestuja/liidestuja/alt"
)

// metricsConf says where metrics are read, an address of their own: they tell how
// busy an agency is, which is nobody's business outside.
type metricsConf struct {
	Addr string `yaml:"addr"`
}

// patternMetrics is the route of metrics at their own address.
const patternMetrics = "GET /metrics"

// instrument adds what measures to the parts of a server.
func (a *app) instrument(p *parts) {
	if p.metrics.Addr != "" {
		m := newMetrics(p.build)
		m.registry.MustRegister(newStateOf(a))
		monitor := p.alt.Observe
		p.alt.Observe = func(o alt.Observation) { monitor(o); m.observe(o) }
		p.alt.Middleware = append(p.alt.Middleware, m.sessions)
		a.metrics = m
	}
	if p.traces != nil {
		a.traces = p.traces
		p.alt.Middleware = append(p.alt.Middleware, a.traces.turns)
		p.alt.Providers = slices.Clone(p.alt.Providers)
		for i, prov := range p.alt.Providers {
			p.alt.Providers[i] = a.traces.provider(prov)
		}
	}
}

// measured counts the requests that next answers; without metrics it is next.
func (a *app) measured(next http.Handler) http.Handler {
	if a.metrics == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, out := time.Now(), &answered{ResponseWriter: w, status: http.StatusOK}
		defer func() { a.metrics.answered(r.Pattern, method(r), strconv.Itoa(out.status), time.Since(start)) }()
		next.ServeHTTP(out, r)
	})
}

// withMetrics serves the metrics at their address as long as run works.
func (a *app) withMetrics(ctx context.Context, addr string, run func(ctx context.Context) error) (func(ctx context.Context) error, error) {
	if a.metrics == nil {
		return run, nil
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("metrics.addr: cannot listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle(patternMetrics, promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(httpLog{a.logger.Handler()}, slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError,
	}))
	srv := &http.Server{
		Handler: headers(mux, false), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(httpLog{a.logger.Handler()}, slog.LevelWarn),
	}
	a.logger.InfoContext(ctx, "metrics are served", "address", ln.Addr().String())
	return func(ctx context.Context) error {
		go func() { _ = srv.Serve(ln) }() // ends with Close
		defer func() { _ = srv.Close() }()
		return run(ctx)
	}, nil
}

// measure checks the configuration of metrics and traces.
func (c *compiler) measure() {
	if addr := c.Metrics.Addr; addr != "" {
		if _, err := hostOf(addr); err != nil {
			c.fail("metrics.addr", err.Error())
		} else if addr == or(c.Listen.Addr, defaultAddr) && !endsWithZero(addr) {
			c.fail("metrics.addr", "is listen.addr: metrics have an address of their own")
		}
		c.parts.metrics = c.Metrics
	}
	if c.Traces != nil {
		c.tracing(*c.Traces)
	}
}

// endsWithZero reports whether the port is a free one, which is never the same.
func endsWithZero(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	return err == nil && port == "0"
}
