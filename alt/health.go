package alt

import (
	"cmp"
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/uuid"
)

// HealthState says whether a line works.
type HealthState string

// States of a line's health. Unknown until somebody could tell.
const (
	HealthUnknown HealthState = "unknown"
	HealthUp      HealthState = "up"
	HealthDown    HealthState = "down"
)

// LineHealth is what is known of a line: from its driver, which is asked every
// Config.HealthEvery when it is a channels.HealthChecker, and from sends. It is
// kept in memory: a new process asks anew.
type LineHealth struct {
	State HealthState
	// Since is when that became known; zero while it is unknown.
	Since time.Time
	// Code is channels.Code of what is wrong, e.g. "credentials": the account must
	// be connected again. Empty unless the line is down.
	Code string
	// Checked is when the driver was last asked, whatever it said; zero: never.
	Checked time.Time
}

const (
	healthTick   = 5 * time.Second // looks for lines to ask
	healthSpread = time.Minute     // over which lines are asked first
	healthAtOnce = 4
	healthAgain  = 6 // part of HealthEvery after which a question without an answer is repeated
)

// Health returns what is known of a line's health; a line that there is not is
// HealthUnknown. A change for the worse or better is told once: to the log,
// to Config.Operator, as an Observation and in the agency's security log, as
// "line.down" and "line.up". A line that is found to be up when nothing was
// known is no news.
func (s *Service) Health(id channels.ID) LineHealth {
	l := s.line(id)
	if l == nil {
		return LineHealth{State: HealthUnknown}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.health
}

// watchHealth asks lines how they are until ctx ends. A driver that does not
// return keeps one place of a few, and nobody else waiting.
func (s *Service) watchHealth(ctx context.Context) {
	places := make(chan struct{}, healthAtOnce)
	var wg sync.WaitGroup
	defer wg.Wait()
	tick := time.NewTicker(healthTick)
	defer tick.Stop()
	for {
		for _, l := range s.dueLines() {
			select {
			case <-ctx.Done():
				return
			case places <- struct{}{}:
			}
			wg.Go(func() {
				defer func() { <-places }()
				s.check(ctx, l)
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.ask:
		}
	}
}

// dueLines returns the lines to ask now, those that wait longest first.
func (s *Service) dueLines() []*line {
	now := s.cfg.Now()
	var lines []*line
	due := make(map[*line]time.Time)
	for _, l := range s.routes.Load().lines {
		if l.checker == nil {
			continue
		}
		if at := l.plan(now, min(healthSpread, s.cfg.HealthEvery)); !now.Before(at) {
			lines, due[l] = append(lines, l), at
		}
	}
	slices.SortFunc(lines, func(a, b *line) int {
		return cmp.Or(due[a].Compare(due[b]), cmp.Compare(a.info.ID, b.info.ID))
	})
	return lines
}

// plan returns when the line is to be asked. The first time is its own within
// spread, so that the lines of one account are not asked all at once.
func (l *line) plan(now time.Time, spread time.Duration) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.due.IsZero() {
		h := fnv.New32a()
		_, _ = h.Write([]byte(l.info.ID))
		l.due = now.Add(time.Duration(h.Sum32()) % spread)
	}
	return l.due
}

// check asks a line, unless somebody is doing so, and reports whether it did.
func (s *Service) check(ctx context.Context, l *line) bool {
	began := s.cfg.Now()
	if !l.begin(l) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.SendTimeout)
	defer cancel()
	err := s.guard(ctx, "driver", l.info.ID, 0, func() error { return l.checker.Health(ctx, l.info.ID) })
	state, code, rest := verdict(err)
	next := s.cfg.HealthEvery
	if state == HealthUnknown {
		s.observe(Observation{Name: "line.unclear", Line: l.info.ID, Code: code, N: 1})
		next = min(next, max(next/healthAgain, rest))
	}
	l.asked(l, began, s.cfg.Now().Add(next))
	if state != HealthUnknown {
		s.becomes(ctx, l, state, code, began)
	}
	return true
}

// verdict is what an answer says of the line, if it says anything, and how long
// the provider wants to be left alone.
func verdict(err error) (state HealthState, code string, rest time.Duration) {
	if err == nil {
		return HealthUp, "", 0
	}
	e := (*channels.Error)(nil)
	if !errors.As(err, &e) || e == nil { // a driver that breaks its contract
		return HealthUnknown, "internal", 0
	}
	state = HealthUnknown
	if errors.Is(e, channels.ErrCredentials) || errors.Is(e, channels.ErrRejected) {
		state = HealthDown
	}
	return state, channels.Code(e), e.RetryAfter
}

// sendTells takes what came of a send, which began at the given time, as a word
// on the line: refused credentials speak against it, and a success disproves
// them. It disproves no other reason, such as that people's messages do not reach
// us.
func (s *Service) sendTells(ctx context.Context, l *line, failure *channels.Error, began time.Time) {
	switch {
	case failure == nil && (l.up.Load() || !l.sendRaises()):
	case failure == nil:
		s.becomes(ctx, l, HealthUp, "", began)
	case errors.Is(failure, channels.ErrCredentials):
		s.becomes(ctx, l, HealthDown, channels.Code(failure), began)
	}
}

func (c *condition) sendRaises() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.health.State == HealthUnknown || c.health.Code == channels.Code(channels.ErrCredentials)
}

