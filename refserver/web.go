package main

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// web wraps all that is served: headers, a log of accesses, panics.
func web(next http.Handler, logger *slog.Logger, tls bool) http.Handler {
	return accessLog(headers(next, tls), logger)
}

// headers sets what every answer has unless a handler knows better, as the
// demo's pages do.
func headers(next http.Handler, tls bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		if tls {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// accessLog writes one line a request: the route's pattern and never the address
// that was called, which may hold anything, nor who called. Requests of health
// are of the level debug.
func accessLog(next http.Handler, logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		out := &answered{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			v := recover()
			if v != nil && v != http.ErrAbortHandler { //nolint:errorlint // the very value, as net/http compares it
				// The value may hold anything: only the stack is logged.
				logger.ErrorContext(r.Context(), "request panicked", "http.route", r.Pattern, "stack", string(debug.Stack()))
				if !out.begun {
					http.Error(out, "internal error", http.StatusInternalServerError)
				}
			}
			level := slog.LevelInfo
			switch r.Pattern {
			case patternHealth, patternReady, patternHeartbeat:
				level = slog.LevelDebug
			}
			logger.Log(r.Context(), level, "request", "http.request.method", method(r), "http.route", r.Pattern,
				"http.response.status_code", out.status, "http.server.request.duration", time.Since(start))
			if v == http.ErrAbortHandler { //nolint:errorlint // as above
				panic(v)
			}
		}()
		next.ServeHTTP(out, r)
	})
}

// method returns the request's method, or "_OTHER" for one that a stranger made up.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "_OTHER"
}

// answered remembers what was answered.
type answered struct {
	http.ResponseWriter
	status int
	begun  bool
}

// WriteHeader implements http.ResponseWriter.
func (a *answered) WriteHeader(status int) {
	if !a.begun && status >= http.StatusOK {
		a.status, a.begun = status, true
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answered) Write(b []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }
