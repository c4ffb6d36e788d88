package storetest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/alt/storetest"
	"github.com/liidestuja/liidestuja/channels"
)

// TestRunWithFaults lets the suite's checks of faults run: on a store whose
// changes take three statements each, of which any can fail.
func TestRunWithFaults(t *testing.T) {
	storetest.Run(t, storetest.Subject{
		Open: func(_ *testing.T, now func() time.Time) alt.Store {
			return &faulty{Store: memstore.New(memstore.Config{Now: now})}
		},
		Fail: func(_ *testing.T, st alt.Store, nth int) func() bool { return st.(*faulty).fail(nth) },
	})
}

var errDisk = errors.New("disk full")

type faulty struct {
	*memstore.Store

	mu   sync.Mutex
	left int // statements until the fault; 0: none is planned
	hit  bool
}

func (f *faulty) fail(nth int) func() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.hit = nth, false
	return func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.left = 0
		return f.hit
	}
}

// statements executes those of one change.
func (f *faulty) statements() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range 3 {
		if f.left == 0 {
			continue
		}
		if f.left--; f.left == 0 {
			f.hit = true
			return errDisk
		}
	}
	return nil
}

func (f *faulty) Accept(ctx context.Context, evs []channels.Event) (int, error) {
	if err := f.statements(); err != nil {
		return 0, err
	}
	return f.Store.Accept(ctx, evs)
}

func (f *faulty) Claim(ctx context.Context, q alt.ClaimQuery) ([]alt.Item, error) {
	if err := f.statements(); err != nil {
		return nil, err
	}
	return f.Store.Claim(ctx, q)
}

func (f *faulty) Commit(ctx context.Context, it alt.Item, c alt.Changes) error {
	if err := f.statements(); err != nil {
		return err
	}
	return f.Store.Commit(ctx, it, c)
}

func (f *faulty) PutLine(ctx context.Context, l *alt.StoredLine, log alt.LogEntry) error {
	if err := f.statements(); err != nil {
		return err
	}
	return f.Store.PutLine(ctx, l, log)
}

func (f *faulty) RemoveLine(ctx context.Context, agency channels.Agency, id channels.ID, log alt.LogEntry) error {
	if err := f.statements(); err != nil {
		return err
	}
	return f.Store.RemoveLine(ctx, agency, id, log)
}
