package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// What the app at Meta and its accounts know, planted where it belongs.
const (
	appSecret      = "canary-app-secret-0815"
	appWord        = "canary-verify-word-0815"
	appPageToken   = "EAAcanarypagetoken0815"
	appNumberToken = "EAAcanarynumbertoken0815"
	appPage        = "1001"
	appInsta       = "2001"
	appNumber      = "3001"
	appBusiness    = "4001"
)

// lineKey is a key of line_keys, in base64.
func lineKey(c byte) string {
	key := []byte(strings.Repeat("0123456789abcdef", 2))
	key[0] = c
	return base64.StdEncoding.EncodeToString(key)
}

// appWorld is a simulated app at Meta whose accounts nobody has connected yet, and
// a configuration without lines.
type appWorld struct {
	*world
	sim    *metatest.Server
	public string            // the address of the server
	tokens map[string]string // of the desk, by name
}

func newAppWorld(t *testing.T) *appWorld {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := free.Addr().String()
	require.NoError(t, free.Close())
	m := &appWorld{world: &world{t: t, dir: t.TempDir(), target: target{new(sync.Mutex), new(string)}}, public: "http://" + addr, tokens: make(map[string]string)}
	m.sim, err = metatest.New(metatest.Config{
		AppID: "700000000000001", AppSecrets: []string{appSecret}, VerifyToken: appWord, RequireProof: true,
		Webhook: m.public + "/webhooks/meta", Redirects: []string{m.public + "/lines/return/meta"},
		Deauthorize: m.public + "/lines/callback/meta/deauthorize", DataDeletion: m.public + "/lines/callback/meta/deletion",
		Pages: []metatest.Page{
			{ID: appPage, Token: appPageToken, Name: "Politsei", Unsubscribed: true},
			{ID: "1002", Token: "EAAcanaryother", Name: "Arhiiv", Tasks: []string{"MODERATE"}, Unsubscribed: true},
		},
		Instagram: []metatest.Instagram{{ID: appInsta, Page: appPage, Username: "politsei", Unsubscribed: true}},
		Numbers: []metatest.Number{
			{ID: appNumber, WABA: appBusiness, Token: appNumberToken, Display: "37155500001", Name: "Politsei", Unregistered: true, Unsubscribed: true},
		},
	})
	require.NoError(t, err)
	base, err := m.sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.sim.Close() })
	tokens := ""
	for name, role := range map[string]desk.Role{"rein": desk.Admin, "mari": desk.Specialist, "anu": desk.Auditor} {
		token, hash := desk.NewToken()
		m.tokens[name] = token
		tokens += fmt.Sprintf("    - {id: %s, role: %s, hash: %s}\n", name, role, hash)
	}
	m.world.token = m.tokens["mari"]
	m.write("app.secret", appSecret)
	m.write("word", appWord)
	m.write("line.key", lineKey('a'))
	m.write("new.key", lineKey('b'))
	m.write("config.yaml", fmt.Sprintf(`agency: ppa
public_url: %s
listen: {addr: "%s"}
data: %s
store_key: {file: %s}
line_keys: [{id: k1, key: {file: %s}}]
providers:
  - meta:
      app_id: "700000000000001"
      login_config: "800000000000008"
      app_secrets: [{file: %s}]
      verify_token: {file: %s}
      endpoints: {graph: %s, dialog: %s}
      insecure_http: true
bot: {kind: echo}
desk:
  tokens:
%slog: {level: debug}
`, m.public, addr, m.path("data"), m.path("store.key"), m.path("line.key"), m.path("app.secret"), m.path("word"), base, base, tokens))
	return m
}

// surfer is a browser without a screen: it keeps cookies and says where it is.
type surfer struct {
	t    *testing.T
	m    *appWorld
	http *http.Client
	seen strings.Builder // every page and address
}

