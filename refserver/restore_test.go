package main

import (
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

func TestALostMachineIsRestoredFromACopy(t *testing.T) {
	w := newWorld(t)
	srv := w.serve()
	person := w.sim.Person(waChannel, phone)
	person.Says("enne")
	w.deliver()
	w.inbox(person, 1)
	w.sim.FailNext(1, messagebirdtest.Failure{Status: http.StatusTooManyRequests, RetryAfter: 2 * time.Second})
	person.Says("ootab")
	w.deliver()
	givenBack := func(s *running) func() bool {
		return func() bool { return strings.Contains(s.log.String(), `"liidestuja.as":"retry"`) }
	}
	require.Eventually(t, givenBack(srv), 20*time.Second, 10*time.Millisecond)
	code, _, errs := w.command("backup", w.path("copy.db"), "-config", w.path("config.yaml"))
	require.Equal(t, exitOK, code, errs)
	require.Equal(t, exitOK, srv.stop())
	sent := len(w.inbox(person, 1)) // the second answer waits

	// The machine is gone: its data are, and the key was kept elsewhere.
	require.NoError(t, os.RemoveAll(w.path("data")))
	require.NoError(t, os.Mkdir(w.path("data"), 0o700))
	require.NoError(t, os.Rename(w.path("copy.db"), w.path("data/liidestuja.db")))
	require.NoError(t, os.Rename(w.path("copy.db-files"), w.path("data/liidestuja.db-files")))

	// A proxy that is away lets nothing out, and what is tried stays certain.
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nowhere := "egress: {proxy: \"http://" + ln.Addr().String() + "\"}\n"
	require.NoError(t, ln.Close())
	w.change("config.yaml", "log: {level: debug}", nowhere+"log: {level: debug}")
	srv = w.serve()
	require.Eventually(t, givenBack(srv), 20*time.Second, 10*time.Millisecond)
	code, life, errs := w.command("message", "in-1", "-config", w.path("config.yaml"))
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, life, "ppa-whatsapp")
	require.Equal(t, exitOK, srv.stop())
	require.NotContains(t, srv.log.String(), "unknown outcome")
	require.Len(t, w.inbox(person, sent), sent)

	w.change("config.yaml", nowhere, "")
	w.serve()
	require.Len(t, w.inbox(person, sent+1), sent+1, "what waited goes out, once")
}
