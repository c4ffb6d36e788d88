package main

import (
	"bufio"
	"context"
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
	argv   []string
	env    []string // besides our own
	log    *os.File
	cmd    *exec.Cmd
	exited chan struct{}
	kills  int
	ready  []time.Duration // from each start that came so far, to its readiness

	mu sync.Mutex
	up chan struct{} // closed while the child answers
	at string        // its address then
}

// newChild is a server that argv starts; its log is a file.
func newChild(t *testing.T, log string, env []string, argv ...string) *child {
	t.Helper()
	c := &child{t: t, argv: argv, env: env, up: make(chan struct{})}
	var err error
	c.log, err = os.Create(log)
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
	cmd := exec.Command(c.argv[0], c.argv[1:]...)
	cmd.Env = append(os.Environ(), c.env...)
	cmd.Stderr = c.log
	_, err := cmd.StdinPipe() // open for as long as we live
	require.NoError(c.t, err)
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
