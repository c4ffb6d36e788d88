package metatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// SettingsPath is the page on which the person who logged in sees the app: to remove it, or to ask the service to delete
// what it knows. It stands for the settings of an account at www.facebook.com.
const SettingsPath = "/settings/business_integrations"

// Deletion is what a service answers to somebody who wants their data deleted: where the person sees what becomes of it, and
// the request's code.
type Deletion struct {
	URL  string `json:"url"`
	Code string `json:"confirmation_code"`
}

// RemoveApp is the person who logged in taking that back in the settings of the account: the tokens of the logins die, those
// of the pages with them, and Config.Deauthorize, if there is one, is called. The error is that of the call, or of an answer
// that is not 2xx. Subscriptions stay, and a later login gives other tokens.
func (s *Server) RemoveApp(ctx context.Context) error {
	s.mu.Lock()
	s.forget()
	s.mu.Unlock()
	if s.cfg.Deauthorize == "" {
		return nil
	}
	status, _, err := s.Callback(ctx, s.cfg.Deauthorize, s.cfg.UserID)
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("metatest: the deauthorize callback was answered %d", status)
	}
	return err
}

// forget kills what logins gave. Server.mu is held.
func (s *Server) forget() {
	for _, g := range s.state.tokens {
		if g.user != "" && g.dead == 0 {
			g.dead = TokenRemoved
		}
	}
}

// AskDeletion is the person who logged in asking for the deletion of their data: Config.DataDeletion is called. An answer
// that is not what Meta demands is an error: 200 with the address of a status page and an alphanumeric code.
func (s *Server) AskDeletion(ctx context.Context) (Deletion, error) {
	if s.cfg.DataDeletion == "" {
		return Deletion{}, errors.New("metatest: there is no Config.DataDeletion")
	}
	status, body, err := s.Callback(ctx, s.cfg.DataDeletion, s.cfg.UserID)
	if err != nil {
		return Deletion{}, err
	}
	var d Deletion
	switch {
	case status != http.StatusOK:
		return Deletion{}, fmt.Errorf("metatest: the data deletion callback was answered %d", status)
	case json.Unmarshal(body, &d) != nil:
		return Deletion{}, errors.New("metatest: the data deletion callback was not answered with a JSON object")
	case !webURL(d.URL):
		return Deletion{}, errors.New("metatest: the answer of the data deletion callback has no url")
	case !alphanumeric(d.Code):
		return Deletion{}, errors.New("metatest: the confirmation_code of the data deletion callback is not alphanumeric")
	}
	return d, nil
}

// alphanumeric reports whether s has letters and digits of ASCII only, and some.
func alphanumeric(s string) bool {
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return s != ""
}

// settings is the page at SettingsPath.
func (s *Server) settings(w http.ResponseWriter, c *call) {
	data := struct {
		frame
		App, Said, Wrong string
		Connected        bool
		Deletion         Deletion
	}{frame: frameOf(c.r), App: s.cfg.AppID}
	if c.r.Method == http.MethodPost {
		form, _ := url.ParseQuery(string(c.raw)) // pairs that cannot be read are left out
		var err error
		switch form.Get("act") {
		case "remove":
			data.Said, err = "removed", s.RemoveApp(c.r.Context())
		case "delete":
			data.Said = "deletion"
			data.Deletion, err = s.AskDeletion(c.r.Context())
		}
		if err != nil {
			data.Wrong = err.Error()
		}
	}
	s.mu.Lock()
	for _, g := range s.state.tokens {
		data.Connected = data.Connected || g.user != "" && g.dead == 0
	}
	s.mu.Unlock()
	show(w, "settings.html", data)
}
