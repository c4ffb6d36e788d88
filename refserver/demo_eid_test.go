package main

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

// found returns the first group of a pattern in a page.
func (p *playground) found(pattern, page string) string {
	p.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(page)
	require.NotNil(p.t, m, "%s in\n%s", pattern, page)
	return html.UnescapeString(m[1])
}

// asked writes the menu's word, taps to be asked, and returns the path of the link
// that arrives.
func (p *playground) asked(line channels.ID) string {
	p.t.Helper()
	p.post("/phone/"+string(line)+"/say", "/", "text", "menüü")
	p.arrives(line, "Millest soovite rääkida?")
	if strings.Contains(p.get("/", "et"), `action="/phone/`+string(line)+`/tap"`) {
		p.post("/phone/"+string(line)+"/tap", "/", "choice", menuLogin)
	} else {
		p.post("/phone/"+string(line)+"/say", "/", "text", "3")
	}
	p.arrives(line, "palub teil tõendada oma isik", p.srv.URL+"/login/demo/")
	screen := p.screen(line)
	return strings.TrimPrefix(p.found(`(http://\S+)`, screen[len(screen)-1]), p.srv.URL)
}

// method opens the link and begins a method.
func (p *playground) method(link, method string, fields ...string) string {
	p.t.Helper()
	require.Contains(p.t, p.get(link, "et"), "Kas tõendate oma isiku?")
	require.Contains(p.t, p.post(link, ""), "Valige, kuidas oma isikut tõendada")
	return p.post("/login/method", "", append(fields, "method", method)...)
}

// returns follows the way back into the chat and presses the button there.
func (p *playground) returns(line channels.ID, page string) {
	p.t.Helper()
	back := p.found(`href="`+p.srv.URL+`(/phone/[^"]+)"`, page)
	shown := p.get(back, "et")
	require.Contains(p.t, shown, "See on näidis")
	word := p.found(`(id-[a-z2-7]{26})`, shown)
	p.post("/phone/"+string(line)+"/back", "/", "text", word)
}

func TestDemoProvesWhoSomebodyIsByEachMethod(t *testing.T) {
	onEachProvider(t, func(t *testing.T, provider string) {
		p := startPlaygroundOn(t, provider, t.TempDir())

		t.Run("by Smart-ID on the same device", func(t *testing.T) {
			page := p.method(p.asked("whatsapp"), "smart-id")
			prompt := p.get(p.found(`href="`+p.srv.URL+`(/demo/smart-id\?[^"]+)"`, page), "et")
			require.Contains(t, prompt, "Vestlus: Näidisamet, WhatsApp")
			page = p.post(p.found(`action="(/demo/smart-id/[^"]+)"`, prompt), "", "as", "50001018908")
			require.Contains(t, page, "Isik on tõendatud")
			p.returns("whatsapp", page)
			p.arrives("whatsapp", "Tere, JUHAN JUURIKAS!")
		})
		t.Run("by Smart-ID and the code on the screen, at the desk's wish", func(t *testing.T) {
			p.post("/phone/messenger/say", "/", "text", "inimene")
			p.arrives("messenger", "inimesele edasi")
			chat := p.chatOf("waiting")
			p.act(chat, "claim")
			require.Contains(t, p.act(chat, "ask"), "Inimene tõendab oma isikut")
			p.arrives("messenger", "palub teil tõendada oma isik")
			screen := p.screen("messenger")
			p.method(strings.TrimPrefix(p.found(`(http://\S+)`, screen[len(screen)-1]), p.srv.URL), "smart-id")
			prompt := p.post("/login/camera", "")
			require.Contains(t, prompt, "Vestlus: Näidisamet, Messenger")
			require.Contains(t, p.post(p.found(`action="(/demo/smart-id/[^"]+)"`, prompt), "", "as", "60001019906"), "Kinnitatud.")
			p.returns("messenger", p.get("/login/?wait=1", "et"))
			p.arrives("messenger", "Aitäh! Teie isik on tõendatud")
			shown := p.get("/?chat="+chat, "et")
			for _, text := range []string{"Isik on tõendatud", "MARI MAASIKAS", "EE•••••••9906", "kõrge"} {
				require.Contains(t, shown, text)
			}
			require.NotContains(t, shown, "EE60001019906")
			require.Contains(t, p.post("/desk/chats/"+chat+"/reveal", "/?chat="+chat), "EE60001019906")
			require.Contains(t, p.get("/?chat="+chat, "et"), "Näitamine jäi turvalogisse")
			require.Contains(t, p.get("/?chat="+chat, "et"), `data-gone="`)
			other := p.client
			p.client = p.visitor()
			require.NotContains(t, p.get("/?chat="+chat, "et"), "EE60001019906", "only who asked sees it")
			p.client = other
		})
		t.Run("not while nothing can be scanned", func(t *testing.T) {
			p.client = p.visitor()
			require.Contains(t, p.post("/login/camera", ""), "ei näita praegu QR-koodi")
			require.Contains(t, p.get("/demo/smart-id?deviceLinkType=QR", "et"), "Seda küsimust enam ei ole")
			require.Contains(t, p.get("/demo/smart-id/none", "et"), "Seda küsimust enam ei ole")
		})
	})
}

