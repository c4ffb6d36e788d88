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
	found, unknown := s.find(ctx, it, o)
	if found {
		return
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

// find asks the provider whether it has the message, and writes down that it
// does; otherwise it tells why nobody knows. What is found must not be another
// message of ours: a provider without references is asked for equal content.
func (s *Service) find(ctx context.Context, it Item, o channels.Outbound) (bool, *channels.Error) {
	unknown := &channels.Error{Op: "send", Channel: o.To.Channel, Class: channels.ErrUnavailable}
	l := s.lineOf(o.To.Agency, o.To.Channel)
	if l == nil {
		return false, unknown
	}
	f, ok := channels.As[channels.Finder](l.Channel)
	if !ok {
		return false, unknown
	}
	carryOver(&o, &l.info, nil)
	fctx, cancel := context.WithTimeout(ctx, s.cfg.SendTimeout)
	defer cancel()
	var r channels.Receipt
	var found bool
	err := s.guard(ctx, "driver", o.To.Channel, it.ID, func() (err error) { r, found, err = f.Find(fctx, o); return err })
	if err == nil && found && r.ID != "" {
		return !errors.Is(s.receipt(ctx, it, o, r), ErrIDReused), unknown
	}
	var e *channels.Error
	if errors.As(err, &e) && e != nil {
		unknown.Provider = e.Provider
	}
	return false, unknown
}
