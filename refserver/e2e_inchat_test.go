//go:build e2e

package main

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestInChatInBrowser plays the dialogue of Mobile-ID in the chat of a demo that was
// told to ask so: on the phone, at the simulated telephone, and at the desk.
func TestInChatInBrowser(t *testing.T) {
	const code, phone = "60001019906", "+37200000766"
	data := t.TempDir()
	srv := startProgram(t, buildServer(t), "127.0.0.1:0", data, "-demo-in-chat")
	home := startBrowser(t, srv.url)
	home.dark(false)
	devices := home.tab(1100, 900)
	home.open("/")
	home.says(".people", "küsitakse isikut vestluses endas")
	home.write("#say-whatsapp", "Palun inimene")
	home.says(".tabs .badge", "1 ootab")
	home.click(`.chats li:first-child a`)
	home.says(".chat", "Palun inimene")
	home.click(`button[name=act][value=claim]`)
	home.says(".chat", "vastab Kadri Kask")
	home.click(`button[name=act][value=ask]`)
	home.says(".identity", "Inimene tõendab oma isikut")

	const bubble = ".phone.whatsapp .bubble:not(.mine)"
	home.says(bubble, "Palun kirjutage oma isikukood")
	home.write("#say-whatsapp", code)
	home.says(bubble, "Mobiil-ID telefoninumber")
	home.write("#say-whatsapp", phone)
	home.says(bubble, "Kontrollkood:")
	home.looks("inchat-01-control")
	control := value[string](home, `[...document.querySelectorAll("`+bubble+`")].map(e => /Kontrollkood: (\d{4})/.exec(e.innerText)?.[1]).find(Boolean)`)
	devices.open("/demo/eid")
	devices.says(".control", control)
	devices.press(`button[name=act][value=approve]`)
	home.says(bubble, "Teie isik on tõendatud")
	home.says(".identity", "MARI MAASIKAS")
	home.says(".identity", "EE•••••••9906")
	home.says(".identity", "märkimisväärne")
	home.looks("inchat-02-proven")
	require.NotRegexp(t, code+`|00000766|`+control, value[string](home, `document.querySelector(".desk").innerText`))
	home.as("rein")
	home.do(chromedp.WaitReady(chromedp.CSS(".chat details summary")))
	home.run(`document.querySelectorAll(".chat details").forEach(d => { d.open = true })`)
	require.NotRegexp(t, code+`|00000766|`+control, value[string](home, `document.querySelector(".desk").innerText`), "and neither does the security log")
	home.clean()
	devices.clean()

	log := srv.stop()
	for _, secret := range []string{code, phone, phone[1:], "Kontrollkood"} {
		require.NotContains(t, log, secret)
		require.Empty(t, filesWith(t, data, secret))
	}
	require.NotEmpty(t, filesWith(t, data, "Palun inimene"), "what is there is found")
}
