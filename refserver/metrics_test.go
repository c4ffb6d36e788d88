package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
)

// exported returns the metrics of a registry as name{label="value",…}.
func exported(t *testing.T, m *metrics) map[string]float64 {
	t.Helper()
	all, err := m.registry.Gather()
	require.NoError(t, err)
	out := make(map[string]float64)
	for _, f := range all {
		for _, v := range f.GetMetric() {
			var labels []string
			for _, l := range v.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			name := f.GetName() + "{" + strings.Join(labels, ",") + "}"
			switch {
			case v.GetCounter() != nil:
				out[name] = v.GetCounter().GetValue()
			case v.GetGauge() != nil:
				out[name] = v.GetGauge().GetValue()
			case v.GetHistogram() != nil:
				out[name] = float64(v.GetHistogram().GetSampleCount())
			}
		}
	}
	return out
}

// observedNames are the names in the comment of alt.Observation: "webhook.accepted,
// .duplicate" are two.
func observedNames(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "alt", "config.go"))
	require.NoError(t, err)
	_, after, found := strings.Cut(string(source), "// Observation is one measured fact. Names:")
	require.True(t, found)
	comment, _, found := strings.Cut(after, "Labels are of low cardinality")
	require.True(t, found)
	comment = regexp.MustCompile(`\([^)]*\)|\n//`).ReplaceAllString(comment, " ")
	var names []string
	word := ""
	for _, name := range regexp.MustCompile(`[a-z]*\.[a-z]+`).FindAllString(comment, -1) {
		first, second, _ := strings.Cut(name, ".")
		if first != "" {
			word = first
		}
		names = append(names, word+"."+second)
	}
	require.Greater(t, len(names), 30)
	return names
}

// writtenNames are the names that the engine's source observes, where they are
// written out.
func writtenNames(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "alt", "*.go"))
	require.NoError(t, err)
	var names []string
	for _, name := range files {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`Observation\{Name: "([a-z.]+)"`).FindAllStringSubmatch(string(source), -1) {
			names = append(names, m[1])
		}
	}
	require.NotEmpty(t, names)
	return names
}

func TestEveryObservationHasAMetric(t *testing.T) {
	for _, name := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(observedNames(t), writtenNames(t))))) {
		t.Run(name, func(t *testing.T) {
			m := newMetrics(build{Version: "v1"})
			m.observe(alt.Observation{Name: name, Line: "ppa", Code: "rejected", N: 3, Duration: time.Second})
			all := exported(t, m)
			require.Zero(t, all["liidestuja_unnamed_observations_total{}"])
			word, outcome, _ := strings.Cut(name, ".")
			var metric string
			for _, f := range familyNames() {
				if f.word == word {
					metric = f.name
				}
			}
			require.InDelta(t, 3, all[fmt.Sprintf("liidestuja_%s{code=%q,line=%q,outcome=%q}", metric, "rejected", "ppa", outcome)], 0)
		})
	}
	m := newMetrics(build{})
	m.observe(alt.Observation{Name: "novelty.seen", N: 2})
	require.InDelta(t, 2, exported(t, m)["liidestuja_unnamed_observations_total{}"], 0, "what has no metric is not lost in silence")
}

func TestOnlyWhatTookTimeIsTimed(t *testing.T) {
	m := newMetrics(build{})
	m.observe(alt.Observation{Name: "send.sent", Line: "ppa", N: 1, Duration: time.Second})
	m.observe(alt.Observation{Name: "send.retry", Line: "ppa", N: 1})
	m.observe(alt.Observation{Name: "turn.done", Line: "ppa", N: 1, Duration: time.Second})
	all := exported(t, m)
	require.InDelta(t, 1, all[`liidestuja_send_duration_seconds{line="ppa"}`], 0)
	require.InDelta(t, 1, all[`liidestuja_turn_duration_seconds{line="ppa"}`], 0)
}

func TestLabelsAreFewAndHoldNothingPersonal(t *testing.T) {
	for name, tc := range map[string]struct{ in, want string }{
		"a code":                     {"rate_limited", "rate_limited"},
		"a line":                     {"ppa-whatsapp.2", "ppa-whatsapp.2"},
		"nothing":                    {"", ""},
		"a number of a phone":        {"37255512345", otherLabel},
		"a number inside of a word":  {"to_55512345", otherLabel},
		"a sentence":                 {"tere tulemast", otherLabel},
		"letters beyond the codes'":  {"Õnne", otherLabel},
		"a name longer than any one": {strings.Repeat("x", 65), otherLabel},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, tc.want, newLabels(9).value(tc.in)) })
	}
	l := newLabels(2)
	for _, name := range []string{"a", "b"} {
		require.Equal(t, name, l.value(name))
	}
	require.Equal(t, otherLabel, l.value("c"), "a provider cannot make ever more series")
	require.Equal(t, "b", l.value("b"))
}

