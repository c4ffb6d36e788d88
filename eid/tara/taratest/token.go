package taratest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// serveToken redeems a code.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch {
	case r.Method != http.MethodPost:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	case kind != "application/x-www-form-urlencoded" || r.ParseForm() != nil || r.PostForm.Get("grant_type") == "":
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	case !s.knows(r):
		w.Header().Set("WWW-Authenticate", `Basic realm="tara"`)
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	case r.PostForm.Get("grant_type") != "authorization_code":
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	g := s.redeem(r.PostForm.Get("code"), r.PostForm.Get("redirect_uri"))
	if g == nil {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	body, err := s.tokens(g)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "server_error")
		return
	}
	answer(w, http.StatusOK, body)
}

func refuse(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]string{"error": code, "error_description": "The request was refused"})
}

// knows checks the client and its secret, which stand in the one place that was
// registered and in no other.
func (s *Server) knows(r *http.Request) bool {
	id, secret, basic := r.BasicAuth()
	if s.cfg.SecretInForm {
		return !basic && same(r.PostForm.Get("client_id"), s.cfg.ClientID) && same(r.PostForm.Get("client_secret"), s.cfg.ClientSecret)
	}
	plainID, err := url.QueryUnescape(id)
	if err != nil {
		return false
	}
	plainSecret, err := url.QueryUnescape(secret)
	return err == nil && basic && !r.PostForm.Has("client_secret") &&
		same(plainID, s.cfg.ClientID) && same(plainSecret, s.cfg.ClientSecret)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// redeem returns what a code stands for, once; a code that was shown is spent,
// whatever came of it.
func (s *Server) redeem(code, redirect string) *grant {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.grants[code]
	if g == nil {
		return nil
	}
	if g.spent {
		s.totals.Replays++
		return nil
	}
	g.spent = true
	if !s.cfg.Now().Before(g.expires) || redirect != g.redirect {
		return nil
	}
	s.totals.Issued++
	return g
}

// tokens is the answer to a code.
func (s *Server) tokens(g *grant) (map[string]any, error) {
	access, err := s.random()
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	claims, err := s.claimsOf(g, access, now)
	if err != nil {
		return nil, err
	}
	g.kind.spoil(claims, now)
	if g.claims != nil {
		g.claims(claims)
	}
	id, err := s.sign(claims, g.kind)
	if err != nil {
		return nil, err
	}
	body := map[string]any{
		"access_token": access, "token_type": "bearer", "expires_in": int(TokenLife / time.Second), "id_token": id,
	}
	switch g.kind {
	case NotAToken:
		body["id_token"] = "not.a.token"
	case NoToken:
		delete(body, "id_token")
	case ErrorWithStatus:
		body["error"] = "server_error"
	}
	return body, nil
}

// claimsOf writes the claims as JSON has them.
func (s *Server) claimsOf(g *grant, access string, now time.Time) (map[string]any, error) {
	id, err := s.random()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(access))
	claims := map[string]any{
		"jti": id, "iss": s.Issuer(), "aud": s.cfg.ClientID,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(TokenLife).Unix(),
		"sub": g.person.Subject, "amr": []string{amr(g.means)}, "acr": g.person.Level, "nonce": g.nonce,
		// The standard alphabet with padding, which is not what OpenID says.
		"at_hash": base64.StdEncoding.EncodeToString(sum[:16]),
	}
	if s.cfg.GovSSO {
		claims["given_name"], claims["family_name"], claims["birthdate"] = g.person.GivenName, g.person.FamilyName, g.person.Born
		claims["aud"], claims["sid"] = []string{s.cfg.ClientID}, id
	} else {
		profile := map[string]any{"given_name": g.person.GivenName, "family_name": g.person.FamilyName}
		if g.person.Born != "" {
			profile["date_of_birth"] = g.person.Born
		}
		claims["profile_attributes"], claims["state"] = profile, g.state
	}
	if slices.Contains(g.scopes, "email") && g.means == "idcard" && g.person.Email != "" {
		claims["email"], claims["email_verified"] = g.person.Email, false
	}
	if slices.Contains(g.scopes, "phone") && g.means == "mid" && g.person.Phone != "" {
		claims["phone_number"], claims["phone_number_verified"] = g.person.Phone, true
	}
	raw, err := json.Marshal(claims)
	if err != nil {
		return nil, err
	}
	plain := map[string]any{}
	return plain, json.Unmarshal(raw, &plain)
}
