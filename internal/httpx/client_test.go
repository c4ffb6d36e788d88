package httpx_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

func TestNewRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg   httpx.Config
		field string
	}{
		"no base URL":          {httpx.Config{}, "BaseURL"},
		"plain http":           {httpx.Config{BaseURL: "http://" + canary + ".example.com"}, "BaseURL"},
		"another scheme":       {httpx.Config{BaseURL: "ftp://example.com", InsecureHTTP: true}, "BaseURL"},
		"a relative URL":       {httpx.Config{BaseURL: "/v1"}, "BaseURL"},
		"no host":              {httpx.Config{BaseURL: "https://:443/v1"}, "BaseURL"},
		"an opaque URL":        {httpx.Config{BaseURL: "https:example.com"}, "BaseURL"},
		"user info":            {httpx.Config{BaseURL: "https://u:" + canary + "@example.com"}, "BaseURL"},
		"a query":              {httpx.Config{BaseURL: "https://example.com/?k=" + canary}, "BaseURL"},
		"an empty query":       {httpx.Config{BaseURL: "https://example.com/?"}, "BaseURL"},
		"a fragment":           {httpx.Config{BaseURL: "https://example.com/#" + canary}, "BaseURL"},
		"a climbing path":      {httpx.Config{BaseURL: "https://example.com/v1/../x"}, "BaseURL"},
		"an unparsable URL":    {httpx.Config{BaseURL: "https://exa mple.com/" + canary}, "BaseURL"},
		"a negative timeout":   {httpx.Config{BaseURL: "https://example.com", Timeout: -1}, "Timeout"},
		"a negative limit":     {httpx.Config{BaseURL: "https://example.com", MaxResponse: -1}, "MaxResponse"},
		"a broken user agent":  {httpx.Config{BaseURL: "https://example.com", UserAgent: "a\r\nb"}, "UserAgent"},
		"a host-less insecure": {httpx.Config{BaseURL: "http://", InsecureHTTP: true}, "BaseURL"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := httpx.New(tc.cfg)
			require.ErrorContains(t, err, "Config."+tc.field)
			require.NotContains(t, err.Error(), canary)
		})
	}
}

// echo answers with what it saw, in headers that tests can read.
func echo(t *testing.T) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Seen", r.Method+" "+r.RequestURI)
		for _, name := range []string{"Accept", "Authorization", "Content-Type", "Cookie", "User-Agent", "Content-Length", "X-Extra"} {
			w.Header().Set("Seen-"+name, strings.Join(r.Header.Values(name), "|"))
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write(body)
	}))
	t.Cleanup(srv.Close)
	return srv
}

