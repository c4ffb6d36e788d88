package birdtest

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/liidestuja/liidestuja/internal/sim"
)

// call is a request that has been let in: its key is valid, its workspace is
// ours, its body is read.
type call struct {
	*http.Request
	body []byte
}

func (s *Server) handlers() *http.ServeMux {
	mux := http.NewServeMux()
	handle := func(pattern string, h func(*Server, call) answer) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.cfg.BodyLimit))
			var tooLarge *http.MaxBytesError
			switch {
			case errors.As(err, &tooLarge):
				refusal{http.StatusRequestEntityTooLarge, "RequestTooLarge", "the body is too large"}.answer().write(w)
			case err != nil:
				refusal{http.StatusBadRequest, "InvalidRequest", "the body could not be read"}.answer().write(w)
			case r.PathValue("ws") != s.cfg.WorkspaceID, r.PathValue("org") != "" && r.PathValue("org") != s.cfg.OrganizationID:
				notFound().answer().write(w)
			default:
				h(s, call{r, body}).write(w)
			}
		})
	}
	const ws = "/workspaces/{ws}"
	const hooks = "/organizations/{org}" + ws + "/webhook-subscriptions" //nolint:misspell // Bird's word
	handle("POST "+ws+"/channels/{ch}/messages", (*Server).sendMessage)
	handle("GET "+ws+"/channels/{ch}/messages", (*Server).listMessages)
	handle("GET "+ws+"/channels/{ch}/messages/{id}", (*Server).getMessage)
	handle("GET "+ws+"/participants/{id}/conversations", (*Server).listConversations)
	handle("DELETE "+ws+"/conversations/{id}", (*Server).deleteConversation)
	handle("DELETE "+ws+"/conversations/{id}/messages/{msg}", (*Server).deleteMessage)
	handle("POST "+hooks, (*Server).createWebhook)
	handle("GET "+hooks, (*Server).listWebhooks)
	handle("DELETE "+hooks+"/{id}", (*Server).deleteWebhook)
	handle("GET "+ws+"/messages/{msg}/media/{id}", (*Server).download)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { notFound().answer().write(w) })
	return mux
}

// ServeHTTP answers the API. A scripted hang-up panics with http.ErrAbortHandler,
// which net/http turns into a cut connection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, scripted := sim.Next(&s.script, func(f *Failure) bool { return f.matches(r) })
	entry := Request{Method: r.Method, Path: r.URL.Path, Scripted: scripted, At: s.now()}
	if f.HangUpBeforeRead {
		s.journal.request(entry)
		panic(http.ErrAbortHandler)
	}
	var a answer
	if f.Status == 0 || f.AfterAccept || f.HangUpAfterAccept {
		a = s.serve(r)
	}
	if f.Status != 0 {
		a = f.answer()
	}
	if !f.HangUpAfterAccept {
		entry.Status, entry.Code = a.status, a.code
	}
	s.journal.request(entry)
	sim.Pause(r.Context(), s.cfg.Latency+f.Delay)
	if f.HangUpAfterAccept {
		panic(http.ErrAbortHandler)
	}
	a.write(w)
}

// serve lets a request in and handles it.
func (s *Server) serve(r *http.Request) answer {
	if !s.authentic(r) {
		return refusal{http.StatusUnauthorized, "AuthenticationFailed", "the access key is not valid"}.answer()
	}
	if !s.limit.Allow() {
		a := refusal{http.StatusTooManyRequests, "TooManyRequests", "too many requests"}.answer()
		sim.RetryAfter(a.header, s.cfg.Rate.RetryAfter)
		return a
	}
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	s.routes.ServeHTTP(rec, r)
	a := answer{status: rec.status, header: rec.header, body: rec.body.Bytes()}
	if a.status >= http.StatusBadRequest {
		var e struct{ Code string }
		_ = json.Unmarshal(a.body, &e) // always our own envelope
		a.code = e.Code
	}
	return a
}

// recorder keeps an answer until it is known whether it is given.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

func hashKeys(keys []string) [][32]byte {
	var hashes [][32]byte
	for _, k := range keys {
		hashes = append(hashes, sha256.Sum256([]byte(k)))
	}
	return hashes
}

// authentic compares the key with every valid one, in a time that tells nothing
// about them.
func (s *Server) authentic(r *http.Request) bool {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AccessKey ")
	sum := sha256.Sum256([]byte(key))
	match := 0
	for _, valid := range s.keys {
		match |= subtle.ConstantTimeCompare(sum[:], valid[:])
	}
	return ok && match == 1
}
