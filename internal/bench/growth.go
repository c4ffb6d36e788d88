package main

import (
	"context"
	"errors"
	"fmt"
)

// growthWriters is how many people write in a run.
const growthWriters = seedPeople

// growth reports whole turns over a store with many messages beside those over one
// with a few, in turn. Whoever writes has written before; in the large store they
// are people from anywhere in it, others in each round, and their sessions have
// ended, which is a little more to do.
func (b *bench) growth(ctx context.Context, store string) error {
	large, err := b.rig(ctx, messageBird(), store, false)
	if err != nil {
		return err
	}
	defer large.close()
	stored, err := large.fill(ctx, b.stored)
	if err != nil {
		return err
	}
	known := stored / seedStored * seedPeople
	var small, full []result
	for i := range b.rounds {
		s, err := b.small(ctx, store)
		if err != nil {
			return err
		}
		large.provider.again()
		f, err := b.measure(ctx, large, run{roleTurns, crowd{first: i, apart: known / growthWriters, people: growthWriters}, conns, b.messages})
		if err != nil {
			return err
		}
		small, full = append(small, s), append(full, f)
	}
	if n, err := large.place.count(ctx, "SELECT count(*) FROM people"); err != nil || n != int64(known) {
		return errors.Join(err, fmt.Errorf("%d people instead of %d: who wrote was not known", n, known))
	}
	printRow(fmt.Sprintf("%s_%d", named(store, "growth"), seedStored), store, "empty_ratio", small, small)
	printRow(fmt.Sprintf("%s_%d", named(store, "growth"), stored), store, "empty_ratio", full, small)
	if store != storePostgres {
		return nil
	}
	large.provider.again()
	return large.plans(ctx, crowd{first: b.rounds, apart: known / growthWriters, people: growthWriters})
}

// small measures over a store that has the seed only.
func (b *bench) small(ctx context.Context, store string) (result, error) {
	r, err := b.rig(ctx, messageBird(), store, false)
	if err != nil {
		return result{}, err
	}
	defer r.close()
	if err := r.seed(ctx); err != nil {
		return result{}, err
	}
	r.provider.again()
	return b.measure(ctx, r, run{roleTurns, crowd{people: growthWriters}, conns, b.messages})
}
