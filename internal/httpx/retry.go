package httpx

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"
)

const maxRetryAfter = 24 * time.Hour

// RetryAfter reads the Retry-After header, seconds or an HTTP date, and returns how
// long to wait from now, between 0 and 24 hours. False: there is none, or it makes
// no sense.
func RetryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	v := strings.Trim(h.Get("Retry-After"), " \t")
	if v == "" || len(v) > 64 {
		return 0, false
	}
	if strings.Trim(v, "0123456789") == "" {
		seconds, err := strconv.ParseInt(v, 10, 64)
		if err != nil || seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter, true // digits only, so it can only be too many
		}
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), maxRetryAfter), true
}

// RetryPolicy bounds Retry. The zero value is good.
type RetryPolicy struct {
	// Attempts is the number of calls, the first included. Default 4.
	Attempts int
	// Initial is the first wait and Max the longest, each varied by half. The wait
	// doubles. Default 250 ms and 10 s.
	Initial, Max time.Duration
	// MaxAfter is the longest wait that the server may ask for; when it asks for
	// more, Retry gives up at once. Default 30 s.
	MaxAfter time.Duration
	// Timer waits. Default: the system's. It must not be shared between calls.
	Timer Timer
}

// Timer is what Retry waits with: Start begins a wait, C fires when it is over.
type Timer interface {
	Start(d time.Duration)
	Stop()
	C() <-chan time.Time
}

// Retry calls fn until it returns no error, one that is not retryable, or the
// policy is used up; the last error of fn is returned. after is the server's wish
// (0 for none) and lengthens the wait. When ctx ends, its error is joined.
//
// Only reads may be retried here: media, tokens, polling. Sending again is the
// outbox's decision, because it must survive a restart.
func Retry(ctx context.Context, p RetryPolicy, fn func() (retryable bool, after time.Duration, err error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	wait := &hintedBackOff{exp: backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(orDefault(p.Initial, 250*time.Millisecond)),
		backoff.WithMaxInterval(orDefault(p.Max, 10*time.Second)),
		backoff.WithMultiplier(2),
		backoff.WithMaxElapsedTime(0),
	)}
	maxAfter := orDefault(p.MaxAfter, 30*time.Second)
	retries := uint64(max(orDefault(p.Attempts, 4), 1) - 1)

	var last error
	err := backoff.RetryNotifyWithTimer(func() error {
		retryable, after, err := fn()
		last, wait.after = err, after
		if err != nil && (!retryable || after > maxAfter) {
			return backoff.Permanent(err)
		}
		return err
	}, backoff.WithContext(backoff.WithMaxRetries(wait, retries), ctx), nil, p.Timer)
	if err != nil && ctx.Err() != nil && !errors.Is(last, ctx.Err()) {
		return errors.Join(ctx.Err(), last)
	}
	if err != nil {
		return last
	}
	return nil
}

// hintedBackOff waits at least as long as the server asked for.
type hintedBackOff struct {
	exp   *backoff.ExponentialBackOff
	after time.Duration
}

func (h *hintedBackOff) Reset() { h.exp.Reset() }

func (h *hintedBackOff) NextBackOff() time.Duration {
	return max(h.exp.NextBackOff(), h.after)
}
