package sqlitestore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
)

// An older program knows nothing of lines, and gets none of their secrets.
func TestTheWayBackDestroysTheSecretsOfLines(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	st := open(t, cfg)
	log := alt.LogEntry{Agency: agency, At: time.Now(), Act: "line.added", Actor: "mari"}
	l := &alt.StoredLine{Agency: agency, ID: line, State: alt.LineActive, Sealed: []byte("SEALED"), Added: time.Now()}
	require.NoError(t, st.PutLine(t.Context(), l, log))
	require.NotEmpty(t, found(t, st, "SEALED"))
	require.NoError(t, st.Close())
	require.NoError(t, sqlitestore.Migrate(t.Context(), cfg, 4))
	st = open(t, cfg)
	require.Empty(t, found(t, st, "SEALED"))
	lines, err := st.Lines(t.Context(), agency)
	require.NoError(t, err)
	require.Empty(t, lines)
	l.Version = 0
	require.NoError(t, st.PutLine(t.Context(), l, log))
}
