package metatest

import (
	"crypto/hmac"
	"slices"
	"time"
)

// How long tokens and codes live.
const (
	codeLife  = 10 * time.Minute
	shortLife = 90 * time.Minute
	longLife  = 60 * day
)

// code is a login code that waits to be exchanged.
type code struct {
	redirect   string
	pages      []string // that were chosen
	businesses []string // WhatsApp Business Accounts that were chosen
	asked      LoginConfig
	expires    time.Time
}

// Login is the login dialog without a browser: somebody agrees to everything, by the first of Config.Logins where there are
// any. It returns the code that the address of the service would get.
func (s *Server) Login(redirectURI string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := code{redirect: redirectURI}
	for _, a := range s.sorted(messenger) {
		c.pages = append(c.pages, a.id)
	}
	for _, b := range s.businesses() {
		c.businesses = append(c.businesses, b.ID)
	}
	if len(s.cfg.Logins) > 0 {
		c.asked = s.cfg.Logins[0]
	}
	return s.newCode(c)
}

// newCode makes a code for what was agreed to. Server.mu is held.
func (s *Server) newCode(c code) string {
	word := "AQ" + random(40)
	c.expires = s.now().Add(codeLife)
	s.state.codes[word] = c
	return word
}

// exchange is GET or POST /oauth/access_token: a code for a token, a token for a longer one, or the app's own.
func (s *Server) exchange(c *call) (answer, *fault) {
	f := c.params
	switch {
	case f.str("client_id") != s.cfg.AppID:
		return answer{}, refuse(101, 0, "Error validating application. Cannot get application info due to a system error.")
	case !s.isSecret(f.str("client_secret")):
		return answer{}, refuse(1, 0, "Error validating client secret.")
	}
	switch f.str("grant_type") {
	case "client_credentials":
		return reply(map[string]any{"access_token": s.cfg.AppID + "|" + s.cfg.AppSecrets[0], "token_type": "bearer"}), nil
	case "fb_exchange_token":
		g := s.state.tokens[f.str("fb_exchange_token")]
		if g == nil || g.dead != 0 || g.kind != kindUser || !s.now().Before(g.expires) {
			return answer{}, refuse(codeToken, TokenExpired, "Error validating access token: Session has expired")
		}
		longer := *g
		return s.issue(&longer, longLife)
	case "", "authorization_code":
	default:
		return answer{}, invalid("Param grant_type is not known.")
	}
	word := f.str("code")
	waiting, ok := s.state.codes[word]
	if !ok || !s.now().Before(waiting.expires) {
		return answer{}, refuse(codeParameter, 36009, "This authorization code has expired, was used, or is none.")
	}
	if !hmac.Equal([]byte(waiting.redirect), []byte(f.str("redirect_uri"))) {
		return answer{}, refuse(codeParameter, 36008, "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request")
	}
	delete(s.state.codes, word) // each is good for one exchange
	g := &grant{kind: kindUser, pages: waiting.pages, scopes: waiting.asked.Scopes, login: true, user: s.cfg.UserID}
	for _, a := range s.sorted(whatsapp) {
		if slices.Contains(waiting.businesses, a.waba) {
			g.accounts = append(g.accounts, a.id)
		}
	}
	s.renewPages(g)
	if waiting.asked.SystemUser {
		g.kind = kindSystem
		return s.issue(g, 0)
	}
	return s.issue(g, shortLife)
}

// renewPages makes the tokens of the chosen pages those of this login: one that had died is replaced by another one.
func (s *Server) renewPages(g *grant) {
	for _, id := range g.pages {
		page := s.state.accounts[id]
		if page == nil || page.product != messenger {
			continue
		}
		if old := s.state.tokens[page.token]; old.dead != 0 {
			s.replace(old, "EAAP"+random(40))
		}
		own := s.state.tokens[page.token]
		own.scopes, own.user, own.issued = g.scopes, g.user, s.now()
	}
}

// issue makes a new token; with no life it has no end. Server.mu is held.
func (s *Server) issue(g *grant, life time.Duration) (answer, *fault) {
	g.token, g.issued = "EAAU"+random(40), s.now()
	s.state.tokens[g.token] = g
	wire := map[string]any{"access_token": g.token, "token_type": "bearer"}
	if life > 0 {
		g.expires = s.now().Add(life)
		wire["expires_in"] = int(life.Seconds())
	}
	return reply(wire), nil
}

// listPages is GET /me/accounts: the pages of somebody who has logged in, with their tokens.
func (s *Server) listPages(c *call, _ Failure) (answer, *fault) {
	var list []any
	for _, a := range s.sorted(messenger) {
		if slices.Contains(c.grant.pages, a.id) {
			list = append(list, s.describePage(a, c))
		}
	}
	return c.listing(list)
}

// revoke is DELETE /me/permissions: the person's tokens are dead afterwards, and those of the pages that came with them.
func (s *Server) revoke(*call, Failure) (answer, *fault) {
	s.forget()
	return success(), nil
}
