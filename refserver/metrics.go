package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/liidestuja/liidestuja/alt"
)

// metrics counts what happens, for Prometheus. Labels are names of our own: of a
// line, an outcome, a code, a route. Nothing that a person or a provider wrote
// becomes one, see label.
type metrics struct {
	registry *prometheus.Registry
	families map[string]*family
	unnamed  prometheus.Counter
	started  *prometheus.CounterVec
	requests *prometheus.HistogramVec
	lines    *labels
	codes    *labels
}

// family counts the observations whose names begin with the same word; the other
// word is the label "outcome".
type family struct {
	total   *prometheus.CounterVec
	seconds *prometheus.HistogramVec // nil: nothing is timed
}

// familyNames says under which name the observations of alt.Config.Observe are
// exported, and what is timed: the first words of their names and our own.
func familyNames() []struct{ word, name, help, seconds string } {
	return []struct{ word, name, help, seconds string }{
		{"webhook", "webhook_events_total", "Events, or requests that were refused, of providers.", ""},
		{"turn", "turns_total", "Attempts to handle what a person or a timer began.", "turn_duration_seconds"},
		{"send", "sends_total", "Attempts to send a message.", "send_duration_seconds"},
		{"media", "media_total", "Attempts to fetch a file that a person sent.", ""},
		{"line", "line_changes_total", "Changes of what the driver of a line says of it.", ""},
		{"link", "links_total", "Requests for links to files.", ""},
		{"reconcile", "reconciliations_total", "Looks at providers for messages of unknown outcome.", ""},
		{"login", "login_steps_total", "Steps of authentications.", ""},
		{"driver", "driver_faults_total", "Mistakes of drivers, which did no harm.", ""},
		{"operator", "operator_faults_total", "Mistakes of the receiver of operators' events.", ""},
		{"report", "reports_total", "Reports of providers on messages, by status.", ""},
		{"message", "messages_billed_total", "Messages that a provider charges, or does not, by its category.", ""},
		{"echo", "echoes_total", "Messages that came back from a provider as sent.", ""},
		{"erase", "erasures_total", "Attempts to erase what providers keep of a person.", ""},
		{"session", "session_ends_total", "Sessions that ended without a person's message.", ""},
	}
}

const metricPrefix = serviceName + "_"

func newMetrics(b build) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(), families: make(map[string]*family), lines: newLabels(512), codes: newLabels(256),
		unnamed:  prometheus.NewCounter(prometheus.CounterOpts{Name: metricPrefix + "unnamed_observations_total", Help: "Observations that have no metric of their own."}),
		started:  counter("sessions_started_total", "Sessions that began with a person's message.", "line"),
		requests: histogram("http_request_duration_seconds", "Requests that were answered.", "route", "method", "status"),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: metricPrefix + "build_info", Help: "1; the labels say which program this is.",
		ConstLabels: prometheus.Labels{"version": b.Version, "revision": b.Revision, "go": b.Go},
	})
	info.Set(1)
	m.registry.MustRegister(m.unnamed, m.started, m.requests, info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, n := range familyNames() {
		f := &family{total: counter(n.name, n.help, "outcome", "line", "code")}
		m.registry.MustRegister(f.total)
		if n.seconds != "" {
			f.seconds = histogram(n.seconds, "How long the successful ones took.", "line")
			m.registry.MustRegister(f.seconds)
		}
		m.families[n.word] = f
	}
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: metricPrefix + name, Help: help}, labels)
}

// histogram reaches from a cached page to a send that takes all its time.
func histogram(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: metricPrefix + name, Help: help, Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20},
	}, labels)
}

// observe implements alt.Config.Observe.
func (m *metrics) observe(o alt.Observation) {
	word, outcome, _ := strings.Cut(o.Name, ".")
	f := m.families[word]
	if f == nil {
		m.unnamed.Add(float64(max(o.N, 0)))
		return
	}
	line := m.lines.value(string(o.Line))
	f.total.WithLabelValues(outcome, line, m.codes.value(o.Code)).Add(float64(max(o.N, 0)))
	if f.seconds != nil && o.Duration > 0 {
		f.seconds.WithLabelValues(line).Observe(o.Duration.Seconds())
	}
}

// sessions is an alt.Middleware that counts sessions which begin. A turn that is
// handled again in vain counts once, because only success does.
func (m *metrics) sessions(next alt.Handler) alt.Handler {
	return alt.HandlerFunc(func(ctx context.Context, t *alt.Turn) error {
		began := false
		if s := t.Session(); s != nil {
			began = s.Started.Equal(t.Now())
		}
		err := next.Handle(ctx, t)
		if err == nil && began {
			m.started.WithLabelValues(m.lines.value(string(t.Line().ID))).Inc()
		}
		return err
	})
}

// answered counts a request; route is the pattern that the server knows it by.
func (m *metrics) answered(route, method, status string, took time.Duration) {
	if route == "" {
		route = otherLabel
	}
	m.requests.WithLabelValues(route, method, status).Observe(took.Seconds())
}

// otherLabel stands for what may not be a label.
const otherLabel = "other"

// labels keeps a label to so many short words, whatever a provider calls its
// categories: what comes later, or is no word, is "other".
type labels struct {
	most int
	mu   sync.Mutex
	seen map[string]bool
}

func newLabels(most int) *labels { return &labels{most: most, seen: make(map[string]bool)} }

func (l *labels) value(s string) string {
	if s == "" {
		return ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.seen[s]:
	case len(l.seen) >= l.most || !word(s):
		return otherLabel
	default:
		l.seen[s] = true
	}
	return s
}

// word reports whether s is a name such as codes and lines have. A row of digits is
// none: it could be somebody's number.
func word(s string) bool {
	const longest, mostDigits = 64, 5
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			if digits++; digits > mostDigits {
				return false
			}
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_', r == '-', r == '.':
			digits = 0
		default:
			return false
		}
	}
	return len(s) <= longest
}
