package main

import (
	"context"
	"fmt"
	"time"
)

// start reports the time from a process's begin to its first line, with many
// messages in the store.
func (b *bench) start(ctx context.Context, store string) error {
	r, err := b.rig(ctx, messageBird(), store, false)
	if err != nil {
		return err
	}
	defer r.close()
	stored, err := r.fill(ctx, b.stored)
	if err != nil {
		return err
	}
	var took []result
	for range b.rounds {
		begun := time.Now()
		s, err := r.launch(ctx, roleTurns)
		if err != nil {
			return err
		}
		took = append(took, result{rate: time.Since(begun).Seconds()})
		s.stop()
	}
	fmt.Printf("bench: start_%d seconds=%.3f\n", stored, median(took).rate)
	return nil
}
