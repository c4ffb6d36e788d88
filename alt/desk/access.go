package desk

import (
	"context"
	"errors"

	"github.com/liidestuja/liidestuja/alt"
)

// elsewhere holds conversations that another application at the provider has
// taken: nobody at the desk has them.
const elsewhere = "provider"

// holds reports whether the caller has the conversation.
func (c caller) holds(conv alt.Conversation) bool {
	return conv.Holder.Kind == alt.HeldByDesk && conv.Holder.By == c.ID
}

// heldByAnother reports whether a colleague of the caller has it.
func (c caller) heldByAnother(conv alt.Conversation) bool {
	return conv.Holder.Kind == alt.HeldByDesk && conv.Holder.By != "" && conv.Holder.By != elsewhere && conv.Holder.By != c.ID
}

// sees reports whether the conversation is open to the caller without a reason.
func (c caller) sees(conv alt.Conversation) bool {
	if c.Role != Specialist || c.holds(conv) {
		return true
	}
	return !conv.Restricted && !c.heldByAnother(conv)
}

// open decides whether the caller may read a conversation now. A look that is
// not plainly part of the caller's work is in the security log when open
// returns, and so is one that was refused. what names the thing read.
func (c *call) open(conv alt.Conversation, what string) error {
	why, err := c.reason()
	if err != nil {
		return err
	}
	act := "conversation.read"
	switch own := c.me.holds(conv) || c.me.Role != Auditor && !conv.Restricted && !c.me.heldByAnother(conv); {
	case own:
		return nil
	case !c.me.sees(conv) && why == "":
		act = "conversation.refused"
	}
	detail := map[string]string{"what": what, "role": string(c.me.Role)}
	if why != "" {
		detail["reason"] = why
	}
	err = c.note(alt.LogEntry{Act: act, Line: conv.Where().Channel, Conversation: conv.ID, Detail: detail})
	if err == nil && act == "conversation.refused" {
		err = newProblem("reason_required")
	}
	return err
}

// note writes to the security log alone. A Turn would do it too, but it also
// moves the conversation's position, and everybody who watches it would look
// again, and be noted again.
func (c *call) note(e alt.LogEntry) error {
	e.Agency, e.At, e.Actor = c.me.Agency, c.d.svc.Now(), c.me.ID
	// Who hangs up in between must not leave a look without its entry.
	return c.d.svc.Store().Commit(context.WithoutCancel(c.ctx()), alt.Item{}, alt.Changes{Log: []alt.LogEntry{e}})
}

// mayAct refuses a change of a conversation that a colleague has, or that is
// not open to the caller.
func (c caller) mayAct(conv alt.Conversation) error {
	if c.Role == Admin || c.holds(conv) {
		return nil
	}
	if c.heldByAnother(conv) {
		return heldProblem(conv)
	}
	if conv.Restricted {
		return newProblem("reason_required")
	}
	return nil
}

// heldProblem says who holds the conversation.
func heldProblem(conv alt.Conversation) *problem {
	p := newProblem("held")
	v := viewHolder(conv.Holder)
	p.Holder = &v
	return p
}

// find returns the conversation of the path, for reading.
func (c *call) find(what string) (*alt.Conversation, error) {
	id, err := c.pathID()
	if err != nil {
		return nil, err
	}
	return c.findID(id, what)
}

func (c *call) findID(id, what string) (*alt.Conversation, error) {
	conv, err := c.d.svc.Store().Conversation(c.ctx(), c.me.Agency, id)
	if err != nil {
		return nil, err
	}
	return conv, c.open(*conv, what)
}

// errUnchanged ends a Talk that has nothing to write.
var errUnchanged = errors.New("desk: nothing to change")
