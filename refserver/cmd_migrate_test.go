package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheStoreGoesBackToAnOlderVersionAndForwardAgain(t *testing.T) {
	w := newWorld(t)
	srv := w.serve()
	person := w.sim.Person(waChannel, phone)
	person.Says("tere")
	w.deliver()
	w.inbox(person, 1)
	code, _, errs := w.command("migrate", "1", "-config", w.path("config.yaml"))
	require.Equal(t, exitFailed, code, "not under a server that runs")
	require.Contains(t, errs, "in use")
	require.Equal(t, exitOK, srv.stop())

	for _, args := range [][]string{{"migrate"}, {"migrate", "0", "-config", w.path("config.yaml")}, {"migrate", "x", "-config", w.path("config.yaml")}, {"migrate", "1"}} {
		code, _, _ := w.command(args...)
		require.Equal(t, exitUsage, code, "%v", args)
	}
	code, _, errs = w.command("migrate", "9999", "-config", w.path("config.yaml"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "there is no version 9999")
	code, out, errs := w.command("migrate", "1", "-config", w.path("config.yaml"))
	require.Equal(t, exitOK, code, errs)
	require.Equal(t, "the store has version 1\n", out)

	// The newest program brings it forward by itself, and nothing was lost.
	w.serve()
	code, life, errs := w.command("message", "in-1", "-config", w.path("config.yaml"))
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, life, "ppa-whatsapp")
	person.Says("tere jälle")
	w.deliver()
	require.NotEmpty(t, w.inbox(person, 2))
}
