//go:build e2e

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// tab opens another tab of the same browser.
func (b *browser) tab(width, height int64) *browser {
	b.t.Helper()
	ctx, closed := chromedp.NewContext(b.ctx)
	b.t.Cleanup(closed)
	other := &browser{t: b.t, ctx: ctx, base: b.base, axe: b.axe, shots: b.shots}
	require.NoError(b.t, chromedp.Do(ctx, chromedp.Navigate("about:blank")))
	console := chromedp.Console(ctx)
	go other.listen(console)
	other.window(width, height)
	return other
}

// looks inspects the page in the light and in the dark design.
func (b *browser) looks(name string) {
	b.t.Helper()
	b.inspect(name)
	b.dark(true)
	b.inspect(name + "-dark")
	b.dark(false)
}

// speaks inspects a page of a login in every language, the last is Estonian.
func (b *browser) speaks(name string, ready string) {
	b.t.Helper()
	for _, lang := range []string{"ru", "en", "et"} {
		b.run(fmt.Sprintf("location.search = '?lang=%s'", lang))
		b.until(fmt.Sprintf(`document.documentElement.lang === %q && document.readyState === "complete" && (%s)`, lang, ready))
		b.looks(name + "-" + lang)
	}
}

// translated inspects a page of the demo in every language, the last is Estonian.
func (b *browser) translated(name string) {
	b.t.Helper()
	path := value[string](b, "location.pathname + location.search")
	for _, lang := range []string{"ru", "en", "et"} {
		b.press(fmt.Sprintf(`.languages button[lang=%s]`, lang))
		b.open(path)
		b.until(fmt.Sprintf(`document.documentElement.lang === %q`, lang))
		b.looks(name + "-" + lang)
	}
}

// newest is the address of the newest link on a phone.
func (b *browser) newest(line string, before string) string {
	b.t.Helper()
	links := fmt.Sprintf(`[...document.querySelectorAll(".phone.%s .bubble:not(.mine) .words a")]`, line)
	b.until(fmt.Sprintf(`%s.length > 0 && %s.at(-1).href !== %q`, links, links, before))
	return value[string](b, links+".at(-1).href")
}

