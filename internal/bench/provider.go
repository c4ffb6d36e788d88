package main

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// provider takes answers on loopback, as cheaply as it can, and remembers who
// got what.
type provider struct {
	url      string
	listener net.Listener
	salt     string
	accepted chan delivery // what it took; nil: nobody wants to know

	mu    sync.Mutex
	count int
	next  map[string]string // by person: the last number
	wrong string            // the first thing out of order or twice
}

func newProvider() (*provider, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &provider{url: "http://" + l.Addr().String(), listener: l, salt: rand.Text(), next: make(map[string]string)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return p, nil
}

func (p *provider) close() { _ = p.listener.Close() }

// serve answers one connection after another request. It is no server of
// net/http: what this end costs would be taken from the machine that both ends
// share.
func (p *provider) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		var m struct {
			Content struct {
				Text string `json:"text"`
			} `json:"content"`
		}
		body, err := io.ReadAll(req.Body)
		if err != nil || json.Unmarshal(body, &m) != nil || req.Header.Get("Authorization") != "AccessKey "+accessKey {
			_, _ = io.WriteString(conn, "HTTP/1.1 401 Refused\r\nContent-Length: 0\r\n\r\n")
			return
		}
		id, peer := p.take(m.Content.Text)
		answer := `{"id":"` + id + `","status":"accepted"}`
		if _, err := fmt.Fprintf(conn, "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer); err != nil {
			return
		}
		if p.accepted != nil {
			p.accepted <- delivery{id: id, peer: peer, at: time.Now()}
		}
	}
}

// take counts a message: its text begins with the person and a number that
// grows. The id lies anywhere among all others, as a provider's does.
func (p *provider) take(text string) (id, who string) {
	who, rest, _ := strings.Cut(text, " ")
	number, _, ok := strings.Cut(rest, " ")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	if last := p.next[who]; p.wrong == "" && (!ok || number <= last) {
		p.wrong = fmt.Sprintf("%q came after number %s", text, last)
	}
	p.next[who] = number
	return hash(p.salt + strconv.Itoa(p.count))[:32], who
}

// again forgets what it got, for another run with the same people.
func (p *provider) again() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count, p.next, p.wrong = 0, make(map[string]string), ""
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
