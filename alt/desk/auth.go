package desk

import (
	"crypto/sha256"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
)

// caller is who makes a request.
type caller struct {
	Token
	digest  digest // of the token
	session string // the cookie of a browser session; empty with a bearer token
}

// authenticate finds the caller of a request, or says why there is none.
func (d *Desk) authenticate(r *http.Request) (caller, error) {
	now := d.svc.Now()
	head := r.Header.Values("Authorization")
	if len(head) == 0 {
		value := cookieValue(r)
		sum, ok, err := d.logins.use(r.Context(), value, now, true)
		switch {
		case err != nil:
			return caller{}, d.noSessions(r, err)
		case !ok:
			return caller{}, newProblem("unauthenticated")
		}
		return d.holder(r, sum, value)
	}
	scheme, token, _ := strings.Cut(head[0], " ")
	if len(head) > 1 || !strings.EqualFold(scheme, "bearer") {
		return caller{}, newProblem("unauthenticated")
	}
	who, err := d.checkToken(r, token)
	if err == nil && d.noteUse(r, who) != nil {
		return caller{}, newProblem("unavailable")
	}
	return who, err
}

// checkToken finds the holder of a token that a stranger showed.
func (d *Desk) checkToken(r *http.Request, token string) (caller, error) {
	now, source := d.svc.Now(), d.cfg.Source(r)
	if wait := d.failures.wait(source, now); wait > 0 {
		return caller{}, tooMany("too_many_failures", wait)
	}
	if len(token) >= MinToken && len(token) <= maxToken {
		who, err := d.holder(r, sha256.Sum256([]byte(token)), "")
		if p := asProblem(err); err == nil || p.Code != "unauthenticated" {
			return who, err
		}
	}
	d.failures.failed(source, now)
	d.cfg.Logger.WarnContext(r.Context(), "desk: token refused")
	d.noteRefused(r)
	return caller{}, newProblem("unauthenticated")
}

// holder returns who holds the token of a digest now.
func (d *Desk) holder(r *http.Request, sum digest, session string) (caller, error) {
	tokens, err := d.cfg.Tokens(r.Context())
	if err != nil {
		d.cfg.Logger.ErrorContext(r.Context(), "desk: tokens not readable", "error", err)
		return caller{}, newProblem("unavailable")
	}
	t, ok := find(tokens, sum)
	if !ok {
		return caller{}, newProblem("unauthenticated")
	}
	return caller{Token: t, digest: sum, session: session}, nil
}

// still reports whether the caller of a long answer has the rights with which
// it began.
func (d *Desk) still(r *http.Request, who caller) bool {
	sum := who.digest
	if who.session != "" {
		var ok bool
		if sum, ok, _ = d.logins.use(r.Context(), who.session, d.svc.Now(), false); !ok {
			return false
		}
	}
	now, err := d.holder(r, sum, who.session)
	return err == nil && now.ID == who.ID && now.Role == who.Role && now.Agency == who.Agency
}

// sameSite refuses what another site lets a browser send along with our
// cookie. Browsers say where a request comes from; one that does not say is
// none, and has no business with cookies.
func (d *Desk) sameSite(r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	silent := r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == ""
	if silent || d.csrf.Check(r) != nil {
		return newProblem("cross_origin")
	}
	return nil
}

// login answers POST /v1/session.
func (d *Desk) login(c *call) error {
	if err := d.sameSite(c.r); err != nil {
		return err
	}
	var body struct {
		Token string `json:"token"`
	}
	if err := c.decode(&body); err != nil {
		return err
	}
	who, err := d.checkToken(c.r, body.Token)
	if err != nil {
		return err
	}
	// Another session than before: an id that somebody planted is worth nothing.
	if err := d.ends(c, cookieValue(c.r)); err != nil {
		return d.noSessions(c.r, err)
	}
	value, err := d.logins.begin(c.ctx(), who.Agency, who.digest, d.svc.Now(), d.entry(who, actSignedIn))
	if err != nil {
		return d.noSessions(c.r, err)
	}
	http.SetCookie(c.w, cookie(c.r, value))
	c.me = who
	return c.answer(http.StatusOK, d.meView(c))
}

// logout answers DELETE /v1/session.
func (d *Desk) logout(c *call) error {
	if err := d.sameSite(c.r); err != nil {
		return err
	}
	if err := d.ends(c, cookieValue(c.r)); err != nil {
		return d.noSessions(c.r, err)
	}
	http.SetCookie(c.w, cookie(c.r, ""))
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// ends ends a session, with an entry when it is somebody's.
func (d *Desk) ends(c *call, value string) error {
	sum, ok, err := d.logins.use(c.ctx(), value, d.svc.Now(), false)
	if err != nil {
		return err
	}
	var log []alt.LogEntry
	if ok {
		if who, err := d.holder(c.r, sum, value); err == nil {
			log = append(log, d.entry(who, actSignedOut))
		}
	}
	return d.logins.end(c.ctx(), value, log...)
}

// noSessions says that the store does not tell of sessions.
func (d *Desk) noSessions(r *http.Request, err error) error {
	if r.Context().Err() == nil {
		d.cfg.Logger.ErrorContext(r.Context(), "desk: sessions not readable", "error", err)
	}
	return newProblem("unavailable")
}

// tooMany is a problem that passes by waiting.
func tooMany(code string, wait time.Duration) *problem {
	p := newProblem(code)
	p.header = http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(wait.Seconds())))}}
	return p
}
