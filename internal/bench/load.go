package main

import (
	"bufio"
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

// load is a set of signed requests, made before the clock runs. A connection
// has its own people and waits for each answer, so the order of its posts is
// the order in which they are accepted.
type load struct{ requests [][][]byte }

func newLoad(w wire, conns, n int) *load {
	l := &load{requests: make([][][]byte, conns)}
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	people := max(1, 2000/conns) // for each connection
	var wg sync.WaitGroup
	for c := range conns {
		wg.Go(func() {
			for i := c; i < n; i += conns {
				k := i / conns
				peer := fmt.Sprintf("+3725%03d%05d", c, k%people)
				l.requests[c] = append(l.requests[c], w.http(message{
					id: hash(run + strconv.Itoa(i))[:32], peer: peer, at: time.Now(),
					text: fmt.Sprintf("%s %06d Tere! Soovin infot oma avalduse kohta.", peer, k/people),
				}))
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
			if err != nil {
				failed = err
			}
		})
	}
	wg.Wait()
	slices.Sort(all)
	return all, failed
}

func post(addr string, reqs [][]byte) ([]time.Duration, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	lat := make([]time.Duration, 0, len(reqs))
	for _, req := range reqs {
		begun := time.Now()
		if _, err := conn.Write(req); err != nil {
			return lat, err
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return lat, err
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return lat, err
		}
		if resp.StatusCode != http.StatusOK {
			return lat, fmt.Errorf("answer %s", resp.Status)
		}
		lat = append(lat, time.Since(begun))
	}
	return lat, nil
}

func summary(lat []time.Duration, n int, took time.Duration) result {
	ms := func(q float64) float64 { return float64(lat[int(q*float64(len(lat)-1))]) / float64(time.Millisecond) }
	return result{rate: float64(n) / took.Seconds(), p50: ms(0.5), p99: ms(0.99)}
}
