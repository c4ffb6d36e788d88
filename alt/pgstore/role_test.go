package pgstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/channels"
)

const noPrivilege = "42501"

// roles makes an owner and an application's role with odd names, and a database
// of the owner's that was migrated for the other.
func roles(t *testing.T) (owner, app, role string) {
	t.Helper()
	admin := blank(t)
	name := admin[len(admin)-40:]
	owned, role := fmt.Sprintf("owner %% of %s", name), fmt.Sprintf("app %% 'of' \"%s\"", name)
	for _, r := range []string{owned, role} {
		require.NoError(t, execute(t, admin, "CREATE ROLE "+ident(r)+" LOGIN PASSWORD 'secret'"))
		t.Cleanup(func() {
			_ = execute(t, admin, "DROP OWNED BY "+ident(r)+" CASCADE", "DROP ROLE "+ident(r))
		})
	}
	require.NoError(t, execute(t, admin, "ALTER SCHEMA public OWNER TO "+ident(owned)))
	owner, app = as(t, admin, owned), as(t, admin, role)
	require.NoError(t, pgstore.Migrate(t.Context(), pgstore.Migration{DSN: owner, Application: role, Version: pgstore.Latest}))
	return owner, app, role
}

func ident(name string) string { return pgx.Identifier{name}.Sanitize() } //nolint:misspell // a name of the driver

// refused executes statements of which each needs a right that is missing.
func refused(t *testing.T, dsn string, sql ...string) {
	t.Helper()
	for _, s := range sql {
		var e *pgconn.PgError
		require.ErrorAs(t, execute(t, dsn, s), &e, s)
		require.Equal(t, noPrivilege, e.Code, "%s: %s", s, e.Message)
	}
}

func TestTheApplicationsRoleWorksAndChangesNoTable(t *testing.T) {
	t.Parallel()
	_, app, _ := roles(t)
	st := open(t, pgstore.Config{DSN: app, Key: testKey(), InsecureNotDurable: true})
	accept(t, st, says("mari", "1", "tere"))
	items := claim(t, st, alt.Inbox, 1)
	commit(t, st, items[0], alt.Changes{
		Record: true, Conversation: talk(at("mari"), "c"), Log: []alt.LogEntry{{Agency: agency, Act: "x", At: time.Now()}},
		Send: []channels.Outbound{answer(at("mari"), "m", "vastus")},
	})
	require.NoError(t, st.Purge(t.Context(), time.Now()))
	refused(t, app,
		"CREATE TABLE mine (n int)", "DROP TABLE items", "ALTER TABLE items ADD COLUMN n int", "TRUNCATE items", "CREATE INDEX ON items (at)",
		"ALTER SEQUENCE numbers RESTART", "SELECT setval('numbers', 1)", "UPDATE versions SET version = 0", "DROP SCHEMA public", "CREATE SCHEMA mine",
		"UPDATE months SET until = 'epoch'", "UPDATE store SET keep_log = '1 day'", "CREATE TRIGGER t BEFORE INSERT ON items EXECUTE FUNCTION now()",
		"DROP FUNCTION drop_months()", "CREATE OR REPLACE FUNCTION drop_months() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
	)
}

func TestTheApplicationsRoleAddsToTheSecurityLogAndDoesNoMore(t *testing.T) {
	t.Parallel()
	owner, app, _ := roles(t)
	st := open(t, pgstore.Config{DSN: app, Key: testKey(), InsecureNotDurable: true})
	commit(t, st, alt.Item{}, alt.Changes{Log: []alt.LogEntry{{Agency: agency, Act: "x", At: time.Now()}}})
	month := "log" + time.Now().UTC().Format("_2006_01")
	refused(t, app,
		"UPDATE log SET act = 'y'", "DELETE FROM log", "TRUNCATE log", "SELECT 1 FROM log FOR UPDATE", "DROP TABLE "+month,
		"UPDATE "+month+" SET act = 'y'", "DELETE FROM "+month, "SELECT * FROM "+month, "INSERT INTO "+month+" SELECT * FROM log", "TRUNCATE "+month,
		"ALTER TABLE log DETACH PARTITION "+month, "SELECT log_gone('{}')", "SELECT log_runs('"+month+"', 'infinity')", "SELECT make_month('log', '2000-01-01')",
	)
	// What it may call spares what is younger than the owner's term, and everything
	// while there is none.
	for _, sql := range []string{"SELECT 1", "UPDATE store SET keep_log = '1 day'"} {
		require.NoError(t, execute(t, owner, sql))
		require.NoError(t, execute(t, app, "SELECT drop_months()", "SELECT drop_log()"))
		page, _, err := st.Log(t.Context(), alt.LogQuery{Agency: agency})
		require.NoError(t, err)
		require.Len(t, page, 1)
	}
}

