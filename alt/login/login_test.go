package login_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/alt/login"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// method is an authenticator whose person decides as a test says.
type method struct {
	name    eid.Method
	decide  chan error
	answers []url.Values
	link    string
	begins  []eid.Request
}

func (m *method) Method() eid.Method { return m.name }

func (m *method) Begin(_ context.Context, r eid.Request) (eid.Challenge, error) {
	m.begins = append(m.begins, r)
	return eid.Challenge{State: eid.State("s"), Code: "4711", Link: m.link, Expires: time.Now().Add(time.Minute)}, nil
}

func (m *method) Resolve(_ context.Context, _ eid.State, answer url.Values) (eid.Identity, error) {
	if answer != nil {
		m.answers = append(m.answers, answer)
	}
	select {
	case err := <-m.decide:
		id := eid.Identity{Code: "EE60001019906", GivenName: "MARI", FamilyName: "MAASIKAS", Method: m.name, Level: eid.High, At: time.Now()}
		return id, err
	default:
		return eid.Identity{}, eid.ErrPending
	}
}

// live is a method with a picture.
type live struct{ *method }

func (live) LiveLink(_ eid.State, now time.Time) (string, error) {
	return "https://smart-id.com/device-link?elapsedSeconds=" + fmt.Sprint(now.Unix()%60), nil
}

type site struct {
	*alttest.Harness

	smart, mobile, tara *method
	server              *httptest.Server
	chat                *alttest.Chat
	link                string
}

func newSite(t *testing.T, change ...func(*login.Config)) *site {
	t.Helper()
	make1 := func(name eid.Method, link string) *method {
		return &method{name: name, decide: make(chan error, 1), link: link}
	}
	s := &site{smart: make1(eid.SmartID, "smartid://app"), mobile: make1(eid.MobileID, ""), tara: make1(eid.TARA, "https://tara.example/oidc/authorize?state=x")}
	var pages http.Handler
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.StripPrefix("/login", pages).ServeHTTP(w, r)
	}))
	t.Cleanup(s.server.Close)
	s.Harness = alttest.NewWith(t, alttest.Config{
		Lines: map[channels.ID]channels.Kind{"viber": channels.Viber},
		Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
			if t.Text() != "kes" {
				return nil
			}
			return t.Authenticate(alt.Authentication{Purpose: "Toetuse <seis>"})
		}),
		Change: func(c *alt.Config) {
			c.Logins = &alt.Logins{Methods: []eid.Authenticator{live{s.smart}, s.mobile, s.tara}, URL: s.server.URL + "/login",
				Keys:  func() []alt.Key { return []alt.Key{{ID: "k", Secret: []byte("0123456789abcdef0123456789abcdef")}} },
				Names: map[channels.Agency]map[string]string{"agency": {"et": "Terviseamet", "en": "Health Board"}}}
		},
	})
	cfg := login.Config{Service: s.Service(), URL: s.server.URL + "/login"}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	pages, err = login.New(cfg)
	require.NoError(t, err)
	s.chat = s.Chat("viber").Says("kes")
	s.link = s.sent(t)
	return s
}

func (s *site) sent(t *testing.T) string {
	t.Helper()
	sent := s.chat.Sent()
	link := regexp.MustCompile(`http://\S+`).FindString(sent[len(sent)-1].Content.(channels.Text).Body)
	require.NotEmpty(t, link)
	return link
}

// browser keeps cookies, follows us, and does not leave our site.
type browser struct {
	t     *testing.T
	c     *http.Client
	agent string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{t: t, c: &http.Client{Jar: jar}}
}

func (b *browser) do(r *http.Request) (int, string, http.Header) {
	b.t.Helper()
	r.Header.Set("User-Agent", b.agent)
	resp, err := b.c.Do(r)
	require.NoError(b.t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return resp.StatusCode, string(body), resp.Header
}

func (b *browser) get(address string) (int, string, http.Header) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)
	require.NoError(b.t, err)
	return b.do(r)
}

