package smartidtest

import "time"

// End results that this package speaks of by itself. Prompt.End takes any.
const (
	resultOK                 = "OK"
	resultTimeout            = "TIMEOUT"
	resultRefused            = "USER_REFUSED"
	resultRefusedInteraction = "USER_REFUSED_INTERACTION"
	resultRefusedCertificate = "USER_REFUSED_CERT_CHOICE"
	resultWrongCode          = "WRONG_VC"
)

// Flows by which an app gets a session, as they are signed.
const (
	FlowQR           = "QR"
	FlowWeb2App      = "Web2App"
	FlowApp2App      = "App2App"
	FlowNotification = "Notification"
)

// decision is what a person did.
type decision struct {
	result      string
	interaction string // on which screen it was refused
	account     *account
	flow        string
}

// scripted returns when the holder of the account decides without being asked.
func (n *session) scripted() (time.Time, bool) {
	if n.route.flow == byLink || n.account == nil || n.account.Result == "" || n.account.Result == resultTimeout {
		return time.Time{}, false
	}
	return n.created.Add(n.account.After), true
}

// byItself ends a session as its account's script says. Whoever comes first ends it.
func (s *Server) byItself(n *session) {
	p := n.account
	_, err := s.decide(n, decision{result: p.Result, interaction: p.Interaction, account: p, flow: FlowNotification})
	if err != nil {
		s.fail(n)
	}
}

// fail ends a session that the simulator could not sign.
func (s *Server) fail(n *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.ended.IsZero() && !n.busy {
		n.ended = s.now()
		n.body = n.status(decision{result: "SERVER_ERROR"}, nil)
		s.changed.Ring()
	}
}

// decide ends a session. It returns the address that the app opens in the browser, "" when it opens none.
func (s *Server) decide(n *session, d decision) (string, error) {
	wrong, err := s.claim(n, d)
	if err != nil {
		return "", err
	}
	body, err := s.compose(n, d, wrong)
	s.mu.Lock()
	defer s.mu.Unlock()
	n.busy = false
	defer s.changed.Ring()
	if err != nil {
		return "", err
	}
	if wrong != nil && wrong.Forever {
		n.forever = true
		return "", nil
	}
	n.body, n.ended = body, s.now()
	if d.result != resultOK {
		return "", nil
	}
	n.holder, n.used = d.account, d.flow
	if wrong == nil {
		s.sessions.last[n.sort()] = body
	}
	if n.parent != nil {
		return n.parent.back(), nil // the app that chose the certificate has stayed open until now
	}
	return n.back(), nil
}

// claim lets one decision in, and takes the wrong answer that was ordered for it.
func (s *Server) claim(n *session, d decision) (*Wrong, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over(n, s.now()) || n.busy || n.forever {
		return nil, ErrOver
	}
	if d.result == resultOK && (d.account == nil || n.account != nil && n.account != d.account || !d.account.covers(n.ask.level)) {
		return nil, ErrPerson
	}
	n.busy = true
	if d.result != resultOK {
		return nil, nil
	}
	return s.orders.take(), nil
}

// sort names sessions whose answers look alike.
func (n *session) sort() string { return string(rune('0'+n.route.version)) + n.route.kind }
