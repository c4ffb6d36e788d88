package main

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

func TestDemoTalkWithoutScript(t *testing.T) {
	onEachProvider(t, func(t *testing.T, provider string) {
		p := startPlaygroundOn(t, provider, t.TempDir())

		p.post("/phone/messenger/say", "/", "text", "Tere!")
		p.arrives("messenger", "Siin vastab robot", "Ütlesite: Tere!")

		p.post("/phone/messenger/say", "/", "text", "Palun inimene")
		p.arrives("messenger", "Annan teie küsimuse inimesele edasi")

		chat := p.chatOf("waiting")
		require.Contains(t, p.get("/?chat="+chat, "et"), "Palun inimene")
		p.act(chat, "claim")
		p.reply(chat, "Tere, siin Kadri.")
		p.arrives("messenger", "Tere, siin Kadri.")

		before := len(p.screen("messenger"))
		p.post("/phone/messenger/say", "/", "text", "Aitäh, kuidas edasi?")
		p.await("the message at the desk", func() bool {
			return strings.Contains(p.get("/?chat="+chat, "et"), "Aitäh, kuidas edasi?")
		})
		require.Len(t, p.screen("messenger"), before+1, "the bot stays silent while a person has the conversation")

		p.act(chat, "handback")
		p.post("/phone/messenger/say", "/", "text", "Veel midagi")
		p.arrives("messenger", "Ütlesite: Veel midagi")
	})
}

func TestDemoChoices(t *testing.T) {
	onEachProvider(t, func(t *testing.T, provider string) {
		p := startPlaygroundOn(t, provider, t.TempDir())

		t.Run("are buttons where the channel has them", func(t *testing.T) {
			p.post("/phone/whatsapp/say", "/", "text", "menüü")
			p.arrives("whatsapp", "Siin vastab robot", "Millest soovite rääkida?")
			require.Contains(t, p.get("/", "et"), `<button name="choice" value="menu.hours">Lahtiolekuajad</button>`)
			p.post("/phone/whatsapp/tap", "/", "choice", "menu.hours")
			p.arrives("whatsapp", "kell 9–17")
		})
		if provider == "messagebird" {
			t.Run("are numbered where it has none", func(t *testing.T) {
				p.post("/phone/messenger/say", "/", "text", "menu")
				p.arrives("messenger", "1. Opening hours")
				p.post("/phone/messenger/say", "/", "text", "4")
				p.arrives("messenger", "I am passing your question on to a person")
			})
		} else {
			t.Run("are buttons on the other channel too", func(t *testing.T) {
				p.post("/phone/messenger/say", "/", "text", "menu")
				p.arrives("messenger", "What would you like to talk about?")
				require.Contains(t, p.get("/", "et"), `<button name="choice" value="menu.person">`)
				p.post("/phone/messenger/tap", "/", "choice", "menu.person")
				p.arrives("messenger", "I am passing your question on to a person")
			})
		}
		t.Run("that nobody offered cannot be tapped", func(t *testing.T) {
			require.Contains(t, p.post("/phone/messenger/tap", "/", "choice", "menu.none"), "ei õnnestunud lugeda")
		})
	})
}

// pixel is a PNG of one point.
func pixel() []byte {
	return []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89" +
		"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82")
}

