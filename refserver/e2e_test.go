//go:build e2e

package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// TestDemoInBrowser plays the demo in a real browser. Its parts follow one
// another: each begins where the one before ended.
func TestDemoInBrowser(t *testing.T) {
	srv := startProgram(t, buildServer(t), "127.0.0.1:0", t.TempDir())
	b := startBrowser(t, srv.url)
	part := func(name string, play func(b *browser)) {
		ok := t.Run(name, func(t *testing.T) {
			b.t = t
			play(b)
			b.clean()
		})
		b.t = t
		require.True(t, ok, "what follows depends on it")
	}

	part("the demo opens in Estonian, empty", func(b *browser) {
		b.open("/")
		b.says("main", "Vestlusi veel ei ole.")
		b.inspect("01-empty")
	})
	part("a person writes and the bot answers, saying what it is", func(b *browser) {
		b.write("#say-messenger", "Tere!")
		b.says(".phone.messenger .bubble", "Siin vastab robot")
		b.says(".phone.messenger .bubble", "Ütlesite: Tere!")
		b.says(".phone.messenger .bubble.mine", "✓✓ kohal")
		b.until(`document.querySelector("#say-messenger").value === "" && document.activeElement.id === "say-messenger"`)
		b.says(".chats", "vastab robot")
	})
	part("choices can be tapped", func(b *browser) {
		b.click(`.phone.whatsapp .quick button:nth-of-type(2)`)
		b.says(".phone.whatsapp .choices", "Lahtiolekuajad")
		b.inspect("02-choices")
		b.click(`.phone.whatsapp .choices button[value="menu.hours"]`)
		b.says(".phone.whatsapp .bubble.mine", "Lahtiolekuajad")
		b.says(".phone.whatsapp .bubble", "kell 9–17")
	})
	part("the person asks for a person and waits at the desk", func(b *browser) {
		b.write("#say-messenger", "Palun inimene")
		b.says(".phone.messenger .bubble", "Annan teie küsimuse inimesele edasi")
		b.says(".tabs .badge", "1 ootab")
		b.says(".chats .badge", "1 lugemata")
		b.until(`document.title.startsWith("(1)")`)
		b.click(`.chats li:first-child a`)
		b.says(".chat", "Palun inimene")
		b.says(".chat .window", "Vastamiseks aega 6 d 23:5")
		b.inspect("03-waiting")
	})
	part("the specialist claims and answers, and both see it", func(b *browser) {
		b.click(`button[name=act][value=claim]`)
		b.says(".chat", "vastab Kadri Kask")
		b.write("#reply", "Tere, siin Kadri. Millega saan aidata?")
		b.says(".phone.messenger .bubble", "siin Kadri")
		b.says(".chat .bubble.mine", "siin Kadri")
		b.says(".chat .bubble.mine .status", "✓✓ loetud")
		b.until(`document.querySelector("#reply").value === ""`)
		b.inspect("04-claimed")
	})
	part("the bot stays silent while the specialist has it", func(b *browser) {
		before := value[int](b, `document.querySelectorAll(".phone.messenger .bubble:not(.mine)").length`)
		b.write("#say-messenger", "Kuidas ma passi taotlen?")
		b.says(".chat .bubble", "Kuidas ma passi taotlen?")
		b.write("#reply", "Iseteeninduses.")
		b.says(".phone.messenger .bubble", "Iseteeninduses.")
		b.until(fmt.Sprintf(`document.querySelectorAll(".phone.messenger .bubble:not(.mine)").length === %d`, before+1))
	})
	part("handed back, the bot answers again", func(b *browser) {
		b.click(`button[name=act][value=handback]`)
		b.says(".chat", "vastab robot")
		b.write("#say-messenger", "Aitäh!")
		b.says(".phone.messenger .bubble", "Ütlesite: Aitäh!")
	})
	part("a picture and a place reach the desk", func(b *browser) {
		b.click(`.phone.whatsapp details summary`)
		b.do(chromedp.SetUploadFiles(chromedp.CSS("#file-whatsapp"), []string{landscape(t)}))
		b.click(`.phone.whatsapp form[action$="/file"] button`)
		b.until(`document.querySelector(".phone.whatsapp .bubble.mine img")?.naturalWidth === 320`)
		b.click(`.phone.whatsapp form[action$="/place"] button`)
		b.says(".phone.whatsapp .bubble.mine", "59.4339°")
		b.write("#say-whatsapp", "Rääkige inimesega")
		b.says(".chats", "Juhan Juurikas")
		b.until(`[...document.querySelectorAll(".chats a")].some(a => a.innerText.includes("Juhan") && a.innerText.includes("ootab"))`)
		b.do(chromedp.Click(`//ul[@class="chats"]//a[contains(., "Juhan")]`))
		b.until(`document.querySelector(".chat .bubble img")?.naturalWidth === 320`)
		b.inspect("05-picture")
	})
	part("an answer with a file reaches the phone", func(b *browser) {
		b.click(`button[name=act][value=claim]`)
		b.do(chromedp.WaitReady(chromedp.CSS("#reply-file")), chromedp.SetUploadFiles(chromedp.CSS("#reply-file"), []string{landscape(t)}))
		b.do(chromedp.SendKeys(chromedp.CSS("#reply"), "Siin on kaart"))
		b.click(`.chat .write button`)
		b.until(`document.querySelector(".phone.whatsapp .bubble:not(.mine) img")?.naturalWidth === 320`)
		b.says(".phone.whatsapp .bubble:not(.mine)", "Siin on kaart")
	})
	part("a lost confirmation goes to a person, who confirms", func(b *browser) {
		b.click(`.provider summary`)
		b.click(`.provider button[value=lose]`)
		b.says(".provider", "kinnitus läheb kaduma")
		b.write("#reply", "Kas see sõnum jõudis?")
		b.says(".phone.whatsapp .bubble:not(.mine)", "Kas see sõnum jõudis?")
		b.says(".chat .bubble.mine .status", "? tulemus teadmata")
		b.inspect("06-unknown")
		b.says(".tabs .badge", "1 otsus")
		b.click(`.tabs a:nth-of-type(2)`)
		b.says(".letters", "Teadmata, kas jõudis kohale")
		b.inspect("07-letters")
		b.click(`.letters button[value=confirm]`)
		b.says(".flash", "märgitud kohale jõudnuks")
		b.says(".pane", "Ükski sõnum ei vaja otsust.")
		b.inspect("08-confirmed")
	})
	part("without a provider answers wait", func(b *browser) {
		b.click(`.provider button[value=down]`)
		b.says(".provider summary", "ei vasta")
		b.click(`.tabs a:nth-of-type(1)`)
		b.write("#reply", "See jääb ootele")
		b.says(".chat .bubble.mine .status", "◷ järjekorras")
		b.inspect("09-down")
		b.click(`.provider button[value=up]`)
		b.says(".phone.whatsapp .bubble:not(.mine)", "See jääb ootele")
	})
	part("what a colleague holds is open for a reason", func(b *browser) {
		b.as("peeter")
		b.says(".chat", "Kolleegi vestlus")
		b.inspect("10-reason")
		b.do(chromedp.SendKeys(chromedp.CSS("#reason"), "Asendan kolleegi"))
		b.click(`.reason button`)
		b.says(".chat", "Avatud põhjendusega")
		b.says(".chat .bubble", "Siin on kaart")
		b.inspect("11-held")
	})
	part("an auditor sees who did what", func(b *browser) {
		b.as("anu")
		b.says(".chat", "Audiitor loeb, aga ei vasta.")
		b.click(`.chat details summary`)
		b.says(".chat table", "Asendan kolleegi")
		b.click(`.tabs a:nth-of-type(3)`)
		b.says(".pane", "conversation.claimed")
		b.inspect("12-log")
	})
	part("an administrator takes a conversation, restricts it and ends it", func(b *browser) {
		b.as("rein")
		b.click(`.tabs a:nth-of-type(1)`)
		b.click(`button[name=act][value=force]`)
		b.says(".chat", "vastab Rein Rebane")
		b.click(`button[name=act][value=restrict]`)
		b.says(".chat", "piiratud")
		b.click(`.end summary`)
		b.inspect("13-ending")
		b.click(`.end button`)
		b.says(".chat", "Vestlus on lõpetatud.")
		b.inspect("14-ended")
	})
	part("what is searched for is found", func(b *browser) {
		b.write("#search", "passi")
		b.until(`document.querySelectorAll(".chats li").length === 1`)
		b.says(".chats", "Mari Maasikas")
		b.until(`!location.href.includes("passi")`)
		b.click(`button[name=clear]`)
		b.until(`document.querySelectorAll(".chats li").length === 2`)
	})
	part("every language, design and width", everyDesign)
	part("the keyboard reaches everything", keyboard)
	part("it works without script", withoutScript)
}

