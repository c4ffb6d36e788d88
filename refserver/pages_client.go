package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/liidestuja/liidestuja/alt/desk"
)

const (
	// userCookie keeps as whom a visitor looks at the desk.
	userCookie = "demo-user"
	// ownerCookie keeps whose the desk's session is: a page that was asked for before
	// the visitor became somebody else may come after that, with its session.
	ownerCookie = "demo-session-of"
)

// demoUser is somebody at the desk. Its token is made at every start and is
// never part of a page: a browser gets the desk's own session cookie instead.
type demoUser struct {
	ID, Name string
	Role     desk.Role
	Token    string
}

// deskAPI calls the desk's HTTP API for browsers. It knows nothing else of the
// desk, so it shows what a page of an agency's own would do.
type deskAPI struct {
	base   string // without a slash at the end
	client *http.Client
	users  []demoUser
}

// deskProblem is an answer of the API that is none.
type deskProblem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
}

// Error implements error.
func (p *deskProblem) Error() string { return "desk: " + p.Code }

// deskSession is the API for one request of a browser: with its cookie, and
// with what the browser says of where the request comes from, so that the API
// itself refuses what another site wants.
type deskSession struct {
	api    *deskAPI
	w      http.ResponseWriter
	r      *http.Request
	user   demoUser
	cookie *http.Cookie // the desk's, as the user; nil: none yet
	fresh  bool         // begun by this request
}

func (a *deskAPI) session(w http.ResponseWriter, r *http.Request) *deskSession {
	s := &deskSession{api: a, w: w, r: r, user: a.users[0]}
	if c, err := r.Cookie(userCookie); err == nil {
		if i := slices.IndexFunc(a.users, func(u demoUser) bool { return u.ID == c.Value }); i >= 0 {
			s.user = a.users[i]
		}
	}
	if c, err := r.Cookie(ownerCookie); err != nil || c.Value != s.user.ID {
		return s
	}
	for _, c := range r.Cookies() {
		if c.Name == "desk-session" || c.Name == "__Host-desk-session" {
			s.cookie = c
		}
	}
	return s
}

// nameOf returns the name of somebody at the desk.
func (a *deskAPI) nameOf(id string) string {
	for _, u := range a.users {
		if u.ID == id {
			return u.Name
		}
	}
	return id
}

// login begins a session as the user. An agency's page would ask for the token.
func (s *deskSession) login() error {
	body, err := json.Marshal(map[string]string{"token": s.user.Token})
	if err != nil {
		return err
	}
	resp, err := s.send(http.MethodPost, "/v1/session", bytes.NewReader(body), http.Header{
		"Content-Type": {"application/json"}, "Sec-Fetch-Site": {"same-origin"},
	})
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK || len(resp.Cookies()) != 1 {
		return &deskProblem{Status: resp.StatusCode, Code: "unauthenticated"}
	}
	s.cookie, s.fresh = resp.Cookies()[0], true
	http.SetCookie(s.w, s.cookie)
	setCookie(s.w, ownerCookie, s.user.ID)
	return nil
}

// get reads path into out.
func (s *deskSession) get(path string, out any) error {
	return s.call(http.MethodGet, path, nil, nil, out)
}

// getFor reads what is open for a reason only.
func (s *deskSession) getFor(reason, path string, out any) error {
	h := http.Header{}
	if reason != "" {
		h.Set("Access-Reason", url.PathEscape(reason))
	}
	return s.call(http.MethodGet, path, nil, h, out)
}

// post sends body to path and reads the answer into out, unless that is nil.
func (s *deskSession) post(path string, body any, header http.Header, out any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/json")
	return s.call(http.MethodPost, path, b, header, out)
}

// call does one call, beginning a session if there is none or it has ended.
func (s *deskSession) call(method, path string, body []byte, header http.Header, out any) error {
	resp, err := s.open(method, path, body, header)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// open is call without reading the answer.
func (s *deskSession) open(method, path string, body []byte, header http.Header) (*http.Response, error) {
	for {
		if s.cookie == nil {
			if err := s.login(); err != nil {
				return nil, err
			}
		}
		resp, err := s.send(method, path, bytes.NewReader(body), header)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode < http.StatusBadRequest {
			return resp, nil
		}
		p := &deskProblem{Status: resp.StatusCode, Code: "internal"}
		_ = json.NewDecoder(io.LimitReader(resp.Body, 1<<16)).Decode(p) // unreadable: internal
		_ = resp.Body.Close()
		if p.Status != http.StatusUnauthorized || s.fresh {
			return nil, p
		}
		s.cookie = nil
	}
}

func (s *deskSession) send(method, path string, body io.Reader, header http.Header) (*http.Response, error) {
	// A browser that hangs up must not break off what it began.
	req, err := http.NewRequestWithContext(context.WithoutCancel(s.r.Context()), method, s.api.base+path, body) //nolint:gosec // the host is our own, ids in the path are checked or escaped
	if err != nil {
		return nil, err
	}
	req.Host = s.r.Host // the cookie's name and the check of the origin depend on it
	for _, name := range []string{"Origin", "Sec-Fetch-Site"} {
		if v := s.r.Header.Get(name); v != "" {
			req.Header.Set(name, v)
		}
	}
	for name, v := range header {
		req.Header[name] = v
	}
	if s.cookie != nil {
		req.AddCookie(&http.Cookie{Name: s.cookie.Name, Value: s.cookie.Value}) //nolint:gosec // of a request, which has a name and a value only
	}
	return s.api.client.Do(req) //nolint:gosec // as above
}

// codeOf returns the end of the text that explains an error.
func (p *pages) codeOf(err error) string {
	var problem *deskProblem
	if errors.As(err, &problem) {
		if p.Texts.Has("problem." + problem.Code) {
			return problem.Code
		}
	}
	return "internal"
}
