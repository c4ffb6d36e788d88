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
	redirect string
	pages    []string
	expires  time.Time
}

// Login is the login dialog without a browser: somebody agrees to everything. It returns the code that the address of the
// service would get.
func (s *Server) Login(redirectURI string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var pages []string
	for _, a := range s.sorted(messenger) {
		pages = append(pages, a.id)
	}
	return s.newCode(redirectURI, pages)
}

// newCode makes a code for these pages. Server.mu is held.
func (s *Server) newCode(redirect string, pages []string) string {
	word := "AQ" + random(40)
	s.state.codes[word] = code{redirect, pages, s.now().Add(codeLife)}
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
		return s.issue(&grant{kind: kindUser, accounts: g.accounts, pages: g.pages}, longLife)
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
	var numbers []string
	for _, a := range s.sorted(whatsapp) {
		numbers = append(numbers, a.id)
	}
	return s.issue(&grant{kind: kindUser, accounts: numbers, pages: waiting.pages}, shortLife)
}

// issue makes a new token. Server.mu is held.
func (s *Server) issue(g *grant, life time.Duration) (answer, *fault) {
	g.token, g.expires = "EAAU"+random(40), s.now().Add(life)
	s.state.tokens[g.token] = g
	return reply(map[string]any{"access_token": g.token, "token_type": "bearer", "expires_in": int(life.Seconds())}), nil
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

// debugToken is GET /debug_token?input_token=, with the app's token.
func (s *Server) debugToken(c *call, _ Failure) (answer, *fault) {
	if c.grant.kind != kindApp {
		return answer{}, invalid("You must provide an app access token, or a user access token that is an owner or developer of the app")
	}
	g := s.identify(c.params.str("input_token"))
	if g == nil {
		return reply(map[string]any{"data": map[string]any{"is_valid": false, "scopes": []string{},
			"error": map[string]any{"code": codeToken, "message": "Malformed access token"}}}), nil
	}
	data := map[string]any{"app_id": s.cfg.AppID, "type": g.kind, "is_valid": g.dead == 0, "expires_at": 0,
		"scopes": []string{"pages_messaging", "pages_manage_metadata", "pages_show_list", "instagram_basic", "instagram_manage_messages",
			"whatsapp_business_messaging", "whatsapp_business_management"}}
	if g.dead != 0 {
		data["error"] = map[string]any{"code": codeToken, "subcode": g.dead, "message": "Error validating access token"}
	}
	if !g.expires.IsZero() {
		data["expires_at"] = g.expires.Unix()
		data["is_valid"] = g.dead == 0 && s.now().Before(g.expires)
	}
	if len(g.accounts) > 0 && g.kind == kindPage {
		data["profile_id"] = g.accounts[0]
	}
	return reply(map[string]any{"data": data}), nil
}

// revoke is DELETE /me/permissions: the token is dead afterwards.
func (s *Server) revoke(c *call, _ Failure) (answer, *fault) {
	c.grant.dead = TokenRemoved
	return success(), nil
}
