package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

// provider takes answers on loopback, as cheaply as it can, and remembers who
// got what.
type provider struct {
	url      string
	listener net.Listener

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
	p := &provider{url: "http://" + l.Addr().String(), listener: l, next: make(map[string]string)}
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
		answer := fmt.Sprintf(`{"id":"%032x","status":"accepted"}`, p.take(m.Content.Text))
		if _, err := fmt.Fprintf(conn, "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer); err != nil {
			return
		}
	}
}

// take counts a message: its text begins with the person and a number that
// grows.
func (p *provider) take(text string) (id int) {
	who, rest, _ := strings.Cut(text, " ")
	number, _, ok := strings.Cut(rest, " ")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	if last := p.next[who]; p.wrong == "" && (!ok || number <= last) {
		p.wrong = fmt.Sprintf("%q came after number %s", text, last)
	}
	p.next[who] = number
	return p.count
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
