package main

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/refserver/internal/pagetext"
)

//go:embed demo/*.html demo/*.css demo/*.js demo/*.svg demo/texts/*.json
var demoTree embed.FS

// pagesConfig is what the pages of the demo show. All fields but Lines are required.
type pagesConfig struct {
	// Desk is a client of the desk's API, like any agency's.
	Desk   *deskAPI
	Phones []*demoPhone
	Gate   *demoGate
	Bell   *demoBell
	Texts  *pagetext.Catalog
	Lines  bool // lines can be added
	EID    *demoEID
	InChat bool // people on WhatsApp are asked who they are in the chat itself
	Logins *alt.LoginPages
	Now    func() time.Time
	Logger *slog.Logger
	// Stop is closed when the server begins to stop.
	Stop <-chan struct{}
}

// pages are the demo in a browser. Every page works without a script: forms are
// posted and answered with a redirect. The script does the same without a
// reload, and fetches the page again when something changed.
type pages struct {
	pagesConfig
	Revealed reveals
	sets     map[language.Tag]*template.Template
	zone     *time.Location
}

func newPages(cfg pagesConfig) (*pages, error) {
	p := &pages{pagesConfig: cfg, sets: make(map[language.Tag]*template.Template)}
	var err error
	if p.zone, err = time.LoadLocation("Europe/Tallinn"); err != nil {
		return nil, err
	}
	for _, tag := range cfg.Texts.Tags {
		if p.sets[tag], err = template.New("").Funcs(p.functions(tag)).ParseFS(demoTree, "demo/*.html"); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// functions are what templates call, in one language.
func (p *pages) functions(tag language.Tag) template.FuncMap {
	say := func(key string, args ...any) string { return p.Texts.Say(tag, key, args...) }
	return template.FuncMap{
		"t":       say,
		"linked":  linked,
		"lang":    tag.String,
		"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"clock":   func(t time.Time) string { return p.clock(t) },
		"since":   func(t time.Time) string { return stopwatch(p.Now().Sub(t), say("unit.day")) },
		"until":   func(t time.Time) string { return stopwatch(t.Sub(p.Now()), say("unit.day")) },
		"degrees": func(d float64) string { return fmt.Sprintf("%.4f°", d) },
		"size":    func(n int64) string { return fmt.Sprintf("%d KiB", (n+1023)>>10) },
		"within": func(seconds int64) string {
			if hours := seconds / 3600; hours <= 48 {
				return say("hours.count", hours)
			}
			return say("days.count", seconds/86400)
		},
	}
}

// clock writes a time for people: the day only when it is another one.
func (p *pages) clock(t time.Time) string {
	t = t.In(p.zone)
	if now := p.Now().In(p.zone); now.YearDay() != t.YearDay() || now.Year() != t.Year() {
		return t.Format("02.01.2006 15:04")
	}
	return t.Format("15:04:05")
}

// stopwatch writes a duration as days, if there are any, hours, minutes and
// seconds, as the script does.
func stopwatch(d time.Duration, day string) string {
	s := max(0, int64(d/time.Second))
	text := fmt.Sprintf("%d:%02d:%02d", s/3600%24, s/60%60, s%60)
	if days := s / 86400; days > 0 {
		text = fmt.Sprintf("%d %s %s", days, day, text)
	}
	return text
}

// routes mounts the pages.
func (p *pages) routes(mux *http.ServeMux) error {
	assets, err := fs.Sub(demoTree, "demo")
	if err != nil {
		return err
	}
	for _, name := range []string{"app.css", "app.js", "icon.svg"} {
		mux.HandleFunc("GET /demo/"+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeFileFS(w, r, assets, name)
		})
	}
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) { // pages that name no icon
		http.ServeFileFS(w, r, assets, "icon.svg")
	})
	same := http.NewCrossOriginProtection()
	for pattern, handle := range map[string]http.HandlerFunc{
		"GET /{$}":                          p.home,
		"GET /accessibility":                p.accessibility,
		"GET /demo/events":                  p.events,
		"GET /phone/{line}/files/{file}":    p.phoneFile,
		"GET /desk/chats/{id}/files/{file}": p.deskFile,
		"POST /language":                    p.setLanguage,
		"POST /user":                        p.setUser,
		"POST /demo/lines":                  p.deskLines,
		"POST /provider":                    p.setProvider,
		"POST /phone/{line}/{act}":          p.phoneAct,
		"GET /phone/{line}/back":            p.phoneBack,
		"POST /desk/chats/{id}/reveal":      p.deskReveal,
		"GET " + demoDevices:                p.devices,
		"GET " + demoApp:                    p.appLink,
		"GET " + demoApp + "/{prompt}":      p.appPrompt,
		"POST " + demoApp + "/{prompt}":     p.appDecision,
		"POST /demo/mobile-id":              p.simDecision,
		"POST " + loginPath + "/camera":     p.camera,
		"POST /desk/search":                 p.deskSearch,
		"POST /desk/chats/{id}/act":         p.deskAct,
		"POST /desk/chats/{id}/reply":       p.deskReply,
		"POST /desk/chats/{id}/reason":      p.deskReason,
		"POST /desk/letters/{id}":           p.deskLetter,
	} {
		mux.Handle(pattern, same.Handler(harden(handle)))
	}
	mux.Handle(demoTARA+"/", http.StripPrefix(demoTARA, p.EID.tara))
	return nil
}

