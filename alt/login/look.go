package login

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/eid"
)

//go:embed web
var web embed.FS

// look is how the pages look, and what they say.
type look struct {
	page  *template.Template
	texts map[string]map[string]string
	zone  *time.Location // in which people read a time
}

// languages are those of the pages, the default first.
func languages() []string { return []string{"et", "en", "ru"} }

func newLook() (*look, error) {
	l := &look{texts: make(map[string]map[string]string), zone: tallinn()}
	for _, lang := range languages() {
		b, err := web.ReadFile("web/" + lang + ".json")
		if err != nil {
			return nil, err
		}
		var texts map[string]string
		if err := json.Unmarshal(b, &texts); err != nil {
			return nil, fmt.Errorf("login: texts in %s: %w", lang, err)
		}
		l.texts[lang] = texts
	}
	var err error
	l.page, err = template.ParseFS(web, "web/*.html")
	return l, err
}

// page is what the template gets.
type page struct {
	alt.LoginView

	Base, Lang, Query string
	Languages         []string
	Wrong             string       // the text that says what went wrong
	Problem           string       // instead of everything else
	InApp             bool         // the browser is part of another application
	Elsewhere         template.URL // opens the same page in the person's own browser
	Wait              bool         // the page looks again by itself
	External          bool         // Link leads to another site
	Here              string       // the page in another language, without its query
	Again             bool         // the same address is asked again in a moment
	SmartIDCode       bool         // Smart-ID needs a personal code
	Notice            *Notice
	texts             map[string]string
	zone              *time.Location
}

// T returns a text, with pairs of placeholders and what belongs in their place.
func (p page) T(key string, pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(p.texts[key])
}

// Of returns a text of a notice in the page's language.
func (p page) Of(texts map[string]string) string {
	if text := texts[p.Lang]; text != "" {
		return text
	}
	return texts[languages()[0]]
}

// Time is a time as people in Estonia write it.
func (p page) Time(t time.Time) string { return t.In(p.zone).Format("15:04") }

// Offers reports whether a method can be chosen.
func (p page) Offers(m string) bool { return slices.Contains(p.Methods, eid.Method(m)) }

// Others are methods that the pages have no words for.
func (p page) Others() []eid.Method {
	return slices.DeleteFunc(slices.Clone(p.Methods), func(m eid.Method) bool { return m == eid.SmartID || m == eid.MobileID || m == eid.TARA })
}

// App is a link that opens an application or another site; its scheme is the
// method's affair.
func (p page) App() template.URL { return template.URL(p.Link) } //nolint:gosec // made by the authenticator, never by a visitor

// Back is the way into the chat.
func (p page) Back() template.URL { return template.URL(p.Return) } //nolint:gosec // of the line's configuration

// tallinn falls back to UTC on a system that knows no time zones.
func tallinn() *time.Location {
	at, err := time.LoadLocation("Europe/Tallinn")
	if err != nil {
		return time.UTC
	}
	return at
}

// language is the one a visitor has chosen, or "".
func language(r *http.Request) string {
	if lang := r.URL.Query().Get("lang"); slices.Contains(languages(), lang) {
		return lang
	}
	return ""
}

func query(lang string) string {
	if lang == "" {
		return ""
	}
	return "?lang=" + lang
}

func (p *pages) write(w http.ResponseWriter, r *http.Request, status int, v alt.LoginView, wrong string) {
	out := p.pageOf(r, v.Language)
	out.LoginView, out.Wrong = v, wrong
	if wrong == "" && v.Failed != "" && v.Stage == alt.LoginOpened {
		out.Wrong = "failed"
	}
	out.External = v.Method == eid.TARA
	out.Wait = v.Stage == alt.LoginBegun && !out.External
	out.InApp = inApp(r.UserAgent()) && v.Stage == alt.LoginOffered
	if out.InApp {
		out.Elsewhere = intent(p.cfg.URL, r)
	}
	p.render(w, r, status, out)
}

// problem answers with one text. It says nothing of whose login it may be.
func (p *pages) problem(w http.ResponseWriter, r *http.Request, status int, key string) {
	out := p.pageOf(r, "")
	out.Problem = key
	p.render(w, r, status, out)
}

func (p *pages) pageOf(r *http.Request, known string) page {
	lang := language(r)
	out := page{zone: p.look.zone, Base: p.base, Query: query(lang), Languages: languages(), SmartIDCode: p.cfg.SmartIDCode, Notice: p.cfg.Notice}
	if r.Method != http.MethodGet {
		out.Here = p.base + "/" // the answer to a form has no address of its own
	}
	for _, l := range []string{lang, known, preferred(r), languages()[0]} {
		if out.texts = p.look.texts[l]; out.texts != nil {
			out.Lang = l
			break
		}
	}
	return out
}

// preferred is the first language of the browser that the pages have.
func preferred(r *http.Request) string {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		lang, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		lang, _, _ = strings.Cut(lang, "-")
		if slices.Contains(languages(), lang) {
			return lang
		}
	}
	return ""
}

func (p *pages) render(w http.ResponseWriter, r *http.Request, status int, out page) {
	var b bytes.Buffer
	if err := p.look.page.ExecuteTemplate(&b, "page.html", out); err != nil {
		p.cfg.Logger.ErrorContext(r.Context(), "page not made", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

func (p *pages) static(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=3600")
	http.ServeFileFS(w, r, web, "web"+r.URL.Path) //nolint:gosec // a path of the router, within what is embedded
}

// application finds browsers within other applications: what returns from an
// authentication opens in the person's own browser, which has no cookie then.
var application = regexp.MustCompile(`FBAN|FBAV|FB_IAB|Instagram|WhatsApp|Viber|Telegram|Line/|; wv\)`)

func inApp(agent string) bool { return application.MatchString(agent) }

// intent is a link by which Android opens the person's own browser; elsewhere
// there is none.
func intent(base string, r *http.Request) template.URL {
	u, err := url.Parse(base)
	if err != nil || !strings.Contains(r.UserAgent(), "Android") {
		return ""
	}
	return template.URL("intent://" + u.Host + u.Path + r.URL.EscapedPath() + //nolint:gosec // the path is one that the router took
		"#Intent;scheme=" + u.Scheme + ";action=android.intent.action.VIEW;end")
}