// everyDesign inspects the places of the page in all languages, light and dark,
// on a wide, a middle and the narrowest screen, with everything unfolded, and
// with letters of twice the size.
func everyDesign(b *browser) {
	b.as("kadri")
	b.click(`.chats li:last-child a`)
	b.until(`document.querySelector(".chat .bubble")`)
	b.click(`button[name=act][value=claim]`)
	b.until(`document.querySelector("#reply")`)
	b.click(`.provider summary`)
	b.click(`.provider button[value=lose]`)
	b.says(".provider", "kinnitus läheb kaduma")
	b.write("#reply", "Kas see jõudis kohale?")
	b.says(".tabs .badge", "1 otsus")
	here := value[string](b, "location.search")
	places := map[string]string{"chat": "/" + here, "letters": "/?view=letters", "statement": "/accessibility"}
	for _, lang := range []string{"et", "en", "ru"} {
		b.press(`.languages button[value=` + lang + `]`)
		b.until(`document.documentElement.lang === "` + lang + `"`)
		for name, path := range places {
			for _, dark := range []bool{false, true} {
				b.dark(dark)
				for _, width := range []int64{1600, 800, 320} {
					b.window(width, 900)
					b.open(path)
					b.run(`document.querySelectorAll("details").forEach(d => { d.open = true })`)
					b.inspect(fmt.Sprintf("20-%s-%s-%d%s", name, lang, width, map[bool]string{true: "-dark"}[dark]))
				}
			}
		}
		b.dark(false)
		b.window(1280, 900)
		b.open(places["chat"])
		b.run(`document.documentElement.style.fontSize = "200%"`)
		b.inspect("21-zoom-" + lang)
		b.open("/")
	}
	b.window(1600, 1000)
	b.press(`.languages button[value=et]`)
	b.until(`document.documentElement.lang === "et"`)
}

