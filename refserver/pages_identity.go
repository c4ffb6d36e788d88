package main

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/alt/desk"
)

// apiLogin is how an authentication goes, and apiIdentity who was proven by it.
type (
	apiLogin struct {
		Status string    `json:"status"`
		Reason string    `json:"reason"`
		Level  string    `json:"level"`
		Asked  time.Time `json:"asked"`
		Ended  time.Time `json:"ended"`
		Over   time.Time `json:"over"`
	}
	apiIdentity struct {
		Level      string `json:"level"`
		GivenName  string `json:"given_name"`
		FamilyName string `json:"family_name"`
		Code       string `json:"code"`
		Standing   *struct {
			Kind    string `json:"kind"`
			Company string `json:"company"`
			Source  string `json:"source"`
		} `json:"standing"`
	}
	apiAccount struct {
		Line         string    `json:"line"`
		Current      bool      `json:"current"`
		Conversation string    `json:"conversation"`
		State        string    `json:"state"`
		Last         time.Time `json:"last"`
	}
)

// loginView is how an authentication goes, on the page.
type loginView struct {
	apiLogin
	ID       string       // of the conversation
	Back     string       // for the form
	Identity *apiIdentity // nil: nobody, or not the visitor's to see
	Revealed time.Time    // with the whole code, until then
	Accounts []apiAccount // where else the person writes
	place    place
}

// URL returns the address of another conversation of the person on the page.
func (v *loginView) URL(chat string) string { return v.place.URL(v.place.View, "all", chat) }

// whoIs returns how the authentication in a conversation goes, and for whoever has
// it who the person is.
func (p *pages) whoIs(s *deskSession, me apiMe, c apiChat) (*loginView, error) {
	if c.Login == nil {
		return nil, nil //nolint:nilnil // nobody was asked
	}
	v := &loginView{apiLogin: *c.Login, ID: c.ID, place: place{View: views()[0], List: "all", Chat: c.ID}}
	v.Back = v.place.Back()
	mine := c.Holder.Kind == "desk" && c.Holder.By == me.ID
	if c.Login.Status != "proven" || !mine && me.Role != desk.Admin {
		return v, nil
	}
	if known := p.Revealed.get(s, c.ID, p.Now()); known != nil {
		v.Identity, v.Revealed = &known.identity, known.until
		return v, v.elsewhere(s)
	}
	var id apiIdentity
	err := s.get("/v1/conversations/"+c.ID+"/identity", &id)
	var refused *deskProblem
	switch {
	case errors.As(err, &refused) && refused.Code == "not_found": // the session is over
		return v, nil
	case err != nil:
		return nil, err
	}
	v.Identity = &id
	return v, v.elsewhere(s)
}

// elsewhere asks for the other accounts of the person.
func (v *loginView) elsewhere(s *deskSession) error {
	var all apiList[apiAccount]
	err := s.get("/v1/conversations/"+v.ID+"/accounts", &all)
	var refused *deskProblem
	if errors.As(err, &refused) && refused.Code == "not_found" { // the session is over by now
		return nil
	}
	v.Accounts = slices.DeleteFunc(all.Items, func(a apiAccount) bool { return a.Current })
	return err
}

// deskReveal asks for the whole code, which the API writes down.
func (p *pages) deskReveal(w http.ResponseWriter, r *http.Request) {
	path, ok := chatPath(w, r)
	if !ok {
		return
	}
	s := p.Desk.session(w, r)
	var id apiIdentity
	err := s.post(path+"/identity/reveal", struct{}{}, nil, &id)
	if err == nil {
		p.Revealed.put(s, r.PathValue("id"), id, p.Now())
	}
	p.answered(w, r, err, "")
}

// revealFor is how long a code that was asked for stays on the page.
const revealFor = time.Minute

// reveals are codes that somebody at the desk has asked for. They are neither in an
// address nor in a cookie.
type reveals struct {
	mu    sync.Mutex
	known map[[2]string]revealed // by session and conversation
}

type revealed struct {
	identity apiIdentity
	until    time.Time
}

func (v *reveals) put(s *deskSession, chat string, id apiIdentity, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for key, old := range v.known {
		if !now.Before(old.until) {
			delete(v.known, key)
		}
	}
	if v.known == nil {
		v.known = make(map[[2]string]revealed)
	}
	v.known[[2]string{s.cookie.Value, chat}] = revealed{id, now.Add(revealFor)}
}

// get returns what was asked for in this session; nil when that was nothing.
func (v *reveals) get(s *deskSession, chat string, now time.Time) *revealed {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s.cookie == nil {
		return nil
	}
	known, ok := v.known[[2]string{s.cookie.Value, chat}]
	if !ok || !now.Before(known.until) {
		return nil
	}
	return &known
}
