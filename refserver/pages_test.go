package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const wantCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// busy is a demo with a conversation at the desk, a person with the bot, and a
// letter.
func busy(t *testing.T) (p *playground, chat string) {
	t.Helper()
	return busyOn(t, "")
}

// busyOn is busy with a provider.
func busyOn(t *testing.T, provider string) (p *playground, chat string) {
	t.Helper()
	p = startPlaygroundOn(t, provider, t.TempDir())
	p.post("/phone/whatsapp/say", "/", "text", "menüü")
	p.arrives("whatsapp", "Millest soovite rääkida?")
	p.post("/phone/messenger/say", "/", "text", "inimene")
	p.arrives("messenger", "inimesele edasi")
	chat = p.chatOf("waiting")
	p.act(chat, "claim")
	p.post("/provider", "/", "act", "lose")
	p.reply(chat, "Kas jõudis?")
	p.await("a letter", func() bool { return strings.Contains(p.get("/?view=letters", "et"), "Kas jõudis?") })
	return p, chat
}

func TestPagesInEveryLanguage(t *testing.T) {
	p, chat := busy(t)
	key := regexp.MustCompile(`<[a-z1-6]+(?: [^>]*)?>[^<]*\b(page|phone|line|provider|desk|role|holder|window|act|letter|letters|verdict|log|who|content|status|problem|accessibility)\.[a-z]+[^<]*</(?:p|h1|h2|h3|h4|a|button|label|summary|option|span|li|th|strong)>`)
	for _, user := range []string{"kadri", "peeter", "anu", "rein"} {
		p.post("/user", "/", "user", user)
		for _, lang := range []string{"et", "en", "ru"} {
			for _, path := range []string{"/", "/?chat=" + chat, "/?view=letters", "/?view=log", "/?list=waiting", "/?list=mine", "/?list=bot", "/accessibility"} {
				r, err := http.NewRequest(http.MethodGet, p.srv.URL+path, nil)
				require.NoError(t, err)
				r.Header.Set("Accept-Language", lang)
				resp, err := p.client.Do(r)
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, resp.StatusCode)
				require.Equal(t, wantCSP, resp.Header.Get("Content-Security-Policy"))
				require.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"))
				require.Equal(t, "no-referrer", resp.Header.Get("Referrer-Policy"))
				require.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
				resp.Body.Close()
				page := p.get(path, lang)
				require.Contains(t, page, `<html lang="`+lang+`">`, path)
				require.Empty(t, key.FindString(page), "a text is missing in %s, %s, %s", path, lang, user)
				require.NotContains(t, page, "%!", "a text has a wrong placeholder in %s, %s", path, lang)
				require.NotContains(t, page, `class="problem"`, path)
				require.NotRegexp(t, `(?i)<[^>]+\s(style|on[a-z]+)=`, page)
				require.NotRegexp(t, `(?i)<script[^>]*>[^<]`, page)
			}
		}
	}
}

func TestPagesShowWordsAsWords(t *testing.T) {
	p := startPlayground(t, t.TempDir())
	const evil = `<script>alert(1)</script><img src=x onerror=alert(2)>"' inimene`
	p.post("/phone/messenger/say", "/", "text", evil)
	p.arrives("messenger", "inimesele edasi")
	_, _ = p.postFile("/phone/messenger/file", "/", []byte("%PDF-1.4 text"), `"><script>alert(3)</script>.pdf`)
	chat := p.chatOf("waiting")
	p.act(chat, "claim")
	p.reply(chat, evil)
	p.arrives("messenger", "alert(1)")
	p.post("/desk/search", "/", "text", evil)
	for _, path := range []string{"/?chat=" + chat, "/?list=search&chat=" + url.QueryEscape(evil), "/?view=%3Cscript%3E&list=%22%3E"} {
		page := p.get(path, "et")
		require.NotContains(t, page, "<script>alert", path)
		require.NotContains(t, page, "<img src=x", path)
	}
	require.Contains(t, p.get("/?chat="+chat, "et"), "&lt;script&gt;alert(1)&lt;/script&gt;")
	require.Contains(t, p.get("/?list=search", "et"), "&lt;script&gt;alert(1)&lt;/script&gt;")
}

func TestPagesKeepTokensAndWordsOutOfPagesAndAddresses(t *testing.T) {
	onEachProvider(t, func(t *testing.T, provider string) {
		p, chat := busyOn(t, provider)
		const words, reason = "Kaduma läinud sõrmus", "Kontrollin sõrmuse kaebust"
		p.post("/phone/messenger/say", "/", "text", words)
		p.post("/desk/search", "/", "text", words)
		p.post("/user", "/", "user", "peeter")
		p.post("/desk/chats/"+chat+"/reason", "/?chat="+chat, "reason", reason)
		p.get("/?chat="+chat, "et")
		for _, seen := range p.seen {
			for _, u := range p.users {
				require.NotContains(t, seen, u.Token)
			}
			for _, secret := range p.secrets() {
				require.NotContains(t, seen, secret)
			}
			if strings.HasPrefix(seen, "http") { // an address
				decoded, err := url.PathUnescape(seen)
				require.NoError(t, err)
				require.NotRegexp(t, `(?i)sõrmus|Maasikas|Mari|2000000000000001|37255500002`, decoded)
			}
		}
	})
}

