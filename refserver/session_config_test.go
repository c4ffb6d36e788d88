package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

func TestTheLengthOfSessionsIsConfigured(t *testing.T) {
	for name, row := range map[string]struct {
		block string
		want  session.Policy
		idle  time.Duration // after which a silent session ends
		max   time.Duration // after which one ends that is not silent
	}{
		"by default":   {"", session.Policy{}, 30 * time.Minute, 24 * time.Hour},
		"as it says":   {"\nsession: {max: 2h, idle: 5m}\n", session.Policy{Max: 2 * time.Hour, Idle: 5 * time.Minute}, 5 * time.Minute, 2 * time.Hour},
		"never longer": {"\nsession: {max: 48h, idle: 36h}\n", session.Policy{Max: 48 * time.Hour, Idle: 36 * time.Hour}, 24 * time.Hour, 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b, err := os.ReadFile(w.path("config.yaml"))
			require.NoError(t, err)
			w.write("config.yaml", string(b)+row.block)
			p, err := compileFile(t, w.path("config.yaml"), nil)
			require.NoError(t, err)
			require.Equal(t, row.want, p.alt.Session)
			noon := time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC)
			s := session.New(channels.Address{Agency: "ppa", Channel: "a", Peer: "b"}, noon)
			end, _ := p.alt.Session.Deadline(s)
			require.Equal(t, row.idle, end.Sub(noon))
			s.LastSeen = noon.Add(row.max - time.Second)
			end, why := p.alt.Session.Deadline(s)
			require.Equal(t, row.max, end.Sub(noon))
			require.Equal(t, session.ByAge, why)
		})
	}
}
