package main

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/liidestuja/liidestuja/internal/uuid"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// collector is where traces go in a test.
type collector struct {
	url string

	mu            sync.Mutex
	down          bool
	raw           bytes.Buffer
	authorization string
	spans         []*tracepb.Span
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := new(collector)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var data tracepb.TracesData
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" || proto.Unmarshal(body, &data) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.down {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		c.raw.Write(body)
		c.authorization = r.Header.Get("Authorization")
		for _, rs := range data.GetResourceSpans() {
			for _, ss := range rs.GetScopeSpans() {
				c.spans = append(c.spans, ss.GetSpans()...)
			}
		}
	}))
	t.Cleanup(srv.Close)
	c.url = srv.URL + "/v1/traces"
	return c
}

// named returns the spans of a name, by their trace.
func (c *collector) named(name string) map[string]*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make(map[string]*tracepb.Span)
	for _, s := range c.spans {
		if s.GetName() == name {
			all[hex.EncodeToString(s.GetTraceId())] = s
		}
	}
	return all
}

func followedWorld(t *testing.T) (*world, *collector) {
	t.Helper()
	w, c := newWorld(t), newCollector(t)
	w.write("collector.token", "Bearer canary-collector")
	w.change("config.yaml", "log: {level: debug}", "log: {level: debug}\ntraces: {url: \""+c.url+"\", insecure_http: true, authorization: {file: "+w.path("collector.token")+"}}")
	return w, c
}

func TestOneTraceFollowsAMessageFromItsWebhookToTheProvidersCall(t *testing.T) {
	w, c := followedWorld(t)
	srv := w.serve()
	person := w.sim.Person(waChannel, phone).Named(canaryName, canaryName)
	person.Says(canaryText)
	w.deliver()
	w.inbox(person, 1)
	require.Equal(t, exitOK, srv.stop()) // sends what waits

	sent := c.named(spanSend)
	require.NotEmpty(t, sent)
	for id, send := range sent {
		webhook, turn := c.named(spanWebhook)[id], c.named(spanTurn)[id]
		require.NotNil(t, webhook, "the trace begins with the webhook")
		require.NotNil(t, turn, "and goes through the turn")
		require.Empty(t, webhook.GetParentSpanId())
		require.Equal(t, webhook.GetSpanId(), turn.GetParentSpanId())
		require.Equal(t, webhook.GetSpanId(), send.GetParentSpanId())
		require.Equal(t, tracepb.Span_SPAN_KIND_SERVER, webhook.GetKind())
		require.Equal(t, tracepb.Span_SPAN_KIND_CONSUMER, turn.GetKind())
		require.Equal(t, tracepb.Span_SPAN_KIND_CLIENT, send.GetKind())
		require.LessOrEqual(t, webhook.GetStartTimeUnixNano(), turn.GetStartTimeUnixNano())
		require.LessOrEqual(t, turn.GetStartTimeUnixNano(), send.GetStartTimeUnixNano())
	}
	require.Equal(t, "Bearer canary-collector", c.authorization)
	for _, canary := range []string{phone, phone[1:], canaryName, canaryText, accessKey, signingKey, "canary-collector"} {
		require.NotContains(t, c.raw.String(), canary, "what the collector gets")
		require.NotContains(t, srv.log.String(), canary, "the log")
	}
}

func TestATraceGoesOnInAnotherProcess(t *testing.T) {
	w, c := followedWorld(t)
	w.sim.FailNext(1, messagebirdtest.Failure{Status: http.StatusTooManyRequests, RetryAfter: 3 * time.Second})
	srv := w.serve()
	person := w.sim.Person(waChannel, phone)
	person.Says("tere")
	w.deliver()
	require.Eventually(t, func() bool { return strings.Contains(srv.log.String(), "work given back") }, 20*time.Second, 10*time.Millisecond)
	require.Equal(t, exitOK, srv.stop())
	first := c.named(spanSend)
	require.Len(t, first, 1)

	srv = w.serve()
	w.inbox(person, 1)
	require.Equal(t, exitOK, srv.stop())
	again := c.named(spanSend)
	require.Len(t, again, 1, "the same trace")
	for id := range first {
		require.NotEqual(t, first[id].GetSpanId(), again[id].GetSpanId())
		require.Equal(t, first[id].GetParentSpanId(), again[id].GetParentSpanId())
		require.Equal(t, "rate_limited", first[id].GetStatus().GetMessage(), "a class of errors and no text")
	}
}

func TestACollectorThatIsAwayHoldsNobodyUp(t *testing.T) {
	w, c := followedWorld(t)
	c.down = true
	srv := w.serve()
	person := w.sim.Person(waChannel, phone)
	person.Says("tere")
	w.deliver()
	w.inbox(person, 1)
	require.Equal(t, exitOK, srv.stop())
	require.Equal(t, 1, strings.Count(srv.log.String(), "traces cannot be delivered"))
	require.NotContains(t, srv.log.String(), c.url)
}

func TestTracesAreOffUnlessTheyAreAskedFor(t *testing.T) {
	w := newWorld(t)
	p, err := compileFile(t, w.path("config.yaml"), nil)
	require.NoError(t, err)
	require.Nil(t, p.follow)
	for name, tc := range map[string]struct{ traces, want string }{
		"an address is required":             {"{share: 0.5}", "traces.url"},
		"a password does not belong there":   {`{url: "https://a:b@collector.example.ee/v1/traces"}`, "traces.url"},
		"plain http has to be asked for":     {`{url: "http://collector.example.ee/v1/traces"}`, "traces.url"},
		"the share is one":                   {`{url: "https://collector.example.ee/v1/traces", share: 1.5}`, "traces.share"},
		"a share of nothing is a mistake":    {`{url: "https://collector.example.ee/v1/traces", share: 0}`, "traces.share"},
		"the collector is a host as another": {"{url: \"https://collector.example.ee/v1/traces\"}\negress: {allowed_hosts: [localhost]}", "egress.allowed_hosts"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.change("config.yaml", "log: {level: debug}", "traces: "+tc.traces)
			_, err := compileFile(t, w.path("config.yaml"), nil)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestAShareOfTracesIsTakenWhole(t *testing.T) {
	const share, n = 0.1, 20000
	taken := 0
	for range n {
		id, ok := traceOf(uuid.New(time.Now())) // some of its bits are always the same
		require.True(t, ok)
		p := sdktrace.SamplingParameters{TraceID: id}
		if (sampler{share}).ShouldSample(p).Decision == sdktrace.RecordAndSample {
			taken++
			require.Equal(t, sdktrace.RecordAndSample, (sampler{share}).ShouldSample(p).Decision, "everybody decides the same")
			require.Equal(t, sdktrace.RecordAndSample, (sampler{1}).ShouldSample(p).Decision)
		}
	}
	require.InDelta(t, share*n, taken, 200)
}

func TestTracesOfEventsAreRead(t *testing.T) {
	for name, tc := range map[string]struct {
		in string
		ok bool
	}{
		"a UUID":         {"0193516e-7c5a-7cc1-8f3e-2f4c5d6e7f80", true},
		"32 hex digits":  {"0193516e7c5a7cc18f3e2f4c5d6e7f80", true},
		"nothing":        {"", false},
		"zeros":          {strings.Repeat("0", 32), false},
		"a shorter one":  {"0193516e", false},
		"something else": {"trace", false},
	} {
		t.Run(name, func(t *testing.T) {
			id, ok := traceOf(tc.in)
			require.Equal(t, tc.ok, ok)
			if ok {
				require.Equal(t, "00d68c93add98f39", firstSpan(id).String(), "another program must find the same")
			}
		})
	}
}
