package main

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/liidestuja/liidestuja/alt/pgstore"
)

// waitStore is how often a database is tried that cannot be used yet.
const waitStore = time.Second

// Reasons of a server that is not ready.
const (
	notReadyStore     = "store"     // it cannot be reached, or not be written
	notReadyMigration = "migration" // its tables are older than the program
	notReadyStopping  = "stopping"
)

// hopeless reports whether waiting cannot make the database usable: who runs the
// server must see that at once.
func hopeless(err error) bool {
	return errors.Is(err, pgstore.ErrNewer) || errors.Is(err, pgstore.ErrKey) || errors.Is(err, pgstore.ErrUnsafe)
}

// reason says why a database cannot be used yet.
func reason(err error) string {
	if errors.Is(err, pgstore.ErrOlder) {
		return notReadyMigration
	}
	return notReadyStore
}

// storeError is a store that could not be opened.
type storeError struct{ err error }

// Error implements error.
func (e *storeError) Error() string { return "the store cannot be opened: " + e.err.Error() }

// Unwrap returns the store's error.
func (e *storeError) Unwrap() error { return e.err }

// worthWaiting reports whether a server could not be made because its database
// cannot be used yet.
func (p *parts) worthWaiting(err error) bool {
	var e *storeError
	return p.postgres != nil && errors.As(err, &e) && !hopeless(err)
}

// waiting is a server whose database cannot be used yet: it is alive, and ready as
// soon as it can be. Providers are asked to come again, and do.
type waiting struct {
	*parts
	stopping context.Context // as a startFunc gets it
	closed   http.Handler
	server   atomic.Pointer[http.Handler] // nil: not yet
	why      atomic.Value                 // of string
}

// await returns what is served until the store is there, and afterwards.
func (p *parts) await(ctx context.Context, failure error) (http.Handler, func(context.Context) error) {
	w := &waiting{parts: p, stopping: ctx}
	w.because(failure)
	mux := http.NewServeMux()
	mux.HandleFunc(patternHealth, alive)
	mux.HandleFunc(patternReady, func(out http.ResponseWriter, _ *http.Request) {
		plain(out, http.StatusServiceUnavailable, w.state())
	})
	mux.HandleFunc(patternHeartbeat, func(out http.ResponseWriter, _ *http.Request) {
		writeHeartbeat(out, heartbeat{Version: p.build.Version, Build: p.build, State: w.state(), Time: time.Now().UTC(), Systems: []system{}})
	})
	mux.HandleFunc("/", func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Retry-After", "5")
		plain(out, http.StatusServiceUnavailable, "not ready")
	})
	w.closed = web(mux, p.logger, p.secure())
	return w, w.run
}

// because keeps why the store is not there; the log hears of each reason once.
func (w *waiting) because(err error) {
	if why := reason(err); w.why.Swap(why) != why {
		w.logger.WarnContext(w.stopping, "store cannot be used yet, and is waited for", "reason", why, "error", err)
	}
}

// state is what readiness says.
func (w *waiting) state() string {
	if w.stopping.Err() != nil {
		return notReadyStopping
	}
	return w.why.Load().(string)
}

// run waits for the store, and is then the server's own.
func (w *waiting) run(ctx context.Context) error {
	tick := time.NewTicker(waitStore)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.stopping.Done():
			<-ctx.Done()
			return nil
		case <-tick.C:
		}
		server, run, err := w.wire(w.stopping)
		switch {
		case err == nil:
			w.logger.InfoContext(ctx, "store can be used")
			w.server.Store(&server)
			return run(ctx)
		case w.stopping.Err() != nil:
		case !w.worthWaiting(err):
			return err
		default:
			w.because(err)
		}
	}
}

// ServeHTTP implements http.Handler.
func (w *waiting) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if server := w.server.Load(); server != nil {
		(*server).ServeHTTP(out, r)
		return
	}
	w.closed.ServeHTTP(out, r)
}
