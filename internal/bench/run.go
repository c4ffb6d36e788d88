package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

// result is one measured run; latencies in milliseconds, processor time in seconds
// for 10,000 messages, of the server and of the database's own processes.
type result struct{ rate, p50, p99, cpu, database float64 }

// run is what is measured: n messages of a crowd, posted over so many connections.
type run struct {
	role     string
	crowd    crowd
	conns, n int
}

// fresh measures over a server with nothing stored.
func (b *bench) fresh(ctx context.Context, w wire, store string, m run) (result, error) {
	r, err := b.rig(ctx, w, store, m.role == roleFloor)
	if err != nil {
		return result{}, err
	}
	defer r.close()
	return b.measure(ctx, r, m)
}

// measure starts a server over what is stored, posts, and checks that all effects
// are there.
func (b *bench) measure(ctx context.Context, r *rig, m run) (result, error) {
	s, err := r.launch(ctx, m.role)
	if err != nil {
		return result{}, err
	}
	defer s.stop()
	load := newLoad(r.wire, m.crowd, m.conns, m.n)
	stopProfile := b.profiled(ctx, m.role, s)
	defer stopProfile()
	before, begun := r.databaseTime(), time.Now()
	lat, err := load.fire(s.addr)
	if err != nil {
		return result{}, err
	}
	if m.role == roleTurns {
		if err := settled(ctx, expected{sent: int64(m.n)}, s); err != nil {
			return result{}, err
		}
		if err := r.provider.check(m.n); err != nil {
			return result{}, err
		}
	}
	took := time.Since(begun)
	res := summary(lat, m.n, took)
	res.database = per10k(r.databaseTime()-before, m.n)
	res.cpu = per10k(s.stop(), m.n)
	return res, nil
}

func summary(lat []time.Duration, n int, took time.Duration) result {
	ms := func(q float64) float64 { return float64(lat[int(q*float64(len(lat)-1))]) / float64(time.Millisecond) }
	return result{rate: float64(n) / took.Seconds(), p50: ms(0.5), p99: ms(0.99)}
}

// per10k is processor time for 10,000 messages, in seconds.
func per10k(d time.Duration, n int) float64 { return d.Seconds() * 10_000 / float64(n) }

// profiled fetches a processor profile of the server while it is measured.
func (b *bench) profiled(ctx context.Context, role string, s *server) (wait func()) {
	if b.profile == "" || role == roleFloor {
		return func() {}
	}
	done := make(chan error, 1)
	go func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+"/profile?seconds=2", nil)
		if err != nil {
			done <- err
			return
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			done <- err
			return
		}
		defer func() { _ = resp.Body.Close() }()
		f, err := os.Create(b.profile)
		if err == nil {
			_, err = f.ReadFrom(resp.Body)
			err = errors.Join(err, f.Close())
		}
		done <- err
	}()
	return func() {
		if err := <-done; err != nil {
			fmt.Fprintln(os.Stderr, "bench: profile:", err)
		}
	}
}
