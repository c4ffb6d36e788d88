package desk

import (
	"context"
	"errors"
	"net/http"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// replyView names the message that a reply became.
type replyView struct {
	ID    channels.MessageID `json:"id"`
	Parts int                `json:"parts"` // as the line's limits cut it
}

// reply answers POST …/replies. The message's id is made of the caller's
// Idempotency-Key, so that a repeated request names the same message, also when
// the first answer was never heard.
func (d *Desk) reply(c *call) error {
	conversation, err := c.pathID()
	if err != nil {
		return err
	}
	key, err := c.key()
	if err != nil {
		return err
	}
	if key == "" {
		return inField("malformed_header", "Idempotency-Key")
	}
	var body replyBody
	if err := c.decode(&body); err != nil {
		return err
	}
	print, err := c.print(body)
	if err != nil {
		return err
	}
	content, err := body.content(c)
	if err != nil {
		return err
	}
	id := channels.MessageID(key)
	err = d.svc.Talk(c.ctx(), c.me.Agency, conversation, c.me.ID, func(t *alt.Turn) error {
		sent, err := d.sentBefore(c.ctx(), t.Conversation(), id)
		if err != nil {
			return err
		}
		if !sent {
			if err := c.me.mayReply(t); err != nil {
				return err
			}
			if err := sendable(t, content); err != nil {
				return err
			}
			if t.Conversation().Holder.By == "" {
				take(t, c.me, nil)
			}
		}
		quote, err := d.quote(c.ctx(), t, body.ReplyTo)
		if err != nil {
			return err
		}
		t.Once(key, print)
		return d.send(t, channels.Outbound{ID: id, Content: content, ReplyTo: quote})
	})
	if err != nil {
		return err
	}
	parts, err := d.svc.Store().Message(c.ctx(), c.me.Agency, id)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", "/v1/messages/"+string(id))
	return c.answer(http.StatusCreated, replyView{ID: id, Parts: len(parts)})
}

// sentBefore reports whether the request is a repeated one: then neither the
// holder nor the window matters any more, only that it is the same request,
// which the store checks.
func (d *Desk) sentBefore(ctx context.Context, conv alt.Conversation, id channels.MessageID) (bool, error) {
	parts, err := d.svc.Store().Message(ctx, conv.Address.Agency, id)
	switch {
	case errors.Is(err, alt.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case parts[0].Conversation != conv.ID:
		return false, alt.ErrIDReused
	}
	return true, nil
}

// mayReply refuses a reply of who does not hold the conversation. One that
// nobody holds is taken by answering.
func (c caller) mayReply(t *alt.Turn) error {
	conv := t.Conversation()
	switch {
	case conv.State != alt.Open:
		return newProblem("ended")
	case c.holds(conv):
		return nil
	case conv.Holder.By != "", conv.Holder.Kind == alt.HeldByBot:
		return heldProblem(conv)
	case conv.Restricted:
		return newProblem("reason_required")
	}
	return nil
}

// sendable refuses a message that could not go out now, as the service will
// decide again when it goes out.
func sendable(t *alt.Turn, content channels.Content) error {
	contact, caps := t.Contact(), t.Line().Capabilities
	_, template := content.(channels.Template)
	initiate := caps.Initiate.Known() && caps.Initiate.Value == channels.InitiateAlways
	class := channels.ErrWindowClosed
	switch {
	case contact.OptedOut:
		return refusal(&channels.Error{Class: channels.ErrOptedOut, Instead: []channels.Alternative{channels.UseOtherChannel}})
	case template:
		return nil
	case contact.LastInbound.IsZero():
		if initiate {
			return nil
		}
		class = channels.ErrCannotInitiate
	case viewWindow(t.Window(), t.Now()).Open:
		return nil
	}
	var instead []channels.Alternative
	if caps.Templates.Known() && caps.Templates.Value {
		instead = append(instead, channels.UseTemplate)
	}
	return refusal(&channels.Error{Class: class, Instead: append(instead, channels.UseOtherChannel)})
}

// send queues the message, or says why it could not go out now.
func (d *Desk) send(t *alt.Turn, o channels.Outbound) error {
	caps := t.Line().Capabilities
	o.Content = carried(caps, o.Content)
	err := t.Send(o)
	var refused *channels.Error
	if errors.As(err, &refused) {
		p := refusal(refused)
		if errors.Is(refused, channels.ErrTooLong) {
			p.Limit = limitOf(caps, o.Content)
		}
		return p
	}
	return err
}

// carried shows a file as a plain one where the line does not carry its kind.
func carried(caps channels.Capabilities, content channels.Content) channels.Content {
	m, ok := content.(channels.Media)
	if !ok || m.As == channels.File {
		return content
	}
	if _, err := channels.Fit(caps, m); errors.Is(err, channels.ErrUnsupported) {
		plain := m
		plain.As = channels.File
		if _, err := channels.Fit(caps, plain); err == nil {
			return plain
		}
	}
	return content
}

// limitOf is the limit that a content is over; nil when it is not one number.
func limitOf(caps channels.Capabilities, content channels.Content) *limitView {
	switch c := content.(type) {
	case channels.Text:
		return viewLimit(caps.Text)
	case channels.Template:
		return viewLimit(caps.TemplateText)
	case channels.Media:
		if !caps.Media.Known() {
			return nil
		}
		for _, l := range caps.Media.Value {
			if l.As == c.As && l.Max > 0 {
				return &limitView{Max: l.Max, Unit: string(channels.Bytes)}
			}
		}
	}
	return nil
}

// quote returns the provider's name of the message to quote, which must be one
// of the conversation.
func (d *Desk) quote(ctx context.Context, t *alt.Turn, id string) (channels.ProviderID, error) {
	if id == "" {
		return "", nil
	}
	if q := t.Line().Capabilities.Quote; !q.Known() || !q.Value {
		return "", inField("content_unsupported", "reply_to")
	}
	if channels.MessageID(id).Valid() != nil {
		return "", newProblem("unknown_quote")
	}
	parts, err := d.svc.Store().Message(ctx, t.Address().Agency, channels.MessageID(id))
	switch {
	case errors.Is(err, alt.ErrNotFound):
		return "", newProblem("unknown_quote")
	case err != nil:
		return "", err
	case parts[0].Conversation != t.Conversation().ID, parts[0].Provider == "":
		return "", newProblem("unknown_quote")
	}
	return parts[0].Provider, nil
}
