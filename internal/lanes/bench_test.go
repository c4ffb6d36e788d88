package lanes_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/liidestuja/liidestuja/internal/lanes"
)

// heap returns how many bytes f left behind.
func heap(t *testing.T, f func()) uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return after.HeapAlloc - before.HeapAlloc
}

// BenchmarkTurn is one entry in, claimed and out, behind a backlog.
func BenchmarkTurn(b *testing.B) {
	for _, backlog := range []int{0, 1000, 100_000} {
		b.Run(fmt.Sprintf("backlog %d", backlog), func(b *testing.B) {
			l := lanes.New()
			keys := make([]string, backlog+64)
			for i := range keys {
				keys[i] = fmt.Sprint("person ", i)
			}
			id := int64(0)
			add := func() {
				id++
				l.Add(lanes.Entry{ID: id, Lane: keys[int(id)%len(keys)], Line: "line", Agency: "agency"})
			}
			for range backlog {
				add()
			}
			b.ReportAllocs()
			for b.Loop() {
				add()
				for _, id := range l.Claim(start, lanes.Query{Max: 1, Lease: time.Minute}) {
					l.Finish(id)
				}
			}
		})
	}
}
