package alt

import "context"

// commit is the only way in which the service changes the store; it wakes who
// waits for what changed.
func (s *Service) commit(ctx context.Context, it Item, c Changes) error {
	c.promise(it.Event)
	if err := s.cfg.Store.Commit(ctx, it, c); err != nil {
		return err
	}
	if len(c.Send) > 0 {
		s.kick(Outbox)
	}
	if len(c.Later) > 0 || c.Event != nil {
		s.kick(Inbox)
	}
	if c.Unknown {
		s.kick(Reconcile)
	}
	s.changed()
	return nil
}

func (s *Service) kick(w Work) { wake(s.kicks[w]) }

// wake puts a value into a channel that has room for one.
func wake(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// Watch returns a channel that gets a value after changes were committed by
// this process (several changes may share one), and a function that ends it.
func (s *Service) Watch() (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	s.mu.Lock()
	s.watchers[ch] = struct{}{}
	s.mu.Unlock()
	return ch, func() {
		s.mu.Lock()
		delete(s.watchers, ch)
		s.mu.Unlock()
	}
}

func (s *Service) changed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ch := range s.watchers {
		wake(ch)
	}
}

func (s *Service) observe(o Observation) { s.cfg.Observe(o) }
