package metatest

import (
	"html/template"
	"net"
	"net/http"
	"net/url"
	"slices"
)

// loginPage is the dialog: who asks, for which pages, and two answers.
const loginPage = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Log in (simulator)</title></head>
<body>
<h1>Log in (simulator)</h1>
<p>App {{.App}} asks to manage messages of your pages.</p>
<form method="post">
{{range .Pages}}<p><label><input type="checkbox" name="page" value="{{.ID}}" checked> {{.Name}} ({{.ID}})</label></p>
{{end}}<p><button name="answer" value="continue">Continue</button> <button name="answer" value="cancel">Cancel</button></p>
</form>
</body>
</html>
`

// dialog is the login dialog of www.facebook.com: GET shows it, POST sends the browser back with a code, or with
// access_denied. What cannot be sent back is said on the page.
func (s *Server) dialog(w http.ResponseWriter, c *call) {
	q := c.r.URL.Query()
	redirect, err := url.Parse(q.Get("redirect_uri"))
	s.mu.Lock()
	defer s.mu.Unlock()
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
	}
	if c.r.Method != http.MethodPost {
		s.showLogin(w)
		return
	}
	form, _ := url.ParseQuery(string(c.raw)) // pairs that cannot be read are left out
	back := redirect.Query()
	if q.Get("state") != "" {
		back.Set("state", q.Get("state"))
	}
	if form.Get("answer") == "continue" {
		back.Set("code", s.newCode(q.Get("redirect_uri"), form["page"]))
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

// mayReturn reports whether the app may send browsers to an address.
func (s *Server) mayReturn(u *url.URL) bool {
	if s.cfg.Redirects != nil {
		return slices.Contains(s.cfg.Redirects, u.String())
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return (u.Scheme == "http" || u.Scheme == "https") && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// showLogin writes the dialog. Server.mu is held.
func (s *Server) showLogin(w http.ResponseWriter) {
	type choice struct{ ID, Name string }
	data := struct {
		App   string
		Pages []choice
	}{App: s.cfg.AppID}
	for _, a := range s.sorted(messenger) {
		data.Pages = append(data.Pages, choice{a.id, a.name})
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = template.Must(template.New("login").Parse(loginPage)).Execute(w, data) // fails only when the browser has gone
}
