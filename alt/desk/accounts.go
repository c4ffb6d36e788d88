package desk

import (
	"net/http"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// accountView is another account of the person, and what was said there last.
type accountView struct {
	Line         string    `json:"line"`
	Level        eid.Level `json:"level"`
	At           time.Time `json:"at"` // of the proof
	Current      bool      `json:"current"`
	Conversation string    `json:"conversation,omitempty"`
	State        string    `json:"state,omitempty"`
	Last         time.Time `json:"last,omitzero"` // when something was said there
}

// accounts answers GET …/accounts: where else the same person writes, as far as
// they have proven it there.
func (d *Desk) accounts(c *call) error {
	id, err := c.proven("accounts")
	if err != nil {
		return err
	}
	conv, err := c.current()
	if err != nil {
		return err
	}
	found, err := d.svc.Accounts(c.ctx(), c.me.Agency, id.Code)
	if err != nil {
		return err
	}
	items := make([]accountView, 0, len(found))
	for _, a := range found {
		v := accountView{Line: string(a.Address.Channel), Level: a.Level, At: a.At.UTC(), Current: a.Address == conv.Where()}
		other, err := c.at(a.Address)
		if err != nil {
			return err
		}
		if other != nil {
			v.Conversation, v.State, v.Last = other.ID, string(other.State), other.LastIn.UTC()
			if other.LastOut.After(other.LastIn) {
				v.Last = other.LastOut.UTC()
			}
		}
		items = append(items, v)
	}
	return c.answer(http.StatusOK, map[string]any{"items": items})
}

// at returns the latest conversation of an account; nil when there is none that is
// open to the caller.
func (c *call) at(a channels.Address) (*alt.Conversation, error) {
	dossier, err := c.d.svc.Store().Dossier(c.ctx(), a)
	if err != nil || dossier.Conversation == nil || !c.me.sees(*dossier.Conversation) {
		return nil, err
	}
	return dossier.Conversation, nil
}

// takeApart answers POST …/accounts/take-apart: the account of this conversation,
// or of another one of the person's, is no longer known as theirs.
func (d *Desk) takeApart(c *call) error {
	var body struct {
		Conversation string `json:"conversation,omitempty"`
	}
	if err := c.decodeOptional(&body); err != nil {
		return err
	}
	id, err := c.proven("accounts")
	if err != nil {
		return err
	}
	conv, err := c.current()
	if err != nil {
		return err
	}
	account := conv.Where()
	if body.Conversation != "" && body.Conversation != conv.ID {
		if account, err = c.accountOf(body.Conversation, id.Code); err != nil {
			return err
		}
	}
	if err := d.svc.TakeApart(c.ctx(), account, id.Code, c.me.ID); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// accountOf returns the account of the person at which a conversation is the
// latest, as GET …/accounts tells it.
func (c *call) accountOf(conversation string, code eid.PersonalCode) (channels.Address, error) {
	found, err := c.d.svc.Accounts(c.ctx(), c.me.Agency, code)
	if err != nil {
		return channels.Address{}, err
	}
	for _, a := range found {
		if other, err := c.at(a.Address); err != nil || other != nil && other.ID == conversation {
			return a.Address, err
		}
	}
	return channels.Address{}, newProblem("not_found")
}
