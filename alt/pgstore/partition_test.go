package pgstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/channels"
)

// value asks a database for one value.
func value[T any](t testing.TB, dsn, sql string, args ...any) T {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = c.Close(context.Background()) }()
	var v T
	require.NoError(t, c.QueryRow(t.Context(), sql, args...).Scan(&v), sql)
	return v
}

// turnMonth is what keep_months does when a month has begun, some months before
// it does.
const turnMonth = "SELECT setval('numbers', first_number(date_trunc('month', now() AT TIME ZONE 'UTC') + interval '%d months'))"

func month(ahead int) string {
	now := time.Now().UTC()
	return time.Date(now.Year(), now.Month()+time.Month(ahead), 1, 0, 0, 0, 0, time.UTC).Format("2006_01")
}

func TestAContentLiesInItsMonth(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	st := open(t, cfg)
	accept(t, st, says("mari", "1", "now"))
	require.NoError(t, execute(t, cfg.DSN, fmt.Sprintf(turnMonth, 1)))
	accept(t, st, says("mari", "2", "later"))
	for _, key := range []string{"1", "2"} { // the lane goes on over the end of a month
		it := claim(t, st, alt.Inbox, 9)
		require.Len(t, it, 1)
		require.Equal(t, key, it[0].Event.Meta().Key)
		c := alt.Changes{Record: true}
		if key == "1" {
			c.Conversation = talk(at("mari"), "c")
		}
		commit(t, st, it[0], c)
	}
	require.Equal(t, []string{"bodies_" + month(0), "bodies_" + month(1)},
		value[[]string](t, cfg.DSN, "SELECT array_agg(tableoid::regclass::text ORDER BY id) FROM bodies"))
	page, _, err := st.Messages(t.Context(), alt.MessageQuery{Agency: agency, Conversation: "c"})
	require.NoError(t, err)
	require.Len(t, page, 2)
	require.Equal(t, channels.Text{Body: "later"}, page[1].Content)
	for _, m := range page { // numbers stay exact in JSON
		var seq float64
		b, err := json.Marshal(m.Seq)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(b, &seq))
		require.Equal(t, m.Seq, int64(seq))
	}
	n, err := st.Accept(t.Context(), []channels.Event{says("mari", "1", "now")})
	require.NoError(t, err)
	require.Zero(t, n, "a key is known in every month")
	commit(t, st, alt.Item{}, alt.Changes{Send: []channels.Outbound{answer(at("mari"), "m", "x")}})
	require.NoError(t, execute(t, cfg.DSN, fmt.Sprintf(turnMonth, 2)))
	require.ErrorIs(t, st.Commit(t.Context(), alt.Item{}, alt.Changes{Send: []channels.Outbound{answer(at("mari"), "m", "y")}}), alt.ErrIDReused)
}

// TestAQueryByIDLooksAtOneMonth reads plans that serve any value: what is not
// the id's month is left out before the query begins, or never executed.
//
//nolint:misspell // the server's words
func TestAQueryByIDLooksAtOneMonth(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	c, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = c.Close(context.Background()) }()
	for _, sql := range []string{
		"SET plan_cache_mode = force_generic_plan", "SET enable_seqscan = off", fmt.Sprintf(turnMonth, 3),
		`INSERT INTO items (id, agency, channel, peer, lane, state, kind, accepted) SELECT nextval('numbers'), 'a', 'c', 'p', 1, 1, 1, now() FROM generate_series(1, 100)`,
		"INSERT INTO bodies SELECT id, '{}' FROM items", "ANALYZE",
		"PREPARE one AS SELECT body FROM bodies WHERE id = $1", "PREPARE contents AS " + pgstore.Hot()["read contents"],
		"PREPARE log AS SELECT seq FROM log WHERE agency = $1 AND at >= $2 AND at <= $3 ORDER BY seq",
	} {
		_, err := c.Exec(t.Context(), sql)
		require.NoError(t, err, sql)
	}
	plan := func(call string) string {
		rows, err := c.Query(t.Context(), "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE "+call)
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return strings.Join(lines, "\n")
	}
	id := value[int64](t, dsn, "SELECT max(id) FROM items")
	one := plan(fmt.Sprintf("one(%d)", id))
	require.Equal(t, 1, strings.Count(one, " on bodies_"), one)
	require.Contains(t, one, "on bodies_"+month(3))
	contents := plan(fmt.Sprintf("contents(ARRAY[%d, %d])", id, id-1))
	scans, never := strings.Count(contents, " on bodies_"), strings.Count(contents, "(never executed)")
	require.Greater(t, scans, 12, contents)
	require.Equal(t, scans-1, never, contents)
	require.Contains(t, plan("log('a', now(), now())"), "Subplans Removed")
}

