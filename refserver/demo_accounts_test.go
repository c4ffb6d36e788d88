package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

// proves lets somebody on a line prove that they are a person of the demo, on the
// device with the app.
func (p *playground) proves(line channels.ID, code string) {
	p.t.Helper()
	page := p.method(p.asked(line), "smart-id")
	prompt := p.get(p.found(`href="`+p.srv.URL+`(/demo/smart-id\?[^"]+)"`, page), "et")
	page = p.post(p.found(`action="(/demo/smart-id/[^"]+)"`, prompt), "", "as", code)
	p.returns(line, page)
	p.arrives(line, "Tere, ")
}

func TestDemoShowsTheOtherConversationsOfAPersonAndTakesThemApart(t *testing.T) {
	p := startPlayground(t, t.TempDir())
	p.proves("whatsapp", "60001019906")
	other := p.chatOf("bot")
	p.proves("messenger", "60001019906")
	p.post("/phone/messenger/say", "/", "text", "inimene")
	p.arrives("messenger", "inimesele edasi")
	chat := p.chatOf("waiting")
	require.NotEqual(t, other, chat)
	require.NotContains(t, p.get("/?chat="+chat, "et"), "Sama inimese teised vestlused", "only whoever has the conversation sees them")

	shown := p.act(chat, "claim")
	section := shown[strings.Index(shown, `class="accounts"`):]
	section = section[:strings.Index(section, "</section>")]
	require.Contains(t, section, "Sama inimese teised vestlused")
	require.Contains(t, section, "WhatsApp")
	require.Contains(t, section, "viimati <time")
	require.Contains(t, section, `href="/?chat=`+other+`"`)
	require.NotContains(t, section, chat+`" data-live>Ava`, "not this one")
	for _, secret := range []string{"60001019906", "37255500002", "9906"} {
		require.NotContains(t, section, secret)
	}
	require.Contains(t, section, "Võta konto lahku: WhatsApp")
	for lang, text := range map[string]string{"en": "Other conversations of the same person", "ru": "Другие разговоры того же человека"} {
		require.Contains(t, p.get("/?chat="+chat, lang), text)
	}

	shown = p.post("/desk/chats/"+chat+"/act", "/?chat="+chat, "act", "apart", "conversation", other)
	require.Contains(t, shown, "Konto on lahku võetud.")
	require.NotContains(t, shown, "Sama inimese teised vestlused")
	require.Contains(t, shown, "MARI MAASIKAS", "what was proven stays")
	require.NotContains(t, p.post("/desk/chats/"+chat+"/act", "/?chat="+chat, "act", "apart", "conversation", other), "Konto on lahku võetud.")

	p.act(chat, "end", "reason", "solved")
	p.arrives("messenger", "Asutus lõpetas vestluse. Teie isik ei ole siin enam tõendatud.")
	for lang, want := range map[string][]string{
		"et": {"Isik ei ole enam tõendatud", "vestluse lõpetas spetsialist"},
		"en": {"Identity no longer proven", "a specialist ended the conversation"},
		"ru": {"Личность больше не подтверждена", "разговор завершил специалист"},
	} {
		shown := p.get("/?chat="+chat, lang)
		for _, text := range want {
			require.Contains(t, shown, text, "the desk says so too")
		}
		require.NotContains(t, shown, "MARI MAASIKAS</dd>")
	}
}

func TestDemoShowsWhatTheRegisterSaysAndNotWhatAPersonSays(t *testing.T) {
	p := startPlayground(t, t.TempDir())
	p.post("/phone/whatsapp/say", "/", "text", demoCompany)
	p.arrives("whatsapp", "palub teil tõendada oma isik")
	p.proves("whatsapp", "50001018908")
	p.post("/phone/whatsapp/say", "/", "text", demoCompany)
	p.arrives("whatsapp", "ei või te selle ettevõtte nimel tegutseda")
	p.post("/phone/whatsapp/say", "/", "text", "12345679")
	p.arrives("whatsapp", "Ütlesite: 12345679")
	p.post("/phone/whatsapp/say", "/", "text", "inimene")
	p.arrives("whatsapp", "inimesele edasi")
	shown := p.act(p.chatOf("waiting"), "claim")
	require.Contains(t, shown, "<dd>e-resident</dd>")
	require.NotContains(t, shown, "<dt>Esindab</dt>")

	p.proves("messenger", "60001019906")
	p.post("/phone/messenger/say", "/", "text", demoCompany)
	p.arrives("messenger", "võite selle ettevõtte nimel tegutseda")
	p.post("/phone/messenger/say", "/", "text", "inimene")
	p.arrives("messenger", "inimesele edasi")
	shown = p.act(p.chatOf("waiting"), "claim")
	for _, text := range []string{"<dd>kodanik või elanik</dd>", `<dt>Esindab</dt><dd class="digits">` + demoCompany + `</dd>`, "<dd>Näidisregister</dd>"} {
		require.Contains(t, shown, text)
	}
}
