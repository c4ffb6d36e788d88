package desk

import (
	"net/http"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// letterView is a message that the machine gave up. Content is absent when its
// conversation is not open to the caller.
type letterView struct {
	ID           int64        `json:"id"`
	State        string       `json:"state"` // dead or uncertain
	Work         string       `json:"work"`  // inbox or outbox
	Line         string       `json:"line"`
	Kind         string       `json:"kind"` // of what happened, "message" for an outgoing one
	Code         string       `json:"code"`
	Attempts     int          `json:"attempts"`
	Accepted     time.Time    `json:"accepted"`
	At           time.Time    `json:"at"`
	Conversation string       `json:"conversation,omitempty"`
	Message      string       `json:"message,omitempty"`
	Content      *contentView `json:"content,omitempty"`
}

// letters answers GET /v1/letters.
func (d *Desk) letters(c *call) error {
	q := alt.LetterQuery{Agency: c.me.Agency, State: alt.LetterState(c.query.Get("state")), Line: channels.ID(c.query.Get("line"))}
	switch {
	case q.State != "" && q.State != alt.Dead && q.State != alt.Uncertain:
		return inField("malformed_parameter", "state")
	case q.Line != "" && q.Line.Valid() != nil:
		return inField("malformed_parameter", "line")
	}
	var err error
	if q.Limit, err = c.limit(maxPage); err != nil {
		return err
	}
	list := "letters" + string(q.State) + "\x00" + string(q.Line)
	if q.Cursor, err = c.openCursor(c.query.Get("cursor"), list); err != nil {
		return err
	}
	page, next, err := d.svc.Store().Letters(c.ctx(), q)
	if err != nil {
		return cursorError(err)
	}
	if c.me.Role != Specialist && len(page) > 0 {
		if err := c.note(alt.LogEntry{Act: "letters.read", Detail: map[string]string{"role": string(c.me.Role), "count": strconv.Itoa(len(page))}}); err != nil {
			return err
		}
	}
	items := make([]letterView, len(page))
	for i, l := range page {
		if items[i], err = d.viewLetter(c, l); err != nil {
			return err
		}
	}
	return c.answer(http.StatusOK, listView[letterView]{Items: items, Next: c.cursor(next, list)})
}

func (d *Desk) viewLetter(c *call, l alt.Letter) (letterView, error) {
	v := letterView{
		ID: l.ID, State: string(l.State), Work: string(l.Work), Line: string(l.Address.Channel), Kind: "message", Code: l.Code,
		Attempts: l.Attempts, Accepted: l.Accepted.UTC(), At: l.At.UTC(), Conversation: l.Conversation,
	}
	var content channels.Content
	dir := alt.In
	if l.Outbound != nil {
		content, dir, v.Message = l.Outbound.Content, alt.Out, string(l.Outbound.ID)
		if l.Outbound.Private { // there is nothing in it to be read
			content = channels.Unsupported{Type: channels.TypePrivate}
		}
	} else if l.Event != nil {
		v.Kind = l.Event.Type()
		if r, ok := l.Event.(*channels.Received); ok {
			content = r.Content
		}
	}
	if content == nil {
		return v, nil
	}
	if l.Conversation != "" {
		conv, err := d.svc.Store().Conversation(c.ctx(), c.me.Agency, l.Conversation)
		if err != nil {
			return v, err
		}
		if !c.me.sees(*conv) {
			return v, nil
		}
	}
	shown := viewContent(content, dir, nil)
	v.Content = &shown
	return v, nil
}

// settle answers POST /v1/letters/{id}/{verdict}. It needs no Idempotency-Key:
// a letter that was settled is none any more.
func (d *Desk) settle(c *call) error {
	if err := c.nothing(); err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.r.PathValue("id"), 10, 64)
	if err != nil {
		return newProblem("not_found")
	}
	v := alt.Verdict(c.r.PathValue("verdict"))
	if v != alt.Retry && v != alt.Drop && v != alt.Confirm {
		return newProblem("not_found")
	}
	err = d.svc.Settle(c.ctx(), c.me.Agency, id, v, c.me.ID)
	switch {
	case isInput(err):
		return newProblem("not_settled")
	case err != nil:
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
