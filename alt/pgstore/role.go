package pgstore

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
)

// right is what the application's role may do with a table. It owns nothing and
// changes no table, index, sequence or function, and it may not TRUNCATE: rows go
// one by one, or with their month, which the owner's function drop_months judges.
//
// The security log can be added to and read, no more. Whoever has taken over a
// replica can lie in new entries from then on, but not touch what was written.
//
// Partitions are reached through their whole, whose rights count, and have none
// of their own. So those that are made later need no default privileges, and
// nobody gets round the log's by naming a month of it.
type right struct{ table, may string }

func rights() []right {
	return []right{
		{"agencies", "SELECT, INSERT, UPDATE"},
		{"blobs", "SELECT, INSERT, DELETE"},
		{"bodies", "SELECT, INSERT, UPDATE, DELETE"},
		{"conversations", "SELECT, INSERT, UPDATE, DELETE"},
		{"event_keys", "SELECT, INSERT, DELETE"},
		{"flows", "SELECT, INSERT, UPDATE, DELETE"},
		{"items", "SELECT, INSERT, UPDATE, DELETE"},
		{"letters", "SELECT, INSERT, UPDATE, DELETE"},
		{"lines", "SELECT, INSERT, UPDATE"},
		{"live", "SELECT, INSERT, UPDATE, DELETE"},
		{"log", "SELECT, INSERT"},
		{"months", "SELECT"},
		{"notes", "SELECT, INSERT, DELETE"},
		{"once", "SELECT, INSERT, DELETE"},
		{"parked", "SELECT, INSERT, DELETE"},
		{"people", "SELECT, INSERT, UPDATE"},
		{"positions", "SELECT, INSERT, UPDATE, DELETE"},
		{"raw", "SELECT, INSERT, DELETE"},
		{"replicas", "SELECT, INSERT, DELETE"},
		{"store", "SELECT, UPDATE (seal)"},
		{"versions", "SELECT"},
		{"watermarks", "SELECT, INSERT, UPDATE, DELETE"},
	}
}

// grant gives a role these rights to what there is in this version of the
// schema, and takes away what an older program gave it.
func grant(ctx context.Context, tx pgx.Tx, role string) error {
	var schema string
	var owner bool
	var there, months []string
	if err := tx.QueryRow(ctx, `SELECT current_schema(), current_user = $1, array_agg(name::text) FILTER (WHERE NOT month), array_agg(name::text) FILTER (WHERE month) FROM (
			SELECT c.relname AS name, coalesce(w.relname IN ('bodies', 'log'), false) AS month
			FROM pg_class c LEFT JOIN pg_inherits h ON h.inhrelid = c.oid LEFT JOIN pg_class w ON w.oid = h.inhparent
			WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
			UNION ALL SELECT proname, false FROM pg_proc WHERE pronamespace = current_schema()::regnamespace) AS ours`, role).
		Scan(&schema, &owner, &there, &months); err != nil {
		return err
	}
	if owner {
		return errors.New("role of Migration.Application is the owner, who needs no rights")
	}
	r := quote(role)
	sql := []string{
		"GRANT USAGE ON SCHEMA " + quote(schema) + " TO " + r,
		"REVOKE ALL ON SEQUENCE numbers FROM " + r, "GRANT USAGE ON SEQUENCE numbers TO " + r,
	}
	for _, name := range months {
		sql = append(sql, "REVOKE ALL ON "+quote(name)+" FROM "+r)
	}
	for _, g := range rights() {
		if slices.Contains(there, g.table) {
			sql = append(sql, "REVOKE ALL ON "+g.table+" FROM "+r, "GRANT "+g.may+" ON "+g.table+" TO "+r)
		}
	}
	for _, f := range []string{"keep_months", "drop_months", "drop_log"} {
		if slices.Contains(there, f) {
			sql = append(sql, "GRANT EXECUTE ON FUNCTION "+f+"() TO "+r)
		}
	}
	for _, s := range sql {
		if _, err := tx.Exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() } //nolint:misspell // a name of the driver
