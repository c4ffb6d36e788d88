package lines

import (
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"

	"github.com/liidestuja/liidestuja/alt/desk"
)

// APIPath is where the API is mounted, beside the desk's.
const APIPath = "/v1/admin/"

//go:embed openapi.yaml
var openAPI []byte

// OpenAPI returns the description of the API, an OpenAPI 3.1 document in YAML.
func OpenAPI() []byte { return slices.Clone(openAPI) }

// api is the management of lines for programs.
type api struct {
	m       *Manager
	callers callers
	page    func(login string) string // where a person opens a login
	logger  *slog.Logger
}

// operation is one of the API. Without roles no token is asked for.
type operation struct {
	method, path string
	who          []desk.Role
	query        []string
	serve        func(a *api, c *call) error
}

// call is one request with its caller.
type call struct {
	w     http.ResponseWriter
	r     *http.Request
	me    Caller
	query url.Values
}

func operations() []operation {
	admins, readers := []desk.Role{desk.Admin}, []desk.Role{desk.Auditor, desk.Admin}
	return []operation{
		{method: "GET", path: "openapi.yaml", serve: (*api).document},
		{method: "GET", path: "lines", who: readers, serve: (*api).list},
		{method: "GET", path: "lines/{id}", who: readers, serve: (*api).line},
		{method: "PUT", path: "lines/{id}", who: admins, serve: (*api).add},
		{method: "DELETE", path: "lines/{id}", who: admins, query: []string{"confirm", "force"}, serve: (*api).remove},
		{method: "POST", path: "lines/{id}/check", who: admins, serve: (*api).check},
		{method: "POST", path: "logins", who: admins, serve: (*api).begin},
		{method: "GET", path: "logins/{id}", who: admins, serve: (*api).login},
	}
}

// API returns the handler of everything under APIPath. callers are known to desk,
// the handler of the desk's API; page is where a person opens a login.
func (m *Manager) API(desk http.Handler, page func(login string) string) http.Handler {
	a := &api{m: m, callers: newCallers(desk), page: page, logger: m.cfg.Logger}
	mux := http.NewServeMux()
	methods := make(map[string][]string)
	for _, op := range operations() {
		mux.HandleFunc(op.method+" "+APIPath+op.path, func(w http.ResponseWriter, r *http.Request) { a.serve(op, w, r) })
		methods[op.path] = append(methods[op.path], op.method)
	}
	for p, allowed := range methods {
		mux.HandleFunc(APIPath+p, func(w http.ResponseWriter, r *http.Request) {
			for _, method := range allowed {
				w.Header().Add("Allow", method)
			}
			a.fail(w, r, problem("method_not_allowed"))
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { a.fail(w, r, problem("not_found")) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		if r.URL.Path != path.Clean(r.URL.Path) { // the mux would redirect
			a.fail(w, r, problem("not_found"))
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (a *api) serve(op operation, w http.ResponseWriter, r *http.Request) {
	c := &call{w: w, r: r}
	if err := a.admit(op, c); err != nil {
		a.fail(w, r, err)
		return
	}
	if err := op.serve(a, c); err != nil {
		a.fail(w, r, err)
	}
}

// admit checks what operations have in common.
func (a *api) admit(op operation, c *call) (err error) {
	if op.who != nil {
		if c.me, err = a.callers.admit(c.r, op.who...); err != nil {
			return err
		}
	}
	c.query, err = url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return problem("malformed_parameter")
	}
	for name, values := range c.query {
		if len(values) != 1 || !slices.Contains(op.query, name) {
			return problem("malformed_parameter")
		}
	}
	return nil
}

const maxBody = 16 << 10

// decode reads the JSON body strictly.
func (c *call) decode(v any) error {
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return problem("media_type")
	}
	d := json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if big := (*http.MaxBytesError)(nil); errors.As(err, &big) {
		return problem("too_large")
	}
	if _, end := d.Token(); err != nil || !errors.Is(end, io.EOF) {
		return problem("malformed_request")
	}
	return nil
}

func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := AsProblem(err)
	report(a.logger, r, p)
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="desk"`)
	}
	writeJSON(w, p.Status, "application/problem+json", p)
}

// report tells the operator what failed on our side or the provider's.
func report(logger *slog.Logger, r *http.Request, p *Problem) {
	if p.Status >= http.StatusInternalServerError && r.Context().Err() == nil {
		logger.ErrorContext(r.Context(), "lines: request failed", "operation", r.Pattern, "error", p)
	}
}

func writeJSON(w http.ResponseWriter, status int, kind string, v any) {
	b, err := json.Marshal(v)
	if err != nil { // of no type that is used here
		status, b = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

// or returns a, or b when a is empty.
func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
