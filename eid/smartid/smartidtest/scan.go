package smartidtest

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Errors of a scan. None of them repeats the link.
var (
	// ErrLink says that a text is no device link: another address, an unknown name, the wrong order.
	ErrLink = errors.New("smartidtest: not a device link")
	// ErrStale says that a QR code is too old, or from the future.
	ErrStale = errors.New("smartidtest: the QR code is too old")
	// ErrAuthCode says that the code of a link is not the one that its session needs.
	ErrAuthCode = errors.New("smartidtest: the link's code is wrong")
)

var (
	sessionTokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	languageForm     = regexp.MustCompile(`^[a-z]{3}$`)
)

// deviceLink is a link taken apart.
type deviceLink struct {
	kind        string // QR, Web2App, App2App
	elapsed     int
	token       string
	sessionType string
	language    string
	code        string
	unprotected string
}

// readLink takes a link apart. Names and their order are fixed, and nothing is escaped.
func readLink(base, text string) (deviceLink, error) {
	query, ok := strings.CutPrefix(text, base+"?")
	if !ok {
		return deviceLink{}, fmt.Errorf("%w: another address", ErrLink)
	}
	cut := strings.LastIndex(text, "&authCode=")
	if cut < 0 {
		return deviceLink{}, fmt.Errorf("%w: no code", ErrLink)
	}
	l := deviceLink{unprotected: text[:cut]}
	names := []string{"deviceLinkType", "elapsedSeconds", "sessionToken", "sessionType", "version", "lang", "authCode"}
	if !strings.HasPrefix(query, "deviceLinkType="+FlowQR+"&") {
		names = append(names[:1], names[2:]...)
	}
	parts := strings.Split(query, "&")
	if len(parts) != len(names) {
		return deviceLink{}, fmt.Errorf("%w: wrong number of parameters", ErrLink)
	}
	for i, name := range names {
		value, ok := strings.CutPrefix(parts[i], name+"=")
		if !ok || !l.set(name, value) {
			return deviceLink{}, fmt.Errorf("%w: %s", ErrLink, name)
		}
	}
	return l, nil
}

// set takes one parameter and reports whether it is well formed.
func (l *deviceLink) set(name, value string) bool {
	switch name {
	case "deviceLinkType":
		l.kind = value
		return value == FlowQR || value == FlowWeb2App || value == FlowApp2App
	case "elapsedSeconds":
		n, err := strconv.Atoi(value)
		l.elapsed = n
		return err == nil && n >= 0 && strconv.Itoa(n) == value
	case "sessionToken":
		l.token = value
		return sessionTokenForm.MatchString(value)
	case "sessionType":
		l.sessionType = value
		return value == kindAuth || value == kindSign || value == kindCert
	case "version":
		return value == "1.0"
	case "lang":
		l.language = value
		return languageForm.MatchString(value)
	default:
		l.code = value
		return value != ""
	}
}

// Scan is what the app does with a QR code, or with a link that was opened on its device: it checks the link, and
// shows what is asked. ErrLink, ErrStale, ErrAuthCode or ErrOver say why it does not. Scanning does not use up the
// link; the first decision does.
func (s *Server) Scan(text string) (*Prompt, error) {
	l, err := readLink(s.cfg.DeviceLinkBase, text)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.sessions.byToken[l.token]
	now := s.now()
	switch {
	case n == nil || s.over(n, now) || n.busy || n.forever:
		return nil, ErrOver
	case n.route.kind != l.sessionType:
		return nil, fmt.Errorf("%w: another type of session", ErrLink)
	case l.kind != FlowQR && n.ask.callback == "":
		return nil, fmt.Errorf("%w: the session has no way back", ErrLink)
	case subtle.ConstantTimeCompare([]byte(n.linkCode(l, s.cfg.Scheme)), []byte(l.code)) == 0:
		return nil, ErrAuthCode
	}
	if age := now.Sub(n.created.Add(time.Duration(l.elapsed) * time.Second)); l.kind == FlowQR && (age > s.cfg.QRAge || age < -time.Second) {
		return nil, ErrStale
	}
	return s.prompt(n, l.kind, l.language), nil
}

// linkCode is the code that a link to the session must have.
func (n *session) linkCode(l deviceLink, environment string) string {
	c := link{scheme: environment, party: n.ask.name, brokered: n.ask.party.Brokered, unprotected: l.unprotected}
	switch n.route.kind {
	case kindAuth:
		c.protocol = protocolAuth
	case kindSign:
		c.protocol = protocolSign
	}
	if n.route.kind != kindCert {
		c.challenge, c.interactions = n.ask.challenge, n.ask.interactions
	}
	if l.kind != FlowQR {
		c.callback = n.ask.callback
	}
	return c.authCode(n.secret)
}
