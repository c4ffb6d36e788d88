package alt

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/liidestuja/liidestuja/channels"
)

// delay is the wait before another attempt: from one second, doubling, with
// jitter of 30 %, to ten minutes.
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
	l := s.lineOf(o.To.Agency, o.To.Channel)
	if l == nil {
		s.noLine(ctx, it, o.To.Channel, "send", "send")
		return
	}
	defer l.ended()
	if at := l.held(s.cfg.Now()); !at.IsZero() { // the pause began after the claim
		s.hold(ctx, it, at)
		return
	}
	d, err := s.cfg.Store.Dossier(ctx, o.To)
	if err != nil {
		s.release(ctx, it, l.info.ID, s.retry(it, delay(it.Attempt)), err, "send")
		return
	}
	extended, refusal := admit(&l.info, d.Contact, &o, s.cfg.Now())
	if refusal != nil {
		s.release(ctx, it, l.info.ID, time.Time{}, refusal, "send")
		return
	}
	if err := s.approved(ctx, l, o); err != nil {
		at := time.Time{}
		if !hopeless(err) {
			at = s.retry(it, delay(it.Attempt))
		}
		s.release(ctx, it, l.info.ID, at, err, "send")
		return
	}
	o.Extended, o.Salt = extended, nil
	carryOver(&o, &l.info, d.Contact)
	s.bindMedia(&o)
	if err := s.fillIn(&o); err != nil {
		s.release(ctx, it, l.info.ID, time.Time{}, &channels.Error{Op: "send", Channel: l.info.ID, Class: channels.ErrRejected, Outcome: channels.NotSent, Err: err}, "send")
		return
	}
	if !s.timely(it) {
		s.hold(ctx, it, s.cfg.Now())
		return
	}
	done, err := l.breaker.Allow()
	if err != nil { // it opened after the claim
		s.hold(ctx, it, s.cfg.Now().Add(breakFor))
		return
	}
	start, began := time.Now(), s.cfg.Now()
	receipt, failure := s.attempt(ctx, l, it, o)
	done(failure == nil || !counts(failure))
	if failure != nil {
		s.failed(ctx, it, l, failure)
		s.sendTells(ctx, l, failure, began)
		return
	}
	_ = s.receipt(ctx, it, o, receipt) // its failure is logged, and reconciled like any unknown outcome
	s.observe(Observation{Name: "send.sent", Line: l.info.ID, N: 1, Duration: time.Since(start)})
	s.sendTells(ctx, l, nil, began)
}

// hold gives an item back that was not tried.
func (s *Service) hold(ctx context.Context, it Item, at time.Time) {
	err := s.insist(ctx, func(ctx context.Context) error { return s.cfg.Store.Release(ctx, it, at, channels.ErrUnavailable) })
	if err != nil {
		s.cfg.Logger.WarnContext(ctx, "release failed", "item", it.ID, "error", err)
	}
}

// attempt calls the driver once, within its time, and never lets a panic or an
// error of another type pass for anything but an unknown outcome.
func (s *Service) attempt(ctx context.Context, l *line, it Item, o channels.Outbound) (channels.Receipt, *channels.Error) {
	// A worker that is told to stop still hears the provider out: to hang up
	// would make an outcome unknown.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.SendTimeout)
	defer cancel()
	var r channels.Receipt
	err := s.guard(ctx, "driver", l.info.ID, it.ID, func() (err error) { r, err = l.Send(ctx, o); return err })
	if err == nil && r.ID != "" {
		return r, nil
	}
	e := &channels.Error{Op: "send", Channel: l.info.ID, Class: channels.ErrMalformed}
	if err == nil {
		return r, e
	}
	if told := (*channels.Error)(nil); errors.As(err, &told) {
		if told != nil {
			return r, told
		}
		err = errPanic // an error that points nowhere, which nobody may ask anything
	}
	e.Class, e.Err = channels.ErrUnavailable, err // a driver that breaks its contract
	return r, e
}

// bindMedia lets the driver read the stored files of a message.
func (s *Service) bindMedia(o *channels.Outbound) {
	switch c := o.Content.(type) {
	case channels.Media:
		o.Content = s.bound(o.To.Agency, c)
	case channels.Template:
		c.Header, c.Body = s.boundParams(o.To.Agency, c.Header), s.boundParams(o.To.Agency, c.Body)
		o.Content = c
	}
}

func (s *Service) boundParams(agency channels.Agency, params []channels.Param) []channels.Param {
	params = slices.Clone(params) // the content may be the store's own
	for i, p := range params {
		if p.Media != nil {
			m := s.bound(agency, *p.Media)
			params[i].Media = &m
		}
	}
	return params
}

// receipt writes down that the message went out. The provider has it, so this
// must not be lost to a passing fault of the store. ErrIDReused: what a look at
// the provider found is another message of ours.
func (s *Service) receipt(ctx context.Context, it Item, o channels.Outbound, r channels.Receipt) error {
	now := s.cfg.Now()
	if r.At.IsZero() {
		r.At = now
	}
	if r.Status == "" {
		r.Status = channels.Sent
	}
	err := s.insist(ctx, func(ctx context.Context) error {
		err := s.commit(ctx, it, Changes{Receipt: &r})
		if errors.Is(err, ErrLeaseLost) { // the lease ran out: the row waits as unknown, by its name
			err = s.commit(ctx, Item{}, Changes{Reports: []Report{{Address: o.To, ID: r.ID, Ref: o.Ref(), Status: r.Status, At: r.At, Thread: r.Thread}}})
		}
		return err
	})
	if err != nil {
		s.cfg.Logger.ErrorContext(ctx, "receipt not stored: the message will be uncertain", "item", it.ID, "line", o.To.Channel, "error", err)
	}
	return err
}

// failed decides what an error of a send means. What may have gone out is never
// called dead, and a provider that asks for a rest does not get more than
// MaxHold without being asked again.
func (s *Service) failed(ctx context.Context, it Item, l *line, e *channels.Error) {
	now := s.cfg.Now()
	caps := &l.info.Capabilities
	var at time.Time
	if e.Retryable(caps.Idempotent.Known() && caps.Idempotent.Value) {
		wait := delay(it.Attempt)
		if e.RetryAfter > 0 {
			wait = e.RetryAfter
			if errors.Is(e, channels.ErrRateLimited) && !e.Person {
				l.pause(now.Add(min(wait, s.cfg.MaxHold)))
			}
		}
		at = s.retry(it, wait)
	}
	switch {
	case !at.IsZero():
		s.release(ctx, it, l.info.ID, at, e, "send")
	case e.Outcome != channels.NotSent:
		s.observe(Observation{Name: "send.unknown", Line: l.info.ID, Code: channels.Code(e), N: 1})
		s.cfg.Logger.WarnContext(ctx, "send has an unknown outcome", "item", it.ID, "line", l.info.ID, "error", e)
		err := s.insist(ctx, func(ctx context.Context) error { return s.commit(ctx, it, Changes{Unknown: true}) })
		if err != nil {
			s.cfg.Logger.ErrorContext(ctx, "unknown outcome not stored", "item", it.ID, "error", err) // the lease says the same
		}
	default:
		s.refused(ctx, it.Outbound.To, e)
		s.release(ctx, it, l.info.ID, time.Time{}, e, "send")
	}
}
