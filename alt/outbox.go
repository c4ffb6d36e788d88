package alt

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/liidestuja/liidestuja/channels"
)

// delay is the wait before another attempt: from one second, doubling, with
// jitter, at most ten minutes.
func delay(attempt int) time.Duration {
	b := backoff.NewExponentialBackOff(backoff.WithInitialInterval(time.Second), backoff.WithMultiplier(2),
		backoff.WithRandomizationFactor(0.3), backoff.WithMaxInterval(10*time.Minute), backoff.WithMaxElapsedTime(0))
	d := b.NextBackOff()
	for range min(attempt, 12) - 1 {
		d = b.NextBackOff()
	}
	return d
}

// send brings one message to its end: a receipt, another time, an unknown
// outcome, or a dead letter.
func (s *Service) send(ctx context.Context, it Item) {
	o := *it.Outbound
	l := s.lines[o.To.Channel]
	refuse := func(class error) {
		s.release(ctx, it, o.To.Channel, time.Time{}, &channels.Error{Op: "send", Channel: o.To.Channel, Class: class, Outcome: channels.NotSent}, "send")
	}
	if l == nil {
		refuse(channels.ErrUnreachable)
		return
	}
	d, err := s.cfg.Store.Dossier(ctx, o.To)
	if err != nil {
		s.again(ctx, it, l, err)
		return
	}
	extended, refusal := admit(l.info.Capabilities, d.Contact, o, s.cfg.Now())
	if refusal != nil {
		s.release(ctx, it, l.info.ID, time.Time{}, refusal, "send")
		return
	}
	o.Extended = extended
	if o.Thread == "" && d.Contact != nil {
		o.Thread = d.Contact.Thread
	}
	s.bindMedia(&o)
	done, err := l.breaker.Allow()
	if err != nil { // it opened after the claim
		if err := s.cfg.Store.Release(ctx, it, s.cfg.Now().Add(breakFor), channels.ErrUnavailable); err != nil {
			s.cfg.Logger.WarnContext(ctx, "release failed", "item", it.ID, "error", err)
		}
		return
	}
	start := time.Now()
	receipt, err := s.attempt(ctx, l, o)
	done(err == nil || !counts(err))
	if err == nil {
		s.receipt(ctx, it, o, receipt)
		s.observe(Observation{Name: "send.sent", Line: l.info.ID, N: 1, Duration: time.Since(start)})
		return
	}
	s.failed(ctx, it, l, d, err)
}

// attempt calls the driver once, within its time, and never lets a panic or an
// error of another type pass for anything but an unknown outcome.
func (s *Service) attempt(ctx context.Context, l *line, o channels.Outbound) (r channels.Receipt, err error) {
	// A worker that is told to stop still hears the provider out: to hang up
	// would make an outcome unknown.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.SendTimeout)
	defer cancel()
	defer func() {
		if recover() != nil {
			err = &channels.Error{Op: "send", Channel: l.info.ID, Class: channels.ErrUnavailable, Err: errPanic}
		}
	}()
	r, err = l.Send(ctx, o)
	if err == nil && r.ID == "" {
		err = &channels.Error{Op: "send", Channel: l.info.ID, Class: channels.ErrMalformed}
	}
	return r, err
}

// bindMedia lets the driver read stored files.
func (s *Service) bindMedia(o *channels.Outbound) {
	m, ok := o.Content.(channels.Media)
	if !ok || m.Blob == "" {
		return
	}
	agency, blob := o.To.Agency, m.Blob
	m.Open = func(ctx context.Context) (io.ReadCloser, error) { return s.cfg.Store.OpenBlob(ctx, agency, blob) }
	o.Content = m
}

// receipt writes down that the message went out. The provider has it, so this
// must not be lost to a passing fault of the store.
func (s *Service) receipt(ctx context.Context, it Item, o channels.Outbound, r channels.Receipt) {
	now := s.cfg.Now()
	if r.At.IsZero() {
		r.At = now
	}
	if r.Status == "" {
		r.Status = channels.Sent
	}
	c := Changes{Receipt: &r}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Lease/2)
	defer cancel()
	err := backoff.Retry(func() error {
		err := s.commit(ctx, it, c)
		if errors.Is(err, ErrLeaseLost) { // the lease ran out: the row waits as unknown, by its name
			err = s.commit(ctx, Item{}, Changes{Reports: []Report{{Address: o.To, ID: r.ID, Ref: o.Ref(), Status: r.Status, At: r.At, Thread: r.Thread}}})
		}
		if errors.Is(err, ErrClosed) {
			return backoff.Permanent(err)
		}
		return err
	}, backoff.WithContext(backoff.NewExponentialBackOff(backoff.WithInitialInterval(50*time.Millisecond)), ctx))
	if err != nil {
		s.cfg.Logger.ErrorContext(ctx, "receipt not stored: the message will be uncertain", "item", it.ID, "line", o.To.Channel, "error", err)
	}
}

// failed decides what an error of a send means.
func (s *Service) failed(ctx context.Context, it Item, l *line, d Dossier, err error) {
	now := s.cfg.Now()
	var e *channels.Error
	if !errors.As(err, &e) { // a driver that breaks its contract
		e = &channels.Error{Op: "send", Channel: l.info.ID, Class: channels.ErrUnavailable, Err: err}
	}
	caps := l.info.Capabilities
	idempotent := caps.Idempotent.Known() && caps.Idempotent.Value
	switch {
	case e.Retryable(idempotent):
		at := now.Add(delay(it.Attempt))
		if e.RetryAfter > 0 {
			at = now.Add(e.RetryAfter)
			if errors.Is(e, channels.ErrRateLimited) {
				l.pause(at)
			}
		}
		if at.After(it.Accepted.Add(s.cfg.MaxHold)) {
			at = time.Time{}
		}
		s.release(ctx, it, l.info.ID, at, e, "send")
	case e.Outcome != channels.NotSent:
		s.observe(Observation{Name: "send.unknown", Line: l.info.ID, Code: channels.Code(e), N: 1})
		s.cfg.Logger.WarnContext(ctx, "send has an unknown outcome", "item", it.ID, "line", l.info.ID, "error", e)
		if err := s.commit(ctx, it, Changes{Unknown: true}); err != nil {
			s.cfg.Logger.ErrorContext(ctx, "unknown outcome not stored", "item", it.ID, "error", err) // the lease says the same
		}
	default:
		s.closeWindow(ctx, d, e, now)
		s.release(ctx, it, l.info.ID, time.Time{}, e, "send")
	}
}

// closeWindow keeps what a refusal says about the person.
func (s *Service) closeWindow(ctx context.Context, d Dossier, e *channels.Error, now time.Time) {
	closed, out := errors.Is(e, channels.ErrWindowClosed), errors.Is(e, channels.ErrOptedOut)
	if d.Contact == nil || !closed && !out {
		return
	}
	c := *d.Contact
	c.OptedOut = c.OptedOut || out
	if closed {
		c.WindowClosed = now
	}
	if err := s.commit(ctx, Item{}, Changes{Contact: &c}); err != nil && !errors.Is(err, ErrConflict) {
		s.cfg.Logger.WarnContext(ctx, "refusal not kept with the contact", "line", e.Channel, "error", err)
	}
}
