package desk_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMalformedBodiesAreRefused(t *testing.T) {
	w := newWorld(t)
	_, path := w.claimed("whatsapp")
	for name, tc := range map[string]struct {
		body   string
		status int
		code   string
		field  any
	}{
		"nothing":                      {``, 400, "malformed_request", nil},
		"no JSON":                      {`text=x`, 400, "malformed_request", nil},
		"cut":                          {`{"text":"x`, 400, "malformed_request", nil},
		"two values":                   {`{"text":"x"}{"text":"y"}`, 400, "malformed_request", nil},
		"a list":                       {`[{"text":"x"}]`, 400, "malformed_request", nil},
		"null":                         {`null`, 400, "malformed_request", nil},
		"an unknown field":             {`{"text":"x","` + canaryText + `":1}`, 400, "malformed_request", nil},
		"an unknown field deep inside": {`{"choices":{"body":"x","options":[{"id":"a","title":"b","x":1}]}}`, 400, "malformed_request", nil},
		"a wrong type":                 {`{"text":7}`, 400, "malformed_request", "text"},
		"a wrong type deep inside":     {`{"location":{"lat":"` + canaryText + `","lon":1}}`, 400, "malformed_request", "location.lat"},
		"half a place":                 {`{"location":{"lat":1}}`, 400, "malformed_request", "location"},
		"no content":                   {`{}`, 400, "malformed_request", nil},
		"an empty text":                {`{"text":""}`, 400, "malformed_request", nil},
		"two contents":                 {`{"text":"x","location":{"lat":1,"lon":1}}`, 400, "malformed_request", nil},
		"no UTF-8":                     {"{\"text\":\"a\xffb\"}", 400, "malformed_request", nil},
		"half a pair":                  {`{"text":"a\ud83cb"}`, 400, "malformed_request", nil},
		"the other half":               {`{"text":"a\udf4eb"}`, 400, "malformed_request", nil},
		"half a pair at the end":       {`{"text":"a\ud83c"}`, 400, "malformed_request", nil},
		"half a pair, then an escape":  {`{"text":"a\ud83c\n"}`, 400, "malformed_request", nil},
		"a place that is no number":    {`{"location":{"lat":1e999,"lon":1}}`, 400, "malformed_request", "location.lat"},
		"a place beyond the pole":      {`{"location":{"lat":91,"lon":1}}`, 422, "content_malformed", nil},
		"deeply nested":                {strings.Repeat(`{"choices":`, 200_000/11) + "1", 400, "malformed_request", nil},
		"too large":                    {`{"text":"` + strings.Repeat("a", 1<<20) + `"}`, 413, "too_large", nil},
		"options without end":          {`{"choices":{"body":"x","options":[]}}`, 422, "content_malformed", nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.abuse("mari", "POST", path+"/replies", []byte(tc.body), key("k"))
			v := a.problem(tc.status, tc.code)
			require.Equal(t, tc.field, v["field"])
			require.NotContains(t, string(a.body), canaryText)
		})
	}
	whole := `{"text":"a\ud83c\udf4e\\ud83c \ufffd"}`
	w.do("mari", "POST", path+"/replies", []byte(whole), key("whole")).ok(201)
}

func TestContentTypesAreKeptTo(t *testing.T) {
	w := newWorld(t)
	_, path := w.claimed("whatsapp")
	for typ, status := range map[string]int{
		"application/json": 201, "application/json; charset=utf-8": 201, "Application/JSON; Charset=UTF-8": 201,
		"text/plain": 415, "application/x-www-form-urlencoded": 415, "": 415, "application/json; charset=latin1": 415, ";": 415,
		"application/problem+json": 415,
	} {
		a := w.abuse("mari", "POST", path+"/replies", []byte(`{"text":"x"}`), key("k"), header{"Content-Type", typ})
		require.Equal(t, status, a.status, "%q", typ)
	}
	w.abuse("mari", "POST", path+"/read", []byte(`x`), header{"Content-Type", "text/plain"}).problem(415, "media_type")
	w.abuse("mari", "POST", path+"/read", []byte(`{"x":1}`)).problem(400, "malformed_request")
	w.abuse("mari", "POST", path+"/end", object{"reason": "Tal oli kiire"}).problem(400, "malformed_request")
	w.abuse("mari", "POST", path+"/restrict", object{}).problem(400, "malformed_request")
}

