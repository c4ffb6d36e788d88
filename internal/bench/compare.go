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
	printRow(named(store, fmt.Sprintf("floor_c%d", m.conns)), store, floors, nil)
	printRow(named(store, row), store, ours, floors)
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
// rounds, if there are any.
func printRow(name, store string, runs, floors []result) {
	o := median(runs)
	fmt.Printf("bench: %s rate=%.0f p50_ms=%.2f p99_ms=%.2f cpu_s_10k=%.2f", name, o.rate, o.p50, o.p99, o.cpu)
	if store == storePostgres {
		fmt.Printf(" postgres_cpu_s_10k=%.2f", o.database)
	}
	if floors == nil {
		floors = runs
	}
	low, middle, high := ratios(runs, floors, func(r result) float64 { return r.rate })
	fmt.Printf(" floor_ratio=%.2f (%.2f-%.2f)", middle, low, high)
	if _, p99, _ := ratios(runs, floors, func(r result) float64 { return r.p99 }); o.p99 > 0 {
		fmt.Printf(" p99_ratio=%.2f", p99)
	}
	fmt.Println()
}

// ratios compares runs with those of the same round: the lowest, the median and
// the highest.
func ratios(runs, floors []result, of func(result) float64) (low, middle, high float64) {
	rs := make([]float64, len(runs))
	for i := range runs {
		if d := of(floors[i]); d > 0 {
			rs[i] = of(runs[i]) / d
		}
	}
	slices.Sort(rs)
	return rs[0], rs[len(rs)/2], rs[len(rs)-1]
}

// median returns the middle run by rate.
func median(rs []result) result {
	rs = slices.Clone(rs)
	slices.SortFunc(rs, func(a, b result) int { return cmp.Compare(a.rate, b.rate) })
	return rs[len(rs)/2]
}
