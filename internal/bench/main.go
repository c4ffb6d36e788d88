// Command bench measures the library against its floor: the smallest program
// that verifies the same signature, parses, and writes one row a request to
// the same database with group commit. Servers are processes of their own; the
// load and the provider are in this one. Floor and library take turns, and a
// ratio is always one of the same round, because machines drift.
//
//	go run ./internal/bench [-rounds 5] [-messages 20000] [-rows accept,turns,…] [-stores sqlite,postgres]
//	go run ./internal/bench -rows growth -stored 5000000
//	go run ./internal/bench -rows day -messages 821900
//
// One line a row: bench: ROW rate=… p50_ms=… p99_ms=… cpu_s_10k=… floor_ratio=…
// The processor time is the server's, in seconds for 10,000 messages; it says more
// than the rate on a machine that is shared with others. The floor's ratio is the
// median of the rounds, with the lowest and the highest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"

	"github.com/liidestuja/liidestuja/internal/pgtest"
)

func main() {
	if task := childTask(); task != "" {
		log.Fatal(child(task))
	}
	var b bench
	names := flag.String("rows", "accept,accept1,turns,turns1,providers,outgoing,parse,memory,start", "what to measure: these, growth, replicas, day")
	stores := flag.String("stores", storeSQLite+","+storePostgres, "on which databases")
	flag.IntVar(&b.rounds, "rounds", 5, "interleaved rounds; medians are reported")
	flag.IntVar(&b.messages, "messages", 20000, "messages a run at 64 connections; a quarter of it at one")
	flag.IntVar(&b.stored, "stored", 1_000_000, "messages in the store, of the rows start and growth")
	flag.StringVar(&b.profile, "profile", "", "write a processor profile of the library's last measured run to this file")
	flag.StringVar(&b.dir, "dir", "", "where SQLite's databases are put (default: a new folder of the system's)")
	flag.Parse()
	if flag.NArg() > 0 || b.rounds < 1 || b.messages < 4*conns || b.stored < 1 {
		log.Fatalf("bench: unexpected argument %q, or a number that is too small", flag.Args())
	}
	fmt.Printf("bench: configuration %s/%s cpus=%d go=%s rounds=%d messages=%d stored=%d rows=%s stores=%s\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), b.rounds, b.messages, b.stored, *names, *stores)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := b.rows(ctx, strings.Split(*names, ","), strings.Split(*stores, ","))
	if err = errors.Join(err, b.close()); err != nil {
		log.Fatal("bench: ", err)
	}
}

// Databases.
const (
	storeSQLite   = "sqlite"
	storePostgres = "postgres"
)

// conns is how many connections post at the same time, if not one.
const conns = 64

// bench is one call of the command.
type bench struct {
	rounds, messages, stored int
	dir, profile             string

	cluster *cluster // started when it is needed
	missing error    // why there is none
}

// postgres returns the server of this run.
func (b *bench) postgres(ctx context.Context) (*cluster, error) {
	if b.cluster == nil && b.missing == nil {
		b.cluster, b.missing = startCluster(ctx)
	}
	return b.cluster, b.missing
}

func (b *bench) close() error {
	if b.cluster == nil {
		return nil
	}
	return b.cluster.srv.Stop()
}

// row is one thing to measure, on one database or another.
type row struct {
	name   string
	stores []string
	do     func(ctx context.Context, store string) error
}

func (b *bench) all() []row {
	first := func(name string, m run) func(context.Context, string) error {
		return func(ctx context.Context, store string) error { return b.compare(ctx, messageBird(), store, name, m) }
	}
	both, sqlite, postgres := []string{storeSQLite, storePostgres}, []string{storeSQLite}, []string{storePostgres}
	return []row{
		{"accept", both, first("accept_c64", run{roleAccept, strangers(), conns, b.messages})},
		{"accept1", both, first("accept_c1", run{roleAccept, strangers(), 1, b.messages / 4})},
		{"turns", both, first("turns_c64", run{roleTurns, strangers(), conns, b.messages})},
		{"turns1", sqlite, first("turns_c1", run{roleTurns, strangers(), 1, b.messages / 4})},
		{"providers", sqlite, b.providers},
		{"outgoing", both, b.outgoing},
		{"parse", sqlite, parse},
		{"memory", sqlite, b.memory},
		{"start", sqlite, b.start},
		{"growth", both, b.growth},
		{"replicas", postgres, b.replicas},
		{"day", both, b.day},
	}
}

// rows measures what is asked for, in the order in which it is.
func (b *bench) rows(ctx context.Context, names, stores []string) error {
	for _, name := range names {
		i := slices.IndexFunc(b.all(), func(r row) bool { return r.name == name })
		if i < 0 {
			return fmt.Errorf("%s: no such row", name)
		}
		r := b.all()[i]
		for _, store := range stores {
			if !slices.Contains(r.stores, store) {
				continue
			}
			switch err := r.do(ctx, store); {
			case errors.Is(err, pgtest.ErrAbsent):
				fmt.Printf("bench: %s not measured: %v\n", named(store, r.name), err)
			case err != nil:
				return fmt.Errorf("%s: %w", named(store, r.name), err)
			}
		}
	}
	return nil
}

// providers are the wires of the others.
func (b *bench) providers(ctx context.Context, store string) error {
	for _, w := range wires()[1:] {
		if err := b.compare(ctx, w, store, "accept_"+w.name+"_c64", run{roleAccept, strangers(), conns, b.messages}); err != nil {
			return err
		}
	}
	return nil
}