// keyboard visits everything with the Tab key and looks that each stop can be
// seen, then writes and chooses without a mouse.
func keyboard(b *browser) {
	b.open("/")
	b.do(chromedp.KeyEvent(kb.Tab))
	b.until(`document.activeElement.className === "skip" && document.activeElement.getBoundingClientRect().left >= 0`)
	b.picture("30-skip")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until(`document.activeElement.id === "main"`)
	b.open("/")
	stops := value[int](b, `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")].filter(e => e.checkVisibility()).length`)
	require.Greater(b.t, stops, 25)
	seen := 0
	for range stops {
		b.do(chromedp.KeyEvent(kb.Tab))
		type look struct {
			Fresh, Visible bool
			What           string
		}
		stop := value[look](b, `(e => {
			const fresh = !e.seen;
			e.seen = true;
			const s = getComputedStyle(e), box = e.getBoundingClientRect();
			return {fresh, visible: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 && box.width > 1, what: e.outerHTML.slice(0, 120)};
		})(document.activeElement)`)
		require.True(b.t, stop.Visible, "no focus can be seen on %s", stop.What)
		if stop.Fresh {
			seen++
		}
	}
	require.Equal(b.t, stops, seen, "the Tab key does not reach everything")

	b.do(chromedp.Focus(chromedp.CSS("#say-messenger")))
	b.write("#say-messenger", "Klaviatuurilt")
	b.says(".phone.messenger .bubble.mine", "Klaviatuurilt")
	b.do(chromedp.Focus(chromedp.CSS(".provider summary")), chromedp.KeyEvent(kb.Enter))
	b.until(`document.querySelector(".provider").open`)
	b.do(chromedp.Focus(chromedp.CSS(".chats li:first-child a")), chromedp.KeyEvent(kb.Enter))
	b.until(`document.querySelector(".chat .bubble") && document.activeElement.matches(".chats a[aria-current]")`)
	b.until(`document.querySelector(".provider").open`) // what the visitor opened stays open
}

