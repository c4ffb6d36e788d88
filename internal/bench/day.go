package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// dayChunk is how many messages are made at a time, and how many may wait to be
	// answered when more come: people write while others are answered.
	dayChunk = 10_000
	// dayReporters are the connections on which the provider reports deliveries.
	dayReporters = 8
	// dayEvery is how often a line tells how far it is.
	dayEvery = 30 * time.Second
)

// day plays a busy day end to end: messages come in, each is answered, and the
// provider reports each answer as delivered. It tells how long it took, and how
// large database and memory became.
func (b *bench) day(ctx context.Context, store string) error {
	r, err := b.rig(ctx, messageBird(), store, false)
	if err != nil {
		return err
	}
	defer r.close()
	r.provider.accepted = make(chan delivery, dayChunk)
	s, err := r.launch(ctx, roleTurns)
	if err != nil {
		return err
	}
	defer s.stop()
	reports, err := r.report(s.addr)
	if err != nil {
		return err
	}
	before, begun := r.databaseTime(), time.Now()
	if err := b.daily(ctx, r, s, store, begun); err != nil {
		return err
	}
	if err := settled(ctx, expected{int64(b.messages), int64(b.messages)}, s); err != nil {
		return err
	}
	took := time.Since(begun)
	if err := reports(); err != nil {
		return err
	}
	if err := r.provider.check(b.messages); err != nil {
		return err
	}
	if err := r.place.delivered(ctx, b.messages); err != nil {
		return err
	}
	database := r.databaseTime() - before
	far, err := r.state(ctx, s)
	if err != nil {
		return err
	}
	fmt.Printf("bench: %s messages=%d answers=%d reports=%d lost=0 doubled=0 seconds=%.0f rate=%.0f %s",
		named(store, "day"), b.messages, b.messages, b.messages, took.Seconds(), float64(b.messages)/took.Seconds(), far)
	fmt.Printf(" cpu_s_10k=%.2f", per10k(s.stop(), b.messages))
	if store == storePostgres {
		fmt.Printf(" postgres_cpu_s_10k=%.2f", per10k(database, b.messages))
	}
	fmt.Println()
	return nil
}

// daily posts the messages of a day, of as many people as write ten each.
func (b *bench) daily(ctx context.Context, r *rig, s *server, store string, begun time.Time) error {
	told := begun
	for done := 0; done < b.messages; {
		n := min(dayChunk, b.messages-done)
		c := crowd{first: done / (10 * dayChunk) * dayChunk, people: dayChunk, numbers: done / dayChunk % 10 * 10}
		if _, err := newLoad(r.wire, c, conns, n).fire(s.addr); err != nil {
			return err
		}
		done += n
		var got expected
		err := until(ctx, func(now expected) (bool, error) { got = now; return int64(done)-now.sent <= dayChunk, nil }, s)
		if err != nil {
			return err
		}
		if time.Since(told) > dayEvery {
			far, err := r.state(ctx, s)
			if err != nil {
				return err
			}
			fmt.Printf("bench: %s so far messages=%d answers=%d reports=%d seconds=%.0f rate=%.0f %s\n", named(store, "day"), done, got.sent, got.reported,
				time.Since(begun).Seconds(), float64(got.sent)/time.Since(begun).Seconds(), far)
			told = time.Now()
		}
	}
	return nil
}

// report posts a report on each message that the provider has accepted, and
// returns a function that waits until all are posted.
func (r *rig) report(addr string) (wait func() error, err error) {
	var wg sync.WaitGroup
	errs := make(chan error, dayReporters)
	for range dayReporters {
		p, err := dial(addr)
		if err != nil {
			return nil, err
		}
		wg.Go(func() {
			defer p.close()
			for d := range r.provider.accepted {
				if err := p.post(r.wire.http(r.wire.report(d))); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	return func() error {
		close(r.provider.accepted) // every answer was taken
		wg.Wait()
		select {
		case err := <-errs:
			return err
		default:
			return nil
		}
	}, nil
}

// state is how large database and memory are now.
func (r *rig) state(ctx context.Context, s *server) (string, error) {
	size, err := r.place.bytes(ctx)
	if err != nil {
		return "", err
	}
	now, err := memoryOf(s.cmd.Process.Pid, "VmRSS")
	if err != nil {
		return "", err
	}
	most, err := memoryOf(s.cmd.Process.Pid, "VmHWM")
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("database_mib=%.0f rss_mib=%.0f rss_most_mib=%.0f", float64(size)/(1<<20), float64(now)/1024, float64(most)/1024)
	if r.cluster != nil && r.cluster.pid != 0 {
		sum := 0
		for _, pid := range family(r.cluster.pid) {
			if kib, err := memoryOf(pid, "Pss"); err == nil { // it may have ended
				sum += kib
			}
		}
		text += fmt.Sprintf(" postgres_mib=%.0f", float64(sum)/1024)
	}
	return text, nil
}
