//go:build crash

package main

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// child is the server under test: a process of its own, killed and started
// again on the same data.
type child struct {
	t      *testing.T
	binary string
	config string
	log    *os.File
	cmd    *exec.Cmd
	exited chan struct{}
	kills  int
	ready  []time.Duration // from each start that came so far, to its readiness

	mu sync.Mutex
	up chan struct{} // closed while the child answers
	at string        // its address then
}

func newChild(t *testing.T, w *world) *child {
	t.Helper()
	c := &child{t: t, binary: w.path("refserver"), config: w.path("config.yaml"), up: make(chan struct{})}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", c.binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	c.log, err = os.Create(w.path("child.log"))
	require.NoError(t, err)
	t.Cleanup(func() {
		if c.cmd != nil {
			_ = c.cmd.Process.Kill()
			<-c.exited
		}
		if b, err := os.ReadFile(c.log.Name()); err == nil && t.Failed() {
			t.Logf("the end of the server's log:\n%s", b[max(0, len(b)-8000):])
		}
		_ = c.log.Close()
	})
	return c
}

// start starts the process and returns before it is ready.
func (c *child) start() {
	c.t.Helper()
	cmd := exec.Command(c.binary, "-config", c.config)
	cmd.Stderr = c.log
	stdout, err := cmd.StdoutPipe()
	require.NoError(c.t, err)
	begun := time.Now()
	require.NoError(c.t, cmd.Start())
	c.cmd, c.exited = cmd, make(chan struct{})
	go func(exited chan struct{}) {
		defer close(exited)
		lines := bufio.NewScanner(stdout)
		if lines.Scan() {
			c.mu.Lock()
			c.at = strings.TrimSuffix(strings.TrimPrefix(lines.Text(), "Liidestuja: "), "/")
			c.ready = append(c.ready, time.Since(begun))
			close(c.up)
			c.mu.Unlock()
		}
		for lines.Scan() {
		}
		_ = cmd.Wait()
	}(c.exited)
}

// livesFor lets time pass and fails when the process ends by itself.
func (c *child) livesFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.exited:
		return errEnded
	case <-ctx.Done():
		return ctx.Err()
	}
}

// kill ends the process without a warning.
func (c *child) kill() {
	require.NoError(c.t, c.cmd.Process.Kill())
	c.gone()
	c.kills++
}

// stop ends it in order.
func (c *child) stop() {
	require.NoError(c.t, c.cmd.Process.Signal(syscall.SIGTERM))
	c.gone()
	require.Equal(c.t, exitOK, c.cmd.ProcessState.ExitCode())
}

func (c *child) gone() {
	<-c.exited
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.up:
		c.up = make(chan struct{})
	default:
	}
	c.at = ""
}

// address waits until the child answers and returns where.
func (c *child) address(ctx context.Context) (string, error) {
	for {
		c.mu.Lock()
		up, at := c.up, c.at
		c.mu.Unlock()
		select {
		case <-up:
			if at != "" {
				return at, nil
			}
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// TestCrashTwoSignals shows that a second signal ends at once a server that is
// still stopping in order.
func TestCrashTwoSignals(t *testing.T) {
	w := newWorld(t)
	w.change("config.yaml", `addr: "127.0.0.1:0"`, `addr: "127.0.0.1:0", stop_delay: 1h`)
	c := newChild(t, w)
	c.start()
	base, err := c.address(t.Context())
	require.NoError(t, err)
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool {
		res, err := http.Get(base + "/readyz")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusServiceUnavailable
	}, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGTERM))
	c.gone()
	status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	require.Equal(t, syscall.SIGTERM, status.Signal())
}
