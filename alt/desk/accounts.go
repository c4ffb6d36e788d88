package desk

import (
	"net/http"
	"time"

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
		dossier, err := d.svc.Store().Dossier(c.ctx(), a.Address)
		if err != nil {
			return err
		}
		if other := dossier.Conversation; other != nil && c.me.sees(*other) {
			v.Conversation, v.State = other.ID, string(other.State)
		}
		items = append(items, v)
	}
	return c.answer(http.StatusOK, map[string]any{"items": items})
}

// takeApart answers POST …/accounts/take-apart: the account of this conversation
// is no longer known as the person's.
func (d *Desk) takeApart(c *call) error {
	if err := c.nothing(); err != nil {
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
	if err := d.svc.TakeApart(c.ctx(), conv.Where(), id.Code, c.me.ID); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
