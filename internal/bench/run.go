package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// result is one measured run; latencies in milliseconds, the server's processor
// time in microseconds a message.
type result struct{ rate, p50, p99, cpu float64 }

// rig is what a run needs: a folder for the database and a loopback provider.
type rig struct {
	wire     wire
	dir      string
	provider *provider
}

func (b *bench) rig(w wire) (*rig, error) {
	dir, err := os.MkdirTemp(b.dir, "bench-")
	if err != nil {
		return nil, err
	}
	p, err := newProvider()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &rig{w, dir, p}, nil
}

func (r *rig) close() {
	r.provider.close()
	_ = os.RemoveAll(r.dir)
}

// server is a child process.
type server struct {
	cmd  *exec.Cmd
	addr string
}

// launch starts this program again in a role and waits for its address.
func (r *rig) launch(ctx context.Context, role string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), roleVar+"="+role, wireVar+"="+r.wire.name, dirVar+"="+r.dir, providerVar+"="+r.provider.url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = cmd.Process.Kill()
		return nil, errors.Join(err, cmd.Wait())
	}
	return &server{cmd: cmd, addr: strings.TrimSpace(line)}, nil
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// stats is what a server tells of itself.
type stats struct {
	Open int // items that are not finished
	Sent int64
}

func (s *server) stats(ctx context.Context) (st stats, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+"/stats", nil)
	if err != nil {
		return st, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return st, err
	}
	defer func() { _ = resp.Body.Close() }()
	return st, json.NewDecoder(resp.Body).Decode(&st)
}

// run measures n messages over a fresh server, and checks that all effects are
// there.
func (b *bench) run(ctx context.Context, w wire, role string, conns, n int) (result, error) {
	r, err := b.rig(w)
	if err != nil {
		return result{}, err
	}
	defer r.close()
	s, err := r.launch(ctx, role)
	if err != nil {
		return result{}, err
	}
	defer s.stop()
	load := newLoad(w, conns, n)
	stopProfile := b.profiled(ctx, role, s)
	defer stopProfile()
	begun := time.Now()
	lat, err := load.fire(s.addr)
	if err != nil {
		return result{}, err
	}
	if role == roleTurns {
		if err := s.settled(ctx, n); err != nil {
			return result{}, err
		}
		if err := r.provider.check(n); err != nil {
			return result{}, err
		}
	}
	res := summary(lat, n, time.Since(begun))
	s.stop()
	res.cpu = float64((s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()).Microseconds()) / float64(n)
	return res, nil
}

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

// settled waits until every message was answered and every receipt committed.
func (s *server) settled(ctx context.Context, n int) error {
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		st, err := s.stats(ctx)
		if err != nil {
			return err
		}
		if st.Sent == int64(n) && st.Open == 0 {
			return nil
		}
	}
	st, _ := s.stats(ctx)
	return fmt.Errorf("not settled in time: %+v of %d", st, n)
}

// memory reports the resident memory after 100,000 messages.
func (b *bench) memory(ctx context.Context) error {
	const n = 100_000
	r, err := b.rig(messageBird())
	if err != nil {
		return err
	}
	defer r.close()
	s, err := r.launch(ctx, roleTurns)
	if err != nil {
		return err
	}
	defer s.stop()
	begun := time.Now()
	for range 5 {
		lat, err := newLoad(r.wire, 64, n/5).fire(s.addr)
		if err != nil || len(lat) != n/5 {
			return errors.Join(err, errors.New("load failed"))
		}
	}
	if err := s.settled(ctx, n); err != nil {
		return err
	}
	took := time.Since(begun)
	rss, err := resident(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	fmt.Printf("bench: memory_100k rate=%.0f rss_mib=%.0f\n", n/took.Seconds(), float64(rss)/1024)
	return nil
}

// resident returns a process's resident memory in KiB.
func resident(pid int) (kib int, err error) {
	b, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), "status"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			_, err = fmt.Sscan(v, &kib)
			return kib, err
		}
	}
	return 0, errors.New("no VmRSS")
}