func (b *browser) post(address string, form url.Values, header ...string) (int, string, http.Header) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

func TestAPersonGoesFromTheLinkBackIntoTheChat(t *testing.T) {
	s := newSite(t)
	b := newBrowser(t)
	status, body, h := b.get(s.link)
	require.Equal(t, http.StatusOK, status)
	for _, part := range []string{`<html lang="et">`, "Terviseamet", "Toetuse &lt;seis&gt;", "Jätkan"} {
		require.Contains(t, body, part)
	}
	require.Equal(t, "no-store", h.Get("Cache-Control"))
	require.Equal(t, "no-referrer", h.Get("Referrer-Policy"))
	require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'")

	status, body, _ = b.post(s.link, nil)
	require.Equal(t, http.StatusOK, status)
	for _, part := range []string{"Smart-ID", "Mobiil-ID", "TARA"} {
		require.Contains(t, body, part)
	}
	status, body, _ = b.post(s.server.URL+"/login/method", url.Values{"method": {"smart-id"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "4711")
	require.Contains(t, body, `href="smartid://app"`)
	require.Contains(t, body, `<noscript><meta http-equiv="refresh"`)

	_, body, _ = b.get(s.server.URL + "/login/?wait=1")
	require.Contains(t, body, "4711", "not decided yet")
	s.smart.decide <- nil
	_, body, _ = b.get(s.server.URL + "/login/?wait=1")
	require.Contains(t, body, "Tagasi vestlusse")
	back := regexp.MustCompile(`href="https://chat\.example/viber\?word=(id-[a-z2-7]{26})"`).FindStringSubmatch(body)
	require.NotNil(t, back)
	s.chat.Says(back[1])
	require.Equal(t, "MARI", s.chat.Dossier().Session.Identity.GivenName)
}

func TestALinkIsSpentByAButtonOfOurOwnAndOnce(t *testing.T) {
	s := newSite(t)
	for range 5 {
		status, _, _ := newBrowser(t).get(s.link) // previews
		require.Equal(t, http.StatusOK, status)
	}
	status, _, _ := newBrowser(t).post(s.link, nil, "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, status)
	status, _, _ = newBrowser(t).post(s.link, nil, "Origin", "https://evil.example")
	require.Equal(t, http.StatusForbidden, status)
	first, second := newBrowser(t), newBrowser(t)
	status, _, _ = first.post(s.link, nil)
	require.Equal(t, http.StatusOK, status)
	for _, do := range []func() (int, string, http.Header){
		func() (int, string, http.Header) { return second.post(s.link, nil) },
		func() (int, string, http.Header) { return second.get(s.link) },
		func() (int, string, http.Header) { return second.get(s.server.URL + "/login/") },
		func() (int, string, http.Header) {
			return second.post(s.server.URL+"/login/method", url.Values{"method": {"smart-id"}})
		},
		func() (int, string, http.Header) { return second.get(s.server.URL + "/login/live") },
	} {
		status, body, _ := do()
		require.Equal(t, http.StatusNotFound, status)
		require.NotContains(t, body, "Toetuse")
		require.NotContains(t, body, "Terviseamet")
	}
	require.Empty(t, s.smart.begins)
}

func TestAReturnIntoAnotherBrowserIsExplainedAndProvesNothing(t *testing.T) {
	s := newSite(t)
	b := newBrowser(t)
	b.post(s.link, nil)
	b.post(s.server.URL+"/login/method", url.Values{"method": {"smart-id"}})
	s.smart.decide <- nil
	status, body, _ := newBrowser(t).get(s.server.URL + "/login/return?value=1&sessionSecretDigest=x")
	require.Equal(t, http.StatusNotFound, status)
	require.Contains(t, body, "teises veebilehitsejas")
	require.Empty(t, s.smart.answers)
	_, body, _ = b.get(s.server.URL + "/login/return?value=1&sessionSecretDigest=x")
	require.Contains(t, body, "Tagasi vestlusse")
	require.Equal(t, []url.Values{{"value": {"1"}, "sessionSecretDigest": {"x"}}}, s.smart.answers)
}

func TestMobileIDNeedsWhatCanBeRight(t *testing.T) {
	for name, c := range map[string]struct{ code, phone, say string }{
		"a wrong code":  {"60001019907", "+37200000766", "Isikukood ei ole õige"},
		"a wrong phone": {"60001019906", "00000766", "Telefoninumber ei ole õige"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			b := newBrowser(t)
			b.post(s.link, nil)
			status, body, _ := b.post(s.server.URL+"/login/method", url.Values{"method": {"mobile-id"}, "country": {"EE"}, "code": {c.code}, "phone": {c.phone}})
			require.Equal(t, http.StatusUnprocessableEntity, status)
			require.Contains(t, body, c.say)
			require.Contains(t, body, `role="alert"`)
			require.NotContains(t, body, c.code, "what was typed does not come back")
			require.Empty(t, s.mobile.begins)
		})
	}
	s := newSite(t)
	b := newBrowser(t)
	b.post(s.link, nil)
	_, body, _ := b.post(s.server.URL+"/login/method", url.Values{"method": {"mobile-id"}, "country": {"EE"}, "code": {"60001019906"}, "phone": {"+372 0000 0766"}})
	require.Contains(t, body, "4711")
	require.Equal(t, eid.PersonalCode("EE60001019906"), s.mobile.begins[0].Code)
	require.Equal(t, eid.Phone("+37200000766"), s.mobile.begins[0].Phone)
	s.mobile.decide <- eid.ErrRefused
	_, body, _ = b.get(s.server.URL + "/login/?wait=1")
	require.Contains(t, body, "ei õnnestunud")
	require.Contains(t, body, "Jätkan mobiil-IDga", "another try")
}

func TestTARAIsReachedWithoutAScript(t *testing.T) {
	s := newSite(t)
	b := newBrowser(t)
	b.post(s.link, nil)
	_, body, _ := b.post(s.server.URL+"/login/method", url.Values{"method": {"tara"}})
	require.Contains(t, body, `content="0;url=https://tara.example/oidc/authorize?state=x"`)
	require.NotContains(t, body, "<script")
	_, body, _ = b.get(s.server.URL + "/login/return?code=c&state=x")
	require.Contains(t, body, `<meta http-equiv="refresh" content="2">`, "what came back is needed again")
	require.Contains(t, body, "Kontrollime vastust")
	s.tara.decide <- nil
	_, body, _ = b.get(s.server.URL + "/login/return?code=c&state=x")
	require.Contains(t, body, "Tagasi vestlusse")
}

func TestThePictureChangesAndThePageIsToldOfTheEnd(t *testing.T) {
	s := newSite(t)
	b := newBrowser(t)
	b.post(s.link, nil)
	b.post(s.server.URL+"/login/method", url.Values{"method": {"smart-id"}})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+"/login/live", nil)
	require.NoError(t, err)
	resp, err := b.c.Do(r)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	var events []string
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			events = append(events, name)
			if len(events) == 1 {
				s.smart.decide <- nil
			}
		}
		if data, ok := strings.CutPrefix(lines.Text(), "data: {"); ok {
			var drawn struct {
				Size int
				Path string
			}
			require.NoError(t, json.Unmarshal([]byte("{"+data), &drawn))
			require.Greater(t, drawn.Size, 21)
			require.True(t, strings.HasPrefix(drawn.Path, "M4 4h7v1h-7z"), "the corner of a QR code, behind its quiet zone")
		}
	}
	require.Equal(t, "picture", events[0])
	require.Equal(t, "ended", events[len(events)-1])
}

