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
	"strings"
	"time"
)

// rig is what runs need: a place for the data and a loopback provider.
type rig struct {
	wire     wire
	place    place
	cluster  *cluster // nil: SQLite
	provider *provider
}

// rig makes an empty one. The floor makes its own table.
func (b *bench) rig(ctx context.Context, w wire, store string, floor bool) (*rig, error) {
	dir, err := os.MkdirTemp(b.dir, "bench-")
	if err != nil {
		return nil, err
	}
	r := &rig{wire: w, place: place{Dir: dir}}
	if store == storePostgres {
		if r.cluster, err = b.postgres(ctx); err == nil {
			r.place.DSN, err = r.cluster.database(ctx, !floor)
		}
	}
	if err == nil {
		r.provider, err = newProvider()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return r, nil
}

func (r *rig) close() {
	r.provider.close()
	if r.place.DSN != "" {
		_ = r.cluster.srv.Drop(context.Background(), r.place.DSN)
	}
	_ = os.RemoveAll(r.place.Dir)
}

// databaseTime is the processor time that the database's own processes have
// used; 0 when it is within the server, or cannot be seen.
func (r *rig) databaseTime() time.Duration {
	if r.cluster == nil || r.cluster.pid == 0 {
		return 0
	}
	return used(r.cluster.pid)
}

// server is a child process.
type server struct {
	cmd  *exec.Cmd
	addr string
}

// launch starts this program again in a role and waits for its address.
func (r *rig) launch(ctx context.Context, role string, backends ...string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	t, err := json.Marshal(task{Role: role, Wire: r.wire.name, Provider: r.provider.url, Place: r.place, Backends: backends})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), taskVar+"="+string(t))
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

// stop kills the server and returns the processor time that it used.
func (s *server) stop() time.Duration {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	return s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()
}

// ask calls one of the paths of a server that are the parent's.
func (s *server) ask(ctx context.Context, path string, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %s", path, resp.Status)
	case answer == nil:
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}

// expected is what servers that share a database are to have done in all.
type expected struct{ sent, reported int64 }

// stuck is how long nothing may happen.
const stuck = time.Minute

// until waits until servers have done enough in all.
func until(ctx context.Context, enough func(expected) (bool, error), servers ...*server) error {
	last, since := expected{}, time.Now()
	for {
		var got expected
		for _, s := range servers {
			var st stats
			if err := s.ask(ctx, "/stats", &st); err != nil {
				return err
			}
			got.sent, got.reported = got.sent+st.Sent, got.reported+st.Reported
		}
		if ok, err := enough(got); ok || err != nil {
			return err
		}
		if got != last {
			last, since = got, time.Now()
		}
		if time.Since(since) > stuck {
			return fmt.Errorf("nothing happened for %v: %+v, %s", stuck, got, state(ctx, servers))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// state is what servers say of their troubles.
func state(ctx context.Context, servers []*server) string {
	var b strings.Builder
	for _, s := range servers {
		var st stats
		err := s.ask(ctx, "/stats?depths=1", &st)
		fmt.Fprintf(&b, "%+v %v; ", st, err)
	}
	return b.String()
}

// settled waits until everything was done and no work is open.
func settled(ctx context.Context, want expected, servers ...*server) error {
	return until(ctx, func(got expected) (bool, error) {
		if got != want {
			return false, nil
		}
		var st stats
		err := servers[0].ask(ctx, "/stats?depths=1", &st)
		return st.Open == 0, err
	}, servers...)
}
