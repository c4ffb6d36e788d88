package httpx_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		value string
		want  time.Duration
		ok    bool
	}{
		"seconds":                         {"120", 2 * time.Minute, true},
		"no time at all":                  {"0", 0, true},
		"white space around it":           {" 3\t", 3 * time.Second, true},
		"a day":                           {"86400", 24 * time.Hour, true},
		"more than a day is a day":        {"86401", 24 * time.Hour, true},
		"a number beyond 64 bits":         {"99999999999999999999999", 24 * time.Hour, true},
		"a date":                          {"Sun, 01 Mar 2026 12:00:30 GMT", 30 * time.Second, true},
		"a date of the past is now":       {"Sun, 01 Mar 2026 11:00:00 GMT", 0, true},
		"a date next year is a day":       {"Mon, 01 Mar 2027 12:00:00 GMT", 24 * time.Hour, true},
		"an obsolete date":                {"Sunday, 01-Mar-26 12:00:05 GMT", 5 * time.Second, true},
		"nothing":                         {"", 0, false},
		"a negative number":               {"-1", 0, false},
		"a signed number":                 {"+1", 0, false},
		"a fraction":                      {"1.5", 0, false},
		"a word":                          {"soon", 0, false},
		"digits of another script":        {"٣", 0, false},
		"a number longer than any header": {strings.Repeat("9", 65), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := httpx.RetryAfter(http.Header{"Retry-After": {tc.value}}, now)
			require.Equal(t, tc.ok, ok)
			require.Equal(t, tc.want, got)
		})
	}
	_, ok := httpx.RetryAfter(nil, now)
	require.False(t, ok)
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "1", "-1", "86401", "99999999999999999999", "Sun, 01 Mar 2026 12:00:30 GMT", " 7 ", "1e3"} {
		f.Add(s, int64(1772366400))
	}
	f.Fuzz(func(t *testing.T, v string, unix int64) {
		d, ok := httpx.RetryAfter(http.Header{"Retry-After": {v}}, time.Unix(unix, 0))
		if d < 0 || d > 24*time.Hour || !ok && d != 0 {
			t.Fatalf("%q: %v %v", v, d, ok)
		}
	})
}

// instant is a Timer that never waits and remembers what it was asked.
type instant struct {
	waits []time.Duration
	onTry func()
}

func (i *instant) Start(d time.Duration) {
	i.waits = append(i.waits, d)
	if i.onTry != nil {
		i.onTry()
	}
}
func (i *instant) Stop() {}
func (i *instant) C() <-chan time.Time {
	c := make(chan time.Time, 1)
	c <- time.Time{}
	return c
}

var errTry = errors.New("try")

func TestRetryStopsAfterItsAttemptsWithGrowingWaits(t *testing.T) {
	for range 50 { // the waits are random
		timer, calls := &instant{}, 0
		policy := httpx.RetryPolicy{Attempts: 6, Initial: time.Second, Max: 4 * time.Second, Timer: timer}
		err := httpx.Retry(t.Context(), policy, func() (bool, time.Duration, error) {
			calls++
			return true, 0, errTry
		})
		require.Equal(t, errTry, err)
		require.Equal(t, 6, calls)
		require.Len(t, timer.waits, 5)
		for i, base := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second, 4 * time.Second} {
			require.InDelta(t, base, timer.waits[i], float64(base/2)+1)
		}
	}
}

func TestRetryEndsWithTheFirstSuccess(t *testing.T) {
	timer, calls := &instant{}, 0
	err := httpx.Retry(t.Context(), httpx.RetryPolicy{Timer: timer}, func() (bool, time.Duration, error) {
		if calls++; calls == 3 {
			return false, 0, nil
		}
		return true, 0, errTry
	})
	require.NoError(t, err)
	require.Len(t, timer.waits, 2)
}

func TestRetryDoesNotRepeat(t *testing.T) {
	for name, tc := range map[string]struct {
		policy    httpx.RetryPolicy
		retryable bool
		after     time.Duration
	}{
		"an error that is final":              {httpx.RetryPolicy{}, false, 0},
		"when one attempt is all":             {httpx.RetryPolicy{Attempts: 1}, true, 0},
		"when the number makes no sense":      {httpx.RetryPolicy{Attempts: -3}, true, 0},
		"when the server asks for too long":   {httpx.RetryPolicy{}, true, 31 * time.Second},
		"when it asks for more than we allow": {httpx.RetryPolicy{MaxAfter: time.Second}, true, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			timer, calls := &instant{}, 0
			tc.policy.Timer = timer
			err := httpx.Retry(t.Context(), tc.policy, func() (bool, time.Duration, error) {
				calls++
				return tc.retryable, tc.after, errTry
			})
			require.Equal(t, errTry, err)
			require.Equal(t, 1, calls)
			require.Empty(t, timer.waits)
		})
	}
}

func TestRetryWaitsAsLongAsTheServerAsks(t *testing.T) {
	timer := &instant{}
	policy := httpx.RetryPolicy{Attempts: 3, Initial: time.Millisecond, Timer: timer}
	asked := []time.Duration{7 * time.Second, 0, 0}
	_ = httpx.Retry(t.Context(), policy, func() (bool, time.Duration, error) {
		after := asked[0]
		asked = asked[1:]
		return true, after, errTry
	})
	require.Equal(t, 7*time.Second, timer.waits[0])
	require.Less(t, timer.waits[1], time.Second, "a wish counts once")
}

func TestRetryEndsWithItsContext(t *testing.T) {
	t.Run("before the first call", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := httpx.Retry(ctx, httpx.RetryPolicy{}, func() (bool, time.Duration, error) {
			t.Error("called")
			return true, 0, errTry
		})
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("after a call", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		err := httpx.Retry(ctx, httpx.RetryPolicy{Timer: &instant{}}, func() (bool, time.Duration, error) {
			calls++
			cancel()
			return true, 0, errTry
		})
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, errTry)
		require.Equal(t, 1, calls)
	})
	t.Run("while waiting, with the system's timer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			begin := time.Now()
			err := httpx.Retry(ctx, httpx.RetryPolicy{}, func() (bool, time.Duration, error) {
				return true, 20 * time.Second, errTry
			})
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorIs(t, err, errTry)
			require.Equal(t, 2*time.Second, time.Since(begin))
		})
	})
}
