package login

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// maxForm bounds what a form sends, in bytes.
const maxForm = 4 << 10

// checkFor bounds how long a page waits for a service before it answers.
const checkFor = 3 * time.Second

// offer shows what a link stands for.
func (p *pages) offer(w http.ResponseWriter, r *http.Request) {
	v, err := p.flow.Look(r.Context(), channels.Agency(r.PathValue("agency")), r.PathValue("link"))
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	p.write(w, r, http.StatusOK, v, "")
}

// open spends the link for this browser.
func (p *pages) open(w http.ResponseWriter, r *http.Request) {
	if !p.allowed(w, r) {
		return
	}
	cookie, _, err := p.flow.Open(r.Context(), channels.Agency(r.PathValue("agency")), r.PathValue("link"))
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	// Lax: the return from an application or another site is a navigation to us.
	http.SetCookie(w, &http.Cookie{Name: p.cookieName(), Value: cookie, Path: p.cookiePath(), HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteLaxMode}) //nolint:gosec // Secure but on this machine
	p.home(w, r)
}

// cookieName binds the cookie to this host where that can be had.
func (p *pages) cookieName() string {
	if p.secure {
		return "__Host-login"
	}
	return "login"
}

func (p *pages) cookiePath() string {
	if p.secure {
		return "/" // which the name demands
	}
	return p.base + "/"
}

func (p *pages) cookie(r *http.Request) string {
	c, err := r.Cookie(p.cookieName())
	if err != nil {
		return ""
	}
	return c.Value
}

func (p *pages) home(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, p.base+"/"+query(language(r)), http.StatusSeeOther) //nolint:gosec // our own pages, in a language that they have
}

// show shows where the login of this browser is. While somebody is
// authenticating it looks, for a moment, whether that has ended.
func (p *pages) show(w http.ResponseWriter, r *http.Request) {
	v, err := p.flow.View(r.Context(), p.cookie(r))
	if err == nil && v.Stage == alt.LoginBegun && r.URL.Query().Get("wait") != "" {
		ctx, cancel := context.WithTimeout(r.Context(), checkFor)
		defer cancel()
		v, err = p.check(ctx, r, nil)
	}
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	p.write(w, r, http.StatusOK, v, "")
}

// check asks for the end of it; that a service cannot be asked is no end.
func (p *pages) check(ctx context.Context, r *http.Request, answer map[string][]string) (alt.LoginView, error) {
	v, err := p.flow.Check(ctx, p.cookie(r), answer)
	if err == nil || errors.Is(err, alt.ErrNotFound) {
		return v, err
	}
	if ctx.Err() == nil {
		p.cfg.Logger.WarnContext(r.Context(), "method of authentication does not answer", "method", string(v.Method))
	}
	return p.flow.View(r.Context(), p.cookie(r))
}

// begin begins the method that was chosen.
func (p *pages) begin(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		p.problem(w, r, http.StatusBadRequest, "broken")
		return
	}
	if !p.allowed(w, r) {
		return
	}
	m := eid.Method(r.PostForm.Get("method"))
	in, wrong := p.input(r, m)
	if wrong != "" {
		v, err := p.flow.View(r.Context(), p.cookie(r))
		if err != nil {
			p.refuse(w, r, err)
			return
		}
		p.write(w, r, http.StatusUnprocessableEntity, v, wrong)
		return
	}
	v, err := p.flow.Begin(r.Context(), p.cookie(r), m, in)
	switch {
	case err == nil:
		p.home(w, r)
	case errors.Is(err, alt.ErrPolicy):
		p.problem(w, r, http.StatusTooManyRequests, "often")
	case v.Stage == "":
		p.refuse(w, r, err)
	default:
		p.cfg.Logger.WarnContext(r.Context(), "method of authentication could not begin", "method", string(m), "error", err)
		p.write(w, r, http.StatusBadGateway, v, "unavailable")
	}
}

// input reads what a person typed; wrong is the text that says what cannot be
// right.
func (p *pages) input(r *http.Request, m eid.Method) (in alt.LoginInput, wrong string) {
	coded := m == eid.SmartID && p.cfg.SmartIDCode
	if m != eid.MobileID && !coded {
		return in, ""
	}
	code, err := eid.ParsePersonalCode(r.PostForm.Get("country") + r.PostForm.Get("code"))
	if err != nil {
		return in, "wrong_code"
	}
	if coded {
		return alt.LoginInput{Code: code}, ""
	}
	phone, err := eid.ParsePhone(r.PostForm.Get("phone"))
	if err != nil {
		return in, "wrong_phone"
	}
	return alt.LoginInput{Code: code, Phone: phone}, ""
}

// back is where applications and other services bring the browser.
func (p *pages) back(w http.ResponseWriter, r *http.Request) {
	if _, err := p.flow.View(r.Context(), p.cookie(r)); err != nil {
		// As a rule it is another browser than the one that began.
		p.problem(w, r, http.StatusNotFound, "other_browser")
		return
	}
	v, err := p.check(r.Context(), r, r.URL.Query())
	switch {
	case err != nil:
		p.refuse(w, r, err)
	case v.Stage == alt.LoginBegun: // the service has not come so far, and what came back is needed again
		out := p.pageOf(r, v.Language)
		out.LoginView, out.Again = v, true
		p.render(w, r, http.StatusOK, out)
	default:
		p.home(w, r)
	}
}

// cancel ends it.
func (p *pages) cancel(w http.ResponseWriter, r *http.Request) {
	if err := p.flow.Cancel(r.Context(), p.cookie(r)); err != nil && !errors.Is(err, alt.ErrNotFound) {
		p.refuse(w, r, err)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: p.cookieName(), Path: p.cookiePath(), MaxAge: -1, HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteLaxMode}) //nolint:gosec // as above
	p.problem(w, r, http.StatusOK, "cancelled")
}

func (p *pages) allowed(w http.ResponseWriter, r *http.Request) bool {
	if p.limit.allow(p.cfg.ClientIP(r)) {
		return true
	}
	w.Header().Set("Retry-After", "60")
	p.problem(w, r, http.StatusTooManyRequests, "often")
	return false
}

// refuse answers an error; what is gone, spent or somebody else's looks alike.
func (p *pages) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, alt.ErrNotFound) {
		p.problem(w, r, http.StatusNotFound, "gone")
		return
	}
	p.cfg.Logger.ErrorContext(r.Context(), "login not readable", "error", err)
	p.problem(w, r, http.StatusServiceUnavailable, "unavailable")
}
