package alt

import (
	"context"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// queueSpec is one queue with its workers.
type queueSpec struct {
	work    Work
	workers int
	do      func(ctx context.Context, it Item)
}

func (s *Service) queues() []queueSpec {
	return []queueSpec{
		{Media, s.cfg.MediaWorkers, s.fetch},
		{Inbox, s.cfg.TurnWorkers, s.handle},
		{Outbox, s.cfg.SendWorkers, s.send},
		{Reconcile, 2, s.reconcile},
	}
}

const (
	housekeeping = 15 * time.Second
	expireAtOnce = 500
	claimAgain   = time.Second // after a claim that failed
)

// Purger is a store that removes what is no longer needed; Run and Step call
// it now and then.
type Purger interface {
	Purge(ctx context.Context, now time.Time) error
}

// Notifier is a store that several processes share, and that tells of work which
// another of them has added. Run listens to it; without it, or when a word is
// lost, Config.Poll finds the work.
type Notifier interface {
	// Notify returns the names of queues that have new work, until ctx ends; then
	// the channel is closed.
	Notify(ctx context.Context) (<-chan Work, error)
}

// Run works the queues until ctx ends: then it claims nothing more, finishes
// what it began within Config.DrainTimeout and returns nil. It owns every
// goroutine of the service.
func (s *Service) Run(ctx context.Context) error {
	// Work that began outlives ctx by DrainTimeout.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var wg sync.WaitGroup
	for _, q := range s.queues() {
		wg.Go(func() { s.dispatch(ctx, work, q) })
	}
	wg.Go(func() { s.keepHouse(ctx) })
	wg.Go(func() { s.watchHealth(ctx) })
	if n, ok := s.cfg.Store.(Notifier); ok {
		wg.Go(func() { s.listen(ctx, n) })
	}
	<-ctx.Done()
	drained := make(chan struct{})
	go func() { wg.Wait(); close(drained) }()
	timer := time.NewTimer(s.cfg.DrainTimeout)
	defer timer.Stop()
	select {
	case <-drained:
	case <-timer.C:
		stop() // handlers see their context end; one that does not listen is left behind
		s.cfg.Logger.WarnContext(ctx, "stopped before all work was done; leases will run out")
		select {
		case <-drained:
		case <-time.After(time.Second):
		}
	}
	return nil
}

// listen wakes the queues that another process has added work to, and whoever
// watches for changes.
func (s *Service) listen(ctx context.Context, n Notifier) {
	for ctx.Err() == nil {
		news, err := n.Notify(ctx)
		if err != nil && ctx.Err() == nil {
			s.cfg.Logger.WarnContext(ctx, "store does not tell of others' work; it is polled", "error", err)
		}
		if err == nil {
			for w := range news {
				s.kick(w)
				s.changed()
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(claimAgain):
		}
	}
}

// dispatch claims for idle workers of one queue. It is woken by what adds work
// and by each worker that ends; a slow ticker serves what becomes due.
func (s *Service) dispatch(ctx, work context.Context, q queueSpec) {
	idle := make(chan struct{}, q.workers)
	for range q.workers {
		idle <- struct{}{}
	}
	jobs := make(chan Item)
	var wg sync.WaitGroup
	for range q.workers {
		wg.Go(func() {
			for it := range jobs {
				q.do(work, it)
				idle <- struct{}{}
				s.kick(q.work)
			}
		})
	}
	defer wg.Wait()
	defer close(jobs)
	tick := time.NewTicker(s.cfg.Poll)
	defer tick.Stop()
	for {
		full, err := s.claim(ctx, work, q, idle, jobs)
		switch {
		case full:
			continue
		case err != nil && ctx.Err() == nil:
			s.cfg.Logger.ErrorContext(ctx, "claim failed", "queue", string(q.work), "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(claimAgain): // whatever happens meanwhile
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-s.kicks[q.work]:
		case <-tick.C:
		}
	}
}

// claim hands out as much as there are idle workers, and reports whether it is
// worth asking again at once. What was claimed while ctx ended goes back at once,
// for another process.
func (s *Service) claim(ctx, work context.Context, q queueSpec, idle chan struct{}, jobs chan<- Item) (bool, error) {
	n := len(idle)
	if n == 0 || ctx.Err() != nil {
		return false, nil //nolint:nilerr // to be told to stop is no failure
	}
	items, err := s.claimItems(ctx, q.work, n)
	if ctx.Err() != nil {
		var wg sync.WaitGroup
		for _, it := range items {
			wg.Go(func() { s.hold(work, it, s.cfg.Now()) })
		}
		wg.Wait()
		return false, nil
	}
	for _, it := range items {
		<-idle
		jobs <- it
	}
	return err == nil && len(items) == n, err
}

func (s *Service) claimItems(ctx context.Context, w Work, n int) ([]Item, error) {
	now := s.cfg.Now()
	q := ClaimQuery{Work: w, Max: n, Lease: s.cfg.Lease}
	if w == Outbox {
		for id, l := range s.routes.Load().lines {
			if room := l.room(now); room >= 0 {
				if q.Limit == nil {
					q.Limit = make(map[channels.ID]int)
				}
				q.Limit[id] = room
			}
		}
	}
	asked := time.Now()
	items, err := s.cfg.Store.Claim(ctx, q)
	for i := range items {
		items[i].asked = asked
	}
	if w == Outbox {
		for _, it := range items {
			if l := s.lineOf(it.Outbound.To.Agency, it.Outbound.To.Channel); l != nil {
				l.took(now)
			}
		}
	}
	return items, err
}

func (s *Service) keepHouse(ctx context.Context) {
	tick := time.NewTicker(housekeeping)
	defer tick.Stop()
	for {
		s.clean(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// clean ends sessions whose time is over and removes what nobody needs.
func (s *Service) clean(ctx context.Context) int {
	now := s.cfg.Now()
	total := 0
	for n := expireAtOnce; n == expireAtOnce && ctx.Err() == nil; {
		var err error
		if n, err = s.cfg.Store.Expire(ctx, s.cfg.Session, now, expireAtOnce); err != nil && ctx.Err() == nil {
			s.cfg.Logger.ErrorContext(ctx, "sessions not expired", "error", err)
		}
		if total += n; n > 0 {
			s.kick(Inbox)
		}
	}
	if _, err := s.cfg.Store.ExpireFlows(ctx, now, expireAtOnce); err != nil && ctx.Err() == nil {
		s.cfg.Logger.ErrorContext(ctx, "flows not expired", "error", err)
	}
	if p, ok := s.cfg.Store.(Purger); ok {
		if err := p.Purge(ctx, now); err != nil && ctx.Err() == nil {
			s.cfg.Logger.ErrorContext(ctx, "purge failed", "error", err)
		}
	}
	return total
}

// Step makes one deterministic round with one worker: it ends sessions, asks
// the lines whose time has come how they are, and takes each queue once. It
// returns how many items it worked on; 0 means that nothing is due. Tests use it instead of Run; the code is the same.
func (s *Service) Step(ctx context.Context) (int, error) {
	total := s.clean(ctx)
	for _, l := range s.dueLines() {
		if s.check(ctx, l) {
			total++
		}
	}
	for _, q := range s.queues() {
		items, err := s.claimItems(ctx, q.work, q.workers)
		if err != nil {
			return total, err
		}
		for _, it := range items {
			q.do(ctx, it)
		}
		total += len(items)
	}
	return total, nil
}
