package desk

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"slices"
	"strings"
)

// route is one operation of the API.
type route struct {
	method, path string
	// who may call it; nobody in particular: no token is asked for.
	who []Role
	// query are the parameters that it knows.
	query []string
	serve func(d *Desk, c *call) error
}

// call is one request with its caller.
type call struct {
	d     *Desk
	w     http.ResponseWriter
	r     *http.Request
	me    caller
	query url.Values
}

func (c *call) ctx() context.Context { return c.r.Context() }

func (c *call) answer(status int, v any) error {
	writeJSON(c.w, status, "application/json", v)
	return nil
}

func anyone() []Role  { return []Role{Specialist, Auditor, Admin} }
func writers() []Role { return []Role{Specialist, Admin} }

// routes are all operations. The OpenAPI document has the same ones; a test
// compares them.
func routes() []route {
	list := []string{"line", "state", "holder", "waiting", "from", "to", "limit", "cursor"}
	return []route{
		{method: "GET", path: "/v1/openapi.yaml", serve: (*Desk).document},
		{method: "POST", path: "/v1/session", serve: (*Desk).login},
		{method: "DELETE", path: "/v1/session", serve: (*Desk).logout},
		{method: "GET", path: "/v1/me", who: anyone(), serve: (*Desk).whoami},
		{method: "GET", path: "/v1/lines", who: anyone(), serve: (*Desk).lines},
		{method: "GET", path: "/v1/conversations", who: anyone(), query: list, serve: (*Desk).list},
		{method: "POST", path: "/v1/conversations/search", who: anyone(), serve: (*Desk).search},
		{method: "GET", path: "/v1/conversations/{id}", who: anyone(), serve: (*Desk).conversation},
		{method: "GET", path: "/v1/conversations/{id}/messages", who: anyone(), query: []string{"limit", "before"}, serve: (*Desk).messages},
		{method: "GET", path: "/v1/conversations/{id}/files/{blob}", who: anyone(), serve: (*Desk).download},
		{method: "POST", path: "/v1/conversations/{id}/read", who: writers(), serve: (*Desk).read},
		{method: "POST", path: "/v1/conversations/{id}/claim", who: writers(), serve: (*Desk).claim},
		{method: "POST", path: "/v1/conversations/{id}/release", who: writers(), serve: (*Desk).release},
		{method: "POST", path: "/v1/conversations/{id}/handback", who: writers(), serve: (*Desk).handBack},
		{method: "POST", path: "/v1/conversations/{id}/end", who: writers(), serve: (*Desk).end},
		{method: "POST", path: "/v1/conversations/{id}/restrict", who: writers(), serve: (*Desk).restrict},
		{method: "POST", path: "/v1/conversations/{id}/authentication", who: writers(), serve: (*Desk).askWho},
		{method: "GET", path: "/v1/conversations/{id}/identity", who: writers(), serve: (*Desk).identity},
		{method: "POST", path: "/v1/conversations/{id}/identity/reveal", who: writers(), serve: (*Desk).reveal},
		{method: "GET", path: "/v1/conversations/{id}/accounts", who: writers(), serve: (*Desk).accounts},
		{method: "POST", path: "/v1/conversations/{id}/accounts/take-apart", who: writers(), serve: (*Desk).takeApart},
		{method: "POST", path: "/v1/conversations/{id}/continue", who: writers(), serve: (*Desk).goOn},
		{method: "POST", path: "/v1/conversations/{id}/forward", who: writers(), serve: (*Desk).forward},
		{method: "POST", path: "/v1/conversations/{id}/replies", who: writers(), serve: (*Desk).reply},
		{method: "GET", path: "/v1/messages/{id}", who: anyone(), serve: (*Desk).message},
		{method: "POST", path: "/v1/files", who: writers(), serve: (*Desk).upload},
		{method: "GET", path: "/v1/letters", who: anyone(), query: []string{"state", "line", "limit", "cursor"}, serve: (*Desk).letters},
		{method: "POST", path: "/v1/letters/{id}/{verdict}", who: writers(), serve: (*Desk).settle},
		{method: "GET", path: "/v1/log", who: []Role{Auditor, Admin}, query: []string{"conversation", "message", "from", "to", "limit", "cursor"}, serve: (*Desk).log},
		{method: "GET", path: "/v1/events", who: anyone(), query: []string{"after"}, serve: (*Desk).events},
	}
}

// API returns the handler of everything under /v1/. Mount it there.
func (d *Desk) API() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes() {
		mux.HandleFunc(rt.method+" "+rt.path, func(w http.ResponseWriter, r *http.Request) { d.serve(rt, w, r) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		harden(w.Header())
		_, pattern := mux.Handler(r)
		switch {
		case r.URL.Path != path.Clean(r.URL.Path): // the mux would redirect
			d.fail(w, r, newProblem("not_found"))
		case pattern == "":
			d.unrouted(mux, w, r)
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

// harden sets what every answer has. Answers hold personal data: they are kept
// nowhere, and never shown as a page.
func harden(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// unrouted says why no operation was found, in our own form.
func (d *Desk) unrouted(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	h, _ := mux.Handler(r)
	probe := &headOnly{header: make(http.Header)}
	h.ServeHTTP(probe, r)
	if probe.status != http.StatusMethodNotAllowed {
		d.fail(w, r, newProblem("not_found"))
		return
	}
	p := newProblem("method_not_allowed")
	p.header = http.Header{"Allow": probe.header["Allow"]}
	d.fail(w, r, p)
}

// headOnly takes an answer without its body.
type headOnly struct {
	header http.Header
	status int
}

func (h *headOnly) Header() http.Header         { return h.header }
func (h *headOnly) WriteHeader(status int)      { h.status = status }
func (h *headOnly) Write(b []byte) (int, error) { return len(b), nil }

func (d *Desk) serve(rt route, w http.ResponseWriter, r *http.Request) {
	defer func() {
		v := recover()
		if v == http.ErrAbortHandler { //nolint:errorlint // the very value, as net/http compares it
			panic(v)
		}
		if v != nil { // its value may hold anything: only the stack is logged
			d.cfg.Logger.ErrorContext(r.Context(), "desk: request panicked", "operation", r.Pattern, "stack", string(debug.Stack()))
			d.fail(w, r, newProblem("internal"))
		}
	}()
	c := &call{d: d, w: w, r: r}
	if err := c.admit(rt); err != nil {
		d.fail(w, r, err)
		return
	}
	if err := rt.serve(d, c); err != nil {
		d.fail(w, r, err)
	}
}

// admit checks everything that operations have in common.
func (c *call) admit(rt route) error {
	if rt.who != nil {
		me, err := c.d.authenticate(c.r)
		if err != nil {
			return err
		}
		if me.session != "" {
			if err := c.d.sameSite(c.r); err != nil {
				return err
			}
		}
		if !slices.Contains(rt.who, me.Role) {
			c.d.noteForbidden(c.r, me, rt)
			return newProblem("role")
		}
		c.me = me
	}
	var err error
	if c.query, err = url.ParseQuery(c.r.URL.RawQuery); err != nil {
		return newProblem("malformed_parameter")
	}
	for name, values := range c.query {
		// A parameter that is not known might be a secret or a search word that
		// belongs elsewhere: it is refused, and not repeated.
		if !slices.Contains(rt.query, name) {
			return newProblem("malformed_parameter")
		}
		if len(values) != 1 || strings.TrimSpace(values[0]) == "" {
			return inField("malformed_parameter", name)
		}
	}
	return nil
}
