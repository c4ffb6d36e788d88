package lines

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/refserver/internal/pagetext"
)

//go:embed web
var web embed.FS

// PagesConfig of the pages. Desk and PublicURL are required.
type PagesConfig struct {
	// Desk is the handler of the desk's API, where people sign in.
	Desk http.Handler
	// PublicURL is the address of the server, without a slash at the end.
	PublicURL string
	// Home is where the heading leads, if anywhere.
	Home string
	// Zone of the times that are shown. Default: Europe/Tallinn.
	Zone *time.Location
}

// pages are the management of lines for people. They need no script: forms are
// posted, and answered with a redirect or with what is wrong.
type pages struct {
	PagesConfig
	m       *Manager
	callers callers
	texts   *pagetext.Catalog
	sets    map[language.Tag]*template.Template
	policy  string
	logger  *slog.Logger
}

// Paths of the pages, below PublicURL.
const (
	pathList  = "/lines"
	pathLogin = "/lines/login/"
)

// ReturnURL is where the dialog of a provider sends the browser back to.
func ReturnURL(public, provider string) string { return public + "/lines/return/" + provider }

// DeauthorizeURL is where a provider posts that a person takes the consent back.
func DeauthorizeURL(public, provider string) string {
	return public + "/lines/callback/" + provider + "/deauthorize"
}

// DeletionURL is where a provider posts that a person wants their data deleted.
func DeletionURL(public, provider string) string {
	return public + "/lines/callback/" + provider + "/deletion"
}

// LoginURL is the page on which a person opens a login.
func LoginURL(public, login string) string { return public + pathLogin + login }

// Pages returns the handler of /lines and everything below it.
func (m *Manager) Pages(cfg PagesConfig) (http.Handler, error) {
	if cfg.Desk == nil || cfg.PublicURL == "" {
		return nil, errors.New("lines: PagesConfig.Desk and PublicURL are required")
	}
	files, err := fs.Sub(web, "web")
	if err != nil {
		return nil, err
	}
	p := &pages{PagesConfig: cfg, m: m, callers: newCallers(cfg.Desk), sets: make(map[language.Tag]*template.Template), logger: m.cfg.Logger}
	if p.texts, err = pagetext.Load(files); err != nil {
		return nil, err
	}
	if p.Zone == nil {
		if p.Zone, err = time.LoadLocation("Europe/Tallinn"); err != nil {
			return nil, err
		}
	}
	for _, tag := range p.texts.Tags {
		if p.sets[tag], err = template.New("").Funcs(p.functions(tag)).ParseFS(files, "*.html"); err != nil {
			return nil, err
		}
	}
	// A form may lead on to the dialog of a provider.
	dialog := []string{"'self'"}
	for _, name := range m.Providers() {
		dialog = append(dialog, m.providers[name].Dialog())
	}
	p.policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action " + strings.Join(dialog, " ") + "; frame-ancestors 'none'; base-uri 'none'"
	return p.routes(files), nil
}

func (p *pages) functions(tag language.Tag) template.FuncMap {
	return template.FuncMap{
		"t":    func(key string, args ...any) string { return p.texts.Say(tag, key, args...) },
		"has":  p.texts.Has,
		"lang": tag.String,
		"iso":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"time": func(t time.Time) string { return t.In(p.Zone).Format("02.01.2006 15:04") },
	}
}

func (p *pages) routes(files fs.FS) http.Handler {
	mux := http.NewServeMux()
	for _, name := range []string{"lines.css", "icon.svg"} {
		mux.HandleFunc("GET /lines/"+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeFileFS(w, r, files, name)
		})
	}
	mux.HandleFunc("GET /lines", p.reads(p.list))
	mux.HandleFunc("POST /lines/language", p.setLanguage)
	mux.HandleFunc("POST /lines/sign-in", p.signIn)
	mux.HandleFunc("POST /lines/sign-out", p.signOut)
	mux.HandleFunc("POST /lines/login", p.changes(p.begin))
	mux.HandleFunc("GET /lines/login/{id}", p.changes(p.login))
	mux.HandleFunc("POST /lines/login/{id}/open", p.changes(p.open))
	mux.HandleFunc("POST /lines/login/{id}/add", p.changes(p.add))
	mux.HandleFunc("GET /lines/return/{provider}", p.returned)
	mux.HandleFunc("GET /lines/remove/{id}", p.changes(p.removal))
	mux.HandleFunc("POST /lines/remove/{id}", p.changes(p.remove))
	mux.HandleFunc("POST /lines/check/{id}", p.changes(p.check))
	mux.HandleFunc("POST /lines/callback/{provider}/deauthorize", p.deauthorize)
	mux.HandleFunc("POST /lines/callback/{provider}/deletion", p.deletion)
	mux.HandleFunc("GET /lines/deletion/{code}", p.deletionPage)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", p.policy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		mux.ServeHTTP(w, r)
	})
}

// view is one request for a page by somebody who may see it.
type view struct {
	w  http.ResponseWriter
	r  *http.Request
	me Caller
}

func (p *pages) reads(serve func(v view)) http.HandlerFunc {
	return p.admitted(serve, desk.Auditor, desk.Admin)
}

func (p *pages) changes(serve func(v view)) http.HandlerFunc { return p.admitted(serve, desk.Admin) }

// admitted asks who is not signed in to do so, and tells who has another role.
func (p *pages) admitted(serve func(v view), roles ...desk.Role) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		me, err := p.callers.admit(r, roles...)
		switch {
		case err == nil:
			serve(view{w, r, me})
		case AsProblem(err).Code == "unauthenticated":
			p.askToSignIn(w, r, "")
		default:
			p.stop(w, r, me, err)
		}
	}
}

// frame is what every page has.
type frame struct {
	Title     string // a text
	Back      string // the page to come back to from a form
	Home      string
	Me        Caller
	Languages []pagetext.Choice
	Problem   *Problem // what is wrong
	Said      string   // the end of the name of a text about what was done
	Refresh   string   // where the page goes on by itself
}

func (p *pages) frame(r *http.Request, title string, me Caller) frame {
	f := frame{Title: title, Back: pathList, Home: p.Home, Me: me, Languages: p.texts.Choices(p.texts.Match(r))}
	if r.Method == http.MethodGet && ours.MatchString(r.URL.Path) {
		f.Back = r.URL.Path
	}
	return f
}

// ours are the pages that a form may lead back to.
var ours = regexp.MustCompile(`^/lines(/(login|remove|deletion)/[a-z0-9._-]{1,64})?$`)

func backOf(r *http.Request) string {
	if back := r.PostFormValue("back"); ours.MatchString(back) {
		return back
	}
	return pathList
}

// render writes a page, which is made whole before the first byte is sent.
func (p *pages) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var b bytes.Buffer
	if err := p.sets[p.texts.Match(r)].ExecuteTemplate(&b, name, data); err != nil {
		p.logger.ErrorContext(r.Context(), "page not made", "page", name, "error", err)
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Language, Cookie")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}

// stop says why there is no such page.
func (p *pages) stop(w http.ResponseWriter, r *http.Request, me Caller, err error) {
	f := p.frame(r, "stop.title", me)
	f.Problem = AsProblem(err)
	report(p.logger, r, f.Problem)
	p.render(w, r, f.Problem.Status, "stop", f)
}

func redirect(w http.ResponseWriter, r *http.Request, to string) {
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // a page of ours, or the dialog of the configuration
}
