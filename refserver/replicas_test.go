package main

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// balanced puts a proxy in front of servers that sends each request to the next
// one, and has webhooks and people go there.
func (w *world) balanced(servers ...*running) (front *running, asked []*atomic.Int64) {
	w.t.Helper()
	var next atomic.Int64
	for range servers {
		asked = append(asked, new(atomic.Int64))
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		i := int(next.Add(1)) % len(servers)
		asked[i].Add(1)
		to, err := url.Parse(servers[i].url)
		if err == nil {
			r.SetURL(to)
		}
	}})
	w.t.Cleanup(proxy.Close)
	w.target.mu.Lock()
	*w.target.base = proxy.URL
	w.target.mu.Unlock()
	return &running{w: w, url: proxy.URL}, asked
}

// stream is a live stream of a browser.
type stream struct {
	t     *testing.T
	lines chan string
}

// stream opens one with these headers.
func (r *running) stream(t *testing.T, client *http.Client, address string, header http.Header) *stream {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	require.NoError(t, err)
	if header != nil {
		req.Header = header
	}
	res, err := client.Do(req)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode)
	s := &stream{t: t, lines: make(chan string, 1000)}
	go func() {
		defer close(s.lines)
		for in := bufio.NewScanner(res.Body); in.Scan(); {
			s.lines <- in.Text()
		}
	}()
	t.Cleanup(func() {
		end()
		_ = res.Body.Close()
		for range s.lines { // until the stream has ended
		}
	})
	return s
}

// until waits for a line that holds the text.
func (s *stream) until(text string) {
	s.t.Helper()
	for timeout := time.After(20 * time.Second); ; {
		select {
		case line, ok := <-s.lines:
			require.True(s.t, ok, "the stream ended without %q", text)
			if strings.Contains(line, text) {
				return
			}
		case <-timeout:
			require.Fail(s.t, "nothing came", "%q", text)
		}
	}
}

// signIn begins a browser's session at the desk and returns its headers.
func (r *running) signIn(t *testing.T) http.Header {
	t.Helper()
	h := http.Header{"Sec-Fetch-Site": {"same-origin"}, "Content-Type": {"application/json"}}
	status, answer, got := r.call(t, http.MethodPost, "/v1/session", `{"token":"`+r.w.token+`"}`, h)
	require.Equal(t, http.StatusOK, status, answer)
	cookie, _, _ := strings.Cut(got.Get("Set-Cookie"), ";")
	h.Set("Cookie", cookie)
	return h
}

func TestEveryRequestMayReachAnotherServer(t *testing.T) {
	dsn := newDatabase(t)
	w := newWorld(t)
	w.inDatabase(dsn)
	sims := w.withServices()
	w.migrate()
	first, second := w.serve(), w.serve()
	front, asked := w.balanced(first, second)
	c := w.citizen(front, phone)
	c.says("inimene")
	c.hears()
	id := front.conversation(t)

	// A specialist's browser.
	h := front.signIn(t)
	browse := func(method, path, body string) string {
		t.Helper()
		h := h.Clone()
		if method != http.MethodGet {
			h.Set("Idempotency-Key", "key-"+strings.ReplaceAll(path, "/", "-"))
		}
		status, answer, _ := front.call(t, method, path, body, h)
		require.Less(t, status, 300, "%s %s: %s", method, path, answer)
		return answer
	}
	live := front.stream(t, http.DefaultClient, front.url+"/v1/events", http.Header{"Cookie": h["Cookie"]})
	browse(http.MethodPost, "/v1/conversations/"+id+"/claim", "{}")
	live.until(id)
	for range 4 {
		require.Contains(t, browse(http.MethodGet, "/v1/me", ""), "mari")
	}
	browse(http.MethodPost, "/v1/conversations/"+id+"/replies", `{"text":"Tere, mina olen Mari."}`)
	require.Equal(t, "Tere, mina olen Mari.", c.hears())
	live.until(id)

	// A person proves who they are: by an application on a telephone …
	page := c.begins(id, "smart-id")
	prompt, err := sims.sid.Scan(c.find(`href="(https://[^"]*deviceLinkType=Web2App[^"]*)"`, page))
	require.NoError(t, err)
	picture := front.stream(t, c.browser, publicURL+"/login/live", nil)
	picture.until("event: picture")
	back, err := prompt.Approve("PNOEE-" + loginCode + "-MOCK-Q")
	require.NoError(t, err)
	c.comesBack(c.open(http.MethodGet, back, nil))
	require.Contains(t, browse(http.MethodGet, "/v1/conversations/"+id+"/identity", ""), loginGiven)
	// … by Mobile-ID, while a page waits for it …
	c.begins(id, "mobile-id")
	waits := front.stream(t, c.browser, publicURL+"/login/live", nil)
	require.NoError(t, sims.mid.Approve(loginPhone))
	waits.until("event: ended")
	c.comesBack(c.open(http.MethodGet, publicURL+"/login/", nil))
	// … and by another site, from which the browser comes back.
	came, err := sims.tara.Login(c.find(`href="(http://[^"]+/oidc/authorize[^"]+)"`, c.begins(id, "tara")), "EE"+loginCode)
	require.NoError(t, err)
	c.comesBack(c.open(http.MethodGet, came.String(), nil))

	// Whoever signs out has done so everywhere.
	browse(http.MethodDelete, "/v1/session", "")
	for range 2 {
		status, _, _ := front.call(t, http.MethodGet, "/v1/me", "", h)
		require.Equal(t, http.StatusUnauthorized, status)
	}
	for i, n := range asked {
		t.Logf("server %d answered %d requests", i+1, n.Load())
		require.Greater(t, n.Load(), int64(15))
	}
	for track, n := range w.sim.Tracks() {
		require.Equal(t, 1, n, track)
	}
}
