package sqlitestore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
)

// fill accepts events with so many bytes from the provider, in MiB.
func fill(t *testing.T, st *sqlitestore.Store, name string, mib int) {
	t.Helper()
	for i := range mib * 4 {
		e := says("mari", fmt.Sprintf("%s-%d", name, i), "tere")
		e.Raw = make([]byte, 256<<10)
		accept(t, st, e)
	}
}

func TestTheLogIsWrittenBackBesideTheWriter(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	fill(t, st, "a", 20)
	require.Eventually(t, func() bool {
		pages, err := st.WrittenBack(t.Context())
		return err == nil && pages > 0
	}, 10*time.Second, time.Millisecond)
}

func TestTheLogBeginsAnewWhenItIsLong(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	fill(t, st, "a", 110)
	stats, err := st.Stats()
	require.NoError(t, err)
	require.Less(t, stats.Log, int64(56<<20))
	require.NoError(t, st.Close())
	st = open(t, st.Config())
	require.Len(t, claim(t, st, alt.Inbox, 1), 1)
	n, err := st.Accept(t.Context(), []channels.Event{says("mari", "a-439", "tere")})
	require.NoError(t, err)
	require.Zero(t, n, "it is known")
}
