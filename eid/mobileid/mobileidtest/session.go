package mobileidtest

import (
	"errors"
	"net/http"
	"time"
)

// keep is how long the result of a session can be read after its end.
const keep = 5 * time.Minute

// Results that this package speaks of by itself. Prompt.End takes any.
const (
	resultOK        = "OK"
	resultTimeout   = "TIMEOUT"
	resultCancelled = "USER_CANCELLED"
	resultStranger  = "NOT_MID_CLIENT"
)

// ErrOver says that a session has been decided, has run out of time or is unknown.
var ErrOver = errors.New("mobileidtest: the session is over")

// session is what a relying party began. Its own fields are set once; the state changes under Server.mu.
type session struct {
	id      string
	kind    string
	ask     ask
	account *account // nil: nobody has this number and this code
	created time.Time

	state
}

// state is what changes.
type state struct {
	polled  bool // somebody waits for it
	busy    bool // a decision is being signed
	forever bool // stays RUNNING
	ended   time.Time
	body    []byte // the status, once ended
}

// begin makes a session of a request. That nobody has the number is not said before the poll.
func (s *Server) begin(c *call) (answer, *fault) {
	a, bad := s.read(c.kind, c.body)
	if bad != nil {
		return answer{}, bad
	}
	c.asked(&a)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for id, n := range s.sessions {
		if s.over(n, now) && now.Sub(n.ended) >= keep {
			delete(s.sessions, id)
		}
	}
	n := &session{id: newUUID(), kind: c.kind, ask: a, account: s.find(&a), created: now}
	s.sessions[n.id] = n
	name := "sessionID"
	if s.cfg.LegacySessionID && c.kind == kindSign {
		name = "sessionId"
	}
	return reply(map[string]string{name: n.id}), nil
}

// over reports whether the session has ended, and ends one that has run out of time. Server.mu is held.
func (s *Server) over(n *session, now time.Time) bool {
	if n.ended.IsZero() && !n.busy && !n.forever && now.Sub(n.created) >= s.cfg.Timeout {
		n.end(resultTimeout, n.created.Add(s.cfg.Timeout))
		s.changed.Ring()
	}
	return !n.ended.IsZero()
}

// end ends a session without a signature. Server.mu is held.
func (n *session) end(result string, at time.Time) {
	n.ended, n.body = at, encode(statusWire{State: "COMPLETE", Result: result, Time: clockTime(at), Trace: trace()})
}

// poll answers the state of a session, at once when it has ended. Only one poll may wait for a session.
func (s *Server) poll(c *call) (answer, *fault) {
	wait, bad := s.patience(c.r)
	if bad != nil {
		return answer{}, bad
	}
	n, bad := s.take(c)
	if bad != nil {
		return answer{}, bad
	}
	defer s.letGo(n)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		changed := s.changed.Wait()
		body, due := s.look(n)
		switch {
		case body != nil:
			return answer{http.StatusOK, "application/json", body}, nil
		case due == 0:
			s.byItself(n)
			continue
		case wait == 0:
			return n.running(), nil
		}
		next := time.NewTimer(due)
		select {
		case <-changed:
		case <-next.C:
		case <-timer.C:
			wait = 0
		case <-c.r.Context().Done():
			next.Stop()
			return n.running(), nil
		}
		next.Stop()
	}
}

// take finds the session that a poll is for.
func (s *Server) take(c *call) (*session, *fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, now := s.sessions[c.id], s.now()
	switch {
	case n == nil || n.kind != c.kind || s.over(n, now) && now.Sub(n.ended) >= keep:
		return nil, &fault{status: http.StatusNotFound, why: "Session not found"}
	case n.polled:
		return nil, &fault{status: http.StatusBadRequest, why: "The session is being polled", member: "sessionID"}
	}
	n.polled = true
	return n, nil
}

func (s *Server) letGo(n *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n.polled = false
}

// look returns the status when the session has ended, else how long until something happens by itself.
func (s *Server) look(n *session) (body []byte, due time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.over(n, now) {
		return n.body, 0
	}
	if n.busy || n.forever {
		return nil, time.Hour // the bell rings
	}
	due = max(n.created.Add(s.cfg.Timeout).Sub(now), time.Millisecond)
	switch {
	case n.account == nil:
		return nil, 0
	case n.account.Result != "" && n.account.Result != resultTimeout:
		due = max(min(due, n.created.Add(n.account.After).Sub(now)), 0)
	}
	return nil, due
}

// byItself ends a session as its person's script says. Whoever comes first ends it.
func (s *Server) byItself(n *session) {
	result := resultStranger
	if n.account != nil {
		result = n.account.Result
	}
	err := s.decide(n, result)
	if err == nil || errors.Is(err, ErrOver) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over(n, s.now()) && !n.busy {
		n.end("ERROR", s.now())
	}
}

// decide ends a session.
func (s *Server) decide(n *session, result string) error {
	wrong, err := s.claim(n, result)
	if err != nil {
		return err
	}
	var body []byte
	if result == resultOK {
		body, err = s.compose(n, wrong)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n.busy = false
	defer s.changed.Ring()
	switch {
	case err != nil:
		return err
	case wrong != nil && wrong.Forever:
		n.forever = true
	case result != resultOK:
		n.end(result, s.now())
	default:
		n.ended, n.body = s.now(), body
		if wrong == nil {
			s.last[n.kind] = body
		}
	}
	return nil
}

// claim lets one decision in, and takes the wrong answer that was ordered for it.
func (s *Server) claim(n *session, result string) (*Wrong, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over(n, s.now()) || n.busy || n.forever {
		return nil, ErrOver
	}
	n.busy = true
	if result != resultOK {
		return nil, nil
	}
	return s.orders.take(), nil
}
