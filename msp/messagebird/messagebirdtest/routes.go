package messagebirdtest

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/liidestuja/liidestuja/internal/sim"
)

// call is a request that has been let in: its key is valid, its path and method exist, its body is read.
type call struct {
	r    *http.Request
	id   string // the id in the path
	body []byte
}

type methods map[string]func(*Server, *call) answer

func routes() map[string]methods {
	return map[string]methods{
		"send":                       {"POST": (*Server).handleSend},
		"conversations":              {"GET": (*Server).listConversations, "POST": (*Server).createConversation},
		"conversations/start":        {"POST": (*Server).handleStart},
		"conversations/contact/{id}": {"GET": (*Server).listByContact},
		"conversations/{id}":         {"GET": (*Server).getConversation, "PATCH": (*Server).patchConversation},
		"conversations/{id}/messages": {"GET": (*Server).listConversationMessages,
			"POST": (*Server).handleReply},
		"messages":      {"GET": (*Server).listMessages},
		"messages/{id}": {"GET": (*Server).getMessage},
		"webhooks":      {"GET": (*Server).listWebhooks, "POST": (*Server).createWebhook},
		"webhooks/{id}": {"GET": (*Server).getWebhook, "PATCH": (*Server).patchWebhook, "DELETE": (*Server).deleteWebhook},
		"files":         {"POST": (*Server).upload},
		"files/{id}":    {"GET": (*Server).download},
		"media/{id}":    {"GET": (*Server).download},

		"rest/messages":      {"GET": (*Server).listSMS, "POST": (*Server).sendSMS},
		"rest/messages/{id}": {"GET": (*Server).getSMS, "DELETE": (*Server).deleteSMS},
	}
}

// shape is the route of a path and the id in it.
func shape(path string) (route, id string) {
	if rest, ok := strings.CutPrefix(path, "/rest/messages"); ok { // the SMS API has a host of its own, and no version
		switch seg := strings.Split(rest, "/"); {
		case rest == "":
			return "rest/messages", ""
		case len(seg) == 2 && seg[0] == "" && seg[1] != "":
			return "rest/messages/{id}", seg[1]
		}
		return "", ""
	}
	rest, ok := strings.CutPrefix(path, "/v1/")
	seg := strings.Split(rest, "/")
	if !ok || slices.Contains(seg, "") {
		return "", ""
	}
	switch {
	case len(seg) == 1 || rest == "conversations/start":
		return rest, ""
	case len(seg) == 2:
		return seg[0] + "/{id}", seg[1]
	case len(seg) == 3 && seg[0] == "conversations" && seg[1] == "contact":
		return "conversations/contact/{id}", seg[2]
	case len(seg) == 3 && seg[2] == "messages":
		return seg[0] + "/{id}/messages", seg[1]
	}
	return "", ""
}

// ServeHTTP answers the API. A scripted hang-up panics with http.ErrAbortHandler, which net/http turns into a
// cut connection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, scripted := sim.Next(&s.script, func(f *Failure) bool { return f.matches(r) })
	entry := Request{Method: r.Method, Path: r.URL.Path, Scripted: scripted, At: s.now()}
	if f.HangUpBeforeRead {
		s.journal.request(entry)
		panic(http.ErrAbortHandler)
	}
	var a answer
	if f.Status == 0 || f.AfterAccept || f.HangUpAfterAccept {
		a = s.serve(w, r)
	}
	if f.Status != 0 {
		a = f.answer()
	}
	if !f.HangUpAfterAccept {
		entry.Status, entry.Code, entry.Parameter = a.status, a.code, a.param
	}
	s.journal.request(entry)
	sim.Pause(r.Context(), s.cfg.Latency+f.Delay)
	if f.HangUpAfterAccept {
		panic(http.ErrAbortHandler)
	}
	a.write(w)
}

// serve lets a request in and handles it.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) answer {
	route, id := shape(r.URL.Path)
	allowed := s.routes[route]
	public := id != "" && (route == "files/{id}" || route == "media/{id}") && !s.cfg.PrivateMedia
	if !public && !s.authentic(r) {
		return s.refuse(&refusal{http.StatusUnauthorized, codeNotAllowed, "Request not allowed (incorrect access_key)", "access_key"})
	}
	if !s.limit.Allow() {
		a := s.refuse(&refusal{http.StatusTooManyRequests, codeRateLimit, "Too many requests", ""})
		sim.RetryAfter(a.header, s.cfg.Rate.RetryAfter)
		return a
	}
	if allowed == nil {
		return s.refuse(&refusal{http.StatusNotFound, codeNoSuchAPI, "Not found (this API does not exist)", ""})
	}
	handle := allowed[r.Method]
	if handle == nil {
		a := s.refuse(&refusal{http.StatusMethodNotAllowed, codeNoSuchAPI, "Method not allowed", ""})
		for method := range allowed {
			a.header.Add("Allow", method)
		}
		return a
	}
	limit := s.cfg.BodyLimit
	if route == "files" {
		limit = s.cfg.FileLimit
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return s.refuse(&refusal{http.StatusRequestEntityTooLarge, codeInvalid, "The body is too large", ""})
	case err != nil:
		return s.refuse(&refusal{http.StatusBadRequest, codeInvalid, "The body could not be read", ""})
	}
	return handle(s, &call{r, id, body})
}

// refuse answers with an error. Wrong parameters get the status that the account is configured for.
func (s *Server) refuse(bad *refusal) answer {
	if bad.status == http.StatusUnprocessableEntity {
		bad.status = s.cfg.InvalidStatus
	}
	return bad.answer()
}

func hashKeys(keys []string) [][32]byte {
	var hashes [][32]byte
	for _, k := range keys {
		hashes = append(hashes, sha256.Sum256([]byte(k)))
	}
	return hashes
}

// authentic compares the key with every valid one, in a time that tells nothing about them.
func (s *Server) authentic(r *http.Request) bool {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AccessKey ")
	sum := sha256.Sum256([]byte(key))
	match := 0
	for _, valid := range s.keys {
		match |= subtle.ConstantTimeCompare(sum[:], valid[:])
	}
	return ok && match == 1
}
