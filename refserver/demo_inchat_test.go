package main

import (
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// ledger is a log that is read afterwards.
type ledger struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *ledger) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *ledger) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestDemoAsksInTheChatWhereItIsToldToAndNothingOfItStays(t *testing.T) {
	const code, phone = "60001019906", "+37200000766"
	onEachProvider(t, func(t *testing.T, provider string) {
		dir, log := t.TempDir(), &ledger{}
		p := startPlaygroundAs(t, demoConfig{Provider: provider, DataDir: dir, InChat: true, Logger: slog.New(slog.NewJSONHandler(log, nil))})
		require.Contains(t, p.get("/", "et"), "küsitakse isikut vestluses endas")
		say := func(text string) { p.post("/phone/whatsapp/say", "/", "text", text) }

		say("inimene")
		p.arrives("whatsapp", "inimesele edasi")
		chat := p.chatOf("waiting")
		p.act(chat, "claim")
		require.Contains(t, p.act(chat, "ask"), "Inimene tõendab oma isikut")
		p.arrives("whatsapp", "Palun kirjutage oma isikukood")
		say("ei tea")
		p.arrives("whatsapp", "Sellest ei saanud aru")
		say(code)
		p.arrives("whatsapp", "telefoninumber")
		say(phone)
		p.arrives("whatsapp", "Kontrollkood: ")
		screen := p.screen("whatsapp")
		control := p.found(`Kontrollkood: (\d{4})`, screen[len(screen)-1])
		require.Contains(t, p.get("/demo/eid", "et"), `<strong class="control">`+control+`</strong>`, "the telephone shows the same")
		p.post("/demo/mobile-id", "", "phone", phone, "act", "approve")
		p.arrives("whatsapp", "Teie isik on tõendatud")

		shown := p.get("/?chat="+chat, "et")
		for _, text := range []string{"Isik on tõendatud", "MARI MAASIKAS", "EE•••••••9906", "märkimisväärne"} {
			require.Contains(t, shown, text)
		}
		talk := shown[strings.Index(shown, `class="desk"`):]
		for _, secret := range []string{code, phone, "Kontrollkood", "kirjutage oma isikukood", "ei tea"} {
			require.NotContains(t, talk, secret, "the desk's transcript")
		}
		for _, secret := range []string{code, phone, phone[1:], "Kontrollkood"} {
			require.Empty(t, filesWith(t, dir, secret), "while it runs")
		}
		p.stop()
		for _, secret := range []string{code, phone, phone[1:], "Kontrollkood"} {
			require.Empty(t, filesWith(t, dir, secret))
			require.NotContains(t, log.String(), secret)
		}
		require.NotEmpty(t, filesWith(t, dir, "inimene"), "what is there is found")
	})
}

func TestDemoAsksBehindALinkUnlessItIsToldOtherwise(t *testing.T) {
	p := startPlayground(t, t.TempDir())
	require.Contains(t, p.get("/", "et"), "<code>-demo-in-chat</code>")
	p.asked("whatsapp")
}
