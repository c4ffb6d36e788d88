//go:build e2e

package main

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/tara/taratest"
)

// fits inspects the page on a telephone and on the narrowest screen, in the light
// and in the dark design.
func (b *browser) fits(name string) {
	b.t.Helper()
	for _, width := range []int64{420, 320} {
		b.window(width, 800)
		b.looks(fmt.Sprintf("%s-%d", name, width))
	}
	b.window(1600, 1000)
}

// TestLoginPagesInBrowser looks at the pages of a login that people see when it does
// not go as it should, and at those on which they choose.
func TestLoginPagesInBrowser(t *testing.T) {
	p := startPlayground(t, t.TempDir())
	b := startBrowser(t, p.srv.URL)
	b.dark(false)
	b.open(p.asked("whatsapp"))
	b.says("main", "Kas tõendate oma isiku?")
	b.fits("pages-01-offered")
	b.press("main form button")
	b.says("main", "Valige, kuidas oma isikut tõendada")
	b.fits("pages-02-methods")
	b.press(`section[aria-labelledby=tara] button`)
	b.until(`document.querySelector('button[value="EE60001019906 idcard"]') !== null`)
	b.fits("pages-03-tara")

	// The service behind the return is away for a while.
	away := make([]taratest.Outage, 200)
	for i := range away {
		away[i] = taratest.Outage{Status: http.StatusServiceUnavailable}
	}
	p.eid.tara.FailNext(taratest.Token, away...)
	b.press(`button[value="EE60001019906 idcard"]`)
	b.says("main", "Kontrollime vastust")
	b.fits("pages-04-again")

	other := startBrowser(t, p.srv.URL)
	other.dark(false)
	other.open("/login/return?code=x&state=y")
	other.says("main", "teises")
	other.forgive() // the page is answered with 404
	other.fits("pages-05-other-browser")
	other.open("/login/demo/" + "aaaaaaaaaaaaaaaaaaaaaa")
	other.says("main", "See link ei kehti")
	other.forgive() // as above
	other.fits("pages-06-gone")
	other.open("/demo/eid")
	other.fits("pages-07-devices")
}

// TestAccountsInBrowser shows the desk a person's other conversation and takes it
// apart, with and without a script.
func TestAccountsInBrowser(t *testing.T) {
	p := startPlayground(t, t.TempDir())
	p.proves("whatsapp", "60001019906")
	p.post("/phone/whatsapp/say", "/", "text", demoCompany)
	p.arrives("whatsapp", "selle ettevõtte nimel tegutseda")
	p.proves("messenger", "60001019906")
	p.post("/phone/whatsapp/say", "/", "text", "inimene")
	p.arrives("whatsapp", "inimesele edasi")
	chat := p.chatOf("waiting")
	b := startBrowser(t, p.srv.URL)
	b.dark(false)
	b.open("/?chat=" + chat)
	b.click(`button[name=act][value=claim]`)
	b.says(".accounts", "Sama inimese teised vestlused")
	b.says(".identity", demoCompany)
	b.until(`document.querySelector(".accounts a.button") !== null`)
	b.click(".accounts summary")
	for _, width := range []int64{1600, 320} {
		b.window(width, 900)
		b.run(`document.querySelectorAll(".accounts details").forEach(d => { d.open = true })`)
		b.looks(fmt.Sprintf("accounts-01-open-%d", width))
	}
	b.window(1600, 1000)
	b.translated("accounts-02")
	b.click(".accounts a.button")
	b.says(".chat h3", "Mari Maasikas")
	b.open("/?chat=" + chat)
	b.do(chromedp.WaitReady(chromedp.CSS(".accounts summary")))
	b.click(".accounts summary")
	b.click(`.accounts button[value=apart]`)
	b.says(".flash", "Konto on lahku võetud.")
	b.until(`document.querySelector(".accounts") === null`)
	b.click(`.end summary`)
	b.click(`.end button`)
	b.says(".identity.is-over", "Isik ei ole enam tõendatud")
	b.says(".phone.whatsapp .bubble", "Asutus lõpetas vestluse.")
	b.looks("accounts-03-over")
	require.NotContains(t, value[string](b, "document.body.innerText"), "EE60001019906")
	b.clean()
}
