package desk_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/desk"
)

// described is the description of the API, by which every request and answer of
// these tests is checked.
type described struct {
	doc    *openapi3.T
	router routers.Router

	mu   sync.Mutex
	seen map[string]bool // operations that were answered with 2xx
}

// contract is read once.
var contract = sync.OnceValue(func() *described {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(desk.OpenAPI())
	if err != nil {
		panic(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		panic(err)
	}
	doc.Servers = openapi3.Servers{{URL: "https://desk.example"}} // what a caller puts before "/"
	router, err := legacy.NewRouter(doc)
	if err != nil {
		panic(err)
	}
	return &described{doc: doc, router: router, seen: make(map[string]bool)}
})

// request checks a request, and returns the check of its answer. One that does
// not keep to the description must not pass.
func (d *described) request(t *testing.T, r *http.Request, keeps bool) func(answer) {
	t.Helper()
	route, params, err := d.router.FindRoute(r)
	if err != nil {
		require.False(t, keeps, "%s %s: %v", r.Method, r.URL.Path, err)
		return func(answer) {}
	}
	var body []byte
	if r.Body != nil {
		body, err = io.ReadAll(r.Body)
		require.NoError(t, err)
	}
	rewind := func() {
		if body != nil {
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
	}
	rewind()
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{
		AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
		IncludeResponseStatus: true,
		MultiError:            true,
		SkipSettingDefaults:   true,
	}}
	if err := openapi3filter.ValidateRequest(t.Context(), in); keeps {
		require.NoError(t, err)
	}
	rewind()
	return func(a answer) {
		t.Helper()
		out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: a.status, Header: a.header, Options: in.Options}
		out.SetBodyBytes(a.body)
		require.NoError(t, openapi3filter.ValidateResponse(t.Context(), out), "%s", a.body)
		if a.status < 300 {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.seen[route.Operation.OperationID] = true
		}
	}
}
