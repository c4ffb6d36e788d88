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

// room returns how many messages may be claimed at now; -1 for any number.
func (l *line) room(now time.Time) int {
	l.mu.Lock()
	paused := now.Before(l.paused)
	l.mu.Unlock()
	switch {
	case paused || l.breaker.State() == gobreaker.StateOpen:
		return 0
	case l.breaker.State() == gobreaker.StateHalfOpen:
		return 1
	case l.limiter != nil:
		return max(0, int(l.limiter.TokensAt(now)))
	}
	return -1
}

// took spends the rate for a claimed message.
func (l *line) took(now time.Time) {
	if l.limiter != nil {
		l.limiter.AllowN(now, 1)
	}
}

// counts reports whether err speaks against the line's health, not against one
// message.
func counts(err error) bool {
	var e *channels.Error
	if !errors.As(err, &e) {
		return true
	}
	return errors.Is(e, channels.ErrUnavailable) || errors.Is(e, channels.ErrCredentials)
}
