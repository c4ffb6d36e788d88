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
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/msp/messagebird"
)

// Environment of a child process.
const (
	roleVar     = "LIIDESTUJA_BENCH_ROLE"
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
	driver, err := messagebird.New(messagebird.Config{
		AccessKey: func() string { return accessKey }, SigningKeys: func() []string { return []string{signingKey} },
		Lines:        []messagebird.Line{{ID: "whatsapp", Kind: channels.WhatsApp, ChannelID: channelID}},
		Endpoints:    messagebird.Endpoints{Conversations: os.Getenv(providerVar) + "/v1", Files: os.Getenv(providerVar) + "/v1", Media: "127.0.0.1"},
		InsecureHTTP: true,
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/profile", pprof.Profile) // go tool pprof http://ADDRESS/profile?seconds=5
	if role == roleFloor {
		err = serveFloor(mux)
	} else {
		err = serveService(mux, driver, role == roleTurns)
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
func serveFloor(mux *http.ServeMux) error {
	w, err := openFloor(filepath.Join(os.Getenv(dirVar), "floor.db"))
	if err != nil {
		return err
	}
	mux.HandleFunc("/webhooks/messagebird", func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, 1<<20))
		if err != nil || !genuine(r.Header.Get("MessageBird-Signature-JWT"), hookURL, body, time.Now()) {
			rw.WriteHeader(http.StatusForbidden)
			return
		}
		var m message
		if err = json.Unmarshal(body, &m); err == nil && m.Message.ID != "" {
			err = w.write(m.Message.ID, body)
		}
		if err != nil {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	return nil
}

// serveService is the library as an agency would use it.
func serveService(mux *http.ServeMux, driver *messagebird.Provider, work bool) error {
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
