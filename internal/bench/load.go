package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	signingKey = "bench-signing-key"
	accessKey  = "bench-access-key"
)

// crowd is the people who write: so many of them, from a number on, and so far
// apart. Their messages are numbered too.
type crowd struct {
	first, people int
	apart         int // 0: 1
	numbers       int // the first message's
}

// strangers have not written before.
func strangers() crowd { return crowd{people: 2000} }

// phoneOf is a person's number.
func phoneOf(person int) string { return fmt.Sprintf("%s%08d", countryCode, person) }

const countryCode = "+3725"

// load is a set of signed requests, made before the clock runs. A connection
// has its own people and waits for each answer, so the order of its posts is
// the order in which they are accepted.
type load struct{ requests [][][]byte }

func newLoad(w wire, c crowd, conns, n int) *load {
	l := &load{requests: make([][][]byte, conns)}
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	each := max(1, c.people/conns) // people of a connection
	apart := max(1, c.apart)
	var wg sync.WaitGroup
	for conn := range conns {
		wg.Go(func() {
			for i := conn; i < n; i += conns {
				k := i / conns
				peer := phoneOf(c.first + apart*(conn+conns*(k%each)))
				l.requests[conn] = append(l.requests[conn], w.http(w.request(message{
					id: hash(run + strconv.Itoa(i))[:32], peer: peer, at: time.Now(),
					text: fmt.Sprintf("%s %06d Tere! Soovin infot oma avalduse kohta.", peer, c.numbers+k/each),
				})))
			}
		})
	}
	wg.Wait()
	return l
}

// fire posts everything and returns the latencies, sorted.
func (l *load) fire(addr string) ([]time.Duration, error) {
	var mu sync.Mutex
	var all []time.Duration
	var failed error
	var wg sync.WaitGroup
	for _, reqs := range l.requests {
		wg.Go(func() {
			lat, err := post(addr, reqs)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, lat...)
			failed = errors.Join(failed, err)
		})
	}
	wg.Wait()
	slices.Sort(all)
	return all, failed
}

func post(addr string, reqs [][]byte) ([]time.Duration, error) {
	c, err := dial(addr)
	if err != nil {
		return nil, err
	}
	defer c.close()
	lat := make([]time.Duration, 0, len(reqs))
	for _, req := range reqs {
		begun := time.Now()
		if err := c.post(req); err != nil {
			return lat, err
		}
		lat = append(lat, time.Since(begun))
	}
	return lat, nil
}

// poster is a connection on which requests follow one another.
type poster struct {
	conn net.Conn
	r    *bufio.Reader
}

func dial(addr string) (*poster, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &poster{conn, bufio.NewReader(conn)}, nil
}

func (p *poster) close() { _ = p.conn.Close() }

// post sends a request and wants it to be accepted.
func (p *poster) post(req []byte) error {
	if _, err := p.conn.Write(req); err != nil {
		return err
	}
	resp, err := http.ReadResponse(p.r, nil)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answer %s", resp.Status)
	}
	return nil
}