var metricsAddress = regexp.MustCompile(`"liidestuja.address":"([^"]+)"`)

// scrape reads the metrics of a running server, which tells the address in its log.
func (r *running) scrape(t *testing.T) string {
	t.Helper()
	m := metricsAddress.FindStringSubmatch(r.log.String())
	require.NotNil(t, m, "the server says where its metrics are")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+m[1]+"/metrics", nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(b)
}

func TestMetricsOfARunningServer(t *testing.T) {
	w := newWorld(t)
	w.change("config.yaml", "log: {level: debug}", "log: {level: debug}\nmetrics: {addr: \"127.0.0.1:0\"}")
	srv := w.serve()
	person := w.sim.Person(waChannel, phone).Named(canaryName, canaryName)
	person.Says(canaryText)
	w.deliver()
	w.inbox(person, 1)
	require.Equal(t, http.StatusOK, srv.posted(t, canaryText)) // becomes a letter
	status, _, _ := srv.get(t, "/"+canaryPath)
	require.Equal(t, http.StatusNotFound, status)
	status, _, _ = srv.get(t, "/metrics")
	require.Equal(t, http.StatusNotFound, status, "never at the public address")

	var got string
	require.Eventually(t, func() bool {
		got = srv.scrape(t)
		return strings.Contains(got, `liidestuja_sends_total{code="",line="ppa-whatsapp",outcome="sent"} 1`)
	}, 10*time.Second, 50*time.Millisecond)
	for _, want := range []string{
		`liidestuja_build_info{`, "go_goroutines ", "process_resident_memory_bytes ",
		`liidestuja_webhook_events_total{code="",line="ppa-whatsapp",outcome="malformed"} 1`,
		`liidestuja_turn_duration_seconds_count{line="ppa-whatsapp"}`,
		`liidestuja_sessions_started_total{line="ppa-whatsapp"} 1`,
		`liidestuja_http_request_duration_seconds_count{method="POST",route="/webhooks/messagebird",status="200"}`,
		`liidestuja_http_request_duration_seconds_count{method="GET",route="other",status="404"}`,
		`liidestuja_queue_items{queue="outbox"}`, `liidestuja_letters{state="`, "liidestuja_ready 1", `liidestuja_line_up{line="ppa-whatsapp",provider="messagebird"} 1`,
		`liidestuja_external_system_up{system="messagebird"} 1`, `liidestuja_store_size_bytes{part="database"}`, "liidestuja_data_free_bytes ",
		"liidestuja_unnamed_observations_total 0",
	} {
		if strings.Contains(want, "letters") {
			continue // looked at now and then only; TestLettersAreCounted has its number
		}
		require.Contains(t, got, want)
	}
	for _, canary := range []string{phone, phone[1:], canaryName, canaryText, canaryPath, accessKey, signingKey, w.token} {
		require.NotContains(t, got, canary)
	}
	require.Equal(t, exitOK, srv.stop())
}

func TestLettersAreCounted(t *testing.T) {
	w := newWorld(t)
	srv := w.serve()
	require.Equal(t, http.StatusOK, srv.posted(t, canaryText))
	require.Eventually(t, func() bool { return strings.Contains(srv.log.String(), "line reported") }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, exitOK, srv.stop())
	w.change("config.yaml", "log: {level: debug}", "log: {level: debug}\nmetrics: {addr: \"127.0.0.1:0\"}")
	require.Contains(t, w.serve().scrape(t), `liidestuja_letters{state="dead"} 1`)
}

func TestMetricsHaveAnAddressOfTheirOwn(t *testing.T) {
	for name, tc := range map[string]struct{ metrics, want string }{
		"not the public one": {`{addr: "127.0.0.1:8080"}`, "metrics.addr"},
		"one with a port":    {`{addr: "127.0.0.1"}`, "metrics.addr"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.change("config.yaml", `listen: {addr: "127.0.0.1:0"}`, `listen: {addr: "127.0.0.1:8080"}`)
			w.change("config.yaml", "log: {level: debug}", "metrics: "+tc.metrics)
			_, err := compileFile(t, w.path("config.yaml"), nil)
			require.ErrorContains(t, err, tc.want)
		})
	}
}
