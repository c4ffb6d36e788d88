package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// demoGate stands between the service and the simulated provider, in both
// directions, and spoils what a visitor wants to see spoilt. It serves the
// provider's API, and posts the provider's webhooks as an http.RoundTripper.
type demoGate struct {
	api  http.Handler      // the provider
	post http.RoundTripper // to the service
	// posted is told the provider's id of a person's message that the service
	// has accepted.
	posted func(id string)
	now    func() time.Time
	// blindFor is how long the provider's lists are not there after a loss: a
	// message that could be found would not be lost.
	blindFor time.Duration

	mu     sync.Mutex
	addr   string
	server *http.Server // nil: the provider does not answer
	losing bool
	lost   map[string]bool // messages of which no report comes through
	blind  time.Time       // until then the provider's lists are not there
}

// gateState is what a visitor switched.
type gateState struct{ Down, Losing bool }

func (g *demoGate) state() gateState {
	g.mu.Lock()
	defer g.mu.Unlock()
	return gateState{Down: g.server == nil, Losing: g.losing}
}

// open begins to serve the API, at the same address as before if there was one,
// and returns its URL.
func (g *demoGate) open(ctx context.Context) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.server != nil {
		return "http://" + g.addr, nil
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", or(g.addr, "127.0.0.1:0"))
	if err != nil {
		return "", err
	}
	g.addr = ln.Addr().String()
	server := &http.Server{Handler: g, ReadHeaderTimeout: 10 * time.Second}
	g.server = server
	go func() { _ = server.Serve(ln) }() // ends with close
	return "http://" + g.addr, nil
}

// close cuts the connection to the provider: calls find nobody listening.
func (g *demoGate) close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.server == nil {
		return nil
	}
	err := g.server.Close()
	g.server = nil
	return err
}

// lose lets the next message go out without any word of it coming back.
func (g *demoGate) lose() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.losing = true
}

// ServeHTTP implements http.Handler.
func (g *demoGate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/v1/send" && g.loses(r):
		panic(http.ErrAbortHandler) // the connection is cut instead of an answer
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/messages") && g.blinded():
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		g.api.ServeHTTP(w, r)
	}
}

// loses carries out a send whose answer gets lost, if one is wanted.
func (g *demoGate) loses(r *http.Request) bool {
	// Held until the message is known as lost: its reports wait in RoundTrip.
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.losing {
		return false
	}
	g.losing = false
	answer := &answerBuffer{header: make(http.Header)}
	g.api.ServeHTTP(answer, r)
	var receipt struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(answer.body.Bytes(), &receipt) == nil && receipt.ID != "" {
		g.lost[receipt.ID] = true
	}
	g.blind = g.now().Add(g.blindFor)
	return true
}

func (g *demoGate) blinded() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now().Before(g.blind)
}

// answerBuffer takes an answer that nobody gets.
type answerBuffer struct {
	header http.Header
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (a *answerBuffer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answerBuffer) WriteHeader(int) {}

// Write implements http.ResponseWriter.
func (a *answerBuffer) Write(b []byte) (int, error) { return a.body.Write(b) }

// RoundTrip posts a webhook of the provider, unless it is about a lost message.
// It implements http.RoundTripper.
func (g *demoGate) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	var event struct {
		Type    string `json:"type"`
		Message struct {
			ID        string `json:"id"`
			Direction string `json:"direction"`
		} `json:"message"`
	}
	if err := json.NewDecoder(body).Decode(&event); err != nil {
		return nil, errors.New("demo: a webhook that is not JSON")
	}
	g.mu.Lock()
	lost := g.lost[event.Message.ID]
	g.mu.Unlock()
	if lost {
		_ = r.Body.Close()
		return &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: make(http.Header), Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
	}
	resp, err := g.post.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusOK && event.Type == "message.created" && event.Message.Direction == "received" {
		g.posted(event.Message.ID)
	}
	return resp, err
}
