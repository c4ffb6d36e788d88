package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// compare runs floor and library in turn and prints both medians.
func (b *bench) compare(ctx context.Context, w wire, store, row string, m run) error {
	var floors, ours []result
	floor := m
	floor.role = roleFloor
	for range b.rounds {
		f, err := b.fresh(ctx, w, store, floor)
		if err != nil {
			return err
		}
		o, err := b.fresh(ctx, w, store, m)
		if err != nil {
			return err
		}
		floors, ours = append(floors, f), append(ours, o)
	}
	printRow(named(store, fmt.Sprintf("floor_c%d", m.conns)), store, "floor_ratio", floors, floors)
	printRow(named(store, row), store, "floor_ratio", ours, floors)
	return nil
}

// named is a row's name; those of SQLite have no prefix.
func named(store, row string) string {
	if store == storePostgres {
		return "postgres_" + row
	}
	return row
}

// printRow prints the medians of runs, and how they stand to others of the same
// rounds, which are the runs themselves for the first row of several.
func printRow(name, store, ratio string, runs, others []result) {
	rate := spread(runs, others, func(r result) float64 { return r.rate })
	p99 := spread(runs, others, func(r result) float64 { return r.p99 })
	fmt.Printf("bench: %s %s %s=%v p99_ratio=%.2f\n", name, median(runs).text(store), ratio, rate, p99.middle)
}

// text is a run's numbers; latencies only where somebody waited for an answer.
func (r result) text(store string) string {
	s := fmt.Sprintf("rate=%.0f", r.rate)
	if r.p99 > 0 {
		s += fmt.Sprintf(" p50_ms=%.2f p99_ms=%.2f", r.p50, r.p99)
	}
	s += fmt.Sprintf(" cpu_s_10k=%.2f", r.cpu)
	if store == storePostgres {
		s += fmt.Sprintf(" postgres_cpu_s_10k=%.2f", r.database)
	}
	return s
}

// ratios is what several rounds gave.
type ratios struct{ low, middle, high float64 }

// String gives the median, and the lowest and the highest.
func (r ratios) String() string { return fmt.Sprintf("%.2f (%.2f-%.2f)", r.middle, r.low, r.high) }

// spread compares runs with others of the same rounds.
func spread(runs, others []result, of func(result) float64) ratios {
	rs := make([]float64, len(runs))
	for i := range runs {
		rs[i] = of(runs[i]) / of(others[i])
	}
	slices.Sort(rs)
	return ratios{rs[0], rs[len(rs)/2], rs[len(rs)-1]}
}

// median returns the middle run by rate.
func median(rs []result) result {
	rs = slices.Clone(rs)
	slices.SortFunc(rs, func(a, b result) int { return cmp.Compare(a.rate, b.rate) })
	return rs[len(rs)/2]
}
