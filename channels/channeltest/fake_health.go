package channeltest

import (
	"context"
	"errors"

	"github.com/liidestuja/liidestuja/channels"
)

// Unwrap gives channels.As the line's channels.HealthChecker with Config.Health,
// and nil without it. A service looks for it once, when it gets the line.
func (f *Fake) Unwrap() any {
	if f.cfg.Health {
		return checker{f}
	}
	return nil
}

// checker tells how a Fake is.
type checker struct{ f *Fake }

// Health implements channels.HealthChecker.
func (c checker) Health(ctx context.Context, line channels.ID) error {
	f := c.f
	f.mu.Lock()
	f.asked++
	hook, err := f.onHealth, f.health
	f.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return f.refuse("health", channels.ErrUnavailable, ctx.Err())
	case line != f.cfg.ID:
		return f.refuse("health", channels.ErrUnsupported, errors.New("no such line"))
	case hook != nil:
		err = hook(ctx)
	}
	if err == nil {
		return nil
	}
	return f.failure("health", err)
}

// SetHealth makes every answer to how the line is this error from now on, in the
// form that FailNext describes: channels.ErrCredentials is a dead token,
// channels.ErrUnavailable an outage. Nil, as in the beginning: the line works.
// What Send was told to do has no part in it. It needs Config.Health.
func (f *Fake) SetHealth(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.health = err
}

// OnHealth makes every such answer the error of hook, which is called without a
// lock and may wait. Nil removes the hook. It needs Config.Health.
func (f *Fake) OnHealth(hook func(context.Context) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.onHealth = hook
}

// Asked returns how often somebody asked how the line is, whatever came of it.
func (f *Fake) Asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}
