package birdtest

import (
	"net/http"
	"path"
	"strconv"
	"sync"
	"time"
)

// Failure is a scripted failure of the API. Without Status and without a hang-up the request is served as
// usual, only late.
type Failure struct {
	// Method limits the failure to one method. Default: any.
	Method string
	// Path limits it to paths that match this pattern of path.Match, such as "/workspaces/*/channels/*/messages".
	// Default: any.
	Path string

	// Status of the false answer. 0: no false answer.
	Status int
	// Code and Message go into the service's error envelope.
	Code, Message string
	// Body, if not nil, is sent instead of the envelope, as it is: a gateway's HTML, half of a JSON object.
	Body []byte
	// RetryAfter is sent in the header of the same name, in whole seconds. 0: no header.
	RetryAfter time.Duration
	// AfterAccept lets the request take effect before the false answer is given.
	AfterAccept bool

	// HangUpBeforeRead cuts the connection before anything is read: nothing happened.
	HangUpBeforeRead bool
	// HangUpAfterAccept lets the request take effect and cuts the connection instead of answering: the sender
	// cannot know the outcome.
	HangUpAfterAccept bool
	// Delay passes between the effect of the request and its answer, in real time.
	Delay time.Duration
}

// script holds the failures to come.
type script struct {
	mu    sync.Mutex
	lines []*line
}

type line struct {
	Failure
	left int // negative: for ever
}

// FailNext makes the next n matching requests fail, all of them until Heal when n is negative. Failures that match
// the same request are used up in the order in which they were scripted. Hang-ups need a real connection: under a
// response recorder they panic with http.ErrAbortHandler.
func (s *script) FailNext(n int, f Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n != 0 {
		s.lines = append(s.lines, &line{f, n})
	}
}

// Heal forgets the failures that have not happened yet.
func (s *script) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = nil
}

// next is the failure for a request, nil for none.
func (s *script) next(r *http.Request) *Failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, l := range s.lines {
		if !l.matches(r) {
			continue
		}
		if l.left > 0 {
			l.left--
		}
		if l.left == 0 {
			s.lines = append(s.lines[:i:i], s.lines[i+1:]...)
		}
		return &l.Failure
	}
	return nil
}

func (f *Failure) matches(r *http.Request) bool {
	if f.Method != "" && f.Method != r.Method {
		return false
	}
	ok, _ := path.Match(f.Path, r.URL.Path) // a pattern that cannot be read matches nothing
	return f.Path == "" || ok
}

// answer is the false answer.
func (f *Failure) answer() answer {
	a := refusal{f.Status, f.Code, f.Message}.answer()
	if f.Body != nil {
		a.body, a.code = f.Body, ""
		a.header = http.Header{"Content-Type": {http.DetectContentType(f.Body)}}
	}
	retryAfter(a.header, f.RetryAfter)
	return a
}

func retryAfter(h http.Header, d time.Duration) {
	if d > 0 {
		h.Set("Retry-After", strconv.Itoa(int((d+time.Second-1)/time.Second)))
	}
}

// limiter is a token bucket on the simulator's clock.
type limiter struct {
	rate, burst float64
	now         func() time.Time

	mu     sync.Mutex
	tokens float64
	last   time.Time
}

func newLimiter(r Rate, now func() time.Time) *limiter {
	burst := max(r.PerSecond, 1)
	return &limiter{rate: r.PerSecond, burst: burst, now: now, tokens: burst, last: now()}
}

func (l *limiter) allow() bool {
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
