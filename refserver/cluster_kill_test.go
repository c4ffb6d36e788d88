//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// clusterLimits keeps few sends in flight, and lets what is uncertain come to a
// person soon.
const clusterLimits = "send_workers: 4, turn_workers: 16, reconcile_for: 3s, send_timeout: 15s"

// TestClusterKills kills replicas at random moments while 64 connections post
// signed webhooks through a proxy, starts them again, and counts from the
// simulated provider and from the database, not by anything that a replica says.
// LIIDESTUJA_CLUSTER_KILLS changes the number of kills, LIIDESTUJA_CRASH_SEED
// repeats a run's choices.
func TestClusterKills(t *testing.T) {
	large := large(t)
	both := string(roleWebhooks) + ",desk,pages"
	for _, tt := range []struct {
		name  string
		roles []string
		share int // of the kills, in percent
	}{
		{"two replicas", []string{"", ""}, 100},
		{"two that take and two that work", []string{both, both, string(roleWorkers), string(roleWorkers)}, 50},
		{"four replicas", []string{"", "", "", ""}, 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !large && len(tt.roles) > 2 {
				t.Skip("make crash-cluster has it: it takes a machine of its own")
			}
			seed := envInt(t, "LIIDESTUJA_CRASH_SEED", int(time.Now().UnixNano()&0xffffff))
			kills := max(2, envInt(t, clusterKills, 3)*tt.share/100)
			t.Logf("LIIDESTUJA_CRASH_SEED=%d", seed)
			c := newCluster(t, clusterLimits)
			for _, roles := range tt.roles {
				c.replica(roles)
			}
			c.ready()
			load := c.load(seed, 20*time.Minute)
			moment := rand.New(rand.NewPCG(uint64(seed), 1))
			done := 0
			for ; done < kills || load.again.Load() == 0 && done < 10*kills; done++ { // on, until a post was cut off
				victim := c.replicas[moment.IntN(len(c.replicas))]
				if moment.IntN(5) > 0 { // sometimes before it is ready, mostly at work
					_, err := victim.address(load.ctx)
					require.NoError(t, err, "a replica does not start")
				}
				require.NoError(t, victim.livesFor(load.ctx, time.Duration(moment.Int64N(int64(1500*time.Millisecond)))))
				victim.kill()
				if moment.IntN(3) == 0 { // sometimes it is away for a while
					time.Sleep(time.Duration(moment.Int64N(int64(time.Second))))
				}
				victim.start()
			}
			c.ready()
			v := load.verdict()
			v.kills = done
			fmt.Printf("crash of %s: %s\n", tt.name, v)
			if strings.HasPrefix(tt.name, "four") {
				fmt.Printf("crash: %s\n", v)
			}
			v.whole(t, done*4)
			require.Positive(t, load.again.Load(), "no post was ever cut off")
		})
	}
}
