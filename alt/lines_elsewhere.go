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
	if left := s.lineMayCome(it); left > 0 {
		at = s.cfg.Now().Add(min(delay(it.Attempt), left)) // looked for once more at the end of the wait
	}
	s.release(ctx, it, line, at, &channels.Error{Op: op, Channel: line, Class: channels.ErrUnreachable, Outcome: channels.NotSent}, what)
}

// lineMayCome is how long the line of an item may still come; 0: it will not.
func (s *Service) lineMayCome(it Item) time.Duration {
	if _, shared := s.cfg.Store.(Notifier); !shared {
		return 0
	}
	return max(0, it.Accepted.Add(lineComes).Sub(s.cfg.Now()))
}