func (p *playground) postFile(path, back string, content []byte, name string, fields ...string) (int, string) {
	p.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	require.NoError(p.t, form.WriteField("back", back))
	for i := 0; i+1 < len(fields); i += 2 {
		require.NoError(p.t, form.WriteField(fields[i], fields[i+1]))
	}
	part, err := form.CreateFormFile("file", name)
	require.NoError(p.t, err)
	_, err = part.Write(content)
	require.NoError(p.t, err)
	require.NoError(p.t, form.Close())
	r, err := http.NewRequest(http.MethodPost, p.srv.URL+path, &b)
	require.NoError(p.t, err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return p.do(r)
}

var pictures = regexp.MustCompile(`<img src="([^"]+)"`)

func TestDemoFiles(t *testing.T) {
	onEachProvider(t, func(t *testing.T, provider string) {
		p := startPlaygroundOn(t, provider, t.TempDir())

		status, _ := p.postFile("/phone/whatsapp/file", "/", pixel(), "pilt.png")
		require.Equal(t, http.StatusOK, status)
		p.arrives("whatsapp", "Sain selle kätte")
		p.post("/phone/whatsapp/place", "/")
		p.post("/phone/whatsapp/say", "/", "text", "inimene")
		p.arrives("whatsapp", "inimesele edasi")
		chat := p.chatOf("waiting")
		page := p.get("/?chat="+chat, "et")
		require.Contains(t, page, "59.4339°")

		found := pictures.FindAllStringSubmatch(page, -1)
		require.Len(t, found, 2, "on the phone and at the desk")
		for _, m := range found {
			require.Equal(t, string(pixel()), p.get(m[1], "et"), m[1])
		}

		p.act(chat, "claim")
		key := formKey.FindStringSubmatch(p.get("/?chat="+chat, "et"))
		_, _ = p.postFile("/desk/chats/"+chat+"/reply", "/?chat="+chat, pixel(), "vastus.png", "key", key[1], "text", "Vaadake siit")
		p.arrives("whatsapp", "Vaadake siit")
		page = p.get("/?chat="+chat, "et")
		require.Len(t, pictures.FindAllString(page, -1), 4)

		t.Run("what is no picture is saved, not shown", func(t *testing.T) {
			_, _ = p.postFile("/phone/whatsapp/file", "/", []byte("<script>alert(1)</script>"), "lugu.html")
			p.await("the file", func() bool { return strings.Contains(p.get("/", "et"), "lugu.html") })
			m := regexp.MustCompile(`href="(/phone/whatsapp/files/[^"]+)" download>lugu.html`).FindStringSubmatch(p.get("/", "et"))
			require.NotNil(t, m)
			resp, err := p.client.Get(p.srv.URL + m[1])
			require.NoError(t, err)
			defer resp.Body.Close()
			require.Equal(t, "application/octet-stream", resp.Header.Get("Content-Type"))
			require.Contains(t, resp.Header.Get("Content-Disposition"), "attachment")
			require.Contains(t, resp.Header.Get("Content-Security-Policy"), "sandbox")
		})
		t.Run("one that is too large is refused with words", func(t *testing.T) {
			_, page := p.postFile("/phone/whatsapp/file", "/", make([]byte, demoMaxFile+1), "suur.bin")
			require.Contains(t, page, "liiga suur")
		})
		t.Run("none at all is refused with words", func(t *testing.T) {
			require.Contains(t, p.post("/desk/chats/"+chat+"/reply", "/"), "valige fail")
		})
	})
}

func TestDemoLostConfirmationGoesToAPerson(t *testing.T) {
	onEachProvider(t, func(t *testing.T, provider string) {
		for _, line := range []channels.ID{"messenger", "whatsapp"} {
			t.Run("on "+string(line), func(t *testing.T) { losesAConfirmation(startPlaygroundOn(t, provider, t.TempDir()), t, line) })
		}
	})
}

func losesAConfirmation(p *playground, t *testing.T, line channels.ID) {
	t.Helper()
	p.post("/phone/"+string(line)+"/say", "/", "text", "inimene")
	p.arrives(line, "inimesele edasi")
	chat := p.chatOf("waiting")
	p.act(chat, "claim")

	require.Contains(t, p.post("/provider", "/", "act", "lose"), "kinnitus läheb kaduma")
	p.reply(chat, "Kas see jõudis?")
	p.arrives(line, "Kas see jõudis?") // nobody here knows
	p.await("a letter", func() bool { return strings.Contains(p.get("/?view=letters", "et"), "Teadmata, kas jõudis kohale") })
	page := p.get("/?view=letters", "et")
	require.Contains(t, page, "Kas see jõudis?")
	require.Contains(t, page, "1 otsus")

	m := regexp.MustCompile(`action="(/desk/letters/\d+)"`).FindStringSubmatch(page)
	require.NotNil(t, m)
	require.Contains(t, p.post(m[1], "/?view=letters", "verdict", "confirm"), "märgitud kohale jõudnuks")
	require.Contains(t, p.get("/?chat="+chat, "et"), "✓ saadetud")
	require.Contains(t, p.post(m[1], "/?view=letters", "verdict", "confirm"), "ei ole (enam) olemas")

	n := 0
	for _, text := range p.screen(line) {
		if text == "Kas see jõudis?" {
			n++
		}
	}
	require.Equal(t, 1, n)
	sent := 0
	for _, text := range p.sent() {
		if strings.Contains(text, "Kas see jõudis?") {
			sent++
		}
	}
	require.Equal(t, 1, sent)
}

func TestDemoProviderDown(t *testing.T) {
	onEachProvider(t, func(t *testing.T, provider string) {
		p := startPlaygroundOn(t, provider, t.TempDir())
		require.Contains(t, p.post("/provider", "/", "act", "down"), "Taasta ühendus pakkujaga")
		p.post("/phone/messenger/say", "/", "text", "Tere")
		p.await("the answer in the queue", func() bool {
			chat := chatKey.FindStringSubmatch(p.get("/", "et"))
			return chat != nil && strings.Contains(p.get("/?chat="+chat[1], "et"), "◷ järjekorras")
		})
		require.Equal(t, []string{">Tere"}, p.screen("messenger"), "the person's message came through, the answer did not")
		require.Contains(t, p.post("/provider", "/", "act", "up"), "Katkesta ühendus pakkujaga")
		p.arrives("messenger", "Ütlesite: Tere")
		require.Contains(t, p.post("/provider", "/", "act", "explode"), "ei õnnestunud lugeda")
	})
}

func TestDemoRestartKeepsConversations(t *testing.T) {
	onEachProvider(t, func(t *testing.T, provider string) {
		dir := t.TempDir()
		p := startPlaygroundOn(t, provider, dir)
		for _, line := range []string{"messenger", "whatsapp"} {
			p.post("/phone/"+line+"/say", "/", "text", "Palun inimene")
			p.arrives(channels.ID(line), "inimesele edasi")
		}
		_, _ = p.postFile("/phone/whatsapp/file", "/", pixel(), "pilt.png")
		p.await("the picture", func() bool {
			page, _, err := p.app.store.Conversations(t.Context(), alt.ConversationQuery{Agency: demoAgency, Line: "whatsapp"})
			return err == nil && len(page) == 1 && page[0].Unread == 2
		})
		messenger, whatsapp := p.screen("messenger"), p.screen("whatsapp")
		p.stop()

		p = startPlaygroundOn(t, provider, dir)
		require.Equal(t, messenger, p.screen("messenger"))
		require.Equal(t, whatsapp, p.screen("whatsapp"))
		require.Len(t, pictures.FindAllString(p.get("/", "et"), -1), 1)
		page, _, err := p.app.store.Conversations(t.Context(), alt.ConversationQuery{Agency: demoAgency})
		require.NoError(t, err)
		require.Len(t, page, 2)
		for _, c := range page {
			p.act(c.ID, "claim")
			p.reply(c.ID, "Oleme tagasi")
			p.arrives(c.Address.Channel, "Oleme tagasi")
			p.post("/phone/"+string(c.Address.Channel)+"/say", "/", "text", "Tore")
		}
		p.await("answers to the same conversations", func() bool {
			page, _, err := p.app.store.Conversations(t.Context(), alt.ConversationQuery{Agency: demoAgency})
			return err == nil && len(page) == 2 && page[0].Unread > 0 && page[1].Unread > 0
		})
	})
}