func TestDemoProvesWhoSomebodyIsByMobileIDAndTARA(t *testing.T) {
	p := startPlayground(t, t.TempDir())
	t.Run("by Mobile-ID, without a script", func(t *testing.T) {
		page := p.method(p.asked("whatsapp"), "mobile-id", "country", "EE", "code", "60001019906", "phone", "+37200000766")
		code := p.found(`class="code"[^>]*>(\d{4})<`, page)
		devices := p.get("/demo/eid", "et")
		require.Contains(t, devices, `<strong class="control">`+code+`</strong>`)
		require.Contains(t, devices, "Vestlus: Näidisamet, WhatsApp")
		p.post("/demo/mobile-id", "", "phone", "+37200000766", "act", "approve")
		p.returns("whatsapp", p.get("/login/?wait=1", "et"))
		p.arrives("whatsapp", "Tere, MARI MAASIKAS!")
	})
	t.Run("refused on the telephone, the page says that it did not succeed", func(t *testing.T) {
		p.method(p.asked("messenger"), "mobile-id", "country", "EE", "code", "60001019906", "phone", "+37200000766")
		require.Contains(t, p.post("/demo/mobile-id", "", "phone", "+37200000766", "act", "refuse"), "Keeldusite.")
		require.Contains(t, p.get("/login/?wait=1", "et"), "Isiku tõendamine ei õnnestunud")
		require.Contains(t, p.post("/demo/mobile-id", "", "phone", "+37200000766", "act", "approve"), "Seda küsimust enam ei ole")
	})
	t.Run("by TARA's own page", func(t *testing.T) {
		page := p.method(p.asked("messenger"), "tara")
		tara := p.get(strings.TrimPrefix(p.found(`href="(http://[^"]+/demo/tara/[^"]+)"`, page), p.srv.URL), "et")
		require.Contains(t, tara, "See ei ole riigi autentimisteenus")
		session := p.found(`name="session" value="([^"]+)"`, tara)
		page = p.post("/demo/tara/oidc/authorize", "", "session", session, "choice", "EE60001019906 idcard")
		p.returns("messenger", page)
		p.arrives("messenger", "Tere, MARI MAASIKAS!")
	})
	t.Run("another phone with the word proves nothing", func(t *testing.T) {
		p.post("/phone/messenger/say", "/", "text", "menüü")
		p.arrives("messenger", "Millest soovite rääkida?")
		page := p.method(p.asked("whatsapp"), "smart-id")
		prompt := p.get(p.found(`href="`+p.srv.URL+`(/demo/smart-id\?[^"]+)"`, page), "et")
		page = p.post(p.found(`action="(/demo/smart-id/[^"]+)"`, prompt), "", "as", "60001019906")
		word := p.found(`(id-[a-z2-7]{26})`, page)
		greetings := strings.Count(strings.Join(p.screen("messenger"), "\n"), "Tere, MARI")
		p.post("/phone/messenger/say", "/", "text", word)
		p.arrives("messenger", "Isiku tõendamine ei õnnestunud")
		p.arrives("whatsapp", "Isiku tõendamine ei õnnestunud")
		p.post("/phone/whatsapp/say", "/", "text", word)
		p.post("/phone/whatsapp/say", "/", "text", "menüü")
		p.arrives("whatsapp", "Millest soovite rääkida?")
		require.Equal(t, greetings, strings.Count(strings.Join(p.screen("messenger"), "\n"), "Tere, MARI"))
		require.Equal(t, 1, strings.Count(strings.Join(p.screen("whatsapp"), "\n"), "Tere, MARI"), "that of the first login only")
	})
	require.Empty(t, leaks(p.seen), "secrets of links in what pages say to others")
}

// leaks are addresses that hold what must not stand in one.
func leaks(seen []string) (bad []string) {
	for _, s := range seen {
		u, err := url.Parse(s)
		if err == nil && u.Scheme == "http" && (strings.Contains(s, "60001019906") || strings.Contains(s, "37200000766")) {
			bad = append(bad, s)
		}
	}
	return bad
}

func TestALinkIntoAConversationWritesNothingByItself(t *testing.T) {
	p := startPlayground(t, t.TempDir())
	before := len(p.screen("whatsapp"))
	require.Contains(t, p.get("/phone/whatsapp/back?text=id-abc", "et"), "id-abc")
	require.Len(t, p.screen("whatsapp"), before)
	for _, path := range []string{"/phone/none/back?text=a", "/phone/whatsapp/back", "/phone/whatsapp/back?text=" + strings.Repeat("a", 300)} {
		resp, err := p.client.Get(p.srv.URL + path)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusNotFound, resp.StatusCode, path)
	}
}

func TestAddressesInATextAreFound(t *testing.T) {
	require.Equal(t, []piece{{Text: "vt "}, {Text: "http://127.0.0.1:1/a?b=c", URL: "http://127.0.0.1:1/a?b=c"}, {Text: "\nja <https:"}}, linked("vt http://127.0.0.1:1/a?b=c\nja <https:"))
	require.Empty(t, linked(""))
}

func TestACodeThatWasAskedForLeavesThePageAfterAMinute(t *testing.T) {
	var v reveals
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	mine, other := &deskSession{cookie: &http.Cookie{Value: "a"}}, &deskSession{cookie: &http.Cookie{Value: "b"}}
	v.put(mine, "c1", apiIdentity{Code: "EE60001019906"}, now)
	require.Equal(t, "EE60001019906", v.get(mine, "c1", now.Add(revealFor-1)).identity.Code)
	require.Nil(t, v.get(mine, "c1", now.Add(revealFor)))
	require.Nil(t, v.get(mine, "c2", now), "in another conversation")
	require.Nil(t, v.get(other, "c1", now), "in another session")
	require.Nil(t, v.get(&deskSession{}, "c1", now))
	v.put(other, "c2", apiIdentity{}, now.Add(revealFor))
	require.Len(t, v.known, 1, "what is over is forgotten")
}
