package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
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
	wire demoWire          // how it speaks
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
	case g.wire.sends(r):
		g.send(w, r)
	case g.wire.lists(r) && g.blinded():
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		g.api.ServeHTTP(w, r)
	}
}

// send carries out a send, and cuts the connection instead of answering if that is
// wanted.
func (g *demoGate) send(w http.ResponseWriter, r *http.Request) {
	answer, lost := g.loses(r)
	switch {
	case lost:
		panic(http.ErrAbortHandler)
	case answer != nil:
		answer.give(w)
	default:
		g.api.ServeHTTP(w, r)
	}
}

// loses carries out a send whose answer is wanted to get lost, and returns the
// answer; nil if none is wanted. An answer that is not to a message is not lost.
func (g *demoGate) loses(r *http.Request) (answer *answerBuffer, lost bool) {
	// Held until the message is known as lost: its reports wait in RoundTrip.
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.losing {
		return nil, false
	}
	answer = newAnswerBuffer()
	g.api.ServeHTTP(answer, r)
	id := g.wire.receipt(answer.body.Bytes())
	if id == "" {
		return answer, false
	}
	g.losing, g.lost[id] = false, true
	g.blind = g.now().Add(g.blindFor)
	return answer, true
}

func (g *demoGate) blinded() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now().Before(g.blind)
}

// answerBuffer takes an answer that somebody looks at first.
type answerBuffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newAnswerBuffer() *answerBuffer {
	return &answerBuffer{header: make(http.Header), status: http.StatusOK}
}

// give passes the answer on.
func (a *answerBuffer) give(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes()) //nolint:gosec // a simulator's answer, which our driver reads
}

// Header implements http.ResponseWriter.
func (a *answerBuffer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answerBuffer) WriteHeader(status int) { a.status = status }

// Write implements http.ResponseWriter.
func (a *answerBuffer) Write(b []byte) (int, error) { return a.body.Write(b) }

// response returns the answer to r as a client gets it.
func (a *answerBuffer) response(r *http.Request) *http.Response {
	return &http.Response{StatusCode: a.status, Status: http.StatusText(a.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: io.NopCloser(&a.body), ContentLength: int64(a.body.Len()), Request: r}
}

// RoundTrip posts a webhook of the provider, unless it is about a lost message.
// It implements http.RoundTripper.
func (g *demoGate) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	event, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	id, written, err := g.wire.hook(event)
	if err != nil {
		return nil, fmt.Errorf("demo: a webhook that cannot be read: %w", err)
	}
	g.mu.Lock()
	lost := g.lost[id]
	g.mu.Unlock()
	if lost {
		_ = r.Body.Close()
		return &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: make(http.Header), Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
	}
	resp, err := g.post.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusOK && written {
		g.posted(id)
	}
	return resp, err
}
