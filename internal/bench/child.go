package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/msp"
)

// Environment of a child process.
const (
	roleVar     = "LIIDESTUJA_BENCH_ROLE"
	wireVar     = "LIIDESTUJA_BENCH_WIRE"
	dirVar      = "LIIDESTUJA_BENCH_DIR"
	providerVar = "LIIDESTUJA_BENCH_PROVIDER"
)

// Roles of a child process.
const (
	roleFloor  = "floor"
	roleAccept = "accept" // webhooks only: nobody works the queues
	roleTurns  = "turns"
)

// child serves until it is killed. Its address is its first line.
func child(role string) error {
	w, err := wireNamed(os.Getenv(wireVar))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/profile", pprof.Profile) // go tool pprof http://ADDRESS/profile?seconds=5
	if role == roleFloor {
		err = serveFloor(mux, w)
	} else {
		err = serveService(mux, w, role == roleTurns)
	}
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return (&http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}).Serve(l)
}

// serveFloor verifies, parses and writes one row.
func serveFloor(mux *http.ServeMux, w wire) error {
	f, err := openFloor(filepath.Join(os.Getenv(dirVar), "floor.db"))
	if err != nil {
		return err
	}
	mux.HandleFunc("/webhooks/"+w.name, func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, 1<<20))
		key, ok := "", false
		if err == nil {
			key, ok = w.accept(r.Header, body, time.Now())
		}
		switch {
		case !ok:
			rw.WriteHeader(http.StatusForbidden)
		case f.write(key, body) != nil:
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	return nil
}

// serveService is the library as an agency would use it.
func serveService(mux *http.ServeMux, w wire, work bool) error {
	driver, err := w.driver(os.Getenv(providerVar))
	if err != nil {
		return err
	}
	dir := os.Getenv(dirVar)
	store, err := sqlitestore.Open(context.Background(), sqlitestore.Config{Path: filepath.Join(dir, "store.db"), KeyFile: filepath.Join(dir, "store.key")})
	if err != nil {
		return err
	}
	var sent atomic.Int64
	svc, err := alt.New(alt.Config{
		Store: store, Providers: []msp.Provider{driver}, PublicURL: "https://bench.example/webhooks",
		TurnWorkers: 128, SendWorkers: 128,
		Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { return t.ReplyText(t.Text()) }),
		Observe: func(o alt.Observation) {
			if o.Name == "send.sent" {
				sent.Add(1)
			}
		},
	})
	if err != nil {
		return err
	}
	mux.Handle("/webhooks/", http.StripPrefix("/webhooks", svc.Webhooks()))
	mux.HandleFunc("/stats", func(w http.ResponseWriter, r *http.Request) {
		depths, err := store.Depths(r.Context())
		st := stats{Sent: sent.Load()}
		for _, n := range depths {
			st.Open += n
		}
		if err = errors.Join(err, json.NewEncoder(w).Encode(st)); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	if work {
		go func() { _ = svc.Run(context.Background()) }()
	}
	return nil
}
