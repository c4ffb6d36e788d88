package metatest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Kinds of access tokens, as debug_token names them.
const (
	kindApp    = "APP"
	kindUser   = "USER"
	kindPage   = "PAGE"
	kindSystem = "SYSTEM_USER"
)

// grant is what an access token allows.
type grant struct {
	token    string
	kind     string
	accounts []string // ids of accounts that it acts for
	pages    []string // ids of pages whose tokens it may read
	scopes   []string // permissions; nil: all of them
	login    bool     // it came out of the login dialog: "me" is whoever logged in
	user     string   // app-scoped id of the person whom it is of; "" for configured tokens
	issued   time.Time
	expires  time.Time
	dead     int // the subcode of 190 that it is answered with
}

// death subcodes of 190.
const (
	// TokenRemoved: the app was removed by the person.
	TokenRemoved = 458
	// TokenPassword: the person changed the password.
	TokenPassword = 460
	// TokenExpired: the token's time is over.
	TokenExpired = 463
	// TokenInvalid: the token is not valid any more.
	TokenInvalid = 467
)

// grant makes the token of an account valid for it. Server.mu is held, or nobody knows the server yet.
func (s *Server) grant(a *account) {
	g := s.state.tokens[a.token]
	if g == nil {
		kind := kindPage
		if a.product == whatsapp {
			kind = kindSystem
		}
		g = &grant{token: a.token, kind: kind}
		s.state.tokens[a.token] = g
	}
	g.accounts = append(g.accounts, a.id)
}

// KillToken makes a token invalid from now on: calls with it are refused with 190 and this subcode, such as
// TokenPassword. 0 makes it valid again.
func (s *Server) KillToken(token string, subcode int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.state.tokens[token]; g != nil {
		g.dead = subcode
	}
}

// ReplaceToken makes another token valid for the accounts of an old one, which dies.
func (s *Server) ReplaceToken(old, token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.state.tokens[old]; g != nil {
		s.replace(g, token)
	}
}

// replace is ReplaceToken with Server.mu held.
func (s *Server) replace(g *grant, token string) {
	old, next := g.token, *g
	next.token, next.dead = token, 0
	s.state.tokens[token] = &next
	setDefault(&g.dead, TokenInvalid)
	for _, a := range s.state.accounts {
		if a.token == old {
			a.token = token
		}
	}
}

// admit finds what the call's token allows, and checks the proof that the caller knows the app's secret.
func (s *Server) admit(c *call) *fault {
	token := c.takeParam("access_token")
	if bearer, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer "); ok {
		token = bearer
	}
	proof := c.takeParam("appsecret_proof")
	g := s.identify(token)
	switch {
	case token == "":
		return &fault{code: codeToken, message: "An active access token must be used to query information about the current user."}
	case g == nil:
		return &fault{code: codeToken, message: "Invalid OAuth access token - Cannot parse access token"}
	case g.dead != 0:
		return &fault{code: codeToken, subcode: g.dead, message: "Error validating access token: The session has been invalidated"}
	case !g.expires.IsZero() && !s.now().Before(g.expires):
		return &fault{code: codeToken, subcode: TokenExpired, message: "Error validating access token: Session has expired"}
	case proof == "" && s.cfg.RequireProof && g.kind != kindApp:
		return &fault{code: codeParameter, kind: "GraphMethodException", message: "API calls from the server require an appsecret_proof argument"}
	case proof != "" && !s.proves(token, proof):
		return &fault{code: codeParameter, kind: "GraphMethodException", message: "Invalid appsecret_proof provided in the API argument"}
	}
	c.grant = g
	return nil
}

func (s *Server) identify(token string) *grant {
	if id, secret, ok := strings.Cut(token, "|"); ok && id == s.cfg.AppID && s.isSecret(secret) {
		return &grant{token: token, kind: kindApp}
	}
	return s.state.tokens[token]
}

// isSecret compares with every secret of the app, in a time that tells nothing about them.
func (s *Server) isSecret(secret string) bool {
	match := false
	for _, valid := range s.cfg.AppSecrets {
		if hmac.Equal([]byte(valid), []byte(secret)) {
			match = true
		}
	}
	return match
}

func (s *Server) proves(token, proof string) bool {
	for _, secret := range s.cfg.AppSecrets {
		if hmac.Equal([]byte(Proof(secret, token)), []byte(proof)) {
			return true
		}
	}
	return false
}

// Proof is the appsecret_proof of a token: lower-case hex.
func Proof(secret, token string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(token))
	return hex.EncodeToString(mac.Sum(nil))
}

// may reports whether the token is valid for an account.
func (g *grant) may(a *account) bool { return slices.Contains(g.accounts, a.id) }
