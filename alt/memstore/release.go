package memstore

import (
	"context"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Release implements alt.Queue.
func (s *Store) Release(ctx context.Context, it alt.Item, at time.Time, cause error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	row, err := s.holding(it, false)
	if err != nil {
		return err
	}
	if row == nil {
		return alt.ErrLeaseLost
	}
	code := ""
	if cause != nil {
		code = channels.Code(cause)
	}
	if row.msg != nil {
		row.msg.Code = code
	}
	if at.IsZero() {
		s.bury(row, code)
		return nil
	}
	row.token, row.claimed, row.ready = 0, false, at
	s.lanes[row.work].Again(row.id, at)
	if row.msg != nil {
		row.msg.State = stateReady
	}
	return nil
}
