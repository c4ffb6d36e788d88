package main

import (
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// demoBell wakes everybody who waits for a change on a phone.
type demoBell struct {
	mu      sync.Mutex
	changes int
	next    chan struct{} // closed at the next change
}

func newDemoBell() *demoBell { return &demoBell{next: make(chan struct{})} }

func (b *demoBell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changes++
	close(b.next)
	b.next = make(chan struct{})
}

// wait returns how many changes there were, and what is closed at the next one.
func (b *demoBell) wait() (int, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changes, b.next
}

const (
	// liveBeat is how often a silent stream says that it lives, liveWrite how
	// long a browser may take to read.
	liveBeat  = 15 * time.Second
	liveWrite = 10 * time.Second
)

// events tells a browser that something changed on the phones since its page was
// made, as Server-Sent Events. What it is, the page says.
func (p *pages) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	beat := time.NewTicker(liveBeat)
	defer beat.Stop()
	known := or(r.Header.Get("Last-Event-Id"), r.URL.Query().Get("after"))
	for {
		n, changed := p.Bell.wait()
		text := ":\n\n"
		if now := strconv.Itoa(n); now != known {
			known, text = now, "event: phones\nid: "+now+"\ndata: "+now+"\n\n"
		}
		_ = out.SetWriteDeadline(time.Now().Add(liveWrite)) // without one the server's own limit holds
		_, _ = io.WriteString(w, text)
		if out.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-p.Stop:
			return
		case <-changed:
		case <-beat.C:
		}
	}
}
