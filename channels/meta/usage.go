package meta

import (
	"net/http"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Meta tells with its answers how much of an hour's calls is spent, in percent.
// From 100 on it refuses, and every refused call lengthens the refusal; so a
// line slows down before: the first message after a high reading is refused
// here, certainly not sent, with the time to wait. The service then holds the
// whole line for that long.
const (
	usageHigh    = 90               // percent from which messages go out singly
	usageFull    = 97               // percent from which they wait for the count to fall
	usageGap     = 10 * time.Second // between messages, from usageHigh
	usageWait    = time.Minute      // from usageFull
	usageLongest = 10 * time.Minute // then the line is tried again, whatever Meta estimated
)

// Headers with readings: of the app, which all its lines share, and of the
// account.
const (
	headerAppUsage      = "X-App-Usage"
	headerPageUsage     = "X-Page-Usage"
	headerBusinessUsage = "X-Business-Use-Case-Usage"
)

// reading is one count of calls, in percent of what is allowed.
type reading struct {
	Calls  float64 `json:"call_count"`
	CPU    float64 `json:"total_cputime"`
	Time   float64 `json:"total_time"`
	Regain float64 `json:"estimated_time_to_regain_access"` // minutes
}

// rest is how long to wait after the reading; none while there is room.
func (r reading) rest() time.Duration {
	used := max(r.Calls, r.CPU, r.Time)
	switch {
	case r.Regain > 0:
		return time.Duration(min(r.Regain, usageLongest.Minutes()) * float64(time.Minute))
	case used >= usageFull:
		return usageWait
	case used >= usageHigh:
		return usageGap
	}
	return 0
}

// readings of a header, which is one reading or, of businesses, lists of them
// by id. Told is false when there is none.
func readings(h http.Header, names ...string) (all []reading, told bool) {
	for _, name := range names {
		v := []byte(h.Get(name))
		if len(v) == 0 {
			continue
		}
		var one reading
		var lists map[string][]reading
		switch {
		case name == headerBusinessUsage && httpx.DecodeJSON(v, &lists, httpx.JSONLimits{Lenient: true}) == nil:
			for _, l := range lists {
				all = append(all, l...)
			}
		case name != headerBusinessUsage && httpx.DecodeJSON(v, &one, httpx.JSONLimits{Lenient: true}) == nil:
			all = append(all, one)
		}
	}
	return all, len(all) > 0
}

// longest is the longest rest that the readings ask for.
func longest(all []reading) time.Duration {
	var d time.Duration
	for _, r := range all {
		d = max(d, r.rest())
	}
	return d
}

// regain is the wait that an answer's readings ask for.
func regain(h http.Header) time.Duration {
	all, _ := readings(h, headerAppUsage, headerPageUsage, headerBusinessUsage)
	return longest(all)
}

// meter keeps the latest readings of a line or of the app.
type meter struct {
	mu    sync.Mutex
	until time.Time
}

// note takes in an answer; one without readings changes nothing.
func (m *meter) note(now time.Time, h http.Header, names ...string) {
	all, told := readings(h, names...)
	if !told {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.until = now.Add(longest(all))
}

// wait returns how long the next message has to wait.
func (m *meter) wait(now time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return max(0, m.until.Sub(now))
}

// note takes in what an answer says of the rates.
func (l *line) note(h http.Header) {
	now := l.app.cfg.Now()
	l.app.usage.note(now, h, headerAppUsage)
	l.usage.note(now, h, headerPageUsage, headerBusinessUsage)
}

// spent refuses a message while the line, or the whole app, has to wait.
func (l *line) spent() *channels.Error {
	now := l.app.cfg.Now()
	d := max(l.usage.wait(now), l.app.usage.wait(now))
	if d == 0 {
		return nil
	}
	e := l.refuse("send", channels.ErrRateLimited, "the hour's calls are nearly spent")
	e.Provider, e.RetryAfter = "usage", d
	return e
}