// TestLoginsInBrowser plays all methods of the demo in a real browser, with the
// pages of the login, the desk and the simulated devices in tabs of their own. Its
// parts follow one another.
func TestLoginsInBrowser(t *testing.T) {
	srv := startProgram(t, buildServer(t), "127.0.0.1:0", t.TempDir())
	home := startBrowser(t, srv.url)
	home.dark(false)
	page, devices := home.tab(420, 900), home.tab(1100, 900)
	part := func(name string, play func()) {
		ok := t.Run(name, func(t *testing.T) {
			home.t, page.t, devices.t = t, t, t
			play()
			home.clean()
			page.clean()
			devices.clean()
		})
		home.t, page.t, devices.t = t, t, t
		require.True(t, ok, "what follows depends on it")
	}
	var link string
	goes := func(address string) { page.open(strings.TrimPrefix(address, home.base)) }

	part("the desk asks with one click, and a link arrives", func() {
		home.open("/")
		home.write("#say-messenger", "Palun inimene")
		home.says(".tabs .badge", "1 ootab")
		home.click(`.chats li:first-child a`)
		home.says(".chat", "Palun inimene")
		home.click(`button[name=act][value=claim]`)
		home.says(".chat", "vastab Kadri Kask")
		home.click(`button[name=act][value=ask]`)
		home.says(".identity", "Inimene tõendab oma isikut")
		link = home.newest("messenger", "")
		home.looks("login-01-asked")
	})
	part("the link says what is about to be confirmed", func() {
		goes(link)
		page.says("main", "Kas tõendate oma isiku?")
		page.says(".notice", "See on näidis")
		page.speaks("login-02-offered", "true")
		page.press("main form button")
		page.says("main", "Valige, kuidas oma isikut tõendada")
		page.speaks("login-03-methods", "true")
	})
	part("the code on the page changes, and the app scans it in another tab", func() {
		devices.open("/demo/eid")
		devices.translated("login-05-devices") // before the time of the session begins
		page.press(`section[aria-labelledby=smart-id] button`)
		drawn := `document.querySelector(".qr.drawn path")?.getAttribute("d").length > 500`
		page.until(drawn)
		first := value[string](page, `document.querySelector("#qr path").getAttribute("d")`)
		page.until(fmt.Sprintf(`document.querySelector("#qr path").getAttribute("d") !== %q`, first))
		page.speaks("login-04-smart-id", drawn)
		devices.open("/demo/eid")
		devices.press(`form[action="/login/camera"] button`)
		devices.says("main", "Vestlus: Näidisamet, Messenger")
		devices.translated("login-06-prompt")
		devices.press(`button[name=as][value="60001019906"]`)
		devices.says(".flash", "Kinnitatud.")
		page.says("main", "Isik on tõendatud")
		page.speaks("login-07-proven", "true")
	})
	part("the way back brings the word, and the desk sees the name", func() {
		page.press(`main a.button`)
		page.says("main", "Tagasi vestlusse")
		page.translated("login-08-back")
		page.press(`.phone form button`)
		page.says(".phone.messenger .bubble", "Teie isik on tõendatud")
		home.says(".identity", "MARI MAASIKAS")
		home.says(".identity", "EE•••••••9906")
		home.says(".identity", "kõrge")
		home.translated("login-09-desk")
		home.click(`form[action$="/reveal"] button`)
		home.says(".identity", "EE60001019906")
		home.looks("login-10-revealed")
	})
	part("a spent link tells a stranger nothing", func() {
		goes(link)
		page.says("main", "See link ei kehti")
		page.forgive() // the page is answered with 404
		page.looks("login-11-gone")
	})
	part("Mobile-ID compares a control code", func() {
		home.open("/")
		home.click(`.phone.whatsapp .quick button:nth-of-type(2)`)
		home.says(".phone.whatsapp .choices", "Tõenda oma isik")
		home.click(`.phone.whatsapp .choices button[value="menu.login"]`)
		link = home.newest("whatsapp", "")
		goes(link)
		page.press("main form button")
		page.do(chromedp.SendKeys(chromedp.CSS("#code"), "60001019907"))
		page.do(chromedp.SetValue(chromedp.CSS("#phone"), "+37200000766"))
		page.press(`section[aria-labelledby=mobile-id] button`)
		page.says("[role=alert]", "Isikukood ei ole õige")
		page.forgive() // the page is answered with 422
		page.looks("login-12-wrong-code")
		page.do(chromedp.SetValue(chromedp.CSS("#code"), "60001019906"), chromedp.SetValue(chromedp.CSS("#phone"), "+37200000766"))
		page.press(`section[aria-labelledby=mobile-id] button`)
		code := value[string](page, `document.querySelector(".code").innerText.trim()`)
		page.speaks("login-13-mobile-id", "true")
		devices.says(".control", code) // without a reload
		devices.looks("login-14-telephone")
		devices.press(`button[name=act][value=approve]`)
		page.says("main", "Isik on tõendatud")
		page.press(`main a.button`)
		require.Regexp(t, `^id-`, value[string](page, `document.querySelector("#prefilled").value`))
		page.press(`.phone form button`)
		home.says(".phone.whatsapp .bubble", "Tere, MARI MAASIKAS!")
	})
	part("TARA needs no script", func() {
		home.click(`.phone.whatsapp .quick button:nth-of-type(2)`)
		home.until(`document.querySelectorAll('.phone.whatsapp .choices button[value="menu.login"]').length === 2`)
		home.click(`.phone.whatsapp li:last-child .choices button[value="menu.login"]`)
		link = home.newest("whatsapp", link)
		protocol(page, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		page.still = true
		goes(link)
		page.do(chromedp.Click(chromedp.CSS("main form button")), chromedp.WaitReady(chromedp.CSS("section[aria-labelledby=tara] button")))
		page.do(chromedp.Click(chromedp.CSS("section[aria-labelledby=tara] button")), chromedp.WaitReady(chromedp.CSS(`button[value="EE60001019906 idcard"]`)))
		protocol(page, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{})
		page.still = false
		page.looks("login-15-tara")
		page.press(`button[value="EE60001019906 idcard"]`)
		page.says("main", "Isik on tõendatud")
		greeted := value[int](home, `[...document.querySelectorAll(".phone.whatsapp .bubble")].filter(e => e.innerText.includes("Tere, MARI")).length`)
		page.press(`main a.button`)
		page.press(`.phone form button`)
		home.until(fmt.Sprintf(`[...document.querySelectorAll(".phone.whatsapp .bubble")].filter(e => e.innerText.includes("Tere, MARI")).length === %d`, greeted+1))
	})
	part("the app on the same device comes back into the same browser", func() {
		home.click(`.phone.whatsapp .quick button:nth-of-type(2)`)
		home.until(`document.querySelectorAll('.phone.whatsapp .choices button[value="menu.login"]').length === 3`)
		home.click(`.phone.whatsapp li:last-child .choices button[value="menu.login"]`)
		link = home.newest("whatsapp", link)
		goes(link)
		page.press("main form button")
		page.press(`section[aria-labelledby=smart-id] button`)
		page.press(`main a.button`)
		page.says("main", "Näidise Smart-ID")
		page.press(`button[name=as][value="60001019906"]`)
		page.says("main", "Isik on tõendatud")
	})
	part("the word from another phone proves nothing", func() {
		word := value[string](page, `new URL(document.querySelector("main a.button").href).searchParams.get("text")`)
		home.click(`.chats li a:not([aria-current])`)
		home.write("#say-messenger", word)
		home.says(".phone.messenger .bubble", "Isiku tõendamine ei õnnestunud")
		home.says(".phone.whatsapp .bubble", "Isiku tõendamine ei õnnestunud")
		home.as("rein")
		home.says(".identity.is-failed", "link avati teise konto alt")
		home.looks("login-16-relayed")
	})
	part("whoever breaks it off is told so", func() {
		home.as("kadri")
		home.click(`.phone.whatsapp .quick button:nth-of-type(2)`)
		home.until(`document.querySelectorAll('.phone.whatsapp .choices button[value="menu.login"]').length === 4`)
		home.click(`.phone.whatsapp li:last-child .choices button[value="menu.login"]`)
		link = home.newest("whatsapp", link)
		goes(link)
		page.press("main form button")
		page.press(`.cancel button`)
		page.says("main", "Katkestatud")
		page.looks("login-17-cancelled")
		home.says(".phone.whatsapp .bubble", "Isiku tõendamine ei õnnestunud")
	})
}
