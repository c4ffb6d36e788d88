package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

// playground is a demo on a port of its own, and a browser without script.
type playground struct {
	*demo
	t      *testing.T
	srv    *httptest.Server
	stop   func()
	client *http.Client
	seen   []string // every address, header and page that the browser got
}

// onEachProvider runs a test on every provider that the demo can have.
func onEachProvider(t *testing.T, test func(t *testing.T, provider string)) {
	t.Helper()
	for _, provider := range demoNames() {
		t.Run(provider, func(t *testing.T) { test(t, provider) })
	}
}

// sent are the messages that the provider took, as they were sent.
func (p *playground) sent() (all []string) {
	switch sim := p.provider.(type) {
	case *demoMessageBird:
		for _, m := range sim.Sent() {
			all = append(all, string(m.Content))
		}
	case *demoBird:
		for _, m := range sim.Sent() {
			all = append(all, string(m.Body))
		}
	case *demoMeta:
		for _, m := range sim.Sent() {
			all = append(all, string(m.Content))
		}
	}
	return all
}

// secrets are what the service and the provider share.
func (p *playground) secrets() []string {
	switch sim := p.provider.(type) {
	case *demoMessageBird:
		return []string{sim.access, sim.sign}
	case *demoBird:
		return []string{sim.access, sim.sign}
	case *demoMeta:
		return []string{sim.secret, sim.word, sim.tokens[demoPage], sim.tokens[demoMetaNumber]}
	}
	p.t.Fatalf("no secrets of a %T", p.provider)
	return nil
}

// startPlayground starts the default demo in a folder.
func startPlayground(t *testing.T, dir string) *playground {
	t.Helper()
	return startPlaygroundOn(t, "", dir)
}

// startPlaygroundOn starts a demo with a provider in a folder.
func startPlaygroundOn(t *testing.T, provider, dir string) *playground {
	t.Helper()
	return startPlaygroundAs(t, demoConfig{Provider: provider, DataDir: dir, Logger: slog.New(slog.DiscardHandler)})
}

// startPlaygroundAs starts a demo at an address of its own.
func startPlaygroundAs(t *testing.T, cfg demoConfig) *playground {
	t.Helper()
	var handler http.Handler
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	cfg.URL, cfg.Reconcile = "http://"+srv.Listener.Addr().String(), 100*time.Millisecond
	stopping, begin := context.WithCancel(context.Background())
	d, err := newDemo(stopping, cfg)
	require.NoError(t, err)
	context.AfterFunc(stopping, d.app.drain)
	handler = web(d.handler, d.cfg.Logger, false)
	srv.Start()
	ctx, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.run(ctx) }()
	p := &playground{demo: d, t: t, srv: srv}
	p.stop = func() {
		p.stop = func() {}
		begin()
		srv.Close()
		end()
		require.NoError(t, <-done)
	}
	t.Cleanup(func() { p.stop() })
	p.client = p.visitor()
	return p
}

// visitor returns a browser with its own cookies.
func (p *playground) visitor() *http.Client {
	jar, err := cookiejar.New(nil)
	require.NoError(p.t, err)
	return &http.Client{Jar: jar, Timeout: 20 * time.Second, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		p.seen = append(p.seen, r.URL.String())
		return nil
	}}
}

func (p *playground) do(r *http.Request) (int, string) {
	p.t.Helper()
	resp, err := p.client.Do(r)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	var head strings.Builder
	require.NoError(p.t, resp.Header.Write(&head))
	p.seen = append(p.seen, r.URL.String(), head.String(), string(b))
	return resp.StatusCode, string(b)
}

// get opens a page in a language.
func (p *playground) get(path, lang string) string {
	p.t.Helper()
	r, err := http.NewRequest(http.MethodGet, p.srv.URL+path, nil)
	require.NoError(p.t, err)
	r.Header.Set("Accept-Language", lang)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	status, body := p.do(r)
	require.Equal(p.t, http.StatusOK, status, path)
	return body
}

// post sends a form from a page and returns the page to which it leads.
func (p *playground) post(path, back string, fields ...string) string {
	p.t.Helper()
	form := url.Values{"back": {back}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, p.srv.URL+path, strings.NewReader(form.Encode()))
	require.NoError(p.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Accept-Language", "et")
	status, body := p.do(r)
	require.Equal(p.t, http.StatusOK, status, path)
	return body
}

// await waits until holds, looking again whenever something changed.
func (p *playground) await(what string, holds func() bool) {
	p.t.Helper()
	changed, end := p.app.svc.Watch()
	defer end()
	limit := time.After(20 * time.Second)
	for {
		_, rung := p.bell.wait()
		if holds() {
			return
		}
		select {
		case <-changed:
		case <-rung:
		case <-limit:
			p.t.Fatal("waited in vain: " + what)
		}
	}
}

// screen returns the texts on a phone, the person's own with a ">" before them.
func (p *playground) screen(line channels.ID) []string {
	for _, phone := range p.phones {
		if phone.line != line {
			continue
		}
		phone.mu.Lock()
		defer phone.mu.Unlock()
		var all []string
		for _, b := range phone.screen {
			text := b.Text
			if b.Mine {
				text = ">" + text
			}
			all = append(all, text)
		}
		return all
	}
	return nil
}

// arrives waits until the last text on a phone contains all of these.
func (p *playground) arrives(line channels.ID, parts ...string) {
	p.t.Helper()
	p.await("a message with "+strings.Join(parts, ", "), func() bool {
		all := p.screen(line)
		if len(all) == 0 || strings.HasPrefix(all[len(all)-1], ">") {
			return false
		}
		for _, part := range parts {
			if !strings.Contains(all[len(all)-1], part) {
				return false
			}
		}
		return true
	})
}

var chatKey = regexp.MustCompile(`data-key="chat-([0-9a-f-]{36})"`)

// chatOf returns the id of the conversation that a list shows first.
func (p *playground) chatOf(list string) string {
	p.t.Helper()
	page := p.get("/?list="+list, "et")
	m := chatKey.FindStringSubmatch(page)
	require.NotNil(p.t, m, "no conversation in %s", list)
	return m[1]
}

var formKey = regexp.MustCompile(`name="key" value="([^"]+)"`)

// act presses a button of a conversation's form.
func (p *playground) act(chat, act string, more ...string) string {
	p.t.Helper()
	return p.formOf(chat, "act", append([]string{"act", act}, more...)...)
}

// reply answers from the desk.
func (p *playground) reply(chat, text string) string {
	p.t.Helper()
	return p.formOf(chat, "reply", "text", text)
}

func (p *playground) formOf(chat, form string, fields ...string) string {
	p.t.Helper()
	at := "/?chat=" + chat
	key := formKey.FindStringSubmatch(p.get(at, "et"))
	require.NotNil(p.t, key, "the conversation has no form")
	return p.post("/desk/chats/"+chat+"/"+form, at, append(fields, "key", key[1])...)
}
