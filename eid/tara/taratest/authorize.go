package taratest

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// request is what a client asked for.
type request struct {
	redirect, state, nonce, locale string
	scopes                         []string
	level                          string
	expires                        time.Time
}

// grant is what a code stands for.
type grant struct {
	request
	person  Person
	means   string
	expires time.Time
	spent   bool
	kind    Case
	claims  func(map[string]any)
}

// errPage: what was asked is so wrong that the browser is not sent anywhere.
var errPage = errors.New("taratest: unknown client or redirect address")

// read checks an authorize request. code is the OAuth error with which the browser
// goes back.
func (s *Server) read(q url.Values) (req *request, code string, err error) {
	for name := range q {
		if len(q[name]) > 1 {
			return nil, "", errPage
		}
	}
	if q.Get("client_id") != s.cfg.ClientID || !slices.Contains(s.cfg.RedirectURLs, q.Get("redirect_uri")) {
		return nil, "", errPage
	}
	req = &request{
		redirect: q.Get("redirect_uri"), state: q.Get("state"), nonce: q.Get("nonce"), locale: "et",
		scopes: strings.Fields(q.Get("scope")), level: "substantial",
	}
	for _, l := range strings.Fields(q.Get("ui_locales")) {
		if slices.Contains(locales(), l) {
			req.locale = l
			break
		}
	}
	if q.Has("acr_values") {
		req.level = q.Get("acr_values")
	}
	switch {
	case q.Get("response_type") != "code":
		return req, "unsupported_response_type", nil
	case len(req.state) < 8, rank(req.level) == 0:
		return req, "invalid_request", nil
	case !req.scoped():
		return req, "invalid_scope", nil
	}
	return req, "", nil
}

func (r *request) scoped() bool {
	only := slices.Contains(r.scopes, "eidasonly")
	for _, sc := range r.scopes {
		if !knownScope(sc) || strings.HasPrefix(sc, "eidas:") && !only {
			return false
		}
	}
	return slices.Contains(r.scopes, "openid")
}

// offers reports whether the page has a button for this person and means.
func (r *request) offers(p Person, means string) bool {
	if rank(p.Level) < rank(r.level) {
		return false
	}
	if slices.Contains(r.scopes, "eidasonly") {
		return means == "eidas"
	}
	every := !slices.ContainsFunc(r.scopes, func(sc string) bool { return amr(sc) != "" })
	return every || slices.Contains(r.scopes, means)
}

// back is the address to which the browser returns.
func (r *request) back(q url.Values) string {
	q.Set("state", r.state)
	return r.address(q)
}

func (r *request) address(q url.Values) string {
	u, err := url.Parse(r.redirect)
	if err != nil {
		return r.redirect // it was registered like this
	}
	all := u.Query()
	for name, v := range q {
		all[name] = v
	}
	u.RawQuery = all.Encode()
	return u.String()
}

// issue makes a code for a person, and returns where the browser goes with it.
func (s *Server) issue(r *request, p Person, means string) (string, error) {
	code, err := s.random()
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &grant{request: *r, person: p, means: means, expires: s.cfg.Now().Add(CodeLife)}
	if len(s.cases) > 0 {
		g.kind, s.cases = s.cases[0], s.cases[1:]
	}
	if len(s.claims) > 0 {
		g.claims, s.claims = s.claims[0], s.claims[1:]
	}
	for old, was := range s.grants {
		if s.cfg.Now().Sub(was.expires) > SessionLife {
			delete(s.grants, old)
		}
	}
	s.grants[code] = g
	q := url.Values{"code": {code}, "state": {r.state}}
	g.kind.back(q)
	return r.address(q), nil
}

// Login does what a person does who follows link and is authenticated as the one
// with this Subject, by the first means that the client asked for, and returns
// where the browser goes then.
func (s *Server) Login(link, subject string) (*url.URL, error) {
	req, err := s.follow(link)
	if err != nil {
		return nil, err
	}
	return s.loginAs(req, subject)
}

func (s *Server) loginAs(req *request, subject string) (*url.URL, error) {
	for _, p := range s.cfg.People {
		for _, m := range p.Means {
			if p.Subject == subject && req.offers(p, m) {
				back, err := s.issue(req, p, m)
				if err != nil {
					return nil, err
				}
				return url.Parse(back)
			}
		}
	}
	return nil, errors.New("taratest: nobody of that subject has a means that was asked for")
}

// Cancel does what a person does who follows link and goes back.
func (s *Server) Cancel(link string) (*url.URL, error) {
	req, err := s.follow(link)
	if err != nil {
		return nil, err
	}
	return url.Parse(req.back(url.Values{"error": {"user_cancel"}}))
}

func (s *Server) follow(link string) (*request, error) {
	u, err := url.Parse(link)
	if err != nil {
		return nil, errors.New("taratest: the link is no address")
	}
	req, code, err := s.read(u.Query())
	if err == nil && code != "" {
		err = errors.New("taratest: the link was answered with " + code)
	}
	return req, err
}

// serveAuthorize shows the page, and takes what was chosen there.
func (s *Server) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.choose(w, r)
		return
	}
	q := r.URL.Query()
	req, code, err := s.read(q)
	switch {
	case err != nil:
		s.showRefusal(w)
		return
	case code != "":
		redirect(w, req.back(url.Values{"error": {code}, "error_description": {"The request was not understood"}}))
		return
	}
	if who := q.Get("autologin"); who != "" {
		back, err := s.loginAs(req, who)
		if err != nil {
			s.showRefusal(w)
			return
		}
		redirect(w, back.String())
		return
	}
	s.showPeople(w, req)
}

// choose takes the button that was pressed. A page is good for one choice.
func (s *Server) choose(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	session, choice := r.PostFormValue("session"), r.PostFormValue("choice")
	s.mu.Lock()
	req := s.sessions[session]
	delete(s.sessions, session)
	s.mu.Unlock()
	if req == nil || !s.cfg.Now().Before(req.expires) {
		s.showRefusal(w)
		return
	}
	if choice == "cancel" {
		redirect(w, req.back(url.Values{"error": {"user_cancel"}}))
		return
	}
	subject, means, _ := strings.Cut(choice, " ")
	for _, p := range s.cfg.People {
		if p.Subject == subject && slices.Contains(p.Means, means) && req.offers(p, means) {
			back, err := s.issue(req, p, means)
			if err != nil {
				break
			}
			redirect(w, back)
			return
		}
	}
	s.showRefusal(w)
}

func redirect(w http.ResponseWriter, address string) {
	w.Header().Set("Location", address)
	w.WriteHeader(http.StatusFound)
}

func (s *Server) random() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(s.cfg.Rand, b[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}
