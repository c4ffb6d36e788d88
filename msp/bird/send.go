package bird

import (
	"context"
	"net/http"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// orderWire is a request to send.
type orderWire struct {
	Receiver  receiverOut  `json:"receiver"`
	Body      *bodyOut     `json:"body,omitempty"`
	Template  *templateOut `json:"template,omitempty"`
	ReplyTo   *quoteOut    `json:"replyTo,omitempty"`
	Reference string       `json:"reference,omitempty"`
}

type receiverOut struct {
	Contacts []contactOut `json:"contacts"`
}

type contactOut struct {
	ID    string `json:"id,omitempty"`
	Value string `json:"identifierValue,omitempty"`
	Key   string `json:"identifierKey,omitempty"`
}

type quoteOut struct {
	ID string `json:"id"`
}

// Send implements channels.Channel.
func (l *line) Send(ctx context.Context, m channels.Outbound) (channels.Receipt, error) {
	if to := string(m.To.Peer); l.info.PeerSpace == channels.PhonePeers && strings.Contains(to, ".") && !strings.Contains(to, ":") {
		// WhatsApp's own name of somebody whose number it does not tell, known
		// since another provider had the line.
		return channels.Receipt{}, l.refuse(channels.ErrUnreachable, "no phone number")
	}
	m, err := l.linked(ctx, m)
	if err != nil {
		return channels.Receipt{}, err
	}
	order, err := l.order(m)
	if err != nil {
		return channels.Receipt{}, err
	}
	reply, failure := l.p.api.Do(ctx, httpx.Call{Op: "send", Method: http.MethodPost, Path: l.path + "/messages", JSON: order})
	switch {
	case failure != nil:
		return channels.Receipt{}, l.p.failed("send", l.info.ID, failure)
	case !success(reply):
		return channels.Receipt{}, l.p.refused("send", l.info.ID, reply)
	}
	var w message
	if err := httpx.DecodeJSON(reply.Body, &w, httpx.JSONLimits{Lenient: true}); err != nil || w.ID == "" {
		// Without an id nobody could tell later which message it was.
		return channels.Receipt{}, unclear("send", l.info.ID, reply.Status, err)
	}
	return l.receipt(&w), nil
}

// linked puts a link in the place of a stored file: Bird fetches files by itself.
func (l *line) linked(ctx context.Context, m channels.Outbound) (channels.Outbound, *channels.Error) {
	file, ok := m.Content.(channels.Media)
	if !ok || file.URL != "" || file.Link == nil {
		return m, nil
	}
	link, err := file.Link(ctx)
	if err != nil {
		return m, &channels.Error{Op: "send", Channel: l.info.ID, Class: channels.ErrUnavailable, Outcome: channels.NotSent, Err: err}
	}
	file.URL = link
	m.Content = file
	return m, nil
}

func (l *line) order(m channels.Outbound) (orderWire, *channels.Error) {
	if m.To.Peer == "" {
		return orderWire{}, l.refuse(channels.ErrMalformed, "nobody to send to")
	}
	to := l.person(m.To.Peer)
	o := orderWire{
		Receiver:  receiverOut{[]contactOut{{ID: string(to.ID), Key: string(to.Key), Value: string(to.Value)}}},
		Reference: m.Ref(),
	}
	if l.conf.Quotes && m.ReplyTo != "" {
		o.ReplyTo = &quoteOut{string(m.ReplyTo)}
	}
	var err *channels.Error
	if t, ok := m.Content.(channels.Template); ok {
		if l.info.Capabilities.Templates.Value {
			o.Template, err = l.encodeTemplate(t)
		} else {
			err = l.refuse(channels.ErrUnsupported, "templates")
		}
	} else {
		o.Body, err = l.encode(m.Content)
	}
	return o, err
}

func (l *line) receipt(m *message) channels.Receipt {
	r := channels.Receipt{
		ID: channels.ProviderID(m.ID), Status: channels.Sent, At: first(m.Created.Time, l.p.cfg.Now()),
		Thread: string(m.Receiver.person().ID),
	}
	if row, ok := statusOf(string(m.Status)); ok {
		r.Status = row.status
	}
	return r
}
