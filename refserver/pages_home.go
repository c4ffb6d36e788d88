package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/refserver/internal/pagetext"
)

// homePage is the page of the demo: the phones, the provider and the desk.
type homePage struct {
	frame
	Flash    string // a text; empty: there is nothing to say
	Changes  int    // of the phones that the page shows
	Phones   []phoneView
	InChat   bool
	Provider gateState
	Desk     deskView
}

// phoneView is one person's phone.
type phoneView struct {
	Line    channels.ID
	Initial string
	Bubbles []bubble
	Quick   []string
	Back    string
}

// place is where on the page a visitor is: it stands in the address, and so
// holds ids only.
type place struct {
	View string // chats, letters or log
	List string // waiting, mine, bot or all; search when something is looked for
	Chat string // an id; empty: none is open
}

func views() []string { return []string{"chats", "letters", "log"} }
func lists() []string { return []string{"waiting", "mine", "bot", "all"} }

// placeOf reads a place; what is not known becomes the usual.
func placeOf(q url.Values) place {
	at := place{View: q.Get("view"), List: q.Get("list"), Chat: q.Get("chat")}
	if !slices.Contains(views(), at.View) {
		at.View = views()[0]
	}
	if !slices.Contains(lists(), at.List) && at.List != listFound {
		at.List = "all"
	}
	if channels.MessageID(at.Chat).Valid() != nil {
		at.Chat = ""
	}
	return at
}

// URL returns the address of a place on the page. It is called by templates.
func (at place) URL(view, list, chat string) string {
	q := url.Values{}
	for _, f := range []struct{ name, value, usual string }{{"view", view, "chats"}, {"list", list, "all"}, {"chat", chat, ""}} {
		if f.value != f.usual {
			q.Set(f.name, f.value)
		}
	}
	if len(q) == 0 {
		return "/"
	}
	return "/?" + q.Encode()
}

// Back returns the address of the place itself.
func (at place) Back() string { return at.URL(at.View, at.List, at.Chat) }

// backOf returns where a form was posted from: a page of ours, whatever the form
// says.
func backOf(r *http.Request) string {
	u, err := url.Parse(r.PostFormValue("back"))
	if err == nil && (u.Path == "/accessibility" || u.Path == demoDevices) {
		return u.Path
	}
	if err != nil {
		u = &url.URL{}
	}
	return placeOf(u.Query()).Back()
}

// flashCookie carries what a form led to over the redirect.
const flashCookie = "demo-flash"

// done answers a form: back to its page, with what is to be said there.
func (p *pages) done(w http.ResponseWriter, r *http.Request, flash string) {
	if flash != "" {
		setCookie(w, flashCookie, flash)
	}
	http.Redirect(w, r, backOf(r), http.StatusSeeOther) //nolint:gosec // backOf makes an address of this page, whatever the form says
}

// setCookie sets a cookie for the length of the browser's session; empty removes
// it.
func setCookie(w http.ResponseWriter, name, value string) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode} //nolint:gosec // the demo is on this machine, without TLS
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// flash returns what is to be said, once.
func (p *pages) flash(w http.ResponseWriter, r *http.Request) string {
	c, err := r.Cookie(flashCookie)
	if err != nil {
		return ""
	}
	setCookie(w, flashCookie, "")
	if !p.Texts.Has(c.Value) {
		return ""
	}
	return c.Value
}

func (p *pages) home(w http.ResponseWriter, r *http.Request) {
	at := placeOf(r.URL.Query())
	tag := p.Texts.Match(r)
	changes, _ := p.Bell.wait() // first, so that no change is missed
	page := homePage{
		Changes:  changes,
		frame:    frame{Title: "page.title", Back: at.Back(), Languages: p.Texts.Choices(tag)},
		Flash:    p.flash(w, r),
		InChat:   p.InChat,
		Provider: p.Gate.state(),
		Desk:     p.desk(w, r, at),
	}
	page.Waiting = page.Desk.Waiting
	for _, phone := range p.Phones {
		initial, _ := utf8.DecodeRuneInString(phone.owner)
		v := phoneView{Line: phone.line, Initial: string(initial), Bubbles: phone.look(), Back: at.Back()}
		spoken := phone.language(r.Context())
		for i := range v.Bubbles {
			v.Bubbles[i].Back, v.Bubbles[i].Lang, v.Bubbles[i].Linked = at.Back(), spoken, !v.Bubbles[i].Mine
			if len(v.Bubbles[i].Choices) > 0 {
				v.Bubbles[i].Tap = "/phone/" + string(phone.line) + "/tap"
			}
		}
		for _, word := range []string{"quick.hello", "quick.menu", "quick.human"} {
			v.Quick = append(v.Quick, p.Texts.Say(tag, word))
		}
		page.Phones = append(page.Phones, v)
	}
	p.render(w, r, "home", page)
}

func (p *pages) setLanguage(w http.ResponseWriter, r *http.Request) {
	lang := strings.TrimSpace(r.PostFormValue("lang"))
	if slices.ContainsFunc(p.Texts.Choices(p.Texts.Tags[0]), func(c pagetext.Choice) bool { return c.Tag == lang }) {
		setCookie(w, pagetext.Cookie, lang)
	}
	p.done(w, r, "")
}

func (p *pages) setProvider(w http.ResponseWriter, r *http.Request) {
	flash := ""
	switch r.PostFormValue("act") {
	case "down":
		_ = p.Gate.close() // a listener that does not close cleanly is closed all the same
	case "up":
		if _, err := p.Gate.open(r.Context()); err != nil {
			p.Logger.ErrorContext(r.Context(), "provider not started again", "error", err)
			flash = "problem.provider"
		}
	case "lose":
		p.Gate.lose()
	default:
		flash = "problem.form"
	}
	p.Bell.ring()
	p.done(w, r, flash)
}
