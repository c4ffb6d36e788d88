package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

func TestTheHeartbeatTellsWhatIsThereAndNothingSecret(t *testing.T) {
	w := newWorld(t)
	srv := w.serve()
	beat := func() (h heartbeat, body string) {
		status, body, header := srv.get(t, "/heartbeat.json")
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "application/json", header.Get("Content-Type"))
		require.Equal(t, "no-store", header.Get("Cache-Control"))
		d := json.NewDecoder(strings.NewReader(body))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&h))
		return h, body
	}
	h, body := beat()
	require.Equal(t, "Liidestuja", h.Name)
	require.NotEmpty(t, h.Version)
	require.NotEmpty(t, h.Build.Go)
	require.Equal(t, "ready", h.State)
	require.WithinDuration(t, time.Now(), h.Time, time.Minute)
	require.WithinDuration(t, time.Now(), h.Started, time.Minute)
	require.Equal(t, []system{{Name: "messagebird", State: stateUnknown, Lines: []lineHealth{{ID: "ppa-whatsapp", State: stateUnknown}}}}, h.Systems)
	// RFC 3339, in UTC, wherever a time stands.
	require.Regexp(t, `"started":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z","time":"\d{4}-\d\d-\d\dT[^"]+Z"`, body)

	w.sim.FailNext(1, messagebirdtest.Failure{Status: http.StatusUnauthorized, Code: 2})
	person := w.sim.Person(waChannel, phone)
	person.Says("tere")
	w.deliver()
	require.Eventually(t, func() bool { h, _ = beat(); return h.Systems[0].State == stateDown }, 10*time.Second, 20*time.Millisecond)
	require.Equal(t, "credentials", h.Systems[0].Lines[0].Code)
	person.Says("tere")
	w.deliver()
	w.inbox(person, 1)
	require.Eventually(t, func() bool { h, _ = beat(); return h.Systems[0].State == stateUp }, 10*time.Second, 20*time.Millisecond)
	require.Empty(t, h.Systems[0].Lines[0].Code)

	_, body = beat()
	for _, secret := range []string{accessKey, signingKey, w.token, phone, w.dir} {
		require.NotContains(t, body, secret)
	}
}

func TestHealthAndReadiness(t *testing.T) {
	w := newWorld(t)
	w.change("config.yaml", `addr: "127.0.0.1:0"`, `addr: "127.0.0.1:0", stop_delay: 2s`)
	srv := w.serve()
	status, body, header := srv.get(t, "/healthz")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "ok\n", body)
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'", "Strict-Transport-Security": "",
	} {
		require.Equal(t, want, header.Get(name), name)
	}
	status, body, _ = srv.get(t, "/readyz")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "ready\n", body)
	status, _, _ = srv.get(t, "/nothing-here")
	require.Equal(t, http.StatusNotFound, status)
	status, _, _ = srv.call(t, http.MethodPost, "/healthz", "", nil)
	require.Equal(t, http.StatusMethodNotAllowed, status)

	// While it stops it still answers, and says that nothing should come.
	done := make(chan int)
	go func() { done <- srv.stop() }()
	require.Eventually(t, func() bool { status, body, _ = srv.get(t, "/readyz"); return status == http.StatusServiceUnavailable }, 2*time.Second, 5*time.Millisecond)
	require.Equal(t, "stopping\n", body)
	status, _, _ = srv.get(t, "/healthz")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, exitOK, <-done)
	_, err := http.Get(srv.url + "/healthz")
	require.Error(t, err)
}

func TestTheStoreIsProbedNowAndThenAndNotWaitedForWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		answer := make(chan error)
		p := newProbe(func(context.Context) error { calls.Add(1); return <-answer }, time.Now)
		go func() { answer <- nil }()
		require.NoError(t, p.check(t.Context()))
		require.NoError(t, p.check(t.Context()))
		require.EqualValues(t, 1, calls.Load(), "the first answer is good for a while")

		time.Sleep(probeEach) // the bubble's clock: no time passes
		start := time.Now()
		require.ErrorIs(t, p.check(t.Context()), errSlow)
		require.Equal(t, probeFor, time.Since(start))
		require.ErrorIs(t, p.check(t.Context()), errSlow)
		require.EqualValues(t, 2, calls.Load(), "one probe at a time")
		full := errors.New("disk full")
		answer <- full
		synctest.Wait()
		require.ErrorIs(t, p.check(t.Context()), full)
	})
}