// onlyLocal refuses a page of elsewhere whose name was made to mean this
// machine, and which could read all of the demo otherwise.
func onlyLocal(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !localName(r.Host) {
			http.Error(w, "open the demo by its address, not by a name", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// localName reports whether the host of a request is an address or this
// machine's own name, which nobody else can give out.
func localName(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	_, err = netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || strings.EqualFold(host, "localhost")
}

// harden sets what every page has besides what every answer of the server has:
// it loads from here and nowhere else, and nothing that stands within it runs.
func harden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
			"form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		r.Body = http.MaxBytesReader(w, r.Body, demoMaxFile+maxForm)
		next.ServeHTTP(w, r)
	})
}

// frame is what every page has.
type frame struct {
	Title     string // a text
	Back      string // this page, for forms
	Languages []pagetext.Choice
	Waiting   int // people, for the title
}

// bubble is one message on a screen.
type bubble struct {
	Key     string
	Mine    bool   // written on this side
	Who     string // the end of a text's name
	Name    string // of a colleague, instead of Who
	At      time.Time
	Lang    string // of Text and Choices, as far as it is known
	Text    string
	Linked  bool // addresses in Text can be opened
	File    *fileLink
	Place   *channels.Location
	Choices []channels.Choice
	Tap     string // where a choice is posted; empty: it cannot be
	Back    string // for Tap
	Other   string // what cannot be shown
	Status  channels.Status
	Code    string
	Edited  bool
}

// fileLink is a file in a message; without URL it could not be had.
type fileLink struct {
	URL, Name string
	Size      int64
	Image     bool
}

// render writes a page. It is made whole before the first byte is sent, so that
// a mistake does not end in half a page.
func (p *pages) render(w http.ResponseWriter, r *http.Request, name string, data any) {
	var b bytes.Buffer
	if err := p.sets[p.Texts.Match(r)].ExecuteTemplate(&b, name, data); err != nil {
		p.Logger.ErrorContext(r.Context(), "page not made", "page", name, "error", err)
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Language, Cookie")
	_, _ = b.WriteTo(w)
}

func (p *pages) accessibility(w http.ResponseWriter, r *http.Request) {
	p.render(w, r, "accessibility", frame{Title: "accessibility.heading", Back: "/accessibility", Languages: p.Texts.Choices(p.Texts.Match(r))})
}
