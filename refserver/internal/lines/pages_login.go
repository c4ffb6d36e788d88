package lines

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// askToSignIn shows the form of the token.
func (p *pages) askToSignIn(w http.ResponseWriter, r *http.Request, code string) {
	f := p.frame(r, "signin.title", Caller{})
	status := http.StatusUnauthorized
	if code != "" {
		f.Problem, f.Back = problem(code), backOf(r)
		status = f.Problem.Status
	}
	p.render(w, r, status, "signin", f)
}

// signIn begins a session of the desk, whose cookie both have.
func (p *pages) signIn(w http.ResponseWriter, r *http.Request) {
	body, err := json.Marshal(map[string]string{"token": strings.TrimSpace(r.PostFormValue("token"))})
	if err != nil || !p.callers.sameSite(r) {
		p.askToSignIn(w, r, "cross_origin")
		return
	}
	a := p.callers.ask(r, http.MethodPost, "/v1/session", body)
	switch a.status {
	case http.StatusOK:
		a.cookies(w)
		redirect(w, r, backOf(r))
	case http.StatusTooManyRequests:
		p.askToSignIn(w, r, "too_many_failures")
	case http.StatusUnauthorized, http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		p.askToSignIn(w, r, "unauthenticated")
	default:
		p.askToSignIn(w, r, "unavailable")
	}
}

func (p *pages) signOut(w http.ResponseWriter, r *http.Request) {
	if p.callers.sameSite(r) {
		p.callers.ask(r, http.MethodDelete, "/v1/session", nil).cookies(w)
	}
	redirect(w, r, pathList)
}

func (p *pages) setLanguage(w http.ResponseWriter, r *http.Request) {
	tag := r.PostFormValue("lang")
	if p.callers.sameSite(r) && slices.ContainsFunc(p.texts.Tags, func(t language.Tag) bool { return t.String() == tag }) {
		http.SetCookie(w, p.cookie("language", tag, http.SameSiteStrictMode))
	}
	redirect(w, r, backOf(r))
}

// cookie of the browser's session; an empty value removes it.
func (p *pages) cookie(name, value string, site http.SameSite) *http.Cookie {
	//nolint:gosec // Secure wherever the server is reached by TLS
	c := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: site, Secure: p.secure()}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

func (p *pages) secure() bool { return strings.HasPrefix(p.PublicURL, "https://") }

// loginCookie binds a login to the browser. It comes back with the person from the
// provider's site, as the desk's does not.
func (p *pages) loginCookie() string {
	if p.secure() {
		return "__Host-line-login"
	}
	return "line-login"
}

// loginPage shows how far a login is, and what may be chosen.
type loginPage struct {
	frame
	Login LoginView
	Tried Request // what the form held that was refused
}

func (p *pages) begin(v view) {
	l, err := p.m.Begin(v.r.Context(), v.me.who(), v.r.PostFormValue("provider"))
	if err != nil {
		p.stop(v.w, v.r, v.me, err)
		return
	}
	p.toDialog(v, l.ID)
}

func (p *pages) open(v view) { p.toDialog(v, v.r.PathValue("id")) }

func (p *pages) toDialog(v view, id string) {
	cookie, dialog, err := p.m.Open(v.r.Context(), v.me.who(), id)
	if err != nil {
		p.stop(v.w, v.r, v.me, err)
		return
	}
	c := p.cookie(p.loginCookie(), cookie, http.SameSiteLaxMode) //nolint:gosec // see cookie
	c.MaxAge = int(LoginFor.Seconds())
	http.SetCookie(v.w, c)
	redirect(v.w, v.r, dialog)
}

// returned takes the browser back from the dialog. The cookie of the desk does not
// come along from another site: the page goes on by itself to one that has it.
func (p *pages) returned(w http.ResponseWriter, r *http.Request) {
	cookie := ""
	if found := r.CookiesNamed(p.loginCookie()); len(found) == 1 {
		cookie = found[0].Value
	}
	id, err := p.m.Return(r.Context(), r.PathValue("provider"), cookie, r.URL.Query())
	if id == "" {
		p.stop(w, r, Caller{}, err)
		return
	}
	if err != nil {
		report(p.logger, r, AsProblem(err))
	}
	http.SetCookie(w, p.cookie(p.loginCookie(), "", http.SameSiteLaxMode))
	f := p.frame(r, "returned.title", Caller{})
	f.Refresh = pathLogin + id
	p.render(w, r, http.StatusOK, "returned", f)
}

func (p *pages) login(v view) { p.showLogin(v, Request{}, nil) }

func (p *pages) showLogin(v view, tried Request, failure error) {
	l, err := p.m.Login(v.r.Context(), v.me.who(), v.r.PathValue("id"))
	if err != nil {
		p.stop(v.w, v.r, v.me, err)
		return
	}
	page, status := loginPage{frame: p.frame(v.r, "login.title", v.me), Login: l, Tried: tried}, http.StatusOK
	page.Back = pathLogin + l.ID
	if l.Problem != "" {
		page.Problem = problem(l.Problem)
	}
	if failure != nil {
		page.Problem = AsProblem(failure)
		report(p.logger, v.r, page.Problem)
		status = page.Problem.Status
	}
	p.render(v.w, v.r, status, "login", page)
}

func (p *pages) add(v view) {
	form := v.r.PostFormValue
	req := Request{
		Login: v.r.PathValue("id"), Kind: channels.Kind(form("kind")), Account: form("account"),
		ID: channels.ID(strings.TrimSpace(form("line"))), Name: strings.TrimSpace(form("name")), PIN: Secret(form("pin")),
	}
	l, created, err := p.m.Add(v.r.Context(), v.me.who(), req)
	if err != nil {
		p.showLogin(v, req, err)
		return
	}
	what := "renewed"
	switch {
	case l.State == string(alt.LinePending):
		what = "waiting"
	case created:
		what = "added"
	}
	redirect(v.w, v.r, listed(what))
}
