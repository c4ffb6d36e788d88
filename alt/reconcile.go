package alt

import (
	"context"
	"errors"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// reconcile looks for a message of unknown outcome at the provider, and gives
// it to a person when the time is over. It is never sent again from here.
func (s *Service) reconcile(ctx context.Context, it Item) {
	o := *it.Outbound
	now := s.cfg.Now()
	unknown := &channels.Error{Op: "send", Channel: o.To.Channel, Class: channels.ErrUnavailable}
	if l := s.lines[o.To.Channel]; l != nil {
		if f, ok := channels.As[channels.Finder](l.Channel); ok {
			fctx, cancel := context.WithTimeout(ctx, s.cfg.SendTimeout)
			var r channels.Receipt
			var found bool
			err := s.guard(ctx, "driver", o.To.Channel, it.ID, func() (err error) { r, found, err = f.Find(fctx, o); return err })
			cancel()
			if err == nil && found && r.ID != "" {
				s.receipt(ctx, it, o, r)
				return
			}
			var e *channels.Error
			if errors.As(err, &e) && e != nil {
				unknown.Provider = e.Provider
			}
		}
	}
	deadline := it.Since.Add(s.cfg.ReconcileFor)
	if !now.Before(deadline) {
		s.cfg.Logger.ErrorContext(ctx, "outcome stays unknown: a person must decide", "item", it.ID, "line", o.To.Channel)
		s.release(ctx, it, o.To.Channel, time.Time{}, unknown, "reconcile")
		return
	}
	at := now.Add(10 * delay(it.Attempt))
	if at.After(deadline) {
		at = deadline
	}
	s.release(ctx, it, o.To.Channel, at, unknown, "reconcile")
}
