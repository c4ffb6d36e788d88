package desk

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/session"
)

// act lets do change the conversation of the path, once for the request's
// Idempotency-Key if there is one, and answers with the conversation. do
// returns errUnchanged when there is nothing to do.
func (d *Desk) act(c *call, body any, do func(t *alt.Turn) error) error {
	id, err := c.pathID()
	if err != nil {
		return err
	}
	key, err := c.key()
	if err != nil {
		return err
	}
	print, err := c.print(body)
	if err != nil {
		return err
	}
	err = d.svc.Talk(c.ctx(), c.me.Agency, id, c.me.ID, func(t *alt.Turn) error {
		err := do(t)
		if key == "" || err != nil && !errors.Is(err, errUnchanged) {
			return err
		}
		t.Once(key, print)
		t.Note("conversation.request", map[string]string{"key": key, "print": hex.EncodeToString(print[:8])})
		return nil
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		// A repeated request may be refused because of its own first effect, or
		// of what happened since; it is answered as the first one was.
		switch done, again := d.repeated(c.ctx(), c.me, id, key, print); {
		case again != nil:
			return again
		case !done:
			return err
		}
	}
	conv, err := d.svc.Store().Conversation(c.ctx(), c.me.Agency, id)
	if err != nil {
		return err
	}
	v, err := d.view(c.ctx(), c.me, *conv)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, v)
}

// repeated reports whether a request of this key was carried out on the
// conversation; ErrIDReused when it was another request.
func (d *Desk) repeated(ctx context.Context, me caller, conversation, key string, print [32]byte) (bool, error) {
	if key == "" {
		return false, nil
	}
	q := alt.LogQuery{Agency: me.Agency, Conversation: conversation, From: d.svc.Now().Add(-alt.OnceFor), Limit: maxLog}
	for {
		page, next, err := d.svc.Store().Log(ctx, q)
		if err != nil {
			return false, err
		}
		for _, e := range page {
			if e.Detail["key"] != key {
				continue
			}
			if e.Detail["print"] != hex.EncodeToString(print[:8]) {
				return false, alt.ErrIDReused
			}
			return true, nil
		}
		if next == "" {
			return false, nil
		}
		q.Cursor = next
	}
}

// nothing reads the body of an operation that takes none.
func (c *call) nothing() error {
	var body struct{}
	return c.decodeOptional(&body)
}

// read answers POST …/read: somebody at the desk has read all there is.
func (d *Desk) read(c *call) error {
	if err := c.nothing(); err != nil {
		return err
	}
	return d.act(c, nil, func(t *alt.Turn) error {
		conv := t.Conversation()
		if err := c.me.mayAct(conv); err != nil {
			return err
		}
		if conv.Unread == 0 {
			return errUnchanged
		}
		t.MarkRead()
		return nil
	})
}

// claim answers POST …/claim.
func (d *Desk) claim(c *call) error {
	var body struct {
		Force  bool   `json:"force,omitempty"`
		Reason string `json:"reason,omitempty"` // a code, of a forced claim
	}
	if err := c.decodeOptional(&body); err != nil {
		return err
	}
	switch {
	case body.Force && c.me.Role != Admin:
		return newProblem("role")
	case body.Force != (body.Reason != ""), body.Reason != "" && !isCode(body.Reason):
		return inField("malformed_request", "reason")
	}
	why, err := c.reason()
	if err != nil {
		return err
	}
	return d.act(c, body, func(t *alt.Turn) error {
		conv := t.Conversation()
		detail := map[string]string{}
		switch {
		case conv.State != alt.Open:
			return newProblem("ended")
		case c.me.holds(conv):
			return errUnchanged
		case conv.Holder.Kind == alt.HeldByDesk && conv.Holder.By != "":
			if !body.Force {
				return heldProblem(conv)
			}
			detail["from"], detail["reason"] = conv.Holder.By, body.Reason
		case conv.Restricted && c.me.Role != Admin && why == "":
			return newProblem("reason_required")
		}
		if why != "" {
			detail["access_reason"] = why
		}
		take(t, c.me, detail)
		return nil
	})
}

// take gives the conversation to the caller.
func take(t *alt.Turn, me caller, detail map[string]string) {
	t.Hold(me.ID)
	t.Note("conversation.claimed", detail)
}

// release answers POST …/release: the conversation waits for anybody.
func (d *Desk) release(c *call) error {
	if err := c.nothing(); err != nil {
		return err
	}
	return d.act(c, nil, func(t *alt.Turn) error {
		conv := t.Conversation()
		switch err := c.me.mayAct(conv); {
		case err != nil:
			return err
		case conv.State != alt.Open:
			return newProblem("ended")
		case conv.Holder.Kind != alt.HeldByDesk || conv.Holder.By == "":
			return errUnchanged
		}
		t.Hold("")
		t.Note("conversation.released", nil)
		return nil
	})
}

// handBack answers POST …/handback: the next message starts at the chain's
// first handler.
func (d *Desk) handBack(c *call) error {
	if err := c.nothing(); err != nil {
		return err
	}
	return d.act(c, nil, func(t *alt.Turn) error {
		conv := t.Conversation()
		switch err := c.me.mayAct(conv); {
		case err != nil:
			return err
		case conv.State != alt.Open:
			return newProblem("ended")
		case conv.Holder.Kind != alt.HeldByDesk:
			return errUnchanged
		}
		t.HandBack()
		return nil
	})
}

// end answers POST …/end.
func (d *Desk) end(c *call) error {
	var body struct {
		Reason string `json:"reason,omitempty"` // a code
	}
	if err := c.decodeOptional(&body); err != nil {
		return err
	}
	if body.Reason != "" && !isCode(body.Reason) {
		return inField("malformed_request", "reason")
	}
	return d.act(c, body, func(t *alt.Turn) error {
		conv := t.Conversation()
		if err := c.me.mayAct(conv); err != nil {
			return err
		}
		if conv.State != alt.Open {
			return errUnchanged
		}
		t.End(session.BySpecialist)
		if body.Reason != "" {
			t.Note("conversation.ended_because", map[string]string{"reason": body.Reason})
		}
		return nil
	})
}

// restrict answers POST …/restrict.
func (d *Desk) restrict(c *call) error {
	var body struct {
		Restricted *bool `json:"restricted"`
	}
	if err := c.decode(&body); err != nil {
		return err
	}
	if body.Restricted == nil {
		return inField("malformed_request", "restricted")
	}
	return d.act(c, body, func(t *alt.Turn) error {
		conv := t.Conversation()
		if err := c.me.mayAct(conv); err != nil {
			return err
		}
		if conv.Restricted == *body.Restricted {
			return errUnchanged
		}
		t.Restrict(*body.Restricted)
		return nil
	})
}

// isCode reports a word that may stand in the security log: no free text.
func isCode(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 40
}
