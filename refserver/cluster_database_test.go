//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestClusterLosesItsDatabase kills PostgreSQL with all its processes under the
// replicas, again and again, and starts it anew. LIIDESTUJA_CLUSTER_DATABASE_KILLS
// changes how often.
func TestClusterLosesItsDatabase(t *testing.T) {
	large(t)
	seed := envInt(t, "LIIDESTUJA_CRASH_SEED", int(time.Now().UnixNano()&0xffffff))
	kills := envInt(t, "LIIDESTUJA_CLUSTER_DATABASE_KILLS", 1)
	t.Logf("LIIDESTUJA_CRASH_SEED=%d", seed)
	c := newCluster(t, clusterLimits)
	c.replica("")
	c.replica("")
	c.ready()
	load := c.load(seed, 20*time.Minute)
	moment := rand.New(rand.NewPCG(uint64(seed), 2))
	for range kills {
		time.Sleep(500*time.Millisecond + time.Duration(moment.Int64N(int64(3*time.Second))))
		require.NoError(t, c.pg.KillAll())
		time.Sleep(time.Duration(moment.Int64N(int64(500 * time.Millisecond))))
		require.NoError(t, c.pg.Run())
	}
	time.Sleep(2 * time.Second)
	v := load.verdict()
	v.kills = kills
	fmt.Printf("crash of the database: %s\n", v)
	v.whole(t, kills*2*4)
}

// TestClusterWithoutItsDatabase is a database that is away for a while, which
// LIIDESTUJA_CLUSTER_AWAY changes: gone, and there but without a word. Providers
// are asked to come again, memory does not grow, and all goes on without help.
func TestClusterWithoutItsDatabase(t *testing.T) {
	onlyLarge(t)
	away := time.Duration(envInt(t, "LIIDESTUJA_CLUSTER_AWAY", 4)) * time.Second
	for _, tt := range []struct {
		name        string
		leave, back func(*cluster) error
	}{
		{"gone", func(c *cluster) error { return c.pg.KillAll() }, func(c *cluster) error { return c.pg.Run() }},
		{"silent", func(c *cluster) error { return c.pg.Freeze() }, func(c *cluster) error { return c.pg.Thaw() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCluster(t, clusterLimits)
			c.change("config.yaml", "connections: 4", "connections: 4, timeout: 2s")
			c.replica("")
			c.replica("")
			c.ready()
			load := c.load(1, 20*time.Minute)
			load.flows(t)
			time.Sleep(2 * time.Second)

			away := away
			if tt.name == "silent" {
				away *= 2 // who asks must first have waited long enough
			}
			require.NoError(t, tt.leave(c))
			accepted, refused, most := 0, c.answers(http.StatusServiceUnavailable), 0
			var first int
			for end := time.Now().Add(away); time.Now().Before(end); time.Sleep(250 * time.Millisecond) {
				now := c.memory()
				if first == 0 && time.Until(end) < away*3/4 { // what is needed to say no is there by now
					first, accepted = now, c.answers(http.StatusOK)
				}
				most = max(most, now)
			}
			refused = c.answers(http.StatusServiceUnavailable) - refused
			require.Equal(t, accepted, c.answers(http.StatusOK), "nothing is accepted without a database")
			require.Positive(t, refused, "providers are told to come again")
			for _, r := range c.replicas {
				require.NoError(t, r.livesFor(t.Context(), 0), "a replica ended")
			}

			require.NoError(t, tt.back(c))
			back := time.Now()
			require.Eventually(t, func() bool { return c.answers(http.StatusOK) > accepted+100 }, time.Minute, 10*time.Millisecond)
			healed := time.Since(back)
			time.Sleep(2 * time.Second)
			v := load.verdict()
			fmt.Printf("database %s for %s: refused=%d memory=%d->%d kB, a hundred accepted again after %s; %s\n",
				tt.name, away, refused, first, most, healed.Round(10*time.Millisecond), v)
			v.whole(t, 2*4)
			require.Less(t, most, first+first/2+32<<10, "memory grows without a database")
		})
	}
}

// memory is what the replicas have resident together, in kB.
func (c *cluster) memory() int {
	sum := 0
	for _, r := range c.replicas {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(r.cmd.Process.Pid) + "/status")
		require.NoError(c.t, err)
		_, rest, ok := strings.Cut(string(b), "VmRSS:")
		require.True(c.t, ok)
		n, err := strconv.Atoi(strings.Fields(rest)[0])
		require.NoError(c.t, err)
		sum += n
	}
	return sum
}
