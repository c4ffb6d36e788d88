//go:build unix

package sqlitestore_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
)

// BenchmarkStart opens a store with a million finished messages of a hundred
// thousand people, of which a hundred wait, after a crash in the middle of
// work.
func BenchmarkStart(b *testing.B) {
	cfg := config(b, nil)
	st, err := sqlitestore.Open(b.Context(), cfg)
	require.NoError(b, err)
	require.NoError(b, st.Close())
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(cfg.Path))
	require.NoError(b, err)
	const n = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
	for _, query := range []string{
		n + `1000000) INSERT INTO items (id, agency, channel, peer, state, accepted, dedupe, provider, text, direction, talk, status)
			SELECT i, 'agency', 'page', 'person ' || (i % 100000), 1, i, randomblob(16), hex(randomblob(16)), i, 1 + i % 2, i % 100000, 'sent' FROM n`,
		n + `1000000) INSERT INTO texts (id, body, search) SELECT i, '{"type":"received","content":{"kind":"text","value":{"body":"Tere, kuidas saan taotleda uut passi?"}}}',
			'tere, kuidas saan taotleda uut passi?' FROM n`,
		n + `100000) INSERT INTO people (agency, channel, peer, session, started, seen) SELECT 'agency', 'page', 'person ' || i, '{}', i, i FROM n`,
		n + `100000) INSERT INTO conversations (agency, name, channel, peer, version, open, kind, held_by, last, body)
			SELECT 'agency', 'c' || i, 'page', 'person ' || i, 1, i % 2, '', '', i, '{}' FROM n`,
		"INSERT INTO positions (talk, agency, open, position) SELECT id, agency, open, id FROM conversations",
		"INSERT INTO names SELECT dedupe, id FROM items ORDER BY dedupe",
		"INSERT INTO names SELECT randomblob(16) AS name, id FROM items WHERE direction = 2 ORDER BY name",
		"UPDATE store SET seq = 1000000, position = 100000, named = 1000000",
	} {
		_, err := db.ExecContext(b.Context(), query)
		require.NoError(b, err)
	}
	require.NoError(b, db.Close())
	st, err = sqlitestore.Open(b.Context(), cfg)
	require.NoError(b, err)
	turns(b, st, 3000, 100)
	for range 100 {
		accept(b, st, benchEvent(int(time.Now().UnixNano()), 1))
	}
	claim(b, st, alt.Inbox, 10)
	stats, err := st.Stats()
	require.NoError(b, err)
	b.Logf("database %d MB, log %d MB, live %d", stats.Size>>20, stats.Log>>20, stats.Live)
	var total time.Duration
	for b.Loop() {
		b.StopTimer()
		copied := copyOf(b, st)
		b.StartTimer()
		start := time.Now()
		again, err := sqlitestore.Open(b.Context(), copied)
		require.NoError(b, err)
		_, err = again.Claim(b.Context(), alt.ClaimQuery{Work: alt.Inbox, Max: 1, Lease: time.Minute})
		require.NoError(b, err)
		total += time.Since(start)
		b.StopTimer()
		require.NoError(b, again.Close())
		b.StartTimer()
	}
	b.ReportMetric(float64(total.Milliseconds())/float64(b.N), "ms/start")
	require.NoError(b, st.Close())
}
