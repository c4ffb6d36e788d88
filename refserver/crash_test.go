//go:build crash

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/liidestuja/liidestuja/alt/sqlitestore"
)

const (
	crashPosters = 16
	crashPeople  = 40
	crashRate    = 250 // messages of people a second, when the server is up
	crashSenders = 4   // send_workers: what may be in flight at a kill
)

// TestCrash kills a real server at random moments, a hundred times, while
// sixteen connections post signed webhooks, and then counts, from the simulated
// provider and from the store and not by anything that the server says.
//
// A post that got no 200 is posted again, byte for byte, by then often with an
// expired token; some are posted by several connections at once. One send of
// twenty takes effect and loses its answer. LIIDESTUJA_CRASH_SEED repeats a run's
// choices, LIIDESTUJA_CRASH_KILLS changes the number of kills,
// which is a hundred with the first provider and less with the others.
func TestCrash(t *testing.T) {
	t.Run("bird", func(t *testing.T) {
		w := newWorld(t)
		crash(t, w, newBirdWire(t, w), "bird", 30)
	})
	t.Run("meta", func(t *testing.T) {
		w := newWorld(t)
		crash(t, w, newMetaWire(t, w), "meta", 30)
	})
	t.Run("messagebird", func(t *testing.T) {
		w := newWorld(t)
		v := crash(t, w, newMessageBirdWire(w), "messagebird", 100)
		fmt.Printf("crash: %s\n", v)
	})
}

func crash(t *testing.T, w *world, sim wire, name string, usual int) *verdict {
	t.Helper()
	seed := envInt(t, "LIIDESTUJA_CRASH_SEED", int(time.Now().UnixNano()&0xffffff))
	kills := envInt(t, "LIIDESTUJA_CRASH_KILLS", usual)
	t.Logf("LIIDESTUJA_CRASH_SEED=%d", seed)

	w.change("config.yaml", "log: {level: debug}", fmt.Sprintf(
		"log: {level: warn}\nlimits: {send_workers: %d, turn_workers: 16, reconcile_for: 3s, send_timeout: 5s}", crashSenders))
	child := newBuilt(t, w)
	office := newOffice(sim, child, uint64(seed), crowd{crashPosters, crashPeople})

	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	posting, stopPosting := context.WithCancel(ctx)
	defer stopPosting()
	posters := office.start(ctx, posting, rate.NewLimiter(crashRate, crashPosters))

	moment := rand.New(rand.NewPCG(uint64(seed), 1))
	for i := range kills {
		child.start()
		// Sometimes before it is ready, mostly at work.
		lived := time.Duration(moment.Int64N(int64(1500 * time.Millisecond)))
		require.NoError(t, child.livesFor(ctx, lived))
		child.kill()
		if (i+1)%20 == 0 {
			t.Logf("%d kills, %d messages accepted", i+1, office.accepted())
		}
	}

	// Then it may live: everything under way comes to its end.
	child.start()
	stopPosting()
	posters.Wait()
	var verdict *verdict
	for range 10 {
		require.NoError(t, office.quiet(ctx))
		child.stop()
		if verdict = countStopped(t, w, office); verdict.pending == 0 {
			break
		}
		child.start()
	}
	slices.Sort(child.ready)
	t.Logf("of %d lives %d were ready, half of them within %s", kills+1, len(child.ready), child.ready[len(child.ready)/2])
	t.Logf("posts again %d, with an expired token %d, at once by several %d, answers lost %d, echoes %d",
		office.again.Load(), office.late.Load(), office.several.Load(), office.hungUp.Load(), office.echoes.Load())
	verdict.kills = child.kills
	fmt.Printf("crash of %s: %s\n", name, verdict)

	require.Zero(t, verdict.pending, "work is left over: %v", verdict.depths)
	require.Zero(t, verdict.dead, "dead letters")
	require.Equal(t, verdict.accepted, verdict.handled)
	require.Zero(t, verdict.lost, "%v", verdict.examples)
	require.Zero(t, verdict.doubled, "%v", verdict.examples)
	require.Zero(t, verdict.reordered, "%v", verdict.examples)
	require.LessOrEqual(t, verdict.uncertain, child.kills*crashSenders, "more than what was in flight")
	require.GreaterOrEqual(t, child.kills, kills)
	// The test must have done what it says.
	require.Greater(t, verdict.accepted, kills)
	require.Positive(t, office.again.Load(), "no post was ever cut off")
	require.Positive(t, office.several.Load())
	require.Positive(t, office.hungUp.Load())
	if _, never := sim.(interface{ never() }); !never {
		require.Positive(t, office.late.Load(), "no token ever expired")
	}
	return verdict
}

// countStopped counts in the store of a server that has stopped.
func countStopped(t *testing.T, w *world, o *office) *verdict {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Config{Path: w.path("data/liidestuja.db"), KeyFile: w.path("store.key")})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	return count(t, store, o)
}

// newBuilt is the server as it is delivered.
func newBuilt(t *testing.T, w *world) *child {
	t.Helper()
	binary := w.path("refserver")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return newChild(t, w.path("child.log"), nil, binary, "-config", w.path("config.yaml"))
}

// TestCrashTwoSignals shows that a second signal ends at once a server that is
// still stopping in order.
func TestCrashTwoSignals(t *testing.T) {
	w := newWorld(t)
	w.change("config.yaml", `addr: "127.0.0.1:0"`, `addr: "127.0.0.1:0", stop_delay: 1h`)
	c := newBuilt(t, w)
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