// withoutScript does the main things in a browser that runs no script.
func withoutScript(b *browser) {
	b.still = true
	protocol(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.open("/")
	b.says("noscript", "värskendage lehte")
	b.do(chromedp.SendKeys(chromedp.CSS("#say-messenger"), "Skriptita inimene"))
	b.press(`.phone.messenger .write button`)
	b.says(".phone.messenger .bubble.mine", "Skriptita inimene")
	b.press(`.chats li:first-child a`)
	b.says(".chat .bubble", "Skriptita inimene")
	b.do(chromedp.SendKeys(chromedp.CSS("#reply"), "Vastus ilma skriptita"))
	b.press(`.chat .write button`)
	b.says(".chat .bubble.mine", "Vastus ilma skriptita")
	b.click(`.provider summary`)
	b.press(`.provider button[value=down]`)
	b.says(".provider summary", "ei vasta")
	b.click(`.provider summary`)
	b.press(`.provider button[value=up]`)
	b.press(`.languages button[value=ru]`)
	b.until(`document.documentElement.lang === "ru"`)
	b.picture("40-without-script")
	protocol(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{})
	b.still = false
}

// TestDemoInBrowserAfterRestart shows that an open page comes back by itself
// when the server does, with all that was said.
func TestDemoInBrowserAfterRestart(t *testing.T) {
	program, data := buildServer(t), t.TempDir()
	srv := startProgram(t, program, "127.0.0.1:0", data)
	b := startBrowser(t, srv.url)
	b.open("/")
	b.write("#say-messenger", "Enne katkestust, inimene")
	b.says(".phone.messenger .bubble", "inimesele edasi")
	b.says(".chats", "ootab spetsialisti")
	b.clean()

	address, err := url.Parse(srv.url)
	require.NoError(t, err)
	srv.stop()
	b.run(`window.same = true`)
	startProgram(t, program, address.Host, data)
	b.until(`fetch("/demo/icon.svg").then(() => true, () => false)`)
	b.write("#say-messenger", "Pärast katkestust")
	b.says(".phone.messenger .bubble.mine", "Pärast katkestust")
	b.says(".phone.messenger .bubble.mine", "Enne katkestust")
	b.says(".chats .badge", "2 lugemata") // by the desk's stream, in a new session
	b.until(`window.same`)
	b.forgive() // connections were refused meanwhile
}

// landscape makes a picture to send.
func landscape(t *testing.T) string {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 320, 200))
	for y := range 200 {
		for x := range 320 {
			point := []byte{uint8(120 + y/4), uint8(170 + y/4), 225, 255} // sky
			if y > 120+(x%80)/4 {
				point = []byte{60, uint8(110 + x/8), 70, 255} // hills
			}
			copy(img.Pix[img.PixOffset(x, y):], point)
		}
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	path := filepath.Join(t.TempDir(), "maastik.png")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	return path
}