func TestDoPutsTheCallOnTheWire(t *testing.T) {
	srv := echo(t)
	key := "first"
	c, err := httpx.New(httpx.Config{
		BaseURL: srv.URL + "/v1/", InsecureHTTP: true, UserAgent: "agency/1",
		Authorize: func(_ context.Context, h http.Header) error {
			h.Set("Authorization", "AccessKey "+key)
			if h.Get("X-Extra") != "" {
				h["X-Extra"][0] = "0"
			}
			return nil
		},
	})
	require.NoError(t, err)
	do := func(call httpx.Call) *httpx.Reply {
		t.Helper()
		reply, err := c.Do(t.Context(), call)
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, reply.Status)
		return reply
	}

	reply := do(httpx.Call{Method: "POST", Path: "/send", JSON: map[string]string{"text": "<õ> & “tere”"}})
	require.Equal(t, "POST /v1/send", reply.Header.Get("Seen"))
	require.Equal(t, `{"text":"<õ> & “tere”"}`, string(reply.Body))
	require.Equal(t, "application/json", reply.Header.Get("Seen-Content-Type"))
	require.Equal(t, "application/json", reply.Header.Get("Seen-Accept"))
	require.Equal(t, "agency/1", reply.Header.Get("Seen-User-Agent"))
	require.Equal(t, "AccessKey first", reply.Header.Get("Seen-Authorization"))

	key = "second"
	extra := http.Header{"x-extra": {"1", "2"}, "Accept": {"text/csv"}, "Authorization": {"theirs"}}
	reply = do(httpx.Call{Method: "GET", Path: "/a%2Fb/" + url.PathEscape("õ c?"), Query: url.Values{"q": {"a b&c", "+"}}, Header: extra})
	require.Equal(t, "GET /v1/a%2Fb/%C3%B5%20c%3F?q=a+b%26c&q=%2B", reply.Header.Get("Seen"))
	require.Equal(t, "AccessKey second", reply.Header.Get("Seen-Authorization"), "the key is read at each use and wins")
	require.Equal(t, "0|2", reply.Header.Get("Seen-X-Extra"))
	require.Equal(t, "text/csv", reply.Header.Get("Seen-Accept"))
	require.Empty(t, reply.Header.Get("Seen-Content-Type"))
	require.Equal(t, http.Header{"x-extra": {"1", "2"}, "Accept": {"text/csv"}, "Authorization": {"theirs"}}, extra, "the caller's header is not touched")

	reply = do(httpx.Call{Method: "PUT", Form: url.Values{"b": {"2"}, "a": {"õ"}}})
	require.Equal(t, "PUT /v1", reply.Header.Get("Seen"))
	require.Equal(t, "a=%C3%B5&b=2", string(reply.Body))
	require.Equal(t, "application/x-www-form-urlencoded", reply.Header.Get("Seen-Content-Type"))

	reply = do(httpx.Call{Method: "PATCH", Body: []byte("\x00\xff"), ContentType: "image/png"})
	require.Equal(t, "\x00\xff", string(reply.Body))
	require.Equal(t, "image/png", reply.Header.Get("Seen-Content-Type"))
	require.Equal(t, "2", reply.Header.Get("Seen-Content-Length"))

	reply = do(httpx.Call{Method: "POST", Path: "/empty"})
	require.Empty(t, reply.Body)
	require.Empty(t, reply.Header.Get("Seen-Content-Type"))
	reply = do(httpx.Call{Method: "DELETE", Path: "/webhooks/1"})
	require.Equal(t, "DELETE /v1/webhooks/1", reply.Header.Get("Seen"))
	require.Empty(t, do(httpx.Call{Method: "HEAD"}).Body)
}

func TestDoRefusesACallThatMustNotLeave(t *testing.T) {
	srv := serveRaw(t, says("HTTP/1.1 200 OK\r\n\r\n"))
	for name, call := range map[string]httpx.Call{
		"no method":                    {},
		"an unknown method":            {Method: "BREW"},
		"a lower-case method":          {Method: "post", JSON: 1},
		"a path without slash":         {Method: "GET", Path: "x"},
		"a path with an empty id":      {Method: "DELETE", Path: "/webhooks/"},
		"a path with an id missing":    {Method: "GET", Path: "/conversations//messages"},
		"a path that climbs":           {Method: "GET", Path: "/conversations/../x"},
		"a path that climbs escaped":   {Method: "GET", Path: "/conversations/%2e%2E/x"},
		"a path with a dot":            {Method: "GET", Path: "/./x"},
		"a path with a query":          {Method: "GET", Path: "/x?a=b"},
		"a path with a fragment":       {Method: "GET", Path: "/x#a"},
		"a path with a line break":     {Method: "GET", Path: "/x\r\nHost: y"},
		"a path with a bad escape":     {Method: "GET", Path: "/x%zz"},
		"a path with a space":          {Method: "GET", Path: "/x y"},
		"a path of another host":       {Method: "GET", Path: "//evil.example/x"},
		"a path with user info":        {Method: "GET", Path: "@evil.example/x"},
		"a header with a line break":   {Method: "GET", Header: http.Header{"X": {canary + "\r\nY: z"}}},
		"a header with a bad name":     {Method: "GET", Header: http.Header{"X Y": {canary}}},
		"another virtual host":         {Method: "GET", Header: http.Header{"host": {"evil.example"}}},
		"a body with GET":              {Method: "GET", JSON: 1},
		"a body with DELETE":           {Method: "DELETE", Form: url.Values{}},
		"two bodies":                   {Method: "POST", JSON: 1, Form: url.Values{"a": {canary}}},
		"bytes without a type":         {Method: "POST", Body: []byte(canary)},
		"JSON that cannot be written":  {Method: "POST", JSON: math.NaN()},
		"JSON that refuses with words": {Method: "POST", JSON: shy{}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := plain(t, srv.URL).Do(t.Context(), call)
			failure := requireFailure(t, err)
			require.Equal(t, httpx.NotSent, failure.Sent)
			require.Equal(t, httpx.StagePrepare, failure.Stage)
			require.NotContains(t, err.Error(), ": failed", "the developer is told which field")
		})
	}
	require.Zero(t, srv.Count.Load())
}

