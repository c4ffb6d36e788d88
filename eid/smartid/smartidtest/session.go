package smartidtest

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"time"
)

// keep is how long the result of a session can be read after its end.
const keep = 5 * time.Minute

// Errors of the phone.
var (
	// ErrOver says that a session has been decided, has run out of time or is unknown.
	ErrOver = errors.New("smartidtest: the session is over")
	// ErrPerson says that the account is unknown, or another than the one that the session is for.
	ErrPerson = errors.New("smartidtest: not this person's session")
)

// session is what a relying party began. Its own fields are set once; the state changes under Server.mu.
type session struct {
	id      string
	route   route
	ask     ask
	account *account // nil: whoever scans
	created time.Time

	token    string
	secret   []byte
	random   string // serverRandom
	verifier string // userChallengeVerifier
	code     string // control code of notifications
	parent   *session

	state
}

// state is what changes.
type state struct {
	busy    bool // a decision is being signed
	forever bool // stays RUNNING
	ended   time.Time
	holder  *account // who approved
	used    string   // the flow by which the app got it
	body    []byte   // the status, once ended
}

type sessions struct {
	byID    map[string]*session
	byToken map[string]*session
	recent  map[[32]byte]*session // of version 2, for as long as it repeats itself
	last    map[string][]byte     // the status of the last approved session of each kind
}

func newSessions() sessions {
	return sessions{byID: map[string]*session{}, byToken: map[string]*session{}, recent: map[[32]byte]*session{},
		last: map[string][]byte{}}
}

// begin makes a session of a request.
func (s *Server) begin(c *call) (answer, *fault) {
	a, bad := s.read(c.route, c.body)
	if bad != nil {
		return answer{}, bad
	}
	c.asked(&a)
	s.mu.Lock()
	defer s.mu.Unlock()
	holder, bad := s.find(c.route, c.id, &a)
	if bad != nil {
		return answer{}, bad
	}
	now := s.now()
	s.purge(now)
	same := fingerprint(c.r.URL.Path, c.body)
	if old := s.sessions.recent[same]; c.route.version == 2 && old != nil {
		return old.opened(s.cfg.DeviceLinkBase), nil
	}
	n := &session{id: newUUID(), route: c.route, ask: a, account: holder, created: now,
		token: random(18), secret: randomBytes(32), random: base64.StdEncoding.EncodeToString(randomBytes(18)), verifier: random(32)}
	if bad := s.connect(n); bad != nil {
		return answer{}, bad
	}
	switch {
	case n.route.kind == kindCert || n.route.flow != byNotification:
	case n.route.version == 3 && n.route.kind == kindSign:
		n.code = controlCode(randomBytes(32))
	default:
		n.code = controlCode(a.raw)
	}
	s.sessions.byID[n.id] = n
	if n.route.flow == byLink {
		s.sessions.byToken[n.token] = n
	}
	if n.route.version == 2 {
		s.sessions.recent[same] = n
	}
	return n.opened(s.cfg.DeviceLinkBase), nil
}

// connect binds a linked session to the choice of a certificate that came before it. Server.mu is held.
func (s *Server) connect(n *session) *fault {
	if n.route.flow != byLinked {
		return nil
	}
	p := s.sessions.byID[n.ask.linked]
	if p == nil || p.ask.party.UUID != n.ask.party.UUID {
		return notFound()
	}
	if p.route.kind != kindCert || p.route.flow != byLink || p.holder != n.account {
		return invalid(param{Detail: "Invalid linkedSessionID: the session cannot be linked", Name: "linkedSessionID", Pointer: "/linkedSessionID"})
	}
	n.parent = p
	return nil
}

// opened is the answer to the request.
func (n *session) opened(base string) answer {
	m := map[string]any{"sessionID": n.id}
	switch {
	case n.route.flow == byLink:
		m["sessionToken"], m["sessionSecret"] = n.token, base64.StdEncoding.EncodeToString(n.secret)
		m["deviceLinkBase"] = base
	case n.route.version == 3 && n.route.kind == kindSign && n.route.flow == byNotification:
		m["vc"] = map[string]string{"type": "numeric4", "value": n.code}
	}
	return reply(m)
}

// over reports whether the session has ended, and ends one that has run out of time. Server.mu is held.
func (s *Server) over(n *session, now time.Time) bool {
	if n.ended.IsZero() && !n.busy && !n.forever && now.Sub(n.created) >= s.cfg.Timeout {
		n.ended = n.created.Add(s.cfg.Timeout)
		n.body = n.status(decision{result: resultTimeout}, nil)
		s.changed.Ring()
	}
	return !n.ended.IsZero()
}

// purge forgets what can no longer be read. Server.mu is held.
func (s *Server) purge(now time.Time) {
	for id, n := range s.sessions.byID {
		if s.over(n, now) && now.Sub(n.ended) >= keep {
			delete(s.sessions.byID, id)
			delete(s.sessions.byToken, n.token)
		}
	}
	for same, n := range s.sessions.recent {
		if now.Sub(n.created) >= idempotency {
			delete(s.sessions.recent, same)
		}
	}
}

// Prompts returns the prompts that wait on a person's phone, oldest first: notifications only, since a link has to be
// scanned. The person is named by document number or by identifier.
func (s *Server) Prompts(person string) []*Prompt {
	s.mu.Lock()
	defer s.mu.Unlock()
	var waiting []*session
	for _, n := range s.sessions.byID {
		if n.route.flow != byLink && n.account.is(person) && !s.over(n, s.now()) && !n.busy && !n.forever {
			waiting = append(waiting, n)
		}
	}
	slices.SortFunc(waiting, func(a, b *session) int { return a.created.Compare(b.created) })
	out := make([]*Prompt, 0, len(waiting))
	for _, n := range waiting {
		out = append(out, s.prompt(n, FlowNotification, ""))
	}
	return out
}

// poll answers the state of a session, at once when it has ended.
func (s *Server) poll(c *call) (answer, *fault) {
	wait, bad := s.patience(c.r)
	if bad != nil {
		return answer{}, bad
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		changed := s.changed.Wait()
		n, body, due := s.look(c)
		switch {
		case n == nil:
			return answer{}, notFound()
		case body != nil:
			return answer{status: http.StatusOK, kind: "application/json", body: body}, nil
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

// look finds a session and its state: the body when it has ended, else how long until something happens by itself.
func (s *Server) look(c *call) (n *session, body []byte, due time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	n = s.sessions.byID[c.id]
	if n == nil || n.route.version != c.route.version || s.over(n, now) && now.Sub(n.ended) >= keep {
		return nil, nil, 0
	}
	if !n.ended.IsZero() {
		return n, n.body, 0
	}
	due = max(n.created.Add(s.cfg.Timeout).Sub(now), time.Millisecond)
	if n.busy || n.forever {
		return n, nil, time.Hour // the bell rings
	}
	if end, ok := n.scripted(); ok {
		return n, nil, max(min(due, end.Sub(now)), 0)
	}
	return n, nil, due
}
