// Package sim holds what the simulators of outside services have in common: the
// failures that a test scripts, the requests that were seen last, a limit on a
// clock of one's own, and a bell for those who wait. What a service says and
// refuses is each simulator's own.
package sim

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf16"
)

// Script holds failures to come, of a simulator's own kind.
type Script[F any] struct {
	mu    sync.Mutex
	lines []*line[F]
}

type line[F any] struct {
	failure F
	left    int // negative: for ever
}

// FailNext makes the next n matching requests fail, all of them until Heal when n is negative. Failures that match
// the same request are used up in the order in which they were scripted. Hang-ups need a real connection: under a
// response recorder they panic with http.ErrAbortHandler.
func (s *Script[F]) FailNext(n int, f F) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n != 0 {
		s.lines = append(s.lines, &line[F]{f, n})
	}
}

// Heal forgets the failures that have not happened yet.
func (s *Script[F]) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = nil
}

// Next uses up the first failure of s that matches, and returns it; ok is false
// for none. It is no method, because simulators embed a Script for its methods.
func Next[F any](s *Script[F], matches func(*F) bool) (failure F, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, l := range s.lines {
		if !matches(&l.failure) {
			continue
		}
		if l.left > 0 {
			l.left--
		}
		if l.left == 0 {
			s.lines = slices.Concat(s.lines[:i], s.lines[i+1:])
		}
		return l.failure, true
	}
	return failure, false
}

// recent is how much a Recent keeps.
const recent = 1000

// Recent keeps the last thousand of what was added.
type Recent[T any] struct {
	mu   sync.Mutex
	kept []T
}

// Add adds one.
func (r *Recent[T]) Add(v T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) == recent {
		r.kept = slices.Delete(r.kept, 0, 1)
	}
	r.kept = append(r.kept, v)
}

// All returns what is kept, oldest first.
func (r *Recent[T]) All() []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.kept)
}

// Bell wakes everybody who waits for a change. The zero value is ready.
type Bell struct {
	mu sync.Mutex
	c  chan struct{}
}

// Wait returns what the next Ring closes.
func (b *Bell) Wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.c == nil {
		b.c = make(chan struct{})
	}
	return b.c
}

// Ring wakes those who wait.
func (b *Bell) Ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.c != nil {
		close(b.c)
		b.c = nil
	}
}

// Limiter is a token bucket on a simulator's clock.
type Limiter struct {
	rate, burst float64
	now         func() time.Time

	mu     sync.Mutex
	tokens float64
	last   time.Time
}

// NewLimiter allows so many requests a second, none of them limited if that is 0,
// and a burst, by default of one second.
func NewLimiter(perSecond float64, burst int, now func() time.Time) *Limiter {
	full := float64(burst)
	if burst <= 0 {
		full = max(perSecond, 1)
	}
	return &Limiter{rate: perSecond, burst: full, now: now, tokens: full, last: now()}
}

// Allow takes one request from the bucket.
func (l *Limiter) Allow() bool {
	if l.rate <= 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if d := now.Sub(l.last); d > 0 {
		l.tokens = min(l.burst, l.tokens+d.Seconds()*l.rate)
		l.last = now
	}
	if l.tokens < 1 {
		return false
	}
	l.tokens--
	return true
}

// Pause waits in real time, or until the client has gone.
func Pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// RetryAfter sets the header of that name in whole seconds, unless d is 0.
func RetryAfter(h http.Header, d time.Duration) {
	if d > 0 {
		h.Set("Retry-After", strconv.Itoa(int((d+time.Second-1)/time.Second)))
	}
}

// UTF16 is the length of a text in units of UTF-16, the strictest of what
// platforms may mean by characters, bytes aside.
func UTF16(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
