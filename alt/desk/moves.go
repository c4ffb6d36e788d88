package desk

import (
	"errors"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// goOn answers POST …/continue: the conversation goes on at another account of
// the same person.
func (d *Desk) goOn(c *call) error {
	var body struct {
		Line channels.ID `json:"line"`
	}
	if err := c.decode(&body); err != nil {
		return err
	}
	if body.Line.Valid() != nil {
		return inField("malformed_request", "line")
	}
	conv, err := c.mine("continue")
	if err != nil {
		return err
	}
	if conv.Where().Channel != body.Line {
		to, err := c.account(conv, body.Line)
		if err != nil {
			return err
		}
		if err := d.svc.Continue(c.ctx(), c.me.Agency, conv.ID, to, c.me.ID); err != nil {
			return err
		}
	}
	return c.now(conv.ID)
}

// account returns the person's account on a line: where the conversation was
// before, or one that the person has proven to have.
func (c *call) account(conv *alt.Conversation, line channels.ID) (channels.Address, error) {
	known := append([]channels.Address{conv.Address}, conv.Trail...)
	id, err := c.proven("accounts")
	var none *problem
	switch {
	case err == nil:
		accounts, err := c.d.svc.Accounts(c.ctx(), c.me.Agency, id.Code)
		if err != nil {
			return channels.Address{}, err
		}
		for _, a := range accounts {
			known = append(known, a.Address)
		}
	case !errors.As(err, &none) || none.Code != "not_found":
		return channels.Address{}, err
	}
	i := slices.IndexFunc(known, func(a channels.Address) bool { return a.Channel == line })
	if i < 0 {
		return channels.Address{}, newProblem("not_found")
	}
	return known[i], nil
}

// forward answers POST …/forward: another agency has the person now, and knows
// what the note says.
func (d *Desk) forward(c *call) error {
	var body struct {
		Line channels.ID `json:"line"`
		Note string      `json:"note"`
	}
	if err := c.decode(&body); err != nil {
		return err
	}
	switch n := utf8.RuneCountInString(body.Note); {
	case n == 0 || n > alt.MaxNote:
		return inField("malformed_request", "note")
	case body.Line.Valid() != nil:
		return inField("malformed_request", "line")
	}
	if info, err := d.svc.Line(body.Line); err == nil && info.Agency == c.me.Agency {
		return inField("malformed_request", "line")
	}
	conv, err := c.mine("forward")
	if err != nil {
		return err
	}
	if _, err := d.svc.Forward(c.ctx(), c.me.Agency, conv.ID, alt.Forwarding{Line: body.Line, Note: body.Note, By: c.me.ID}); err != nil {
		return err
	}
	return c.now(conv.ID)
}

// mine returns the open conversation of the path, when the caller has it.
func (c *call) mine(what string) (*alt.Conversation, error) {
	conv, err := c.find(what)
	switch {
	case err != nil:
		return nil, err
	case !c.me.holds(*conv) && c.me.Role != Admin:
		return nil, newProblem("not_holder")
	case conv.State != alt.Open:
		return nil, newProblem("ended")
	}
	return conv, nil
}

// now answers with a conversation as it has become.
func (c *call) now(id string) error {
	conv, err := c.d.svc.Store().Conversation(c.ctx(), c.me.Agency, id)
	if err != nil {
		return err
	}
	v, err := c.d.view(c.ctx(), c.me, *conv)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, v)
}
