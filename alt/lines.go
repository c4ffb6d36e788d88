package alt

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker"
	"golang.org/x/time/rate"

	"github.com/liidestuja/liidestuja/channels"
)

// line is a channel as it is in one routing, with its info as stamped.
type line struct {
	channels.Channel
	info    channels.Info
	checker channels.HealthChecker // nil: cannot be asked
	*condition
}

// condition is what the service adds to a line, and what stays when another
// driver takes it over: a rate, a breaker, a pause that the provider asked for,
// and what is known of its health.
type condition struct {
	limiter *rate.Limiter // nil: not bounded
	breaker *gobreaker.TwoStepCircuitBreaker

	mu     sync.Mutex
	paused time.Time
	live   int // sends that were claimed and have not ended

	of     *line // whose words on the health count: the one in the routing
	health LineHealth
	due    time.Time // when it is asked next; zero: not planned yet
	asking bool
	up     atomic.Bool // health.State is HealthUp: what a send looks at
}

const (
	breakAfter = 5                // failures in a row
	breakFor   = 10 * time.Second // until one is tried again
)

func newCondition(id channels.ID, r Rate, now func() time.Time) *condition {
	c := &condition{health: LineHealth{State: HealthUnknown}}
	if r.PerSecond > 0 {
		burst := r.Burst
		if burst <= 0 {
			burst = max(1, int(r.PerSecond))
		}
		c.limiter = rate.NewLimiter(rate.Limit(r.PerSecond), burst)
	}
	c.breaker = gobreaker.NewTwoStepCircuitBreaker(gobreaker.Settings{
		Name:        string(id),
		MaxRequests: 1,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= breakAfter },
		// The breaker knows no clock but the machine's: it may half-open at once,
		// and the line's pause, by the service's clock, is the wait.
		Timeout: time.Nanosecond,
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				c.pause(now().Add(breakFor))
			}
		},
	})
	return c
}

// pause holds the line until t: the provider said when it may be called again.
func (c *condition) pause(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.paused) {
		c.paused = t
	}
}

// held returns until when the line is paused; zero when it is not.
func (c *condition) held(now time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Before(c.paused) {
		return c.paused
	}
	return time.Time{}
}

// room returns how many messages may be claimed at now; -1 for any number. A
// line that failed is tried with one message when no other is on its way.
func (c *condition) room(now time.Time) int {
	n := -1
	if c.limiter != nil {
		n = max(0, int(c.limiter.TokensAt(now)))
	}
	c.mu.Lock()
	paused, live := now.Before(c.paused), c.live
	c.mu.Unlock()
	switch {
	case paused:
		return 0
	case c.breaker.State() == gobreaker.StateClosed:
		return n
	case live > 0:
		return 0
	case n < 0:
		return 1
	}
	return min(n, 1)
}

// took counts a claimed message, and spends the rate for it; ended must follow.
func (c *condition) took(now time.Time) {
	c.mu.Lock()
	c.live++
	c.mu.Unlock()
	if c.limiter != nil {
		c.limiter.AllowN(now, 1)
	}
}

// ended may come without took, for a line that was added in between.
func (c *condition) ended() {
	c.mu.Lock()
	c.live = max(0, c.live-1)
	c.mu.Unlock()
}

// counts reports whether e speaks against the line's health, not against one
// message.
func counts(e *channels.Error) bool {
	return errors.Is(e, channels.ErrUnavailable) || errors.Is(e, channels.ErrCredentials)
}
