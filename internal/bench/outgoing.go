package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// outgoing reports how many queued messages a second go out to the provider, in
// the order of each chat: they are queued while the workers rest, and then the
// clock runs from their start to the last receipt.
func (b *bench) outgoing(ctx context.Context, store string) error {
	var queued, sent []result
	n := b.messages / 2
	for range b.rounds {
		q, s, err := b.drain(ctx, store, n)
		if err != nil {
			return err
		}
		queued, sent = append(queued, q), append(sent, s)
	}
	byRate := func(a, b result) int { return cmp.Compare(a.rate, b.rate) }
	fmt.Printf("bench: %s queue_rate=%.0f %s (%.0f-%.0f)\n", named(store, "outgoing"), median(queued).rate, median(sent).text(store),
		slices.MinFunc(sent, byRate).rate, slices.MaxFunc(sent, byRate).rate)
	return nil
}

// drain queues n messages to people whose window is open, and has them sent.
func (b *bench) drain(ctx context.Context, store string, n int) (queued, sent result, err error) {
	r, err := b.rig(ctx, messageBird(), store, false)
	if err != nil {
		return result{}, result{}, err
	}
	defer r.close()
	s, err := r.launch(ctx, roleTurns)
	if err != nil {
		return result{}, result{}, err
	}
	defer s.stop()
	people := max(1, n/10/conns) * conns // each writes once
	if _, err = newLoad(r.wire, crowd{people: people}, conns, people).fire(s.addr); err != nil {
		return result{}, result{}, err
	}
	if err = settled(ctx, expected{sent: int64(people)}, s); err != nil {
		return result{}, result{}, err
	}
	if err = s.ask(ctx, "/halt", nil); err != nil {
		return result{}, result{}, err
	}
	begun := time.Now()
	if err = s.ask(ctx, fmt.Sprintf("/queue?n=%d", n), nil); err != nil {
		return result{}, result{}, err
	}
	queued.rate = float64(n) / time.Since(begun).Seconds()
	before, server, begun := r.databaseTime(), used(s.cmd.Process.Pid), time.Now()
	if err = s.ask(ctx, "/run", nil); err != nil {
		return result{}, result{}, err
	}
	if err = settled(ctx, expected{sent: int64(people + n)}, s); err != nil {
		return result{}, result{}, err
	}
	sent.rate = float64(n) / time.Since(begun).Seconds()
	sent.cpu, sent.database = per10k(used(s.cmd.Process.Pid)-server, n), per10k(r.databaseTime()-before, n)
	return queued, sent, r.provider.check(people + n)
}
