package lines_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

// someDesk knows two people by their tokens.
var someDesk = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	role, ok := map[string]string{"Bearer rein": "admin", "Bearer anu": "auditor", "Bearer mari": "specialist"}[r.Header.Get("Authorization")]
	if c, err := r.Cookie("desk-session"); err == nil {
		role, ok = c.Value, true
	}
	if !ok || r.URL.Path != "/v1/me" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"id": "rein", "role": role, "agency": string(agency)})
})

// caller calls the API, and checks each request and answer by the description.
func caller(t *testing.T, s *scene) func(token, method, path, body string) (int, map[string]any) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(lines.OpenAPI())
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))
	doc.Servers = openapi3.Servers{{URL: "https://alt.example"}}
	router, err := legacy.NewRouter(doc)
	require.NoError(t, err)
	api := s.m.API(someDesk, func(login string) string { return "https://alt.example/lines/login/" + login })
	return func(token, method, path, body string) (int, map[string]any) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), method, "https://alt.example"+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		route, params, err := router.FindRoute(r)
		require.NoError(t, err, path)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true,
		}}
		if w.Code < 300 {
			r.Body = io.NopCloser(strings.NewReader(body))
			require.NoError(t, openapi3filter.ValidateRequest(t.Context(), in))
		}
		out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: w.Code, Header: w.Header(), Options: in.Options}
		out.SetBodyBytes(w.Body.Bytes())
		require.NoError(t, openapi3filter.ValidateResponse(t.Context(), out), "%s", w.Body)
		require.NotContains(t, w.Body.String(), canaryToken)
		var v map[string]any
		if bytes.HasPrefix(w.Body.Bytes(), []byte("{")) {
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &v))
		}
		return w.Code, v
	}
}

func TestEveryOperationKeepsToItsDescription(t *testing.T) {
	s := newScene(t)
	do := caller(t, s)
	want := func(status int) func(int, map[string]any) map[string]any {
		return func(got int, v map[string]any) map[string]any {
			t.Helper()
			require.Equal(t, status, got, v)
			return v
		}
	}
	want(200)(do("", "GET", "/v1/admin/openapi.yaml", ""))
	require.Empty(t, want(200)(do("anu", "GET", "/v1/admin/lines", ""))["items"])
	begun := want(201)(do("rein", "POST", "/v1/admin/logins", `{}`))
	require.Equal(t, "https://alt.example/lines/login/"+begun["id"].(string), begun["url"])
	require.Equal(t, "begun", want(200)(do("rein", "GET", "/v1/admin/logins/"+begun["id"].(string), ""))["step"])
	id := s.login()
	require.Len(t, want(200)(do("rein", "GET", "/v1/admin/logins/"+id, ""))["choices"], 6)
	body := `{"login":"` + id + `","kind":"messenger","account":"1001","name":"Politsei"}`
	require.Equal(t, true, want(201)(do("rein", "PUT", "/v1/admin/lines/politsei", body))["serving"])
	want(200)(do("rein", "PUT", "/v1/admin/lines/politsei", body))
	want(201)(do("rein", "PUT", "/v1/admin/lines/waits", `{"login":"`+id+`","kind":"whatsapp","account":"3002"}`))
	s.provider.standing = lines.StandingReady
	require.Equal(t, "active", want(200)(do("rein", "POST", "/v1/admin/lines/waits/check", `{}`))["state"])
	line := want(200)(do("anu", "GET", "/v1/admin/lines/politsei", ""))
	require.Equal(t, "k1", line["key_id"])
	asked := want(409)(do("rein", "DELETE", "/v1/admin/lines/politsei", ""))
	require.Equal(t, line["confirm"], asked["confirm"])
	s.provider.fail["unsubscribe"] = down()
	path := "/v1/admin/lines/politsei?confirm=" + strings.ReplaceAll(line["confirm"].(string), "/", "%2F")
	require.Equal(t, "not_unsubscribed", want(502)(do("rein", "DELETE", path, ""))["code"])
	want(204)(do("rein", "DELETE", path+"&force=true", ""))
	want(204)(do("rein", "DELETE", path, ""))
	require.Len(t, want(200)(do("anu", "GET", "/v1/admin/lines", ""))["items"], 2)
}

func TestTheAPIRefuses(t *testing.T) {
	s := newScene(t)
	do := caller(t, s)
	for name, tc := range map[string]struct {
		token, method, path, body string
		status                    int
		code                      string
	}{
		"a stranger":             {"", "GET", "/v1/admin/lines", "", 401, "unauthenticated"},
		"a specialist":           {"mari", "GET", "/v1/admin/lines", "", 403, "role"},
		"an auditor who changes": {"anu", "POST", "/v1/admin/logins", "{}", 403, "role"},
		"an unknown line":        {"rein", "GET", "/v1/admin/lines/x", "", 404, "not_found"},
		"an unknown provider":    {"rein", "POST", "/v1/admin/logins", `{"provider":"other"}`, 404, "not_found"},
		"an unknown login":       {"rein", "GET", "/v1/admin/logins/x", "", 409, "login_expired"},
		"an unknown field":       {"rein", "POST", "/v1/admin/logins", `{"x":1}`, 400, "malformed_request"},
		"no JSON":                {"rein", "POST", "/v1/admin/logins", `{`, 400, "malformed_request"},
		"more than one":          {"rein", "POST", "/v1/admin/logins", `{}{}`, 400, "malformed_request"},
		"an unknown parameter":   {"rein", "GET", "/v1/admin/lines?x=1", "", 400, "malformed_parameter"},
		"a repeated parameter":   {"rein", "DELETE", "/v1/admin/lines/x?confirm=a&confirm=b", "", 400, "malformed_parameter"},
		"a large body":           {"rein", "POST", "/v1/admin/logins", `{"provider":"` + strings.Repeat("x", 20_000) + `"}`, 413, "too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			status, v := do(tc.token, tc.method, tc.path, tc.body)
			require.Equal(t, tc.status, status)
			require.Equal(t, tc.code, v["code"])
		})
	}
	api := s.m.API(someDesk, func(string) string { return "" })
	for name, tc := range map[string]struct {
		method, path, site string
		status             int
	}{
		"a method of no operation": {"PATCH", "/v1/admin/lines", "same-origin", 405},
		"a path of no operation":   {"GET", "/v1/admin/x", "same-origin", 404},
		"a path that is not clean": {"GET", "/v1/admin//lines", "same-origin", 404},
		"a form of another site":   {"POST", "/v1/admin/logins", "cross-site", 403},
		"a silent program":         {"POST", "/v1/admin/logins", "", 403},
		"a page of ours":           {"POST", "/v1/admin/logins", "same-origin", 201},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), tc.method, tc.path, strings.NewReader("{}"))
			r.AddCookie(&http.Cookie{Name: "desk-session", Value: "admin"})
			r.Header.Set("Content-Type", "application/json")
			if tc.site != "" {
				r.Header.Set("Sec-Fetch-Site", tc.site)
			}
			w := httptest.NewRecorder()
			api.ServeHTTP(w, r)
			require.Equal(t, tc.status, w.Code, w.Body)
		})
	}
}

// Every problem is described, and has words on the pages.
func TestProblemsAreDescribed(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(lines.OpenAPI())
	require.NoError(t, err)
	var codes []any
	for _, code := range lines.CodesForTest() {
		codes = append(codes, code)
		for _, texts := range lines.TextsForTest(t) {
			require.NotEmpty(t, texts["problem."+code], code)
		}
	}
	require.ElementsMatch(t, codes, doc.Components.Schemas["Problem"].Value.Properties["code"].Value.Enum)
}
