//go:build e2e

package main

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// TestLinesInBrowser adds a page of the simulated Meta in a real browser, and removes
// it again. Its parts follow one another.
func TestLinesInBrowser(t *testing.T) {
	m := newAppWorld(t)
	srv := m.serve()
	b := startBrowser(t, m.public)
	part := func(name string, play func()) {
		ok := t.Run(name, func(t *testing.T) {
			b.t, m.t = t, t
			play()
			b.clean()
		})
		b.t, m.t = t, t
		require.True(t, ok, "what follows depends on it")
	}
	part("a stranger is asked to sign in", func() {
		b.open("/lines")
		b.says("main", "Logige sisse oma tööruumi võtmega")
		b.forgive() // the page is answered with 401
		b.inspect("lines-01-sign-in")
		b.fits("lines-01-sign-in")
	})
	part("a wrong token is told, and a right one lets in", func() {
		b.do(chromedp.SendKeys(chromedp.CSS("#token"), "a wrong one that is long enough to be one"))
		b.press("main button")
		b.says("[role=alert]", "See võti ei kehti")
		b.forgive()
		b.inspect("lines-02-wrong-token")
		b.do(chromedp.SendKeys(chromedp.CSS("#token"), m.tokens["rein"]))
		b.press("main button")
		b.says("main", "Ühtegi kanalit veel ei ole")
		b.inspect("lines-03-empty")
	})
	part("who breaks the dialog off is told so", func() {
		b.press(`form[action="/lines/login"] button`)
		b.until(`document.querySelector("button[value=cancel]") !== null`)
		b.press(`button[value=cancel]`)
		b.says("[role=alert]", "Ühendamine katkestati")
		b.inspect("lines-04-broken-off")
	})
	part("who agrees in the dialog comes back to choose", func() {
		m.sim.SetNumber(appNumber, metatest.NumberState{Review: "PENDING"})
		b.press(`form[action="/lines/login"] button`)
		b.until(`document.querySelector("button[value=continue]") !== null`)
		b.window(420, 800)
		b.looks("lines-05-dialog")
		b.window(1600, 1000)
		b.press(`button[value=continue]`)
		b.says("main", "Valige, millisest kontost saab kanal")
		b.says(".card.is-forbidden", "ei ole õigust")
		b.says(".card.is-pending", "ei ole veel nõustunud")
		require.NotContains(t, value[string](b, `location.href`), "code=")
		b.inspect("lines-06-choices")
		b.fits("lines-07-choices-narrow")
		b.window(1600, 1000)
	})
	part("the page becomes a line that answers", func() {
		b.do(chromedp.SetValue(chromedp.CSS("#line-0"), "politsei"))
		b.press(`.card:first-child form button`)
		b.says("[role=status]", "Kanal on lisatud ja vastab")
		b.says(".card", "politsei")
		person := m.sim.Person(appPage, "5005")
		person.Says("tere")
		m.deliver()
		require.Contains(t, m.answered(person, 1)[0].Text, "Ütlesite: tere")
	})
	part("a number that Meta has not agreed to waits", func() {
		b.press(`form[action="/lines/login"] button`)
		b.until(`document.querySelector("button[value=continue]") !== null`)
		b.press(`button[value=continue]`)
		b.says("main", "Valige")
		b.press(`.card.is-pending form button`)
		b.says("[role=status]", "ootab teenusepakkuja nõusolekut")
		b.inspect("lines-08-list")
		b.dark(true)
		b.inspect("lines-09-list-dark")
		b.dark(false)
		b.press(`button[lang=ru]`)
		b.says("main", "Каналы")
		b.inspect("lines-10-list-ru")
		b.press(`button[lang=en]`)
		b.says("main", "Lines")
		b.window(360, 800)
		b.inspect("lines-11-list-narrow")
		b.window(1600, 1000)
		b.press(`button[lang=et]`)
	})
	part("a line is removed after it was confirmed", func() {
		b.press(`a[href="/lines/remove/politsei"]`)
		b.says("main", "Seda ei saa tagasi võtta")
		b.fits("lines-12-removal")
		b.press(`main button.alarm`)
		b.says("[role=status]", "Kanal on eemaldatud")
		b.inspect("lines-13-removed")
		m.late(t, srv)
	})
	part("a person learns what comes of a request to delete data", func() {
		asked, err := m.sim.AskDeletion(t.Context())
		require.NoError(t, err)
		require.Equal(t, m.public, asked.URL[:len(m.public)])
		b.open(asked.URL[len(m.public):])
		b.says("main", asked.Code)
		b.fits("lines-14-deletion")
	})
	require.Equal(t, http.StatusOK, func() int { status, _, _ := srv.get(t, "/readyz"); return status }())
}
