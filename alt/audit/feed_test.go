package audit_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
	"github.com/liidestuja/liidestuja/alt/memstore"
)

// collector is a sink, whose failures are scripted.
type collector struct {
	mu    sync.Mutex
	got   []int64
	fails int  // so many times
	half  bool // and it keeps what it got nevertheless, as before a crash
	calls int
}

func (*collector) Name() string { return "collector" }

func (c *collector) Write(_ context.Context, entries []alt.LogEntry) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	fails := c.fails > 0
	if fails {
		c.fails--
	}
	if !fails || c.half {
		for _, e := range entries {
			c.got = append(c.got, e.Seq)
		}
	}
	if fails {
		return errScripted
	}
	return nil
}

func (c *collector) seqs() []int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]int64(nil), c.got...)
}

// office is a store in memory that several processes share.
type office struct {
	*testing.T
	store *memstore.Store
	n     int
}

func newOffice(t *testing.T) *office {
	t.Helper()
	return &office{T: t, store: memstore.New(memstore.Config{})}
}

func (o *office) writes(n int) {
	o.Helper()
	for range n {
		o.n++
		require.NoError(o, o.store.Commit(o.Context(), alt.Item{}, alt.Changes{Log: []alt.LogEntry{
			{Agency: ppa, At: time.Now(), Act: "x", Actor: "system", Detail: map[string]string{"n": fmt.Sprint(o.n)}},
			{Agency: "rik", At: time.Now(), Act: "another agency's", Actor: "system"},
		}}))
	}
}

// shift is a process's; clock is how far its clock is ahead.
func (o *office) shift(store audit.ShiftStore, holder string, clock time.Duration) *audit.Shift {
	o.Helper()
	s, err := audit.NewShift(audit.ShiftConfig{Store: store, Agency: ppa, Name: "audit.feed", Holder: holder,
		Now: func() time.Time { return time.Now().Add(clock) }})
	require.NoError(o, err)
	return s
}

// feed starts a process that hands the log to a sink.
func (o *office) feed(sink audit.Sink, holder string, clock time.Duration) (f *audit.Feed, stop func()) {
	o.Helper()
	f, err := audit.NewFeed(audit.FeedConfig{Agency: ppa, Ledger: o.store, Sink: sink, Shift: o.shift(o.store, holder, clock)})
	require.NoError(o, err)
	ctx, cancel := context.WithCancel(o.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	return f, func() {
		cancel()
		require.NoError(o, <-done)
	}
}

// all are the numbers of the agency's entries so far.
func (o *office) all() (seqs []int64) {
	o.Helper()
	for q := (alt.LogQuery{Agency: ppa, Limit: 1000}); ; {
		page, next, err := o.store.Log(o.Context(), q)
		require.NoError(o, err)
		for _, e := range page {
			seqs = append(seqs, e.Seq)
		}
		if q.Cursor = next; next == "" {
			return seqs
		}
	}
}

func TestTheLogIsHandedOverInOrderAndGoesOnAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, sink := newOffice(t), &collector{}
		o.writes(2500)
		f, stop := o.feed(sink, "first", 0)
		time.Sleep(time.Minute)
		require.Equal(t, o.all(), sink.seqs())
		o.writes(3)
		time.Sleep(2 * audit.DefaultPoll)
		require.Equal(t, o.all(), sink.seqs())
		require.True(t, f.Status().Working)
		require.Equal(t, sink.seqs()[2502], f.Status().Last)
		o.writes(2)
		stop()
		require.Equal(t, o.all(), sink.seqs(), "what was written before the end")
		require.False(t, f.Status().Working)

		o.writes(3)
		_, stop = o.feed(sink, "second", 0)
		time.Sleep(audit.DefaultPoll)
		require.Equal(t, o.all(), sink.seqs(), "it goes on at once where the first one stopped, and repeats nothing")
		stop()
	})
}

func TestASinkThatFailsGetsAllThatItMissedOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, sink := newOffice(t), &collector{fails: 5}
		o.writes(10)
		f, stop := o.feed(sink, "one", 0)
		defer stop()
		time.Sleep(15 * time.Second)
		st := f.Status()
		require.Empty(t, sink.seqs())
		require.Positive(t, st.Failures)
		require.WithinDuration(t, time.Now(), st.Since, 20*time.Second)
		time.Sleep(5 * time.Minute)
		require.Equal(t, o.all(), sink.seqs())
		require.Zero(t, f.Status().Failures)
		require.Equal(t, 6, sink.calls)

		sink.mu.Lock()
		sink.fails, sink.half = 1, true
		sink.mu.Unlock()
		o.writes(2)
		time.Sleep(5 * time.Minute)
		got := sink.seqs()
		last := o.all()[10:]
		require.Equal(t, append(append(o.all()[:10:10], last...), last...), got, "what it had before it failed comes again")
	})
}

// lastWrite is a sink that has what it got when the process is told to end.
type lastWrite struct {
	collector
	end context.CancelFunc
}

func (l *lastWrite) Write(ctx context.Context, entries []alt.LogEntry) error {
	defer l.end()
	return l.collector.Write(ctx, entries)
}

