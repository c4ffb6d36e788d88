package alt

import "context"

// Follow stands in for Run in a process that does none of the work itself, but
// accepts webhooks, or serves people and specialists: it wakes whoever watches
// here when another process has changed something, until ctx ends, and returns
// nil. What such a process queues is done by those that Run: a store that is a
// Notifier tells them.
func (s *Service) Follow(ctx context.Context) error {
	if n, ok := s.cfg.Store.(Notifier); ok {
		s.listen(ctx, n)
	}
	<-ctx.Done()
	return nil
}
