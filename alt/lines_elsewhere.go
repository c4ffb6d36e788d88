package alt

import (
	"context"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// lineComes is how long an item of a line that this process does not have waits,
// counted from its acceptance, where the store is shared: another process may have
// been given the line a moment before, or a newer program is taking over from this
// one.
const lineComes = 5 * time.Minute

// noLine gives back an item of a line that there is not: the line was removed, or,
// where the store is shared, may not be here yet.
func (s *Service) noLine(ctx context.Context, it Item, line channels.ID, what, op string) {
	at := time.Time{}
	if s.lineMayCome(it) {
		at = s.cfg.Now().Add(delay(it.Attempt))
	}
	s.release(ctx, it, line, at, &channels.Error{Op: op, Channel: line, Class: channels.ErrUnreachable, Outcome: channels.NotSent}, what)
}

func (s *Service) lineMayCome(it Item) bool {
	_, shared := s.cfg.Store.(Notifier)
	return shared && s.cfg.Now().Before(it.Accepted.Add(lineComes))
}
