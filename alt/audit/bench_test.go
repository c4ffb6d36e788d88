package audit_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
)

// made is a log that costs nothing, so that what is measured is the tree.
type made []alt.LogEntry

func (m made) Log(_ context.Context, q alt.LogQuery) ([]alt.LogEntry, string, error) {
	var at int
	if q.Cursor != "" {
		_, _ = fmt.Sscan(q.Cursor, &at)
	}
	end := min(len(m), at+q.Limit)
	if end == len(m) {
		return m[at:end], "", nil
	}
	return m[at:end], fmt.Sprint(end), nil
}

func makeLog(n int) made {
	m := make(made, n)
	for i := range m {
		m[i] = alt.LogEntry{
			Seq: int64(i) + 1, Agency: ppa, At: noon().Add(time.Duration(i) * time.Millisecond), Act: "message.received", Actor: "contact", Line: "page",
			Conversation: fmt.Sprintf("019a7c3e-3f1c-7000-8000-%012d", i/8), Message: fmt.Sprint("in-", i), Detail: map[string]string{"code": "x"},
		}
	}
	return m
}

// BenchmarkKeeper appends 100,000 entries, BenchmarkVerify verifies them.
func BenchmarkKeeper(b *testing.B) {
	log := makeLog(100_000)
	for b.Loop() {
		keep(b, log)
	}
	b.ReportMetric(float64(len(log)*b.N)/b.Elapsed().Seconds(), "entries/s")
}

func BenchmarkVerify(b *testing.B) {
	log := makeLog(100_000)
	w := keep(b, log)
	for b.Loop() {
		c := w.check()
		c.Ledger = log
		r, err := audit.Verify(b.Context(), c)
		require.NoError(b, err)
		require.True(b, r.OK())
	}
	b.ReportMetric(float64(len(log)*b.N)/b.Elapsed().Seconds(), "entries/s")
}

func keep(b *testing.B, log made) *world {
	w := &world{TB: b, dir: b.TempDir(), keys: []key{newKey(b)}, now: noon(), witness: &memory{}}
	var err error
	w.storage, err = audit.OpenDir(w.path("audit"))
	require.NoError(b, err)
	b.Cleanup(func() { _ = w.storage.Close() })
	cfg := w.config()
	cfg.Ledger = log
	w.keeper, err = audit.New(cfg)
	require.NoError(b, err)
	w.step()
	w.step()
	require.EqualValues(b, len(log), w.keeper.Status().Checkpoint.Size)
	return w
}