type shy struct{}

func (shy) MarshalJSON() ([]byte, error) { return nil, errors.New(canary) }

func TestWithoutCredentialsNothingIsSent(t *testing.T) {
	srv := serveRaw(t, says(""))
	cause := errors.New("vault: " + canary)
	for name, authorize := range map[string]func(context.Context, http.Header) error{
		"the source fails":         func(context.Context, http.Header) error { return cause },
		"the secret is no header":  func(_ context.Context, h http.Header) error { h.Set("Authorization", canary+"\n"); return nil },
		"the deadline passes here": func(ctx context.Context, _ http.Header) error { return context.DeadlineExceeded },
	} {
		t.Run(name, func(t *testing.T) {
			c, err := httpx.New(httpx.Config{BaseURL: srv.URL, InsecureHTTP: true, Authorize: authorize})
			require.NoError(t, err)
			_, err = c.Do(t.Context(), secretCall())
			require.Equal(t, httpx.NotSent, requireFailure(t, err).Sent)
		})
	}
	require.Zero(t, srv.Count.Load())
}

func TestARedirectIsAReply(t *testing.T) {
	target := serveRaw(t, says("HTTP/1.1 200 OK\r\n\r\n"))
	for _, status := range []int{301, 302, 303, 307, 308} {
		srv := httptest.NewServer(http.RedirectHandler(target.URL, status))
		defer srv.Close()
		for _, method := range []string{"GET", "POST"} {
			reply, err := plain(t, srv.URL).Do(t.Context(), httpx.Call{Method: method})
			require.NoError(t, err)
			require.Equal(t, status, reply.Status)
			require.Equal(t, target.URL, reply.Header.Get("Location"))
		}
	}
	require.Zero(t, target.Count.Load())
}

func TestAReplyIsReadUpToItsLimit(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 1000)
	var zipped bytes.Buffer
	zw := gzip.NewWriter(&zipped)
	_, _ = zw.Write(body)
	require.NoError(t, zw.Close())
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gzip" {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zipped.Bytes())
			return
		}
		_, _ = w.Write(body)
	}))
	defer srv.Close()
	for _, path := range []string{"", "/gzip"} {
		for _, limit := range []int64{999, 1000, 1001} {
			c, err := httpx.New(httpx.Config{BaseURL: srv.URL, InsecureHTTP: true, MaxResponse: limit})
			require.NoError(t, err)
			reply, err := c.Do(t.Context(), httpx.Call{Method: "GET", Path: path})
			if limit < 1000 {
				require.ErrorIs(t, err, httpx.ErrTooLarge)
				require.Equal(t, 200, requireFailure(t, err).Status)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, body, reply.Body)
		}
	}
}

func TestNoCookieIsKeptOrSent(t *testing.T) {
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder("GET", "https://api.example.com/v1/x", func(r *http.Request) (*http.Response, error) {
		res := httpmock.NewStringResponse(200, r.Header.Get("Cookie"))
		res.Header.Set("Set-Cookie", "a=b")
		return res, nil
	})
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	hc := &http.Client{Transport: mock, Jar: jar}
	c, err := httpx.New(httpx.Config{BaseURL: "https://api.example.com/v1", Client: hc})
	require.NoError(t, err)
	for range 2 {
		reply, err := c.Do(t.Context(), httpx.Call{Method: "GET", Path: "/x"})
		require.NoError(t, err)
		require.Empty(t, reply.Body)
	}
	require.Equal(t, jar, hc.Jar, "the caller's client is copied, not changed")
	require.Nil(t, hc.CheckRedirect)
}

func TestOneClientServesManyCallers(t *testing.T) {
	srv := echo(t)
	c := plain(t, srv.URL)
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			text := strings.Repeat("x", i)
			reply, err := c.Do(t.Context(), httpx.Call{Method: "POST", JSON: text, Header: http.Header{"X-Extra": {text}}})
			if err != nil || string(reply.Body) != `"`+text+`"` || reply.Header.Get("Seen-X-Extra") != text {
				t.Errorf("caller %d got another's answer: %v", i, err)
			}
		})
	}
	wg.Wait()
}
