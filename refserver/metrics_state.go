package main

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
)

const (
	// lookEach is how old a look at the store may be: several scrapers cost one.
	lookEach = 10 * time.Second
	// lookFor bounds a look: a store that hangs must not take the other metrics along.
	lookFor = 3 * time.Second
	// mostLetters is how far letters of one agency and state are counted. More are
	// no other news to the person who must look at them.
	mostLetters = 1000
)

// stateOf is a collector of what is so, beside what happens: queues, letters,
// lines, and the room that the data take.
type stateOf struct {
	app *app

	queue, letters, ready, line, system, size, live, free, expires *prometheus.Desc

	mu    sync.Mutex
	taken time.Time
	last  storeState
}

// storeState is what the store said; what it could not say is nil.
type storeState struct {
	queues  map[alt.Work]int
	letters map[alt.LetterState]int
}

func newStateOf(a *app) *stateOf {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(metricPrefix+name, help, labels, nil)
	}
	return &stateOf{
		app:     a,
		queue:   desc("queue_items", "Items that are not finished.", "queue"),
		letters: desc("letters", "Items that a person must look at, counted up to 1000 for each agency and state.", "state"),
		ready:   desc("ready", "1 while messages can be taken."),
		line:    desc("line_up", "1 when a line was well the last time, 0 when not; absent when nobody knows.", "provider", "line"),
		system:  desc("external_system_up", "1 when an external system was well the last time, 0 when not; absent when nobody knows.", "system"),
		size:    desc("store_size_bytes", "Size of the store's files.", "part"),
		live:    desc("store_live_items", "Items that the store holds in memory."),
		free:    desc("data_free_bytes", "Room left where the data lie, for this user."),
		expires: desc("authority_expires_timestamp_seconds", "When the first certificate of a service ends that has to be replaced soon.", "service"),
	}
}

// Describe implements prometheus.Collector.
func (s *stateOf) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.queue, s.letters, s.ready, s.line, s.system, s.size, s.live, s.free, s.expires} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (s *stateOf) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookFor)
	defer cancel()
	gauge(s.ready, boolean(s.app.notReady(ctx) == ""))
	now := s.look(ctx)
	for work, n := range now.queues {
		gauge(s.queue, float64(n), string(work))
	}
	for state, n := range now.letters {
		gauge(s.letters, float64(n), string(state))
	}
	s.systems(gauge)
	s.room(gauge)
}

func (s *stateOf) systems(gauge func(d *prometheus.Desc, v float64, labels ...string)) {
	up := func(d *prometheus.Desc, state string, labels ...string) {
		if state != stateUnknown {
			gauge(d, boolean(state == stateUp), labels...)
		}
	}
	for _, sys := range append(s.app.monitor.systems(s.app.svc.Health), s.app.login.systems()...) {
		up(s.system, sys.State, sys.Name)
		for _, l := range sys.Lines {
			up(s.line, l.State, sys.Name, string(l.ID))
		}
	}
	first := make(map[string]time.Time)
	for _, e := range s.app.login.expiringAt(s.app.svc.Now()) {
		if at, ok := first[e.Service]; !ok || e.Expires.Before(at) {
			first[e.Service] = e.Expires
		}
	}
	for service, at := range first {
		gauge(s.expires, float64(at.Unix()), service)
	}
}

func (s *stateOf) room(gauge func(d *prometheus.Desc, v float64, labels ...string)) {
	if st, ok := s.app.store.(interface {
		Stats() (sqlitestore.Stats, error)
	}); ok {
		if stats, err := st.Stats(); err == nil {
			gauge(s.size, float64(stats.Size), "database")
			gauge(s.size, float64(stats.Log), "log")
			gauge(s.live, float64(stats.Live))
		}
	}
	if free, ok := freeBytes(s.app.data); ok {
		gauge(s.free, float64(free))
	}
}

// look asks the store, unless it was asked just now.
func (s *stateOf) look(ctx context.Context) storeState {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); s.taken.IsZero() || now.Sub(s.taken) >= lookEach {
		s.taken, s.last = now, storeState{}
		if depths, err := s.app.store.Depths(ctx); err == nil {
			s.last.queues = maps.Clone(depths)
		}
		if n, err := s.countLetters(ctx); err == nil {
			s.last.letters = n
		}
	}
	return s.last
}

func (s *stateOf) countLetters(ctx context.Context) (map[alt.LetterState]int, error) {
	n := make(map[alt.LetterState]int)
	for _, agency := range s.app.agencies() {
		for _, state := range []alt.LetterState{alt.Dead, alt.Uncertain} {
			q := alt.LetterQuery{Agency: agency, State: state, Limit: 200}
			for found := 0; found < mostLetters; {
				page, next, err := s.app.store.Letters(ctx, q)
				if err != nil {
					return nil, err
				}
				found += len(page)
				n[state] += len(page)
				if q.Cursor = next; next == "" {
					break
				}
			}
		}
	}
	return n, nil
}

func boolean(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
