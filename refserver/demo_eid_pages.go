package main

import (
	"errors"
	"net/http"
	"regexp"
	"slices"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid/mobileid/mobileidtest"
	"github.com/liidestuja/liidestuja/eid/smartid/smartidtest"
)

// devicesPage is what people hold in their hands: an app and telephones.
type devicesPage struct {
	frame
	Flash   string
	Changes int
	App     []promptView // shown to the app and not decided
	SIMs    []simView
}

// promptView is what the app shows.
type promptView struct {
	URL, Party, Text string
	People           []demoSpecimen
}

// simView is a telephone with Mobile-ID.
type simView struct {
	demoSpecimen
	Prompts []simPrompt
}

type simPrompt struct{ Party, Text, Code string }

// promptPage is the app with one prompt.
type promptPage struct {
	frame
	Prompt promptView
}

// devices shows what waits for a decision.
func (p *pages) devices(w http.ResponseWriter, r *http.Request) {
	changes, _ := p.Bell.wait() // first, so that no change is missed
	page := devicesPage{
		frame: frame{Title: "eid.title", Back: demoDevices, Languages: p.Texts.Choices(p.Texts.Match(r))},
		Flash: p.flash(w, r), Changes: changes,
	}
	for _, name := range p.EID.waiting() {
		if prompt := p.EID.prompt(name); prompt != nil {
			page.App = append(page.App, viewPrompt(name, prompt))
		}
	}
	for _, s := range demoSpecimens() {
		sim := simView{demoSpecimen: s}
		for _, prompt := range p.EID.mid.Prompts(s.Phone) {
			sim.Prompts = append(sim.Prompts, simPrompt{prompt.Party, prompt.Text, prompt.Code})
		}
		page.SIMs = append(page.SIMs, sim)
	}
	p.render(w, r, "devices", page)
}

func viewPrompt(name string, prompt *smartidtest.Prompt) promptView {
	return promptView{URL: demoApp + "/" + name, Party: prompt.Party, Text: prompt.Text, People: demoSpecimens()}
}

// toDevices goes back to the devices, with what is to be said there.
func toDevices(w http.ResponseWriter, r *http.Request, flash string) {
	setCookie(w, flashCookie, flash)
	http.Redirect(w, r, demoDevices, http.StatusSeeOther)
}

// camera scans what the page of the login shows at this moment in the same
// browser, which its cookie tells: an app of today has a camera for that.
func (p *pages) camera(w http.ResponseWriter, r *http.Request) {
	var code string
	cookie, err := r.Cookie("login")
	if err == nil {
		code, err = p.Logins.Live(r.Context(), cookie.Value)
	}
	if err != nil {
		toDevices(w, r, "eid.nothing")
		return
	}
	p.scan(w, r, code)
}

// appLink is where a link to the app leads on the device that has the app.
func (p *pages) appLink(w http.ResponseWriter, r *http.Request) {
	p.scan(w, r, p.EID.url+demoApp+"?"+r.URL.RawQuery)
}

// scan shows the app a device link.
func (p *pages) scan(w http.ResponseWriter, r *http.Request, link string) {
	prompt, err := p.EID.sid.Scan(link)
	if err != nil {
		toDevices(w, r, "eid.over")
		return
	}
	// The link goes out of the address.
	http.Redirect(w, r, demoApp+"/"+p.EID.shown(prompt), http.StatusSeeOther)
}

// appPrompt shows what the app asks.
func (p *pages) appPrompt(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("prompt")
	prompt := p.EID.prompt(name)
	if prompt == nil {
		toDevices(w, r, "eid.over")
		return
	}
	p.render(w, r, "prompt", promptPage{
		frame:  frame{Title: "eid.title", Back: demoDevices, Languages: p.Texts.Choices(p.Texts.Match(r))},
		Prompt: viewPrompt(name, prompt),
	})
}

// appDecision approves as somebody, or refuses. An app that was opened by a link
// opens the browser again.
func (p *pages) appDecision(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("prompt")
	prompt := p.EID.prompt(name)
	if prompt == nil {
		toDevices(w, r, "eid.over")
		return
	}
	defer p.EID.decided(name)
	who := r.PostFormValue("as")
	if who == "" {
		flash := "eid.refused"
		if err := prompt.Refuse(); err != nil {
			flash = "eid.over"
		}
		toDevices(w, r, flash)
		return
	}
	back, err := prompt.Approve("PNOEE-" + who + "-MOCK-Q")
	switch {
	case err != nil:
		toDevices(w, r, "eid.over")
	case back != "":
		http.Redirect(w, r, back, http.StatusSeeOther)
	default:
		toDevices(w, r, "eid.approved")
	}
}

// simDecision is the PIN on a telephone, or a refusal.
func (p *pages) simDecision(w http.ResponseWriter, r *http.Request) {
	phone, flash := r.PostFormValue("phone"), "eid.approved"
	decide := p.EID.mid.Approve
	if r.PostFormValue("act") != "approve" {
		decide, flash = p.EID.mid.Refuse, "eid.refused"
	}
	if err := decide(phone); errors.Is(err, mobileidtest.ErrOver) || errors.Is(err, mobileidtest.ErrPerson) {
		flash = "eid.over"
	}
	p.Bell.ring()
	toDevices(w, r, flash)
}

// maxWord bounds a word that a link brings back, in bytes.
const maxWord = 256

// backPage is where a link leads that opens a conversation.
type backPage struct {
	frame
	Line   channels.ID
	Word   string
	Refers bool // the application tells the agency by itself
}

// phoneBack opens a person's conversation by a link. What it says is sent by a
// button: an address that somebody opens must not write in the person's name.
func (p *pages) phoneBack(w http.ResponseWriter, r *http.Request) {
	phone := p.phone(r)
	q := r.URL.Query()
	word := or(q.Get("ref"), q.Get("text"))
	if phone == nil || word == "" || len(word) > maxWord {
		http.NotFound(w, r)
		return
	}
	_, refers := phone.set.(referrer)
	p.render(w, r, "back", backPage{
		frame: frame{Title: "back.title", Back: "/", Languages: p.Texts.Choices(p.Texts.Match(r))},
		Line:  phone.line, Word: word, Refers: refers,
	})
}

// piece is a part of a text; with URL it is an address.
type piece struct{ Text, URL string }

var address = regexp.MustCompile(`https?://[^\s<>"]+`)

// linked takes a text apart at its addresses.
func linked(text string) (all []piece) {
	at := 0
	for _, m := range address.FindAllStringIndex(text, -1) {
		all = append(all, piece{Text: text[at:m[0]]}, piece{Text: text[m[0]:m[1]], URL: text[m[0]:m[1]]})
		at = m[1]
	}
	all = append(all, piece{Text: text[at:]})
	return slices.DeleteFunc(all, func(p piece) bool { return p.Text == "" })
}
