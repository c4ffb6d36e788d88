package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// watchState is a collector of how far the security log is signed and handed over.
type watchState struct {
	watch *watch

	keeping, failing, pending, witnessed, unwitnessed, output, outputAt, outputFails *prometheus.Desc
}

func newWatchState(w *watch) *watchState {
	desc := func(name, help string, more ...string) *prometheus.Desc {
		return prometheus.NewDesc(metricPrefix+name, help, append([]string{"agency"}, more...), nil)
	}
	return &watchState{
		watch:       w,
		keeping:     desc("audit_keeping", "1 while this process signs the security log."),
		failing:     desc("audit_failing", "1 while it cannot go on, by the last try."),
		pending:     desc("audit_pending_entries", "Entries that were read and are in no checkpoint yet."),
		witnessed:   desc("audit_witnessed_timestamp_seconds", "When the witness that is the furthest got its last checkpoint of this process."),
		unwitnessed: desc("audit_unwitnessed_entries", "Entries that were read and that no witness has a checkpoint of."),
		output:      desc("security_log_handing_over", "1 while this process hands the security log over.", "sink"),
		outputAt:    desc("security_log_last_entry_timestamp_seconds", "Time of the entry that was handed over last.", "sink"),
		outputFails: desc("security_log_failures", "Tries to hand over that failed in a row.", "sink"),
	}
}

// Describe implements prometheus.Collector.
func (s *watchState) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.keeping, s.failing, s.pending, s.witnessed, s.unwitnessed, s.output, s.outputAt, s.outputFails} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (s *watchState) Collect(to chan<- prometheus.Metric) {
	for _, k := range s.watch.keepers {
		gauge := gaugesOf(to, string(k.config.Agency))
		keeper := k.now.Load()
		gauge(s.keeping, boolean(keeper != nil))
		if keeper == nil {
			continue
		}
		st := keeper.Status()
		gauge(s.failing, boolean(st.Err != nil))
		gauge(s.pending, float64(st.Pending))
		var size int64
		var at time.Time
		for _, w := range st.Witnesses {
			if w.Size >= size {
				size, at = w.Size, w.At
			}
		}
		if len(st.Witnesses) > 0 {
			gauge(s.unwitnessed, float64(st.Checkpoint.Size+st.Pending-size))
		}
		if !at.IsZero() {
			gauge(s.witnessed, float64(at.Unix()))
		}
	}
	for _, f := range s.watch.feeds {
		gauge, st := gaugesOf(to, string(f.agency), f.sink), f.Status()
		gauge(s.output, boolean(st.Working))
		if !st.Working {
			continue
		}
		gauge(s.outputFails, float64(st.Failures))
		if !st.At.IsZero() {
			gauge(s.outputAt, float64(st.At.Unix()))
		}
	}
}

func gaugesOf(to chan<- prometheus.Metric, labels ...string) func(*prometheus.Desc, float64) {
	return func(d *prometheus.Desc, v float64) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
}
