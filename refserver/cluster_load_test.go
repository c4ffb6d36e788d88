//go:build linux

package main

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/pgstore"
)

// clusterRate is how many messages people write a second; fewer where other tests
// share the machine.
func clusterRate() rate.Limit {
	if os.Getenv(clusterKills) == "" {
		return 60
	}
	return 200
}

// clusterCrowd is who writes to a cluster.
func clusterCrowd() crowd { return crowd{posters: 64, people: 192} }

// load is what people write while something happens.
type load struct {
	*office
	c      *cluster
	ctx    context.Context //nolint:containedctx // of a test
	cancel func()
	stop   func()
	all    *sync.WaitGroup
}

// load begins.
func (c *cluster) load(seed int, most time.Duration) *load {
	c.t.Helper()
	l := &load{office: newOffice(messagebirdWire{c.sim}, c, uint64(seed), clusterCrowd()), c: c}
	l.ctx, l.cancel = context.WithTimeout(c.t.Context(), most)
	c.t.Cleanup(l.cancel)
	var posting context.Context
	posting, l.stop = context.WithCancel(l.ctx)
	l.all = l.start(l.ctx, posting, rate.NewLimiter(clusterRate(), 16))
	return l
}

// flows waits until messages are accepted.
func (l *load) flows(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return l.accepted() >= 100 }, 2*time.Minute, 10*time.Millisecond, "nothing is accepted")
}

// verdict lets everything under way come to its end, and counts.
func (l *load) verdict() *verdict {
	t := l.c.t
	t.Helper()
	l.stop()
	l.all.Wait()
	store, err := pgstore.Open(t.Context(), pgstore.Config{DSN: l.c.dsn, KeyFile: l.c.path("store.key"), Pooled: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	require.NoError(t, l.settled(store), "it does not come to its end")
	v := count(t, store, l.office)
	t.Logf("posts again %d, with an expired token %d, at once by several %d, answers lost %d, echoes %d, answered %v",
		l.again.Load(), l.late.Load(), l.several.Load(), l.hungUp.Load(), l.echoes.Load(), l.c.statuses)
	return v
}

// settled waits until nothing is under way, neither in the database nor on the
// way to the provider and back.
func (l *load) settled(store alt.Store) error {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	last, since := int64(-1), time.Now()
	for time.Since(since) < 2*time.Second {
		select {
		case <-l.ctx.Done():
			return l.ctx.Err()
		case <-tick.C:
		}
		depths, err := store.Depths(l.ctx)
		if err != nil {
			return err
		}
		requests, _ := l.wire.totals()
		now := int64(requests) + l.posted.Load()
		for _, n := range depths {
			if n > 0 {
				since = time.Now()
			}
		}
		if now != last {
			last, since = now, time.Now()
		}
	}
	return nil
}

// whole requires that nothing was lost, doubled, reordered or left, and that no
// more is uncertain than may be.
func (v *verdict) whole(t *testing.T, uncertain int) {
	t.Helper()
	require.Zero(t, v.pending, "work is left over: %v", v.depths)
	require.Zero(t, v.dead, "dead letters: %v", v.examples)
	require.Zero(t, v.lost, "%v", v.examples)
	require.Zero(t, v.doubled, "%v", v.examples)
	require.Zero(t, v.reordered, "%v", v.examples)
	require.Equal(t, v.accepted, v.handled)
	require.Positive(t, v.accepted)
	require.LessOrEqual(t, v.uncertain, uncertain, "more than what was in flight")
}