func TestMalformedParametersAreRefused(t *testing.T) {
	w := newWorld(t)
	_, path := w.claimed("whatsapp")
	for url, field := range map[string]any{
		"/v1/conversations?text=" + "x":          nil, // words belong into a body
		"/v1/conversations?limit=0":              "limit",
		"/v1/conversations?limit=201":            "limit",
		"/v1/conversations?limit=x":              "limit",
		"/v1/conversations?limit=":               "limit",
		"/v1/conversations?limit=1&limit=2":      "limit",
		"/v1/conversations?state=closed":         "state",
		"/v1/conversations?line=%20x":            "line",
		"/v1/conversations?holder=mari%40agency": "holder",
		"/v1/conversations?waiting=1":            "waiting",
		"/v1/conversations?from=yesterday":       "from",
		"/v1/conversations?to=2026-03-02":        "to",
		"/v1/conversations?a;b":                  nil,
		"/v1/conversations?%zz":                  nil,
		path + "/messages?limit=501":             "limit",
		"/v1/letters?state=open":                 "state",
		"/v1/letters?line=A":                     "line",
		"/v1/me?x=1":                             nil,
		"/v1/openapi.yaml?token=x":               nil,
	} {
		t.Run(url, func(t *testing.T) {
			v := w.abuse("mari", "GET", url, nil).problem(400, "malformed_parameter")
			require.Equal(t, field, v["field"])
		})
	}
	for _, url := range []string{"/v1/log?conversation=%2F", "/v1/log?message=%2F", "/v1/log?limit=1001", "/v1/log?from=x"} {
		w.abuse("aune", "GET", url, nil).problem(400, "malformed_parameter")
	}
	for name, body := range map[string]object{
		"state": {"state": "x"}, "line": {"line": "X"}, "holder": {"holder": " "}, "limit": {"limit": 500}, "text": {"text": strings.Repeat("a", 201)},
	} {
		require.Equal(t, name, w.abuse("mari", "POST", "/v1/conversations/search", body).problem(400, "malformed_request")["field"])
	}
	w.abuse("mari", "POST", "/v1/conversations/search", object{"text": "  "}).problem(400, "malformed_request")
	w.abuse("mari", "POST", "/v1/conversations/search", object{"from": canaryText}).problem(400, "malformed_request")
}

func TestPathsThatNameNothing(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{
		"/", "/v1", "/v1/", "/v1/nosuch", "/v1/conversations/", "/v2/me", "/v1/me/", "/v1//me", "/v1/x/../me",
		"/v1/conversations/nosuch", "/v1/conversations/%2e%2e", "/v1/conversations/a%2fb", "/v1/conversations/" + strings.Repeat("a", 65),
		"/v1/conversations/nosuch/messages", "/v1/conversations/nosuch/files/x", "/v1/messages/%00",
	} {
		a := w.abuse("mari", "GET", path, nil)
		a.problem(404, "not_found")
		require.Empty(t, a.header.Get("Location"), path)
	}
}

func TestOtherMethodsAreNamed(t *testing.T) {
	w := newWorld(t)
	for path, allow := range map[string]string{
		"/v1/me": "GET, HEAD", "/v1/conversations/search": "", "/v1/conversations/x/replies": "POST", "/v1/session": "DELETE, POST", "/v1/letters/1/drop": "POST",
	} {
		a := w.abuse("mari", http.MethodPut, path, nil)
		a.problem(405, "method_not_allowed")
		if allow != "" {
			require.Equal(t, allow, a.header.Get("Allow"))
		}
	}
	a := w.abuse("mari", "HEAD", "/v1/me", nil)
	require.Equal(t, 200, a.status)
}

func TestAnotherSitesScriptGetsNoPreflight(t *testing.T) {
	w := newWorld(t)
	a := w.abuse("", http.MethodOptions, "/v1/me", nil, header{"Origin", "https://evil.example"}, header{"Access-Control-Request-Method", "GET"})
	require.Equal(t, 405, a.status)
	for name := range a.header {
		require.False(t, strings.HasPrefix(name, "Access-Control"), name)
	}
}

func TestAClosedStoreIsAProblemOfOurs(t *testing.T) {
	w := newWorld(t)
	_, path := w.claimed("whatsapp")
	require.NoError(t, w.hs.Store().Close())
	for _, r := range []struct{ method, path string }{
		{"GET", "/v1/conversations"}, {"GET", path}, {"POST", path + "/end"}, {"GET", "/v1/letters"}, {"GET", "/v1/events"}, {"GET", "/v1/messages/x"},
	} {
		w.do("mari", r.method, r.path, nil).problem(503, "unavailable")
	}
	require.Contains(t, w.logs.String(), "desk: request failed")
	require.Contains(t, w.logs.String(), fmt.Sprintf("%q", "GET /v1/conversations/{id}"))
}