func TestPagesAskForAReason(t *testing.T) {
	p, chat := busy(t)
	at := "/?chat=" + chat
	p.post("/user", at, "user", "peeter")
	page := p.get(at, "et")
	require.Contains(t, page, "Kolleegi vestlus")
	require.Contains(t, page, "vastab Kadri Kask")
	require.NotContains(t, page, "Kas jõudis?</p>\n  \n  \n  \n  <p class=\"status")
	require.NotContains(t, page, "Vestluse sõnumid")

	require.Contains(t, p.post("/desk/chats/"+chat+"/reason", at, "reason", "lühike"), "10 kuni 300")
	page = p.post("/desk/chats/"+chat+"/reason", at, "reason", "Asendan kolleegi puhkuse ajal")
	require.Contains(t, page, "Avatud põhjendusega")
	require.Contains(t, page, "Vestluse sõnumid")
	require.Contains(t, page, "seepärast siit vastata ei saa")

	p.post("/user", at, "user", "anu")
	page = p.get(at, "et")
	require.Contains(t, page, "Asendan kolleegi puhkuse ajal", "the security log says why")
	require.Contains(t, page, "Audiitor loeb, aga ei vasta.")
	require.NotContains(t, page, `name="act" value="claim"`)
}

func TestPagesLetSpecialistsWork(t *testing.T) {
	p, chat := busy(t)
	at := "/?chat=" + chat
	require.Contains(t, p.act(chat, "restrict"), "Lõpeta piirang")
	require.Contains(t, p.act(chat, "unrestrict"), "Piira ligipääsu")
	require.Contains(t, p.act(chat, "release"), "ootab spetsialisti")
	p.post("/user", at, "user", "peeter")
	require.Contains(t, p.act(chat, "claim"), "vastab Peeter Pärn")

	p.post("/user", at, "user", "rein")
	require.Contains(t, p.act(chat, "force"), "vastab Rein Rebane")
	require.Contains(t, p.post("/desk/chats/"+chat+"/act", at, "act", "dance"), "ei õnnestunud lugeda")

	p.post("/user", at, "user", "peeter")
	require.Contains(t, p.post("/desk/chats/"+chat+"/reply", at, "text", "Mina ka", "key", "k-1"), "Vestlust peab keegi teine.")

	p.post("/user", at, "user", "rein")
	page := p.act(chat, "end", "reason", "solved")
	require.Contains(t, page, "Vestlus on lõpetatud.")
	require.Contains(t, p.post("/desk/chats/"+chat+"/reply", at, "text", "Veel", "key", "k-2"), "Vestlus on lõpetatud.")

	t.Run("a form that is sent twice is one act", func(t *testing.T) {
		other := p.chatOf("bot")
		p.post("/user", at, "user", "kadri")
		p.act(other, "claim")
		before := len(p.screen("whatsapp"))
		for range 2 {
			p.post("/desk/chats/"+other+"/reply", "/", "text", "Üks kord", "key", "same-key")
		}
		p.arrives("whatsapp", "Üks kord")
		require.Len(t, p.screen("whatsapp"), before+1)
	})
	t.Run("what is not there is not found", func(t *testing.T) {
		const nobody = "01a20222-9ca3-7712-863f-000000000000"
		require.Contains(t, p.get("/?chat="+nobody, "et"), "Valige loendist vestlus.")
		require.Contains(t, p.post("/desk/chats/"+nobody+"/act", "/", "act", "claim"), "ei ole (enam) olemas")
		require.Contains(t, p.post("/desk/letters/999999", "/", "verdict", "drop"), "ei ole (enam) olemas")
		require.Contains(t, p.post("/desk/letters/1", "/", "verdict", "burn"), "ei õnnestunud lugeda")
		require.Contains(t, p.post("/user", "/", "user", "root"), "ei õnnestunud lugeda")
	})
}

