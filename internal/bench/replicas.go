package main

import (
	"context"
	"fmt"
	"time"
)

// replicas reports whole turns of one, two and four servers over one database,
// behind a proxy that gives requests to them in turn. All share the machine, so
// that this tells what more replicas cost, not what more machines would give.
func (b *bench) replicas(ctx context.Context, store string) error {
	counts := []int{1, 2, 4}
	runs := make([][]result, len(counts))
	for range b.rounds {
		for i, n := range counts {
			res, err := b.together(ctx, store, n)
			if err != nil {
				return err
			}
			runs[i] = append(runs[i], res)
		}
	}
	for i, n := range counts {
		printRow(fmt.Sprintf("replicas_%d", n), store, "one_replica_ratio", runs[i], runs[0])
	}
	return nil
}

// together measures so many servers that work as one.
func (b *bench) together(ctx context.Context, store string, n int) (result, error) {
	r, err := b.rig(ctx, messageBird(), store, false)
	if err != nil {
		return result{}, err
	}
	defer r.close()
	var servers []*server
	var addrs []string
	for range n {
		s, err := r.launch(ctx, roleTurns)
		if err != nil {
			return result{}, err
		}
		defer s.stop()
		servers, addrs = append(servers, s), append(addrs, s.addr)
	}
	proxy, err := r.launch(ctx, roleProxy, addrs...)
	if err != nil {
		return result{}, err
	}
	defer proxy.stop()
	load := newLoad(r.wire, strangers(), conns, b.messages)
	before, begun := r.databaseTime(), time.Now()
	lat, err := load.fire(proxy.addr)
	if err != nil {
		return result{}, err
	}
	if err := settled(ctx, expected{sent: int64(b.messages)}, servers...); err != nil {
		return result{}, err
	}
	if err := r.provider.check(b.messages); err != nil {
		return result{}, err
	}
	res := summary(lat, b.messages, time.Since(begun))
	res.database = per10k(r.databaseTime()-before, b.messages)
	for _, s := range servers {
		res.cpu += per10k(s.stop(), b.messages)
	}
	return res, nil
}
