package desk

import (
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/eid"
)

// loginView is how the latest authentication of a conversation goes. How the
// person authenticates is not the desk's to know.
type loginView struct {
	Status string    `json:"status"` // authenticating, proven, failed or over
	Reason string    `json:"reason,omitempty"`
	Level  eid.Level `json:"level"` // the least that was asked for
	Asked  time.Time `json:"asked"`
	Ended  time.Time `json:"ended,omitzero"`
	Over   time.Time `json:"over,omitzero"` // since when nobody is proven any longer
}

func viewLogin(s *alt.LoginState) *loginView {
	if s == nil {
		return nil
	}
	return &loginView{Status: string(s.Status), Reason: s.Reason, Level: s.Level, Asked: s.Asked.UTC(), Ended: s.Ended.UTC(), Over: s.Over.UTC()}
}

// identityView is who was proven, for whoever has the conversation.
type identityView struct {
	Level      eid.Level `json:"level"`
	GivenName  string    `json:"given_name"`
	FamilyName string    `json:"family_name"`
	// Code is masked but for its country and its last four characters, unless
	// somebody has asked for it.
	Code     string        `json:"code"`
	Born     string        `json:"born,omitempty"`
	Standing *standingView `json:"standing,omitempty"`
}

// standingView is what a register has said of the person: never what they say of
// themselves.
type standingView struct {
	Kind    eid.Kind  `json:"kind,omitempty"`
	Company string    `json:"company,omitempty"` // for whom they may act
	Source  string    `json:"source"`
	At      time.Time `json:"at"`
}

func viewIdentity(id *eid.Identity) identityView {
	v := identityView{Level: id.Level, GivenName: id.GivenName, FamilyName: id.FamilyName, Code: maskCode(id.Code)}
	if st := id.Standing; st != nil {
		v.Standing = &standingView{Kind: st.Kind, Company: string(st.Company), Source: st.Source, At: st.At.UTC()}
	}
	return v
}

// maxPurpose bounds what a specialist writes to the person, in characters.
const maxPurpose = 200

// askWho answers POST …/authentication: the person gets a link.
func (d *Desk) askWho(c *call) error {
	var body struct {
		Level   eid.Level `json:"level,omitzero"`
		Purpose string    `json:"purpose,omitempty"`
	}
	if err := c.decodeOptional(&body); err != nil {
		return err
	}
	if utf8.RuneCountInString(body.Purpose) > maxPurpose {
		return inField("malformed_request", "purpose")
	}
	return d.act(c, body, func(t *alt.Turn) error {
		conv := t.Conversation()
		switch err := c.me.mayAct(conv); {
		case err != nil:
			return err
		case conv.State != alt.Open:
			return newProblem("ended")
		}
		return t.Authenticate(alt.Authentication{Level: body.Level, Purpose: body.Purpose})
	})
}

// identity answers GET …/identity.
func (d *Desk) identity(c *call) error {
	id, err := c.proven("identity")
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, viewIdentity(id))
}

// reveal answers POST …/identity/reveal: the whole code, and that somebody asked
// for it.
func (d *Desk) reveal(c *call) error {
	if err := c.nothing(); err != nil {
		return err
	}
	id, err := c.proven("code")
	if err != nil {
		return err
	}
	conv, err := c.pathID()
	if err != nil {
		return err
	}
	if err := c.note(alt.LogEntry{Act: "identity.revealed", Conversation: conv, Detail: map[string]string{"role": string(c.me.Role)}}); err != nil {
		return err
	}
	v := viewIdentity(id)
	v.Code, v.Born = string(id.Code), string(id.Born)
	return c.answer(http.StatusOK, v)
}

// proven returns who was proven in the session that goes on, to whoever has the
// conversation and to supervision.
func (c *call) proven(what string) (*eid.Identity, error) {
	conv, err := c.find(what)
	if err != nil {
		return nil, err
	}
	if !c.me.holds(*conv) && c.me.Role != Admin {
		return nil, newProblem("not_holder")
	}
	dossier, err := c.d.svc.Store().Dossier(c.ctx(), conv.Where())
	if err != nil {
		return nil, err
	}
	if conv.State != alt.Open || !c.d.svc.Active(dossier.Session) || dossier.Session.Identity == nil {
		return nil, newProblem("not_found")
	}
	return dossier.Session.Identity, nil
}

// current returns the conversation of the path, which proven has opened already.
func (c *call) current() (*alt.Conversation, error) {
	id, err := c.pathID()
	if err != nil {
		return nil, err
	}
	return c.d.svc.Store().Conversation(c.ctx(), c.me.Agency, id)
}

// maskCode leaves of a code what tells two people apart on the telephone.
func maskCode(code eid.PersonalCode) string {
	number := code.Number()
	const seen = 4
	if len(number) <= 2*seen {
		return code.Country() + strings.Repeat("•", len(number))
	}
	return code.Country() + strings.Repeat("•", len(number)-seen) + number[len(number)-seen:]
}