func TestWhatTheSinkHasWhenTheProcessEndsDoesNotComeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.writes(3)
		ctx, end := context.WithCancel(t.Context())
		sink := &lastWrite{end: end}
		f, err := audit.NewFeed(audit.FeedConfig{Agency: ppa, Ledger: o.store, Sink: sink, Shift: o.shift(o.store, "one", 0)})
		require.NoError(t, err)
		require.NoError(t, f.Run(ctx))
		require.Equal(t, o.all(), sink.seqs())
	})
}

func TestOfSeveralProcessesOneHandsOverAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, sink := newOffice(t), &collector{}
		a, stopA := o.feed(sink, "a", 5*time.Second)
		time.Sleep(time.Second)
		b, stopB := o.feed(sink, "b", -5*time.Second)
		for range 20 {
			o.writes(1)
			time.Sleep(10 * time.Second)
			require.True(t, a.Status().Working)
			require.False(t, b.Status().Working, "clocks that are 10 s apart change nothing")
		}
		require.Equal(t, o.all(), sink.seqs())
		stopA()
		o.writes(1)
		time.Sleep(audit.DefaultShift)
		require.True(t, b.Status().Working, "who stops in order leaves the work to others at once")
		require.Equal(t, o.all(), sink.seqs())
		stopB()
	})
}

// frozen is a process's way to the store, which can be cut.
type frozen struct {
	audit.ShiftStore
	cut atomic.Bool
}

func (f *frozen) Commit(ctx context.Context, it alt.Item, c alt.Changes) error {
	if f.cut.Load() {
		return errScripted
	}
	return f.ShiftStore.Commit(ctx, it, c)
}

func TestAProcessThatIsCutOffStopsBeforeAnotherBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		way := &frozen{ShiftStore: o.store}
		var mu sync.Mutex
		working := make(map[string]int)
		most, begun := 0, make(map[string]int)
		work := func(name string) func(context.Context) error {
			return func(ctx context.Context) error {
				mu.Lock()
				working[name]++
				begun[name]++
				most = max(most, working["a"]+working["b"])
				mu.Unlock()
				<-ctx.Done()
				mu.Lock()
				working[name]--
				mu.Unlock()
				return nil
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = o.shift(way, "a", -5*time.Second).Run(ctx, work("a")) })
		time.Sleep(time.Second)
		wg.Go(func() { _ = o.shift(o.store, "b", 5*time.Second).Run(ctx, work("b")) })
		time.Sleep(time.Minute)
		mu.Lock()
		require.Equal(t, map[string]int{"a": 1}, begun)
		mu.Unlock()
		way.cut.Store(true)
		time.Sleep(2 * time.Minute)
		mu.Lock()
		require.Equal(t, map[string]int{"a": 0, "b": 1}, working)
		mu.Unlock()
		way.cut.Store(false)
		time.Sleep(2 * time.Minute)
		cancel()
		wg.Wait()
		require.Equal(t, 1, most, "never both")
		require.Equal(t, 1, begun["b"], "who is back waits for its turn")
	})
}

func TestWhoWasTakenTheWorkFromSavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		a, b := o.shift(o.store, "a", 0), o.shift(o.store, "b", 0)
		ok, err := a.Take(t.Context())
		require.NoError(t, err)
		require.True(t, ok)
		require.NoError(t, a.Save(t.Context(), []byte("1")))
		ok, err = b.Take(t.Context())
		require.NoError(t, err)
		require.False(t, ok)
		time.Sleep(audit.DefaultShift + 11*time.Second)
		ok, err = b.Take(t.Context())
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, "1", string(b.Note()))
		require.NoError(t, b.Save(t.Context(), []byte("2")))
		require.ErrorIs(t, a.Save(t.Context(), []byte("1, again")), audit.ErrLost)
		ok, err = a.Take(t.Context())
		require.NoError(t, err)
		require.False(t, ok)
		require.Equal(t, "2", string(b.Note()))
	})
}

func TestAFeedAndAShiftNeedTheirFields(t *testing.T) {
	o := newOffice(t)
	shift := o.shift(o.store, "a", 0)
	for field, cfg := range map[string]audit.FeedConfig{
		"Agency": {Ledger: o.store, Sink: &collector{}, Shift: shift},
		"Ledger": {Agency: ppa, Sink: &collector{}, Shift: shift},
		"Sink":   {Agency: ppa, Ledger: o.store, Shift: shift},
		"Shift":  {Agency: ppa, Ledger: o.store, Sink: &collector{}},
		"Poll":   {Agency: ppa, Ledger: o.store, Sink: &collector{}, Shift: shift, Poll: -1},
	} {
		_, err := audit.NewFeed(cfg)
		require.ErrorContains(t, err, "FeedConfig."+field)
	}
	for field, cfg := range map[string]audit.ShiftConfig{
		"Store":  {Agency: ppa, Name: "x", Holder: "x"},
		"Agency": {Store: o.store, Name: "x", Holder: "x"},
		"Name":   {Store: o.store, Agency: ppa, Holder: "x"},
		"Holder": {Store: o.store, Agency: ppa, Name: "x"},
		"For":    {Store: o.store, Agency: ppa, Name: "x", Holder: "x", For: -1},
	} {
		_, err := audit.NewShift(cfg)
		require.ErrorContains(t, err, "ShiftConfig."+field)
	}
}
