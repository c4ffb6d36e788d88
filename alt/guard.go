package alt

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/liidestuja/liidestuja/channels"
)

// guard calls what others wrote, a handler or a driver, and turns a panic into
// an error. The panic's value may hold anything, so only the stack is logged.
func (s *Service) guard(ctx context.Context, what string, line channels.ID, item int64, f func() error) (err error) {
	defer func() {
		if recover() != nil {
			s.cfg.Logger.ErrorContext(ctx, "panic", "in", what, "line", line, "item", item, "stack", string(debug.Stack()))
			s.observe(Observation{Name: what + ".panic", Line: line, N: 1})
			err = errPanic
		}
	}()
	return f()
}

// insist repeats a write that must not be lost to a passing fault of the store,
// also when the service is told to stop, for as long as half a lease. A refusal
// is no fault.
func (s *Service) insist(ctx context.Context, write func(ctx context.Context) error) error {
	ctx = context.WithoutCancel(ctx)
	err := write(ctx)
	if err == nil || refusal(err) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Lease/2)
	defer cancel()
	return backoff.Retry(func() error {
		err := write(ctx)
		if refusal(err) {
			return backoff.Permanent(err)
		}
		return err
	}, backoff.WithContext(backoff.NewExponentialBackOff(backoff.WithInitialInterval(50*time.Millisecond)), ctx))
}

// refusal reports whether the store understood and said no.
func refusal(err error) bool {
	for _, no := range []error{ErrLeaseLost, ErrConflict, ErrIDReused, ErrInput, ErrNotFound, ErrClosed} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

// conflictTries is how often something is decided again because its dossier
// changed meanwhile.
const conflictTries = 4

// decide calls try again while it meets ErrConflict.
func decide(try func() error) error {
	var err error
	for range conflictTries {
		if err = try(); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return err
}
