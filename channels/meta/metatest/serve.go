package metatest

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/liidestuja/liidestuja/internal/sim"
)

// fileLimit bounds an upload with its form around it.
const fileLimit = 110_000_000

// ServeHTTP answers the API, the login dialog and the links to media. A scripted hang-up panics with
// http.ErrAbortHandler, which net/http turns into a cut connection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/files/") {
		s.download(w, r)
		return
	}
	limit := s.cfg.BodyLimit
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		limit = fileLimit
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		s.answer(w, r, nil, Failure{}, (&fault{status: http.StatusRequestEntityTooLarge, code: 1, message: "Request Entity Too Large"}).answer())
		return
	}
	if err != nil {
		return // the client has gone
	}
	c := takeCall(r, raw)
	switch c.plain() {
	case dialogPath:
		s.dialog(w, c)
		return
	case SettingsPath:
		s.settings(w, c)
		return
	}
	f, scripted := sim.Next(&s.script, func(f *Failure) bool { return f.matches(c, s) })
	if f.HangUpBefore {
		s.journal.request(c, answer{}, scripted, s.now())
		panic(http.ErrAbortHandler)
	}
	var a answer
	if !f.answers() || f.AfterAccept || f.HangUpAfter {
		a = s.serve(c, f)
	}
	if f.answers() {
		a = f.answer()
	}
	s.answer(w, r, c, f, a)
}

// answer logs a call and answers it, or cuts the connection.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, c *call, f Failure, a answer) {
	if f.HangUpAfter {
		a.status, a.code, a.subcode = 0, 0, 0
	}
	s.journal.request(c, a, f.touched(), s.now())
	sim.Pause(r.Context(), s.cfg.Latency+f.Delay)
	if f.HangUpAfter {
		panic(http.ErrAbortHandler)
	}
	for name, values := range f.Header {
		a.header[name] = values
	}
	a.write(w)
}

// serve lets a call in and handles it.
func (s *Server) serve(c *call, f Failure) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, bad := s.handle(c, f)
	if bad != nil {
		a = bad.answer()
	}
	if c.account != nil && c.account.usage != nil {
		c.account.usage.header(c.account, a.header)
	}
	return a
}

func (s *Server) handle(c *call, f Failure) (answer, *fault) {
	if !slices.Contains(s.cfg.Versions, c.version) {
		return answer{}, refuse(codeVersion, 0, "(#2635) You are calling a version of the Graph API that is not available: %q. Put a version that is served into the path.", c.version)
	}
	if c.bad != "" {
		return answer{}, invalid("%s", c.bad)
	}
	if c.plain() == "/oauth/access_token" {
		return s.exchange(c)
	}
	if bad := s.admit(c); bad != nil {
		return answer{}, bad
	}
	route, bad := s.resolve(c)
	if bad != nil {
		return answer{}, bad
	}
	handle := s.routes[c.r.Method+" "+route]
	if handle == nil {
		return answer{}, noObject(c.r.Method, c.node)
	}
	if bad := c.grant.permits(c.r.Method, route); bad != nil {
		return answer{}, bad
	}
	if c.account != nil && !c.account.limit.Allow() {
		return answer{}, rateFault(c.account.product)
	}
	return handle(s, c, f)
}

// rateFault is what an account is told that asks too often.
func rateFault(p product) *fault {
	switch p {
	case whatsapp:
		return wrong(codeUserRate, "Message failed to send because there were too many messages sent from this phone number in a short period of time")
	case instagram:
		return refuse(codeAppRate, 0, "(#4) Application request limit reached")
	}
	return refuse(codePageRate, 0, "(#613) Calls to this API have exceeded the rate limit")
}