// becomes keeps a state, and tells a change.
func (s *Service) becomes(ctx context.Context, l *line, state HealthState, code string, asked time.Time) {
	h, news := l.become(l, state, code, asked, s.cfg.Now())
	if !news {
		return
	}
	act := "line." + string(h.State)
	s.observe(Observation{Name: act, Line: l.info.ID, Code: h.Code, N: 1})
	s.cfg.Logger.WarnContext(ctx, "line changed", "line", l.info.ID, "health", string(h.State), "code", h.Code)
	e := &channels.LineChanged{Subject: "health", State: string(h.State), Reason: h.Code, EventMeta: channels.EventMeta{
		Key: "health/" + uuid.New(h.Since), Channel: l.info.ID, Agency: l.info.Agency, Provider: l.info.Provider, At: h.Since,
	}}
	_ = s.guard(ctx, "operator", l.info.ID, 0, func() error { s.operator(ctx, e); return nil }) // its panic is logged
	entry := LogEntry{Agency: l.info.Agency, At: h.Since, Act: act, Actor: "system", Line: l.info.ID}
	if h.Code != "" {
		entry.Detail = map[string]string{"code": h.Code}
	}
	err := s.insist(ctx, func(ctx context.Context) error { return s.commit(ctx, Item{}, Changes{Log: []LogEntry{entry}}) })
	if err != nil {
		s.cfg.Logger.ErrorContext(ctx, "health of a line not in the security log", "line", l.info.ID, "error", err)
	}
}

// become reports whether a change is news. What a driver says that was replaced
// meanwhile is of no interest, and what was asked before the last change says
// nothing of the time after it.
func (c *condition) become(by *line, state HealthState, code string, asked, now time.Time) (LineHealth, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.health.State
	if by != c.of || asked.Before(c.health.Since) {
		return c.health, false
	}
	c.health.Code = code
	if state == was {
		return c.health, false
	}
	c.health.State, c.health.Since = state, now
	c.up.Store(state == HealthUp)
	return c.health, was != HealthUnknown || state == HealthDown
}

// begin reports whether a line may be asked: nobody is doing so, and it was not
// replaced.
func (c *condition) begin(by *line) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asking || by != c.of {
		return false
	}
	c.asking = true
	return true
}

// asked ends what begin began.
func (c *condition) asked(by *line, at, next time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if by == c.of {
		c.asking, c.health.Checked, c.due = false, at, next
	}
}

// pass gives the condition to a line that takes over, nil when there is none.
// It is asked soon, unless all was well before.
func (c *condition) pass(to *line, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of, c.asking = to, false
	if !c.due.IsZero() && c.health.State != HealthUp {
		c.due = now
	}
}