func TestMonthsAreMadeByWhoeverComesFirst(t *testing.T) {
	t.Parallel()
	owner, app, _ := roles(t)
	a, b := open(t, pgstore.Config{DSN: app, Key: testKey(), InsecureNotDurable: true}), open(t, pgstore.Config{DSN: app, Key: testKey(), InsecureNotDurable: true})
	// A year in which nobody came by: what was written lies in the partitions for
	// the rest, and moves to its months.
	for n := range 13 {
		require.NoError(t, execute(t, owner, "DROP TABLE bodies_"+month(n)+", log_"+month(n), "DELETE FROM months WHERE part LIKE '%_"+month(n)+"'"))
	}
	accept(t, a, says("mari", "1", "tere"))
	commit(t, a, alt.Item{}, alt.Changes{Log: []alt.LogEntry{{Agency: agency, Act: "x", At: time.Now()}}})
	const rest = "SELECT (SELECT count(*) FROM bodies_rest) + (SELECT count(*) FROM log_rest)"
	require.Equal(t, int64(2), value[int64](t, owner, rest))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := []*pgstore.Store{a, b}[i%2].Purge(context.Background(), time.Now()); err != nil {
				t.Error(err)
			}
			if _, err := a.Accept(context.Background(), []channels.Event{says("jaan", fmt.Sprint("j", i), "tere")}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.NoError(t, a.Purge(t.Context(), time.Now()))
	require.Zero(t, value[int64](t, owner, rest))
	require.Equal(t, int64(26), value[int64](t, owner, "SELECT count(*) FROM months WHERE part <> 'bodies_before'"))
	require.Equal(t, int64(9), value[int64](t, owner, "SELECT count(*) FROM bodies_"+month(0)))
	require.Equal(t, channels.Text{Body: "tere"}, soon(t, b, alt.Inbox, 1)[0].Event.(*channels.Received).Content)
	require.GreaterOrEqual(t, value[int64](t, owner, "SELECT last_value FROM numbers"), value[int64](t, owner, "SELECT first_number(now() AT TIME ZONE 'UTC')"))
}

// TestTheSecurityLogGoesWhenTheOwnersTermIsOver: whole months, which the log
// declares, and what declares it stays.
func TestTheSecurityLogGoesWhenTheOwnersTermIsOver(t *testing.T) {
	t.Parallel()
	owner, app, role := roles(t)
	require.NoError(t, execute(t, owner, "SELECT make_month('log', date_trunc('month', now() AT TIME ZONE 'UTC') - n * interval '1 month') FROM generate_series(1, 3) n"))
	// By a clock of its own a store keeps the times that entries come with.
	st := open(t, pgstore.Config{DSN: app, Key: testKey(), InsecureNotDurable: true, Now: time.Now})
	first := time.Date(time.Now().Year(), time.Now().Month(), 1, 0, 0, 0, 0, time.UTC)
	for n, at := range []time.Time{
		first.AddDate(-9, 0, 0), // before there were months: in the rest
		first.AddDate(0, -3, 0), first.AddDate(0, -2, 0).Add(-time.Microsecond), first.AddDate(0, -2, 0), first.AddDate(0, -1, 0), time.Now(),
	} {
		act := fmt.Sprint("act", n+1)
		if n == 1 {
			act = audit.ActPurged // of an earlier time
		}
		commit(t, st, alt.Item{}, alt.Changes{Log: []alt.LogEntry{{Agency: agency, At: at, Act: act}}})
	}
	read := func() (acts []string, entries []alt.LogEntry) {
		entries, _, err := st.Log(t.Context(), alt.LogQuery{Agency: agency})
		require.NoError(t, err)
		for _, e := range entries {
			acts = append(acts, e.Act)
		}
		return acts, entries
	}
	require.NoError(t, st.Purge(t.Context(), time.Now()))
	acts, _ := read()
	require.Len(t, acts, 6, "for ever, as long as nobody says otherwise")
	keep := time.Since(first.AddDate(0, -2, 0)) - time.Hour // the month before that is over, that one not
	require.NoError(t, pgstore.Migrate(t.Context(), pgstore.Migration{DSN: owner, Application: role, Version: pgstore.Latest, KeepLog: keep}))
	require.NoError(t, st.Purge(t.Context(), time.Now().Add(2*time.Hour)))
	acts, entries := read()
	require.Equal(t, []string{audit.ActPurged, "act4", "act5", "act6", audit.ActPurged, audit.ActPurged}, acts)
	var gone []int64
	for _, e := range entries[4:] {
		p, err := audit.ParsePurge(e)
		require.NoError(t, err)
		for seq := p.From; seq <= p.Through; seq++ {
			gone = append(gone, seq)
		}
	}
	require.ElementsMatch(t, []int64{1, 3}, gone, "what is gone is declared, and nothing else")
	commit(t, st, alt.Item{}, alt.Changes{Log: []alt.LogEntry{{Agency: agency, At: time.Now(), Act: "next"}}})
	acts, entries = read()
	require.Equal(t, "next", acts[6])
	require.Equal(t, int64(9), entries[6].Seq)
	require.NoError(t, st.Purge(t.Context(), time.Now().Add(4*time.Hour)))
	acts, _ = read()
	require.Len(t, acts, 7, "once")
}

// TestWhatIsStoredGoesBackAndForward migrates a database with rows in it down to
// the first version, and up again.
func TestWhatIsStoredGoesBackAndForward(t *testing.T) {
	t.Parallel()
	dsn := blank(t)
	migrate := func(to int) {
		t.Helper()
		require.NoError(t, pgstore.Migrate(t.Context(), pgstore.Migration{DSN: dsn, Version: to}))
	}
	migrate(pgstore.Latest)
	cfg := pgstore.Config{DSN: dsn, Key: testKey(), InsecureNotDurable: true}
	st := open(t, cfg)
	for _, peer := range []channels.Peer{"a", "b", "c", "d"} {
		accept(t, st, says(peer, "k-"+string(peer), "tere"))
		it := claim(t, st, alt.Inbox, 1)[0]
		switch peer {
		case "c", "d":
			require.NoError(t, st.Release(t.Context(), it, time.Time{}, errors.New("refused")))
		default:
			require.Equal(t, "k-"+string(peer), it.Event.Meta().Key)
			commit(t, st, it, alt.Changes{
				Record: true, Conversation: talk(at(peer), "c-"+string(peer)), Send: []channels.Outbound{answer(at(peer), channels.MessageID("m-"+peer), "Vastus")},
				Log: []alt.LogEntry{
					{Agency: agency, At: time.Now(), Act: "x", Conversation: "c-" + string(peer), Detail: map[string]string{"n": "1"}},
					{Agency: agency, At: time.Now().AddDate(0, -2, 0), Act: "y", Message: "m-" + string(peer)},
				},
			})
		}
	}
	for _, peer := range []channels.Peer{"a", "e"} {
		accept(t, st, &channels.OptedOut{EventMeta: channels.EventMeta{Key: "o-" + string(peer), Channel: line, Agency: agency, Peer: peer, At: time.Now()}})
	}
	type all struct {
		Letters []alt.Letter
		Log     []alt.LogEntry
		A, B    []alt.Message
		Found   []alt.Conversation
		Depths  map[alt.Work]int
	}
	read := func(st *pgstore.Store) (v all) {
		ctx := t.Context()
		var err error
		v.Letters, _, err = st.Letters(ctx, alt.LetterQuery{Agency: agency})
		require.NoError(t, err)
		v.Log, _, err = st.Log(ctx, alt.LogQuery{Agency: agency})
		require.NoError(t, err)
		v.A, _, err = st.Messages(ctx, alt.MessageQuery{Agency: agency, Conversation: "c-a"})
		require.NoError(t, err)
		v.B, _, err = st.Messages(ctx, alt.MessageQuery{Agency: agency, Conversation: "c-b"})
		require.NoError(t, err)
		v.Found, _, err = st.Conversations(ctx, alt.ConversationQuery{Agency: agency, Text: "vastus"})
		require.NoError(t, err)
		v.Depths, err = st.Depths(ctx)
		require.NoError(t, err)
		return v
	}
	before := read(st)
	require.Len(t, before.Letters, 2)
	require.Len(t, before.Log, 4)
	require.Len(t, before.A, 2)
	require.Len(t, before.Found, 2)
	require.NoError(t, st.Close())
	for _, to := range []int{pgstore.Latest, 4, 3, 2, 1, 2, 3, 4, pgstore.Latest} {
		migrate(to)
	}
	st = open(t, cfg)
	require.Equal(t, before, read(st))
	for range 2 { // and works on: the opt-outs and the answers wait
		for _, queue := range []alt.Work{alt.Inbox, alt.Outbox} {
			for _, it := range claim(t, st, queue, 10) {
				c := alt.Changes{}
				if it.Outbound != nil {
					c.Receipt = &channels.Receipt{ID: channels.ProviderID("p-" + it.Outbound.ID)}
				}
				commit(t, st, it, c)
			}
		}
	}
	accept(t, st, says("e", "k-e", "uus"))
	n, err := st.Accept(t.Context(), []channels.Event{says("a", "k-a", "tere")})
	require.NoError(t, err)
	require.Zero(t, n)
	require.Equal(t, channels.Text{Body: "uus"}, claim(t, st, alt.Inbox, 10)[0].Event.(*channels.Received).Content)
}