func TestTooManyTriesFromOneAddressAreRefused(t *testing.T) {
	s := newSite(t, func(c *login.Config) { c.PerMinute = 2 })
	for range 2 {
		status, _, _ := newBrowser(t).post(s.server.URL+"/login/agency/"+strings.Repeat("a", 22), nil)
		require.Equal(t, http.StatusNotFound, status)
	}
	status, _, h := newBrowser(t).post(s.link, nil)
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Equal(t, "60", h.Get("Retry-After"))
	status, _, _ = newBrowser(t).get(s.link)
	require.Equal(t, http.StatusOK, status, "looking is free")
}

func TestABrowserWithinAnApplicationIsAskedToLeaveItFirst(t *testing.T) {
	for agent, want := range map[string][]string{
		"Mozilla/5.0 (Linux; Android 15) AppleWebKit [FBAN/MessengerForAndroid;FBAV/1.0]": {"Ava veebilehitsejas", "intent://", "Jätkan siin"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Instagram 300.0":                        {"Avage leht oma veebilehitsejas", "Jätkan siin"},
	} {
		s := newSite(t)
		b := newBrowser(t)
		b.agent = agent
		_, body, _ := b.get(s.link)
		for _, part := range want {
			require.Contains(t, body, part, agent)
		}
	}
	s := newSite(t)
	b := newBrowser(t)
	b.agent = "Mozilla/5.0 (Macintosh) Safari/605"
	_, body, _ := b.get(s.link)
	require.NotContains(t, body, "inapp")
}

func TestThePagesSpeakTheLanguageOfTheChatUnlessAnotherIsChosen(t *testing.T) {
	s := newSite(t)
	b := newBrowser(t)
	_, body, _ := b.get(s.link + "?lang=en")
	require.Contains(t, body, `<html lang="en">`)
	_, body, _ = b.post(s.link+"?lang=ru", nil)
	require.Contains(t, body, `<html lang="ru">`, "it stays")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+"/login/agency/unknown", nil)
	require.NoError(t, err)
	r.Header.Set("Accept-Language", "de-DE,en-GB;q=0.8,et;q=0.5")
	status, body, _ := b.do(r)
	require.Equal(t, http.StatusNotFound, status)
	require.Contains(t, body, `<html lang="en">`)
}

