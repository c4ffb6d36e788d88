package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// provider takes answers on loopback, as cheaply as it can, and remembers who
// got what.
type provider struct {
	url    string
	server *http.Server

	mu    sync.Mutex
	count int
	next  map[string]string // by person: the last text
	wrong string            // the first thing out of order or twice
}

func newProvider() (*provider, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &provider{url: "http://" + l.Addr().String(), next: make(map[string]string)}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = p.server.Serve(l) }()
	return p, nil
}

func (p *provider) close() { _ = p.server.Close() }

// ServeHTTP takes a message: the text begins with the person and a number that
// grows.
func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m struct {
		Content struct {
			Text string `json:"text"`
		} `json:"content"`
	}
	if r.Header.Get("Authorization") != "AccessKey "+accessKey || json.NewDecoder(r.Body).Decode(&m) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	words := strings.Fields(m.Content.Text)
	p.mu.Lock()
	p.count++
	id := p.count
	if len(words) < 2 {
		p.wrong = "a text of another shape"
	} else {
		if last := p.next[words[0]]; words[1] <= last && p.wrong == "" {
			p.wrong = fmt.Sprintf("number %s came after %s", words[1], last)
		}
		p.next[words[0]] = words[1]
	}
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = fmt.Fprintf(w, `{"id":"%032x","status":"accepted"}`, id)
}

// check reports what is missing, doubled or out of order.
func (p *provider) check(n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count != n || p.wrong != "" {
		return fmt.Errorf("the provider got %d of %d messages %s", p.count, n, p.wrong)
	}
	return nil
}
