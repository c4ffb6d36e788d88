package mobileidtest

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/internal/sim"
)

// Kinds of requests.
const (
	kindAuth        = "authentication"
	kindSign        = "signature"
	kindCertificate = "certificate"
)

// prefix is where the real environments have the API.
const prefix = "/mid-api"

// Bounds of a poll's patience, in milliseconds.
const (
	minPoll     = 1000
	maxPoll     = 120_000
	defaultPoll = 10_000
)

// call is a request on its way.
type call struct {
	r     *http.Request
	kind  string // "": there is no such endpoint
	id    string // of the session that is polled; "": the request begins one
	body  []byte
	entry Request // of the journal
}

// match finds what a path is about.
func match(path string) (pattern, kind, id string) {
	path = strings.TrimPrefix(path, prefix)
	switch path {
	case "/authentication", "/signature", "/certificate":
		return path, path[1:], ""
	}
	for _, kind := range []string{kindAuth, kindSign} {
		if id, ok := strings.CutPrefix(path, "/"+kind+"/session/"); ok && id != "" && !strings.Contains(id, "/") {
			return "/" + kind + "/session/{id}", kind, id
		}
	}
	return "", "", ""
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
	c.entry.Path, c.kind, c.id = match(r.URL.Path)
	f, scripted := sim.Next(&s.script, func(f *Failure) bool { return f.matches(c) })
	c.entry.Scripted = scripted
	if f.HangUpBefore {
		s.journal.add(c.entry)
		panic(http.ErrAbortHandler)
	}
	var a answer
	switch {
	case f.answers() && !f.AfterAccept && !f.HangUpAfter:
	case c.kind == "":
		a = (&fault{status: http.StatusNotFound, why: "Not found"}).answer(s.now())
	case err != nil:
		a = (&fault{status: http.StatusRequestEntityTooLarge, why: "Request too large"}).answer(s.now())
	default:
		a = s.serve(c)
	}
	if f.answers() {
		a = f.answer(s.now())
	}
	s.finish(w, c, f, a)
}

// finish writes the journal and the answer, or cuts the connection.
func (s *Server) finish(w http.ResponseWriter, c *call, f Failure, a answer) {
	c.entry.Status = a.status
	if f.HangUpAfter {
		c.entry.Status = 0
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
	switch {
	case c.id != "":
		method, handle = http.MethodGet, s.poll
	case c.kind == kindCertificate:
		handle = s.certificate
	}
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	var a answer
	var bad *fault
	switch {
	case c.r.Method != method:
		bad = &fault{status: http.StatusMethodNotAllowed, why: "Method not allowed"}
	case method == http.MethodPost && (err != nil || kind != "application/json"):
		bad = &fault{status: http.StatusUnsupportedMediaType, why: "Unsupported media type"}
	default:
		a, bad = handle(c)
	}
	if bad != nil {
		c.entry.Refused = bad.member
		return bad.answer(s.now())
	}
	return a
}

// patience is how long a poll is willing to wait.
func (s *Server) patience(r *http.Request) (time.Duration, *fault) {
	ms := defaultPoll
	if query := r.URL.Query(); query.Has("timeoutMs") {
		n, err := strconv.Atoi(query.Get("timeoutMs"))
		if err != nil || n < minPoll || n > maxPoll {
			return 0, invalid("timeoutMs", "must be from 1000 to 120000")
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
	a, bad := s.read(c.kind, c.body)
	if bad != nil {
		return answer{}, bad
	}
	holder, wrong := s.certified(&a)
	if holder == nil {
		return reply(certificateWire{Result: "NOT_FOUND"}), nil
	}
	_, cert, err := s.hand(holder, true, wrong)
	var body []byte
	if err == nil {
		body, err = wrong.tamper(encode(certificateWire{or(wrong.Result, resultOK), base64Of(cert.der), wrong.extra()}))
	}
	if err != nil {
		return answer{}, &fault{status: http.StatusInternalServerError, why: "Internal error"}
	}
	return answer{http.StatusOK, "application/json", body}, nil
}

// certified is whose certificate is asked for, and the wrong answer that was ordered; nil when it is nobody's.
func (s *Server) certified(a *ask) (*account, *Wrong) {
	s.mu.Lock()
	defer s.mu.Unlock()
	holder := s.find(a)
	if holder == nil {
		return nil, nil
	}
	wrong := s.certificates.take()
	if wrong == nil {
		wrong = &Wrong{}
	}
	return holder, wrong
}