func TestNewChecksItsConfiguration(t *testing.T) {
	_, err := login.New(login.Config{})
	require.ErrorContains(t, err, "Config.Service")
	s := newSite(t)
	_, err = login.New(login.Config{Service: s.Service()})
	require.ErrorContains(t, err, "Config.URL")
	_, err = login.New(login.Config{Service: s.Service(), URL: "https://a.example/login", PerMinute: -1})
	require.ErrorContains(t, err, "Config.PerMinute")
}

func TestAPageThatAnswersAFormCanBeReadInAnotherLanguage(t *testing.T) {
	s := newSite(t, func(c *login.Config) {
		c.SmartIDCode = true
		c.Notice = &login.Notice{Text: map[string]string{"et": "See on katse.", "en": "This is a trial."}, Link: "/rohkem", More: map[string]string{"et": "Loe lisa"}}
	})
	b := newBrowser(t)
	_, page, _ := b.get(s.link)
	require.Contains(t, page, `href="?lang=en"`)
	require.Contains(t, page, `See on katse. <a href="/rohkem" target="_blank" rel="noopener">Loe lisa</a>`)
	b.post(s.link, nil)
	status, page, _ := b.post(s.server.URL+"/login/method", url.Values{"method": {"smart-id"}, "country": {"EE"}, "code": {"1"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, page, `href="/login/?lang=en"`)
	_, page, _ = b.get(s.server.URL + "/login/?lang=en")
	require.Contains(t, page, "This is a trial. <a")
	require.Contains(t, page, `<input id="smart-id-code"`)
	b.post(s.server.URL+"/login/method", url.Values{"method": {"smart-id"}, "country": {"EE"}, "code": {"60001019906"}})
	require.Equal(t, eid.PersonalCode("EE60001019906"), s.smart.begins[0].Code)
	status, _, header := b.get(s.server.URL + "/login/icon.svg")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "image/svg+xml", header.Get("Content-Type"))
}
