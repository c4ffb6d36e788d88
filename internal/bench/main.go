// Command bench measures the library against its floor: the smallest program
// that verifies the same signature, parses, and writes one row a request to
// the same database with group commit. Servers are processes of their own; the
// load and the provider are in this one. Floor and library take turns, and a
// ratio is always one of the same round, because machines drift.
//
//	go run ./internal/bench [-rounds 3] [-messages 20000] [-rows accept,turns,…]
//
// One line a row: bench: ROW rate=… p50_ms=… p99_ms=… cpu_us=… floor_ratio=…
// The processor time is the server's, for each message; it says more than the
// rate on a machine that is shared with others.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
)

func main() {
	if role := os.Getenv(roleVar); role != "" {
		if err := child(role); err != nil {
			log.Fatal(role, ": ", err)
		}
		return
	}
	var b bench
	rows := flag.String("rows", "accept,accept1,turns,turns1,providers,parse,memory,start", "what to measure")
	flag.IntVar(&b.rounds, "rounds", 3, "interleaved rounds; medians are reported")
	flag.IntVar(&b.messages, "messages", 20000, "messages a run at 64 connections; a quarter of it at one")
	flag.IntVar(&b.stored, "stored", 1_000_000, "messages in the store of the row start")
	flag.StringVar(&b.profile, "profile", "", "write a processor profile of the library's last measured run to this file")
	flag.StringVar(&b.dir, "dir", "", "where the databases are put (default: a new folder of the system's)")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("bench: unexpected argument %q", flag.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Printf("bench: configuration %s/%s cpus=%d go=%s rounds=%d messages=%d stored=%d rows=%s\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), b.rounds, b.messages, b.stored, *rows)
	for row := range strings.SplitSeq(*rows, ",") {
		if err := b.row(ctx, strings.TrimSpace(row)); err != nil {
			log.Fatalf("bench: %s: %v", row, err)
		}
	}
}

// bench is one call of the command.
type bench struct {
	rounds, messages, stored int
	dir, profile             string
}

func (b *bench) row(ctx context.Context, name string) error {
	switch name {
	case "accept":
		return b.compare(ctx, messageBird(), "accept_c64", roleAccept, 64, b.messages)
	case "accept1":
		return b.compare(ctx, messageBird(), "accept_c1", roleAccept, 1, b.messages/4)
	case "turns":
		return b.compare(ctx, messageBird(), "turns_c64", roleTurns, 64, b.messages)
	case "turns1":
		return b.compare(ctx, messageBird(), "turns_c1", roleTurns, 1, b.messages/4)
	case "providers":
		for _, w := range wires()[1:] {
			if err := b.compare(ctx, w, "accept_"+w.name+"_c64", roleAccept, 64, b.messages); err != nil {
				return err
			}
		}
		return nil
	case "parse":
		return parse(ctx)
	case "memory":
		return b.memory(ctx)
	case "start":
		return b.start(ctx)
	}
	return fmt.Errorf("no such row")
}

// compare runs floor and library in turn and prints both medians.
func (b *bench) compare(ctx context.Context, w wire, row, role string, conns, n int) error {
	var floors, ours []result
	var ratios []float64
	for range b.rounds {
		floor, err := b.run(ctx, w, roleFloor, conns, n)
		if err != nil {
			return err
		}
		our, err := b.run(ctx, w, role, conns, n)
		if err != nil {
			return err
		}
		floors, ours = append(floors, floor), append(ours, our)
		ratios = append(ratios, our.rate/floor.rate)
	}
	slices.Sort(ratios)
	f, o := median(floors), median(ours)
	fmt.Printf("bench: floor_c%d rate=%.0f p50_ms=%.2f p99_ms=%.2f cpu_us=%.0f floor_ratio=1.00\n", conns, f.rate, f.p50, f.p99, f.cpu)
	fmt.Printf("bench: %s rate=%.0f p50_ms=%.2f p99_ms=%.2f cpu_us=%.0f floor_ratio=%.2f (%.2f-%.2f) p99_ratio=%.2f\n",
		row, o.rate, o.p50, o.p99, o.cpu, ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1], o.p99/f.p99)
	return nil
}

// median returns the middle run by rate.
func median(rs []result) result {
	rs = slices.Clone(rs)
	slices.SortFunc(rs, func(a, b result) int {
		switch {
		case a.rate < b.rate:
			return -1
		case a.rate > b.rate:
			return 1
		}
		return 0
	})
	return rs[len(rs)/2]
}