// A table in the way of the application's search_path would be used by the
// owner's functions, were theirs not fixed.
func TestTheOwnersFunctionsLookAtTheOwnersTables(t *testing.T) {
	t.Parallel()
	owner, app, _ := roles(t)
	require.NoError(t, execute(t, owner, "UPDATE store SET keep_log = '1 day'", "SELECT make_month('log', '2020-01-01')",
		"INSERT INTO agencies VALUES ('agency', 0, 1)", "INSERT INTO log (agency, seq, at, act, actor) VALUES ('agency', 1, '2020-01-15', 'x', 'y')"))
	require.NoError(t, execute(t, app,
		"CREATE TEMPORARY TABLE store (keep_log interval)", "INSERT INTO store VALUES ('0')",
		"CREATE TEMPORARY TABLE months (part text, whole text, since timestamp, until timestamp)",
		"INSERT INTO months VALUES ('items', 'log', '2000-01-01', '2001-01-01')", "SET search_path = pg_temp, public", "SELECT public.drop_months()", "SELECT public.drop_log()"))
	require.NoError(t, execute(t, owner, "SELECT 1/count(*) FROM pg_class WHERE relname = 'items'", "SELECT 1/(1-count(*)) FROM pg_class WHERE relname = 'log_2020_01'"))
}

// TestEveryTableHasItsRights fails when a migration adds a table of which nobody
// has said what the application may do with it.
func TestEveryTableHasItsRights(t *testing.T) {
	t.Parallel()
	_, app, role := roles(t)
	c, err := pgx.Connect(t.Context(), app)
	require.NoError(t, err)
	defer func() { _ = c.Close(context.Background()) }()
	rows, err := c.Query(t.Context(), `SELECT relname || ': ' || coalesce(string_agg(p.privilege_type, ' ' ORDER BY p.privilege_type), '')
		FROM pg_class c LEFT JOIN LATERAL aclexplode(c.relacl) p ON p.grantee = $1::text::regrole
		WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') GROUP BY relname, relispartition
		HAVING (count(p.*) = 0) <> relispartition OR bool_or(p.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))`, ident(role))
	require.NoError(t, err)
	wrong, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, wrong, "partitions have none, every other table some")
}

func TestRightsAreTakenBackThatAnOlderProgramGave(t *testing.T) {
	t.Parallel()
	owner, app, role := roles(t)
	require.NoError(t, execute(t, owner, "GRANT ALL ON ALL TABLES IN SCHEMA public TO "+ident(role), "CREATE TABLE theirs (n int)", "GRANT ALL ON theirs TO "+ident(role)))
	require.NoError(t, execute(t, app, "DELETE FROM log"))
	require.NoError(t, pgstore.Migrate(t.Context(), pgstore.Migration{DSN: owner, Application: role, Version: pgstore.Latest}))
	refused(t, app, "DELETE FROM log", "TRUNCATE items", "DELETE FROM log_rest")
	require.NoError(t, execute(t, app, "TRUNCATE theirs"), "what is not the store's is left alone")
	err := pgstore.Migrate(t.Context(), pgstore.Migration{DSN: owner, Application: strings.TrimPrefix(role, "app"), Version: pgstore.Latest})
	require.ErrorContains(t, err, "42704", "there is no such role")
	user, err := pgx.ParseConfig(owner)
	require.NoError(t, err)
	require.ErrorContains(t, pgstore.Migrate(t.Context(), pgstore.Migration{DSN: owner, Application: user.User, Version: pgstore.Latest}), "Application")
}
