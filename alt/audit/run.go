package audit

import (
	"context"
	"sync"
	"time"
)

// Status is how a Keeper is doing.
type Status struct {
	Checkpoint Checkpoint // the latest; zero before the first
	Pending    int64      // entries that were read and are in no checkpoint yet
	Err        error      // of the last Step
	Witnesses  []WitnessStatus
}

// Status returns how it is doing.
func (k *Keeper) Status() Status {
	k.status.Lock()
	s := k.status.Status
	k.status.Unlock()
	for _, c := range k.couriers {
		s.Witnesses = append(s.Witnesses, c.status())
	}
	return s
}

// stopFor is how long the last checkpoint may take when Run ends.
const stopFor = 10 * time.Second

// Run follows the log until ctx ends, writes a last checkpoint and returns nil. A
// failing step or witness is logged and tried again; neither holds up the other.
func (k *Keeper) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, c := range k.couriers {
		wg.Go(func() { k.carry(ctx, c) })
	}
	tick := time.NewTicker(k.cfg.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := k.Step(ctx); err != nil && ctx.Err() == nil {
			k.cfg.Logger.ErrorContext(ctx, "audit step failed", "agency", k.cfg.Agency, "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	wg.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopFor)
	defer cancel()
	if err := k.step(last, true); err != nil {
		k.cfg.Logger.ErrorContext(last, "last audit checkpoint failed", "agency", k.cfg.Agency, "error", err)
	}
	for _, c := range k.couriers {
		wg.Go(func() { k.deliver(last, c) })
	}
	wg.Wait()
	return nil
}

// Deliver gives the latest checkpoint to each witness that lacks it and is to be
// tried now, one after another. Run does so by itself.
func (k *Keeper) Deliver(ctx context.Context) {
	for _, c := range k.couriers {
		if c.due(k.cfg.Now()) {
			k.deliver(ctx, c)
		}
	}
}

// carry serves one witness until ctx ends.
func (k *Keeper) carry(ctx context.Context, c *courier) {
	tick := time.NewTicker(k.cfg.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.news:
		case <-tick.C:
		}
		if c.due(k.cfg.Now()) {
			k.deliver(ctx, c)
		}
	}
}

func (k *Keeper) deliver(ctx context.Context, c *courier) {
	if err := c.deliver(ctx, k.cfg.Now); err != nil && ctx.Err() == nil {
		k.cfg.Logger.WarnContext(ctx, "audit witness failed", "agency", k.cfg.Agency, "witness", c.to.Name(), "error", err)
	}
}
