package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// memory reports the resident memory after 100,000 messages.
func (b *bench) memory(ctx context.Context, store string) error {
	const n = 100_000
	r, err := b.rig(ctx, messageBird(), store, false)
	if err != nil {
		return err
	}
	defer r.close()
	s, err := r.launch(ctx, roleTurns)
	if err != nil {
		return err
	}
	defer s.stop()
	begun := time.Now()
	for i := range 5 {
		c := strangers()
		c.numbers = i * n
		lat, err := newLoad(r.wire, c, conns, n/5).fire(s.addr)
		if err != nil || len(lat) != n/5 {
			return errors.Join(err, errors.New("load failed"))
		}
	}
	if err := settled(ctx, expected{sent: n}, s); err != nil {
		return err
	}
	took := time.Since(begun)
	if err := r.provider.check(n); err != nil {
		return err
	}
	rss, err := memoryOf(s.cmd.Process.Pid, "VmRSS")
	if err != nil {
		return err
	}
	fmt.Printf("bench: memory_100k rate=%.0f rss_mib=%.0f\n", n/took.Seconds(), float64(rss)/1024)
	return nil
}
