//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// isReplica is set in a process that is a replica; ahead is by how much its clock
// is.
const (
	isReplica = "LIIDESTUJA_TEST_REPLICA"
	ahead     = "LIIDESTUJA_TEST_AHEAD"
)

// clusterKills changes how often replicas are killed.
const clusterKills = "LIIDESTUJA_CLUSTER_KILLS"

// TestClusterReplica is no test: it is the server, as a process of its own. It
// ends with the process that started it.
func TestClusterReplica(t *testing.T) {
	args := os.Getenv(isReplica)
	if args == "" {
		t.Skip("a replica of the other tests, which start it as a process of its own")
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(exitFailed)
	}()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if by := os.Getenv(ahead); by != "" {
		if err := runAhead(ctx, by, strings.Fields(args)[1]); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(exitFailed)
		}
		os.Exit(exitOK)
	}
	os.Exit(run(ctx, strings.Fields(args), os.LookupEnv, os.Stdin, os.Stdout, os.Stderr))
}

// runAhead serves a configuration by a clock that is ahead of the machine's.
func runAhead(ctx context.Context, by, config string) error {
	d, err := time.ParseDuration(by)
	if err != nil {
		return err
	}
	c := &console{env: os.LookupEnv, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	p, err := c.configured(config, instead{})
	if err != nil {
		return err
	}
	p.alt.Now = func() time.Time { return time.Now().Add(d) }
	return serveHTTP(ctx, p.listen, p.logger, p.start, func(url string) error {
		_, err := fmt.Println("Liidestuja:", url)
		return err
	})
}
