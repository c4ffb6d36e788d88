package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"html"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/mobileid/mobileidtest"
	"github.com/liidestuja/liidestuja/eid/smartid/smartidtest"
	"github.com/liidestuja/liidestuja/eid/tara/taratest"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// What people and secrets of a login are in the test below.
const (
	loginCode   = "60001019906"
	loginPhone  = "+37200000766"
	loginGiven  = "KANAARI-MARI"
	loginUUID   = "00000000-0000-4000-8000-00000000cafe"
	taraSecret  = "canary-tara-secret-4711"
	loginSealer = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
)

// services are the simulated services of a login.
type services struct {
	sid  *smartidtest.Server
	mid  *mobileidtest.Server
	tara *taratest.Server
}

// withServices adds logins to the world's configuration, by simulated services.
func (w *world) withServices() *services {
	w.t.Helper()
	s := &services{}
	var err error
	s.sid, err = smartidtest.New(smartidtest.Config{
		Parties: []smartidtest.RelyingParty{{UUID: loginUUID, Name: "PPA"}},
		People:  []smartidtest.Person{{Identifier: "PNOEE-" + loginCode, GivenName: loginGiven, Surname: "MAASIKAS"}},
	})
	require.NoError(w.t, err)
	s.mid, err = mobileidtest.New(mobileidtest.Config{
		Parties: []mobileidtest.RelyingParty{{UUID: loginUUID, Name: "PPA"}},
		People:  []mobileidtest.Person{{Phone: loginPhone, Code: loginCode, GivenName: loginGiven, Surname: "MAASIKAS"}},
	})
	require.NoError(w.t, err)
	s.tara, err = taratest.New(taratest.Config{
		ClientID: "ppa", ClientSecret: taraSecret, RedirectURLs: []string{publicURL + "/login/return"},
		People: []taratest.Person{{Subject: "EE" + loginCode, GivenName: loginGiven, FamilyName: "MAASIKAS"}},
	})
	require.NoError(w.t, err)
	start := func(start func() (string, error), end func() error) string {
		at, err := start()
		require.NoError(w.t, err)
		w.t.Cleanup(func() { _ = end() })
		return at
	}
	status := func(ca *testca.CA, name string) string {
		srv := httptest.NewServer(ca.Responder())
		w.t.Cleanup(srv.Close)
		require.NoError(w.t, ca.SetURL(srv.URL))
		w.write(name+"-root.pem", string(pemOf(ca.Anchors()...)))
		w.write(name+"-issuer.pem", string(pemOf(ca.Intermediates()...)))
		return strings.TrimPrefix(srv.URL, "http://")
	}
	w.write("login.key", loginSealer)
	w.write("sid.uuid", loginUUID)
	w.write("tara.secret", taraSecret)
	method := func(name, url, ca string) string {
		return `
    ` + name + `:
      environment: demo
      url: ` + url + `
      uuid: {file: ` + w.path("sid.uuid") + `}
      name: PPA
      trust: {anchors: [` + w.path(name+"-root.pem") + `], intermediates: [` + w.path(name+"-issuer.pem") + `]}
      revocation: {hosts: ["` + ca + `"]}
      insecure_no_pins: true
      insecure_http: true`
	}
	b, err := os.ReadFile(w.path("config.yaml"))
	require.NoError(w.t, err)
	w.write("config.yaml", string(b)+`
login:
  keys: [{id: k1, key: {file: `+w.path("login.key")+`}}]
  names: {ppa: {et: PPA}}
  lines: {ppa-whatsapp: {}}
  per_hour: 100
  methods:`+method("smartid", start(s.sid.Start, s.sid.Close)+"/v3", status(s.sid.CA(), "smartid"))+
		method("mobileid", start(s.mid.Start, s.mid.Close), status(s.mid.CA(), "mobileid"))+`
    tara: {issuer: "`+start(s.tara.Start, s.tara.Close)+`", client_id: ppa, client_secret: {file: `+w.path("tara.secret")+`}, insecure_http: true}
`)
	w.change("config.yaml", "kind: whatsapp,", `kind: whatsapp, return_link: "https://wa.me/3726000000?text={word}",`)
	return s
}

// citizen is somebody with a chat and a browser.
type citizen struct {
	t       *testing.T
	w       *world
	srv     *running
	chat    *messagebirdtest.Phone
	browser *http.Client
	jar     *cookiejar.Jar
	got     int               // messages so far
	secret  map[string]string // what it is, of this person's logins, which nobody else may find
	pages   strings.Builder   // all that the browser was shown
}

