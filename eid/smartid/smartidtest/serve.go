package smartidtest

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/internal/sim"
)

// Bounds of a poll's patience, in milliseconds.
const (
	minPoll     = 1000
	maxPoll     = 120_000
	defaultPoll = 60_500
)

// call is a request on its way.
type call struct {
	r       *http.Request
	route   route
	pattern string
	id      string // the identifier at the end of the path
	body    []byte
	entry   Request // of the journal
}

// ServeHTTP answers the API. A scripted hang-up panics with http.ErrAbortHandler, which net/http turns into a cut
// connection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{r: r, entry: Request{Method: r.Method, At: s.now()}}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.cfg.BodyLimit))
	var tooLarge *http.MaxBytesError
	if err != nil && !errors.As(err, &tooLarge) {
		return // the client has gone
	}
	c.body = body
	var known bool
	c.pattern, c.id, c.route, known = match(s.routes, r.URL.Path)
	c.entry.Path = c.pattern
	f, scripted := sim.Next(&s.script, func(f *Failure) bool { return f.matches(c) })
	c.entry.Scripted = scripted
	if f.HangUpBefore {
		s.journal.add(c.entry)
		panic(http.ErrAbortHandler)
	}
	var a answer
	switch {
	case f.answers() && !f.AfterAccept && !f.HangUpAfter:
	case !known:
		a = notFound().answer(3)
	case err != nil:
		a = (&fault{status: http.StatusRequestEntityTooLarge, detail: "Request Entity Too Large"}).answer(c.route.version)
	default:
		a = s.serve(c)
	}
	if f.answers() {
		a = f.answer(c.route.version)
	}
	s.finish(w, c, f, a)
}

// finish writes the journal and the answer, or cuts the connection.
func (s *Server) finish(w http.ResponseWriter, c *call, f Failure, a answer) {
	c.entry.Status = a.status
	if f.HangUpAfter {
		c.entry.Status = 0
	}
	for _, p := range a.params {
		c.entry.Refused = append(c.entry.Refused, or(p.Name, p.Code))
	}
	s.journal.add(c.entry)
	sim.Pause(c.r.Context(), f.Delay)
	if f.HangUpAfter {
		panic(http.ErrAbortHandler)
	}
	for name, values := range f.Header {
		w.Header()[name] = values
	}
	a.write(w)
}

// serve answers a request to a known path.
func (s *Server) serve(c *call) answer {
	method, handle := http.MethodPost, s.begin
	switch c.route.kind {
	case kindSession:
		method, handle = http.MethodGet, s.poll
	case kindCertificate:
		handle = s.certificate
	}
	if c.r.Method != method {
		return (&fault{status: http.StatusMethodNotAllowed, detail: "Method Not Allowed"}).answer(c.route.version)
	}
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); method == http.MethodPost && (err != nil || kind != "application/json") {
		return (&fault{status: http.StatusUnsupportedMediaType, detail: "Unsupported Media Type"}).answer(c.route.version)
	}
	a, bad := handle(c)
	if bad != nil {
		return bad.answer(c.route.version)
	}
	return a
}

// patience is how long a poll is willing to wait.
func (s *Server) patience(r *http.Request) (time.Duration, *fault) {
	ms := defaultPoll
	if text := r.URL.Query().Get("timeoutMs"); r.URL.Query().Has("timeoutMs") {
		n, err := strconv.Atoi(text)
		if err != nil || n < minPoll || n > maxPoll {
			return 0, invalid(param{Detail: "Invalid timeoutMs: must be from 1000 to 120000", Name: "timeoutMs"})
		}
		ms = n
	}
	wait := time.Duration(ms) * time.Millisecond
	switch {
	case s.cfg.Poll < 0:
		return 0, nil
	case s.cfg.Poll > 0:
		return min(wait, s.cfg.Poll), nil
	}
	return wait, nil
}

// certificate answers with a person's signing certificate.
func (s *Server) certificate(c *call) (answer, *fault) {
	a, bad := s.read(c.route, c.body)
	if bad != nil {
		return answer{}, bad
	}
	c.asked(&a)
	holder, wrong, bad := s.certified(c, &a)
	switch {
	case bad != nil:
		return answer{}, bad
	case holder.Unusable:
		return reply(map[string]string{"state": "DOCUMENT_UNUSABLE"}), nil
	}
	holder, cert, _, err := s.hand(holder, true, wrong)
	var body []byte
	if err == nil {
		body, err = wrong.tamper(encode(statusWire{State: "OK", Cert: &certWire{base64Std(cert), wrong.label(holder)}, Unexplained: wrong.extra()}))
	}
	if err != nil {
		return answer{}, &fault{status: http.StatusInternalServerError, detail: "Internal Server Error"}
	}
	return answer{status: http.StatusOK, kind: "application/json", body: body}, nil
}

// certified is whose certificate is asked for, and the wrong answer that was ordered.
func (s *Server) certified(c *call, a *ask) (*account, *Wrong, *fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	holder, bad := s.find(c.route, c.id, a)
	if bad != nil {
		return nil, nil, bad
	}
	wrong := s.certificates.take()
	if wrong == nil {
		wrong = &Wrong{}
	}
	return holder, wrong, nil
}
