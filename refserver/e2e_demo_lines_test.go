//go:build e2e

package main

import "testing"

// TestDemoLinesInBrowser clicks through adding and removing a page in the demo.
func TestDemoLinesInBrowser(t *testing.T) {
	p := startPlaygroundOn(t, "meta", t.TempDir())
	b := startBrowser(t, p.srv.URL)
	b.open("/")
	b.says(".desk", "Kanalite lisamine ja eemaldamine")
	b.inspect("lines-20-demo")
	b.press(`form[action="/demo/lines"] button`)
	b.says("main", "Kanal on serveri seadistuses")
	b.inspect("lines-21-demo-list")
	b.press(`form[action="/lines/login"] button`)
	b.until(`document.querySelector("button[value=continue]") !== null`)
	b.press(`button[value=continue]`)
	b.says("main", "Valige, millisest kontost saab kanal")
	b.inspect("lines-22-demo-choices")
	b.press(`.card.is-ready form button`)
	b.says("[role=status]", "Kanal on lisatud ja vastab")
	b.press(`a[href^="/lines/remove/"]`)
	b.press(`main button.alarm`)
	b.says("[role=status]", "Kanal on eemaldatud")
	b.press(`.brand a`)
	b.says(".desk", "Rein Rebane")
	b.clean()
}
