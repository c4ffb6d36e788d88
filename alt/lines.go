package alt

import (
	"errors"
	"sync"
	"time"

	"github.com/sony/gobreaker"
	"golang.org/x/time/rate"

	"github.com/liidestuja/liidestuja/channels"
)

// line is a channel with what the service adds: its info as stamped, a rate, a
// breaker and a pause that the provider asked for.
type line struct {
	channels.Channel
	info    channels.Info
	limiter *rate.Limiter // nil: not bounded
	breaker *gobreaker.TwoStepCircuitBreaker

	mu     sync.Mutex
	paused time.Time
	live   int // sends that were claimed and have not ended
}

const (
	breakAfter = 5                // failures in a row
	breakFor   = 10 * time.Second // until one is tried again
)

func newLine(ch channels.Channel, info channels.Info, r Rate, now func() time.Time) *line {
	l := &line{Channel: ch, info: info}
	if r.PerSecond > 0 {
		burst := r.Burst
		if burst <= 0 {
			burst = max(1, int(r.PerSecond))
		}
		l.limiter = rate.NewLimiter(rate.Limit(r.PerSecond), burst)
	}
	l.breaker = gobreaker.NewTwoStepCircuitBreaker(gobreaker.Settings{
		Name:        string(info.ID),
		MaxRequests: 1,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakAfter },
		// The breaker knows no clock but the machine's: it may half-open at once,
		// and the line's pause, by the service's clock, is the wait.
		Timeout: time.Nanosecond,
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				l.pause(now().Add(breakFor))
			}
		},
	})
	return l
}

// pause holds the line until t: the provider said when it may be called again.
func (l *line) pause(t time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.After(l.paused) {
		l.paused = t
	}
}

// held returns until when the line is paused; zero when it is not.
func (l *line) held(now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.paused) {
		return l.paused
	}
	return time.Time{}
}

// room returns how many messages may be claimed at now; -1 for any number. A
// line that failed is tried with one message when no other is on its way.
func (l *line) room(now time.Time) int {
	n := -1
	if l.limiter != nil {
		n = max(0, int(l.limiter.TokensAt(now)))
	}
	l.mu.Lock()
	paused, live := now.Before(l.paused), l.live
	l.mu.Unlock()
	switch {
	case paused:
		return 0
	case l.breaker.State() == gobreaker.StateClosed:
		return n
	case live > 0:
		return 0
	case n < 0:
		return 1
	}
	return min(n, 1)
}

// took counts a claimed message, and spends the rate for it; ended must follow.
func (l *line) took(now time.Time) {
	l.mu.Lock()
	l.live++
	l.mu.Unlock()
	if l.limiter != nil {
		l.limiter.AllowN(now, 1)
	}
}

func (l *line) ended() {
	l.mu.Lock()
	l.live--
	l.mu.Unlock()
}

// counts reports whether e speaks against the line's health, not against one
// message.
func counts(e *channels.Error) bool {
	return errors.Is(e, channels.ErrUnavailable) || errors.Is(e, channels.ErrCredentials)
}
