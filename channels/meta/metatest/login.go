package metatest

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const dialogPath = "/dialog/oauth"

// LoginConfig is a configuration of Facebook Login for Business, which the dialog is opened with by its config_id.
type LoginConfig struct {
	// ID is the config_id, a number. Required.
	ID string
	// Scopes are the permissions that it asks for: all of them are granted, or none. Default: all that the simulator knows.
	Scopes []string
	// SystemUser gives a token of the business's system user, which has no end. Default: the person's, of 90 minutes.
	SystemUser bool
}

// dialog is the login dialog of www.facebook.com: GET shows it, POST sends the browser back with a code, or with
// access_denied. What cannot be sent back is said on the page.
func (s *Server) dialog(w http.ResponseWriter, c *call) {
	q := c.r.URL.Query()
	redirect, err := url.Parse(q.Get("redirect_uri"))
	s.mu.Lock()
	defer s.mu.Unlock()
	asked, known := s.loginConfig(q)
	switch {
	case !slices.Contains(s.cfg.Versions, c.version):
		http.Error(w, "This version of the dialog is not available.", http.StatusBadRequest)
		return
	case q.Get("client_id") != s.cfg.AppID:
		http.Error(w, "Invalid App ID: The provided app ID does not look like a valid app ID.", http.StatusBadRequest)
		return
	case err != nil || !s.mayReturn(redirect):
		http.Error(w, "URL Blocked: This redirect failed because the redirect URI is not whitelisted in the app's Client OAuth Settings.", http.StatusBadRequest)
		return
	case q.Get("response_type") != "" && q.Get("response_type") != "code":
		http.Error(w, "The parameter response_type must be code.", http.StatusBadRequest)
		return
	case !known:
		http.Error(w, "Invalid config_id: The configuration was not found, or asks for a permission that is not known.", http.StatusBadRequest)
		return
	}
	if c.r.Method != http.MethodPost {
		s.showLogin(w, c.r, asked)
		return
	}
	form, _ := url.ParseQuery(string(c.raw)) // pairs that cannot be read are left out
	back := redirect.Query()
	if q.Has("state") {
		back.Set("state", q.Get("state"))
	}
	if form.Get("answer") == "continue" {
		back.Set("code", s.newCode(code{redirect: q.Get("redirect_uri"), pages: form["page"], businesses: form["business"], asked: asked}))
	} else {
		back.Set("error", "access_denied")
		back.Set("error_code", "200")
		back.Set("error_reason", "user_denied")
		back.Set("error_description", "Permissions error")
	}
	redirect.RawQuery = back.Encode()
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, c.r, redirect.String(), http.StatusFound)
}

// loginConfig is what the dialog asks for: a configuration, or in the older form the permissions that scope names; without
// either, everything. config_id takes the place of scope.
func (s *Server) loginConfig(q url.Values) (LoginConfig, bool) {
	id, scopes := q.Get("config_id"), q.Get("scope")
	switch {
	case id != "" && s.cfg.Logins != nil:
		i := slices.IndexFunc(s.cfg.Logins, func(l LoginConfig) bool { return l.ID == id })
		if i < 0 {
			return LoginConfig{}, false
		}
		return s.cfg.Logins[i], true
	case id != "":
		return LoginConfig{ID: id}, digits(id)
	case scopes != "":
		list := strings.FieldsFunc(scopes, func(r rune) bool { return r == ',' || r == ' ' })
		unknown := func(scope string) bool { return !slices.Contains(permissions(), scope) }
		return LoginConfig{Scopes: list}, !slices.ContainsFunc(list, unknown)
	}
	return LoginConfig{}, true
}

// mayReturn reports whether the app may send browsers to an address.
func (s *Server) mayReturn(u *url.URL) bool {
	if s.cfg.Redirects != nil {
		return slices.Contains(s.cfg.Redirects, u.String())
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return (u.Scheme == "http" || u.Scheme == "https") && (host == "localhost" || ip != nil && ip.IsLoopback())
}
