package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/alt"
)

// Patterns of the routes of health.
const (
	patternHealth    = "GET /healthz"
	patternReady     = "GET /readyz"
	patternHeartbeat = "GET /heartbeat.json"
)

func (a *app) health(mux *http.ServeMux) {
	mux.HandleFunc(patternHealth, alive)
	mux.HandleFunc(patternReady, func(w http.ResponseWriter, r *http.Request) {
		if why := a.notReady(r.Context()); why != "" {
			plain(w, http.StatusServiceUnavailable, why)
			return
		}
		plain(w, http.StatusOK, "ready")
	})
	mux.HandleFunc(patternHeartbeat, func(w http.ResponseWriter, r *http.Request) {
		writeHeartbeat(w, a.heartbeat(r.Context()))
	})
}

func alive(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") }

func writeHeartbeat(w http.ResponseWriter, h heartbeat) {
	h.Name = "Liidestuja"
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(h)
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}

// notReady says why no messages should come, or nothing.
func (a *app) notReady(ctx context.Context) string {
	if a.draining.Load() {
		return notReadyStopping
	}
	if err := a.probe.check(ctx); err != nil {
		return notReadyStore
	}
	return ""
}

// writable writes to the store: a key of a request that nobody makes, which the
// store forgets by itself.
func (a *app) writable(ctx context.Context) error {
	now := a.svc.Now()
	err := a.store.Commit(ctx, alt.Item{}, alt.Changes{Once: &alt.Once{
		Agency: a.agencies()[0], Key: "readyz/" + strconv.FormatInt(now.UnixNano(), 36), At: now,
	}})
	if err != nil {
		a.logger.ErrorContext(ctx, "store cannot be written", "error", err)
	}
	return err
}

const (
	probeEach = 5 * time.Second
	probeFor  = 2 * time.Second
)

// probe makes a check at most every few seconds, one at a time, however many
// ask, and calls one that takes too long failed.
type probe struct {
	run func(ctx context.Context) error
	now func() time.Time

	mu      sync.Mutex
	at      time.Time
	err     error
	running chan struct{}
}

var errSlow = errors.New("takes too long")

func newProbe(run func(ctx context.Context) error, now func() time.Time) *probe {
	return &probe{run: run, now: now}
}

func (p *probe) check(ctx context.Context) error {
	done, err := p.begin(ctx)
	if done == nil {
		return err
	}
	timer := time.NewTimer(probeFor)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		return errSlow
	case <-ctx.Done():
		return ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// begin returns the last result, or the check that is under way.
func (p *probe) begin(ctx context.Context) (<-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running != nil {
		return p.running, nil
	}
	if !p.at.IsZero() && p.now().Sub(p.at) < probeEach {
		return nil, p.err
	}
	done := make(chan struct{})
	p.running = done
	go func() {
		err := p.run(context.WithoutCancel(ctx)) // others wait for it too
		p.mu.Lock()
		defer p.mu.Unlock()
		p.at, p.err, p.running = p.now(), err, nil
		close(done)
	}()
	return done, nil
}
