//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestClusterFrozenReplica stops a replica with all that it holds for longer than
// its leases and lets it go on: what others took over meanwhile it neither commits
// nor sends.
func TestClusterFrozenReplica(t *testing.T) {
	onlyLarge(t)
	seed := envInt(t, "LIIDESTUJA_CRASH_SEED", int(time.Now().UnixNano()&0xffffff))
	times := envInt(t, "LIIDESTUJA_CLUSTER_FREEZES", 1)
	t.Logf("LIIDESTUJA_CRASH_SEED=%d", seed)
	const lease = 6 * time.Second
	c := newCluster(t, "send_workers: 4, turn_workers: 16, reconcile_for: 3s, send_timeout: 2s, handler_timeout: 2s, lease: 6s")
	// Locks that a stopped replica holds are the others' after that long.
	c.change("config.yaml", "connections: 4", "connections: 4, timeout: 3s")
	c.replica("")
	c.replica("")
	c.ready()
	load := c.load(seed, 20*time.Minute)
	moment := rand.New(rand.NewPCG(uint64(seed), 3))
	for range times {
		time.Sleep(time.Second + time.Duration(moment.Int64N(int64(time.Second))))
		frozen := c.replicas[moment.IntN(2)]
		require.NoError(t, frozen.cmd.Process.Signal(syscall.SIGSTOP))
		c.setAway(frozen, true)
		before := load.accepted()
		time.Sleep(lease + 3*time.Second)
		require.Greater(t, load.accepted(), before, "the others go on")
		require.NoError(t, frozen.cmd.Process.Signal(syscall.SIGCONT))
		c.setAway(frozen, false)
	}
	time.Sleep(time.Second)
	v := load.verdict()
	fmt.Printf("frozen %d times for %s, with leases of %s: %s\n", times, lease+3*time.Second, lease, v)
	v.whole(t, times*4)
}

// TestClusterClocksApart lets replicas work whose clocks are five seconds apart,
// one of them ahead of the database and one behind.
func TestClusterClocksApart(t *testing.T) {
	onlyLarge(t)
	c := newCluster(t, "send_workers: 4, turn_workers: 16, reconcile_for: 3s, send_timeout: 5s, handler_timeout: 5s, lease: 6s")
	c.change("config.yaml", "insecure_http: true", "insecure_http: true\n      leeway: 5s")
	c.replica("", ahead+"=2500ms")
	c.replica("", ahead+"=-2500ms")
	c.ready()
	load := c.load(1, 5*time.Minute)
	time.Sleep(time.Duration(envInt(t, "LIIDESTUJA_CLUSTER_APART", 5)) * time.Second)
	v := load.verdict()
	fmt.Printf("clocks five seconds apart: %s\n", v)
	v.whole(t, 0)
	require.Zero(t, c.answers(http.StatusForbidden), "a request that is genuine by the provider's clock is refused")
}
