package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/liidestuja/liidestuja/alt/audit"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/uuid"
)

// shiftKeeper is under what the store keeps who signs the log.
const shiftKeeper = "audit.keeper"

// watch is what follows the security log: of several processes over one store, one
// keeps the log of an agency and one hands it over at a time.
type watch struct {
	keepers []*watchedKeeper
	feeds   []*watchedFeed
	sinks   []audit.Sink
}

type watchedKeeper struct {
	config audit.Config
	dir    string
	shift  *audit.Shift
	now    atomic.Pointer[audit.Keeper] // nil: another process does it
}

type watchedFeed struct {
	agency channels.Agency
	sink   string
	*audit.Feed
}

// newWatch makes what follows the log. It does no I/O.
func (a *app) newWatch(p parts) error {
	if !a.roles.has(roleWorkers) || len(p.keepers)+len(p.outputs) == 0 {
		return nil
	}
	w := &watch{}
	shift := func(agency channels.Agency, name string) (*audit.Shift, error) {
		return audit.NewShift(audit.ShiftConfig{Store: a.store, Agency: agency, Name: name, Holder: uuid.New(a.svc.Now()), Now: p.alt.Now, Logger: a.logger})
	}
	for _, k := range p.keepers {
		k.config.Ledger, k.config.Logger = a.store, a.logger
		s, err := shift(k.config.Agency, shiftKeeper)
		if err != nil {
			return err
		}
		w.keepers = append(w.keepers, &watchedKeeper{config: k.config, dir: k.dir, shift: s})
	}
	names := make(map[string]bool)
	for _, o := range p.outputs {
		sink, err := o.sink(cmp.Or[io.Writer](p.stdout, io.Discard), cmp.Or[io.Writer](p.stderr, io.Discard))
		if err != nil {
			return err
		}
		w.sinks = append(w.sinks, sink)
		name := sink.Name()
		if names[name] {
			name = o.key()
		}
		names[name] = true
		for _, agency := range a.agencies() {
			s, err := shift(agency, o.key())
			if err != nil {
				return err
			}
			f, err := audit.NewFeed(audit.FeedConfig{Agency: agency, Ledger: a.store, Sink: sink, Shift: s, Now: p.alt.Now, Logger: a.logger})
			if err != nil {
				return err
			}
			w.feeds = append(w.feeds, &watchedFeed{agency, name, f})
		}
	}
	a.watch = w
	if a.metrics != nil {
		a.metrics.registry.MustRegister(newWatchState(w))
	}
	return nil
}

// begin follows the log until end is called, which is when the service has written
// its last entry: that is signed and handed over too.
func (w *watch) begin(ctx context.Context) (end func()) {
	if w == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	for _, k := range w.keepers {
		wg.Go(func() { _ = k.shift.Run(ctx, k.keep) })
	}
	for _, f := range w.feeds {
		wg.Go(func() { _ = f.Run(ctx) })
	}
	return func() {
		cancel()
		wg.Wait()
		for _, sink := range w.sinks {
			if c, ok := sink.(io.Closer); ok {
				_ = c.Close()
			}
		}
	}
}

// keep signs the log until ctx ends. The folder is ours while it does, even if two
// processes both believe that the work is theirs.
func (k *watchedKeeper) keep(ctx context.Context) (err error) {
	dir, err := audit.OpenDir(k.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	cfg := k.config
	cfg.Storage = dir
	keeper, err := audit.New(cfg)
	if err != nil {
		return err
	}
	k.now.Store(keeper)
	defer k.now.Store(nil)
	return keeper.Run(ctx)
}
