package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

const (
	planTurns = 500
	// planRows is how many rows a table has that nobody should read as a whole.
	planRows = 10_000
)

// plans has the server explain every statement of some turns and of the reports on
// them, as it executes them, and fails when one of them reads a large table from
// end to end.
func (r *rig) plans(ctx context.Context, c crowd) error {
	if r.cluster.plans == "" {
		fmt.Println("bench: postgres_plans not read: the server is not ours, and neither is its log")
		return nil
	}
	from, err := os.Stat(r.cluster.plans)
	if err != nil {
		return err
	}
	large, err := r.explain(ctx)
	if err != nil {
		return err
	}
	if err := r.reported(ctx, c, planTurns); err != nil {
		return err
	}
	log, err := os.ReadFile(r.cluster.plans)
	if err != nil {
		return err
	}
	seen, bad := readPlans(string(log[from.Size():]), large)
	fmt.Printf("bench: postgres_plans statements=%d sequential_scans=%d\n", seen, len(bad))
	if seen == 0 {
		return errors.New("no statement was explained")
	}
	if len(bad) > 0 {
		return fmt.Errorf("a whole table was read:\n%s", strings.Join(bad, "\n"))
	}
	return nil
}

// explain turns the log of plans on for connections to come, and returns the names
// of large tables.
func (r *rig) explain(ctx context.Context) (large map[string]bool, err error) {
	conn, err := pgx.Connect(ctx, r.place.DSN)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	for _, setting := range []string{"session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0", "log_min_messages = 'log'"} {
		_, err := conn.Exec(ctx, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET "+strings.ReplaceAll(setting, "'", "''")+"', current_database()); END $$")
		if err != nil {
			return nil, err
		}
	}
	rows, err := conn.Query(ctx, "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND reltuples > $1", planRows)
	if err != nil {
		return nil, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	large = make(map[string]bool)
	for _, name := range names {
		large[name] = true
	}
	return large, err
}

// reported has n messages answered, and the answers reported as delivered.
func (r *rig) reported(ctx context.Context, c crowd, n int) error {
	r.provider.accepted = make(chan delivery, n)
	s, err := r.launch(ctx, roleTurns)
	if err != nil {
		return err
	}
	defer s.stop()
	reports, err := r.report(s.addr)
	if err != nil {
		return err
	}
	if _, err := newLoad(r.wire, c, conns, n).fire(s.addr); err != nil {
		return err
	}
	return errors.Join(settled(ctx, expected{int64(n), int64(n)}, s), reports())
}

// readPlans counts the different statements in a log, and returns those that read a
// large table from end to end.
func readPlans(log string, large map[string]bool) (seen int, bad []string) {
	whole := regexp.MustCompile(`Seq Scan on (\w+)`)
	known := make(map[string]bool)
	for _, entry := range strings.Split(log, "Query Text: ")[1:] {
		statement, plan, _ := strings.Cut(entry, "\n\t")
		if first := strings.Join(strings.Fields(statement), " "); !known[first] {
			known[first] = true
			seen++
		}
		for _, m := range whole.FindAllStringSubmatch(plan, -1) {
			if large[m[1]] {
				bad = append(bad, fmt.Sprintf("%s: %.120s", m[1], strings.Join(strings.Fields(statement), " ")))
			}
		}
	}
	return seen, bad
}