func (m *appWorld) surfer() *surfer {
	jar, err := cookiejar.New(nil)
	require.NoError(m.t, err)
	return &surfer{t: m.t, m: m, http: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (s *surfer) do(r *http.Request) (status int, page string, to *url.URL) {
	s.t.Helper()
	res, err := s.http.Do(r)
	require.NoError(s.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	if res.Header.Get("Location") != "" {
		to, err = res.Location()
		require.NoError(s.t, err)
	}
	s.seen.Write(b)
	s.seen.WriteString(r.URL.String() + "\n")
	return res.StatusCode, html.UnescapeString(string(b)), to
}

// get opens a page of the server, or of the dialog.
func (s *surfer) get(at string) (status int, page string) {
	s.t.Helper()
	if strings.HasPrefix(at, "/") {
		at = s.m.public + at
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, at, nil)
	require.NoError(s.t, err)
	status, page, _ = s.do(r)
	return status, page
}

// post sends a form of the server's own page.
func (s *surfer) post(path string, form url.Values) (status int, page string, to *url.URL) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.m.public+path, strings.NewReader(form.Encode()))
	require.NoError(s.t, err)
	r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"}, "Accept-Language": {"en"}}
	return s.do(r)
}

// signIn begins a session.
func (s *surfer) signIn(who string) {
	s.t.Helper()
	status, page, to := s.post("/lines/sign-in", url.Values{"token": {s.m.tokens[who]}, "back": {"/lines"}})
	require.Equal(s.t, http.StatusSeeOther, status, page)
	require.Equal(s.t, "/lines", to.Path)
}

// dialog answers the dialog and returns where it sends the browser.
func (s *surfer) dialog(at *url.URL, answer string, form url.Values) *url.URL {
	s.t.Helper()
	form.Set("answer", answer)
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, at.String(), strings.NewReader(form.Encode()))
	require.NoError(s.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.http.Do(r)
	require.NoError(s.t, err)
	defer res.Body.Close()
	back, err := res.Location()
	require.NoError(s.t, err)
	return back
}

var refresh = regexp.MustCompile(`http-equiv="refresh" content="0; url=([^"]+)"`)

// login goes through the dialog and returns the path of the page of choices.
func (s *surfer) login() string {
	s.t.Helper()
	status, page, dialog := s.post("/lines/login", url.Values{"provider": {"meta"}})
	require.Equal(s.t, http.StatusSeeOther, status, page)
	back := s.dialog(dialog, "continue", url.Values{"page": {appPage, "1002"}, "business": {appBusiness}})
	status, page = s.get(back.String())
	require.Equal(s.t, http.StatusOK, status, page)
	found := refresh.FindStringSubmatch(page)
	require.NotNil(s.t, found, page)
	return found[1]
}

// add makes an account a line on the pages.
func (s *surfer) add(kind, account, id string) {
	s.t.Helper()
	at := s.login()
	status, page, to := s.post(at+"/add", url.Values{"kind": {kind}, "account": {account}, "line": {id}, "name": {"Näidis"}, "pin": {"123456"}})
	require.Equal(s.t, http.StatusSeeOther, status, page)
	require.Equal(s.t, "/lines", to.Path)
}

// api calls the API of lines.
func (m *appWorld) api(who, method, path, body string) (int, map[string]any) {
	m.t.Helper()
	r, err := http.NewRequestWithContext(m.t.Context(), method, m.public+path, strings.NewReader(body))
	require.NoError(m.t, err)
	r.Header.Set("Authorization", "Bearer "+m.tokens[who])
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(m.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(m.t, err)
	var v map[string]any
	if len(b) > 0 {
		require.NoError(m.t, json.Unmarshal(b, &v), string(b))
	}
	return res.StatusCode, v
}

// line returns a line as the API shows it; nil when there is none.
func (m *appWorld) line(id string) map[string]any {
	m.t.Helper()
	status, v := m.api("anu", http.MethodGet, "/v1/admin/lines/"+id, "")
	if status == http.StatusNotFound {
		return nil
	}
	require.Equal(m.t, http.StatusOK, status)
	return v
}

// files are all bytes in the folder of the data.
func (m *appWorld) files() string {
	m.t.Helper()
	var all strings.Builder
	require.NoError(m.t, filepath.WalkDir(m.path("data"), func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		all.Write(b)
		return err
	}))
	return all.String()
}