// A page refreshes itself while its visitor becomes somebody else: the old session has
// ended, so the refresh begins one anew, and its answer comes last.
func TestPagesThatComeLateDoNotTakeTheDeskBack(t *testing.T) {
	p, _ := busy(t)
	p.post("/user", "/", "user", "kadri")
	late, err := http.NewRequest(http.MethodGet, p.srv.URL+"/", nil)
	require.NoError(t, err)
	for _, c := range p.client.Jar.Cookies(late.URL) {
		late.AddCookie(c)
	}
	require.Contains(t, p.post("/user", "/", "user", "rein"), `value="rein" selected`)
	resp, err := (&http.Client{Timeout: 20 * time.Second}).Do(late)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.NotEmpty(t, resp.Cookies())
	p.client.Jar.SetCookies(late.URL, resp.Cookies())
	require.Contains(t, p.get("/", "et"), `value="rein" selected`)
}

func TestPagesSearch(t *testing.T) {
	p, _ := busy(t)
	page := p.post("/desk/search", "/", "text", "juurikas")
	require.Contains(t, page, "Juhan Juurikas")
	require.NotContains(t, page, `<span class="name">Mari Maasikas`)
	require.Contains(t, p.post("/desk/search", "/", "text", "kaamel"), "Midagi ei leitud.")
	require.Contains(t, p.post("/desk/search", "/", "clear", "1", "text", "kaamel"), `<span class="name">Mari Maasikas`)
}

func TestPagesAnswerOnlyHere(t *testing.T) {
	p := startPlayground(t, t.TempDir())
	ask := func(method, path, host string, header map[string]string) int {
		r := httptest.NewRequest(method, path, strings.NewReader("text=kuri&act=down&user=rein"))
		r.Host = host
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for k, v := range header {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		p.handler.ServeHTTP(w, r)
		return w.Code
	}
	here := strings.TrimPrefix(p.srv.URL, "http://")
	require.Equal(t, http.StatusOK, ask("GET", "/", here, nil))
	require.Equal(t, http.StatusOK, ask("GET", "/accessibility", "localhost:1", nil))
	require.Equal(t, http.StatusOK, ask("GET", "/accessibility", "[::1]:1", nil))
	for _, path := range []string{"/", "/v1/conversations", "/demo/events"} {
		require.Equal(t, http.StatusMisdirectedRequest, ask("GET", path, "rebound.example:8080", nil))
	}
	for _, path := range []string{"/phone/messenger/say", "/provider", "/user", "/language", "/desk/search"} {
		require.Equal(t, http.StatusForbidden, ask("POST", path, here, map[string]string{"Sec-Fetch-Site": "cross-site"}), path)
		require.Equal(t, http.StatusForbidden, ask("POST", path, here, map[string]string{"Origin": "https://evil.example"}), path)
	}
	require.Empty(t, p.screen("messenger"))
	require.False(t, p.gate.state().Down)
	require.Equal(t, http.StatusNotFound, ask("POST", "/phone/nokia/say", here, nil))
	require.Equal(t, http.StatusNotFound, ask("POST", "/phone/messenger/shout", here, nil))
	require.Equal(t, http.StatusNotFound, ask("GET", "/phone/messenger/files/x", here, nil))
	require.Equal(t, http.StatusNotFound, ask("GET", "/demo/texts/et.json", here, nil))
}

func TestPagesLeadBackToPagesOnly(t *testing.T) {
	for _, tc := range []struct{ name, back, want string }{
		{"home", "/", "/"},
		{"a conversation", "/?chat=01a2&list=mine", "/?chat=01a2&list=mine"},
		{"the statement", "/accessibility", "/accessibility"},
		{"nothing", "", "/"},
		{"another site", "https://evil.example/", "/"},
		{"another site without a scheme", "//evil.example/?view=letters", "/?view=letters"},
		{"a backslash", `/\evil.example`, "/"},
		{"no address", "%zz", "/"},
		{"more than we know", "/?chat=a/b&x=y&view=log", "/?view=log"},
		{"a line break", "/?list=mine\r\nSet-Cookie: a=b", "/"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(url.Values{"back": {tc.back}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			require.Equal(t, tc.want, backOf(r))
		})
	}
}

func TestPagesTellOfChanges(t *testing.T) {
	p := startPlayground(t, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.srv.URL+"/demo/events", nil)
	require.NoError(t, err)
	resp, err := p.srv.Client().Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	lines := bufio.NewScanner(resp.Body)
	next := func() string {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return data
			}
		}
		return ""
	}
	first := next()
	require.NotEmpty(t, first)
	p.post("/phone/messenger/say", "/", "text", "Tere")
	require.NotEqual(t, first, next())
	go p.srv.Config.Shutdown(ctx) //nolint:errcheck // the stream's end is what is tested
	p.stop()
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	require.NoError(t, ctx.Err(), "a stream ends when the server begins to stop")
}

func TestStopwatch(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                 "0:00:00",
		59 * time.Second:             "0:00:59",
		3*time.Hour + 62*time.Second: "3:01:02",
		7*24*time.Hour - time.Second: "6 d 23:59:59",
	} {
		require.Equal(t, want, stopwatch(d, "d"))
	}
}