func (w *world) citizen(srv *running, number string) *citizen {
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	return &citizen{t: w.t, w: w, srv: srv, chat: w.sim.Person(waChannel, number), jar: jar, secret: make(map[string]string), browser: &http.Client{
		Jar: jar, Transport: w.target, Timeout: 30 * time.Second, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			if r.URL.Host != "alt.example.ee" {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}}
}

// hears returns the next message of the agency.
func (c *citizen) hears() string {
	c.t.Helper()
	c.got++
	box := c.w.inbox(c.chat, c.got)
	return box[c.got-1].Text()
}

func (c *citizen) says(text string) {
	c.chat.Says(text)
	c.w.deliver()
}

func (c *citizen) open(method, address string, form url.Values) string {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, address, strings.NewReader(form.Encode()))
	require.NoError(c.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.browser.Do(r)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	for _, sent := range resp.Cookies() {
		if sent.Value != "" {
			c.keep("a cookie", sent.Value[strings.LastIndexByte(sent.Value, '.')+1:])
		}
	}
	c.pages.WriteString(address + "\n" + string(page) + "\n")
	return string(page)
}

func (c *citizen) keep(what, secret string) {
	c.t.Helper()
	require.Greater(c.t, len(secret), 8, "%s: too short to be looked for", what)
	c.secret[secret] = what
}

func (c *citizen) find(pattern, text string) string {
	c.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	require.NotNil(c.t, m, "%s in\n%s", pattern, text)
	return html.UnescapeString(m[1])
}

// begins opens the link that the desk had sent, and begins a method.
func (c *citizen) begins(conversation, method string) string {
	c.t.Helper()
	c.srv.desk(c.t, http.MethodPost, "/v1/conversations/"+conversation+"/authentication", `{"purpose":"Kanaari"}`)
	link := c.find(`(https://alt\.example\.ee/login/ppa/[\w-]+)`, c.hears())
	c.keep("a link", link[strings.LastIndexByte(link, '/')+1:])
	require.Contains(c.t, c.open(http.MethodGet, link, nil), "Kas tõendate oma isiku?") // as a preview does
	c.open(http.MethodPost, link, nil)
	return c.open(http.MethodPost, publicURL+"/login/method", url.Values{"method": {method}, "country": {"EE"}, "code": {loginCode}, "phone": {loginPhone}})
}

// comesBack sends the word of the page in the chat.
func (c *citizen) comesBack(page string) {
	c.t.Helper()
	word := c.find(`href="https://wa\.me/3726000000\?text=([^"]+)"`, page)
	c.keep("a word", strings.TrimPrefix(word, "id-"))
	c.says(word)
	require.Contains(c.t, c.hears(), "Teie isik on tõendatud")
}

func TestALoginLeavesNoSecretBehind(t *testing.T) {
	w := newWorld(t)
	sims := w.withServices()
	srv := w.serve()
	c := w.citizen(srv, phone)
	c.says("inimene")
	c.hears()
	id := srv.conversation(t)
	srv.desk(t, http.MethodPost, "/v1/conversations/"+id+"/claim", "{}")
	app := func(page string) *smartidtest.Prompt {
		link := c.find(`href="(https://[^"]*deviceLinkType=Web2App[^"]*)"`, page)
		u, err := url.Parse(link)
		require.NoError(t, err)
		c.keep("a session's token", u.Query().Get("sessionToken"))
		c.keep("a link's code", u.Query().Get("authCode"))
		prompt, err := sims.sid.Scan(link)
		require.NoError(t, err)
		return prompt
	}

	// What does not succeed: the person refuses, the service's answer is another
	// person's or nobody's, or it says more in its trouble than it should.
	require.NoError(t, app(c.begins(id, "smart-id")).Refuse())
	require.Contains(t, c.open(http.MethodGet, publicURL+"/login/?wait=1", nil), "ei õnnestunud")
	sims.sid.AnswerNext(1, smartidtest.Wrong{Key: true})
	page := c.open(http.MethodPost, publicURL+"/login/method", url.Values{"method": {"smart-id"}})
	back, err := app(page).Approve("PNOEE-" + loginCode + "-MOCK-Q")
	require.NoError(t, err)
	require.Contains(t, c.open(http.MethodGet, back, nil), "ei õnnestunud")
	sims.mid.FailNext(1, mobileidtest.Failure{Status: http.StatusInternalServerError, Body: []byte(`{"error":"` + loginCode + loginPhone + loginUUID + `"}`)})
	c.open(http.MethodPost, publicURL+"/login/method", url.Values{"method": {"mobile-id"}, "country": {"EE"}, "code": {loginCode}, "phone": {loginPhone}})
	c.open(http.MethodPost, publicURL+"/login/cancel", nil)
	require.Contains(t, c.hears(), "ei õnnestunud")

	// Smart-ID.
	back, err = app(c.begins(id, "smart-id")).Approve("PNOEE-" + loginCode + "-MOCK-Q")
	require.NoError(t, err)
	c.comesBack(c.open(http.MethodGet, back, nil))
	// Mobile-ID.
	c.begins(id, "mobile-id")
	require.NoError(t, sims.mid.Approve(loginPhone))
	c.comesBack(c.open(http.MethodGet, publicURL+"/login/?wait=1", nil))
	// TARA.
	link := c.find(`href="(http://[^"]+/oidc/authorize[^"]+)"`, c.begins(id, "tara"))
	u, err := url.Parse(link)
	require.NoError(t, err)
	c.keep("TARA's state", u.Query().Get("state"))
	c.keep("TARA's nonce", u.Query().Get("nonce"))
	came, err := sims.tara.Login(link, "EE"+loginCode)
	require.NoError(t, err)
	c.keep("TARA's code", came.Query().Get("code"))
	c.comesBack(c.open(http.MethodGet, came.String(), nil))

	_, identity, _ := srv.call(t, http.MethodGet, "/v1/conversations/"+id+"/identity", "", http.Header{"Authorization": {"Bearer " + w.token}})
	require.Contains(t, identity, loginGiven, "somebody was proven")
	require.NotContains(t, identity, loginCode)
	// Strangers, with what they may have seen.
	var told strings.Builder
	for secret := range maps.Keys(c.secret) {
		for _, path := range []string{"/login/ppa/" + secret, "/login/?x=" + secret, "/login/return?state=" + secret} {
			status, body, header := srv.call(t, http.MethodGet, path, "", http.Header{"Cookie": {"__Host-login=ppa." + secret + "." + secret}})
			require.Equal(t, http.StatusNotFound, status)
			told.WriteString(body)
			for name, values := range header {
				told.WriteString(name + strings.Join(values, " "))
			}
		}
	}

	secrets := slices.Sorted(maps.Keys(c.secret))
	require.Greater(t, len(secrets), 15)
	require.NotEmpty(t, filesWith(t, w.path("data"), "ppa-whatsapp"), "what is there is found")
	standing := []string{taraSecret, loginUUID, loginSealer, loginPhone, loginCode}
	for _, secret := range slices.Concat(standing, secrets) {
		// A word comes in an event, and a link comes back in the provider's echo of our
		// own message: both are durable before anybody has read them, and lie in the
		// write-ahead log until it is written back. They are spent by then.
		if what := c.secret[secret]; what != "a word" && what != "a link" {
			assert.Empty(t, filesWith(t, w.path("data"), secret), "while it runs, in the store: %s", what)
		}
	}
	require.Equal(t, exitOK, srv.stop())
	for _, secret := range slices.Concat(standing, secrets) {
		assert.Empty(t, filesWith(t, w.path("data"), secret), "afterwards, in the store: %s", c.secret[secret])
	}
	log := srv.log.String()
	for _, secret := range slices.Concat(secrets, standing, []string{loginPhone[1:], loginCode, loginGiven, phone}) {
		require.NotContains(t, log, secret, "the log")
		require.NotContains(t, told.String(), secret, "what strangers are told")
	}
	for _, secret := range []string{taraSecret, loginUUID, loginSealer, loginCode, loginPhone} {
		require.NotContains(t, c.pages.String(), secret, "the pages")
	}
	require.NotContains(t, log, redacted, "the net below everything has caught something: it should not have reached it")
	checkSchema(t, log)
}

// pemOf writes certificates as files hold them.
func pemOf(certs ...*x509.Certificate) (all []byte) {
	for _, c := range certs {
		all = append(all, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return all
}

// filesWith returns the files below a folder that hold a text.
func filesWith(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			found = append(found, filepath.Base(path))
		}
		return err
	}))
	return found
}