func TestAProviderIsDownWhenItDoesNotAnswerAndUpWhenItRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		o    alt.Observation
		want string
	}{
		"sent":             {alt.Observation{Name: "send.sent"}, stateUp},
		"refused":          {alt.Observation{Name: "send.dead", Code: "window_closed"}, stateUp},
		"too many":         {alt.Observation{Name: "send.retry", Code: "rate_limited"}, stateUp},
		"not reached":      {alt.Observation{Name: "send.retry", Code: "unavailable"}, stateDown},
		"keys refused":     {alt.Observation{Name: "send.dead", Code: "credentials"}, stateDown},
		"without an end":   {alt.Observation{Name: "send.unknown", Code: "unavailable"}, stateDown},
		"nothing about it": {alt.Observation{Name: "turn.done"}, stateUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMonitor(nil)
			m.lines["wa"] = lineHealth{ID: "wa", State: stateUnknown}
			m.providers = []monitored{{"mb", []channels.ID{"wa"}}}
			c.o.Line = "wa"
			m.observe(c.o)
			require.Equal(t, c.want, m.systems(func(channels.ID) alt.LineHealth { return alt.LineHealth{State: alt.HealthUnknown} })[0].State)
		})
	}
}

func TestALineIsAsItsDriverSays(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	m := newMonitor(func() time.Time { return now })
	m.lines["wa"] = lineHealth{ID: "wa", State: stateUnknown}
	m.providers = []monitored{{"meta", []channels.ID{"wa"}}}
	is := func(h alt.LineHealth) lineHealth {
		return m.systems(func(channels.ID) alt.LineHealth { return h })[0].Lines[0]
	}
	m.observe(alt.Observation{Name: "send.sent", Line: "wa"})
	require.Equal(t, lineHealth{ID: "wa", State: stateDown, Since: now, Code: "credentials"},
		is(alt.LineHealth{State: alt.HealthDown, Since: now, Code: "credentials"}), "a dead token, though a send just worked")
	m.observe(alt.Observation{Name: "send.unknown", Line: "wa", Code: "unavailable"})
	require.Equal(t, stateDown, is(alt.LineHealth{State: alt.HealthUp, Since: now.Add(-time.Minute)}).State, "an outage since it was asked")
	require.Equal(t, stateUp, is(alt.LineHealth{State: alt.HealthUp, Since: now.Add(time.Minute)}).State)
}

func TestTheEndOfAnAPIsVersionIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		before time.Duration
		told   int
	}{"half a year before": {warnBefore + time.Hour, 1}, "a month before": {30 * 24 * time.Hour, 2}, "long before": {400 * 24 * time.Hour, 0}, "when it is over": {-time.Hour, 2}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out strings.Builder
				svc, err := alt.New(alt.Config{Store: memstore.New(memstore.Config{}), Channels: []channels.Channel{channeltest.New(channeltest.Config{ID: "a"})},
					PublicURL: "https://a.example", Handler: alt.HandlerFunc(func(context.Context, *alt.Turn) error { return nil })})
				require.NoError(t, err)
				a := &app{svc: svc, logger: newLog(&out, slog.LevelInfo, &redactor{}, build{}), versions: []version{{"meta", "v25.0", time.Now().Add(c.before)}}}
				ctx, stop := context.WithTimeout(t.Context(), 25*time.Hour)
				defer stop()
				a.watchVersions(ctx)
				require.Equal(t, c.told, strings.Count(out.String(), "version of an API ends"), out.String())
			})
		})
	}
}

// full is a store on a full disk.
type full struct{ alt.Store }

func (full) Commit(context.Context, alt.Item, alt.Changes) error { return errors.New("disk full") }

func TestAStoreThatCannotBeWrittenIsNotReady(t *testing.T) {
	w := newWorld(t)
	p, err := compileFile(t, w.path("config.yaml"), nil)
	require.NoError(t, err)
	a, err := newApp(*p, full{memstore.New(memstore.Config{})})
	require.NoError(t, err)
	require.Equal(t, "store", a.notReady(t.Context()))
	require.Equal(t, "store", a.heartbeat(t.Context()).State)
}
