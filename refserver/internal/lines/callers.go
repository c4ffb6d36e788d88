package lines

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/channels"
)

// Caller is who makes a request.
type Caller struct {
	ID     string          `json:"id"`
	Name   string          `json:"name"`
	Role   desk.Role       `json:"role"`
	Agency channels.Agency `json:"agency"`
}

func (c Caller) who() Who { return Who{c.ID, c.Agency} }

// callers finds out who makes a request by asking the desk: whom it lets in is known
// here by the same token or session, and nobody else.
type callers struct {
	desk http.Handler
	csrf *http.CrossOriginProtection
}

func newCallers(desk http.Handler) callers { return callers{desk, http.NewCrossOriginProtection()} }

// admit returns the caller of a request, who must have one of the roles.
func (c callers) admit(r *http.Request, roles ...desk.Role) (Caller, error) {
	who, err := c.me(r)
	switch {
	case err != nil:
		return who, err
	case !slices.Contains(roles, who.Role):
		return who, problem("role")
	case len(r.Header.Values("Authorization")) == 0 && !c.sameSite(r):
		return who, problem("cross_origin")
	}
	return who, nil
}

// sameSite refuses what another site lets a browser send along with a cookie.
// Browsers say where a request comes from; one that does not say is none.
func (c callers) sameSite(r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	silent := r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == ""
	return !silent && c.csrf.Check(r) == nil
}

// me asks the desk who the caller is.
func (c callers) me(r *http.Request) (who Caller, err error) {
	a := c.ask(r, http.MethodGet, "/v1/me", nil)
	switch a.status {
	case http.StatusOK:
		return who, json.Unmarshal(a.body.Bytes(), &who)
	case http.StatusUnauthorized:
		return who, problem("unauthenticated")
	case http.StatusTooManyRequests:
		return who, problem("too_many_failures")
	}
	return who, problem("unavailable")
}

// ask makes a request to the desk as the caller of r: with the caller's token or
// cookie, from the same peer and origin.
func (c callers) ask(r *http.Request, method, path string, body []byte) *answer {
	in := r.Clone(r.Context())
	in.Method, in.RequestURI, in.Pattern = method, path, ""
	u := *r.URL
	u.Path, u.RawPath, u.RawQuery = path, "", ""
	in.URL = &u
	in.Body, in.ContentLength, in.TransferEncoding = http.NoBody, 0, nil
	in.Form, in.PostForm, in.MultipartForm = nil, nil, nil
	for _, name := range []string{"Content-Type", "Content-Length", "Idempotency-Key"} {
		in.Header.Del(name)
	}
	if body != nil {
		in.Body, in.ContentLength = readCloser{bytes.NewReader(body)}, int64(len(body))
		in.Header.Set("Content-Type", "application/json")
	}
	a := &answer{header: make(http.Header), status: http.StatusOK}
	c.desk.ServeHTTP(a, in)
	return a
}

type readCloser struct{ *bytes.Reader }

// Close implements io.Closer.
func (readCloser) Close() error { return nil }

// answer is an answer in memory.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// cookies passes on what the desk set.
func (a *answer) cookies(w http.ResponseWriter) {
	maps.Copy(w.Header(), http.Header{"Set-Cookie": a.header["Set-Cookie"]})
}
