package messagebird

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// orderWire is a request to send. POST /send names the channel "from", the
// other calls "channelId".
type orderWire struct {
	To        string      `json:"to,omitempty"`
	From      string      `json:"from,omitempty"`
	ChannelID string      `json:"channelId,omitempty"`
	Type      string      `json:"type"`
	Content   contentWire `json:"content"`
	Tag       string      `json:"tag,omitempty"`
	TrackID   string      `json:"trackId,omitempty"`
	Source    *sourceWire `json:"source,omitempty"`
	ReportURL string      `json:"reportUrl,omitempty"`
}

type sourceWire struct {
	Ref string `json:"ref"`
}

// lineParam names the line in the address of a report.
const lineParam = "line"

// Send implements channels.Channel.
func (l *line) Send(ctx context.Context, m channels.Outbound) (channels.Receipt, error) {
	if m.To.Peer == "" {
		return channels.Receipt{}, l.refuse(channels.ErrMalformed, "nobody to send to")
	}
	if l.info.PeerSpace == channels.PhonePeers && strings.Contains(string(m.To.Peer), ".") {
		// WhatsApp's own name of somebody whose number it does not tell, known
		// since another provider had the line.
		return channels.Receipt{}, l.refuse(channels.ErrUnreachable, "no phone number")
	}
	via := l.p.cfg.SendVia
	if via == ViaAuto && m.Thread != "" {
		via = ViaReply
	}
	if via == ViaReply && m.Thread == "" {
		return channels.Receipt{}, l.refuse(channels.ErrCannotInitiate, "no conversation to reply in")
	}
	kind, content, err := l.encode(ctx, m)
	if err != nil {
		return channels.Receipt{}, err
	}
	order := l.order(m, kind, content)
	switch via {
	case ViaReply:
		receipt, err := l.reply(ctx, m, order)
		if l.p.cfg.SendVia != ViaAuto || !gone(err) {
			return receipt, orNil(err)
		}
		// The conversation is no more, so the message certainly did not go
		// out; the person is still there.
	case ViaStart:
		receipt, err := l.start(ctx, m, order)
		return receipt, orNil(err)
	}
	receipt, err := l.sendTo(ctx, m, order)
	return receipt, orNil(err)
}

// orNil keeps a nil *channels.Error from becoming an error that is not nil.
func orNil(err *channels.Error) error {
	if err == nil {
		return nil
	}
	return err
}

// gone reports whether the conversation of a reply was not found.
func gone(err *channels.Error) bool {
	return err != nil && err.Provider == "20" && err.Outcome == channels.NotSent && errors.Is(err, channels.ErrRejected)
}

func (l *line) order(m channels.Outbound, kind string, content contentWire) orderWire {
	o := orderWire{Type: kind, Content: content}
	if m.Extended && l.info.Kind == channels.Messenger {
		o.Tag = "human_agent"
	}
	if l.p.cfg.Reconcile.track() {
		o.TrackID = m.Ref()
	}
	if l.p.cfg.Reconcile.source() {
		o.Source = &sourceWire{m.Ref()}
	}
	if l.p.cfg.ReportURL != "" {
		o.ReportURL = l.p.cfg.ReportURL + "?" + url.Values{lineParam: {string(l.info.ID)}}.Encode()
	}
	return o
}

// sendTo sends to a person.
func (l *line) sendTo(ctx context.Context, m channels.Outbound, o orderWire) (channels.Receipt, *channels.Error) {
	o.To, o.From = string(m.To.Peer), l.conf.ChannelID
	var w struct {
		message
		Wrapped *message `json:"message"` // some accounts are answered so
	}
	status, err := l.post(ctx, "/send", o, &w)
	if err != nil {
		return channels.Receipt{}, err
	}
	if w.Wrapped != nil {
		w.message = *w.Wrapped
	}
	return l.receipt(status, &w.message)
}

// reply sends in a conversation. When it is archived the message goes into a
// new one, which the answer names.
func (l *line) reply(ctx context.Context, m channels.Outbound, o orderWire) (channels.Receipt, *channels.Error) {
	o.ChannelID = l.conf.ChannelID
	var w message
	status, err := l.post(ctx, "/conversations/"+url.PathEscape(m.Thread)+"/messages", o, &w)
	if err != nil {
		return channels.Receipt{}, err
	}
	return l.receipt(status, &w)
}

// start sends and opens a conversation. The answer is the conversation; where
// it does not name the message, we look for it there.
func (l *line) start(ctx context.Context, m channels.Outbound, o orderWire) (channels.Receipt, *channels.Error) {
	o.To, o.ChannelID = string(m.To.Peer), l.conf.ChannelID
	var w conversation
	status, failure := l.post(ctx, "/conversations/start", o, &w)
	if failure != nil {
		return channels.Receipt{}, failure
	}
	if w.Messages.ID != "" {
		return l.receipt(status, &message{ID: string(w.Messages.ID), Conversation: w.ID})
	}
	if m.Thread = string(w.ID); m.Thread != "" {
		if receipt, ok, err := l.Find(ctx, m); err == nil && ok {
			return receipt, nil
		}
	}
	return channels.Receipt{}, unclear("send", l.info.ID, status, nil)
}

// post makes the one attempt and decodes a success into to.
func (l *line) post(ctx context.Context, path string, body, to any) (status int, failure *channels.Error) {
	reply, err := l.p.api.Do(ctx, httpx.Call{Op: "send", Method: http.MethodPost, Path: path, JSON: body})
	if err != nil {
		return 0, l.p.failed("send", l.info.ID, err)
	}
	if !success(reply) {
		return reply.Status, l.p.refused("send", l.info.ID, reply)
	}
	if err := httpx.DecodeJSON(reply.Body, to, httpx.JSONLimits{TrailingNull: true, Lenient: true}); err != nil {
		return reply.Status, unclear("send", l.info.ID, reply.Status, err)
	}
	return reply.Status, nil
}

func success(r *httpx.Reply) bool { return r.Status >= 200 && r.Status < 300 }

// receipt reads an answer. Without an id nobody could tell later which message
// it was, so it is none.
func (l *line) receipt(status int, m *message) (channels.Receipt, *channels.Error) {
	if m.ID == "" {
		return channels.Receipt{}, unclear("send", l.info.ID, status, nil)
	}
	return l.p.receiptOf(m, l.p.cfg.Now()), nil
}

func (p *Provider) receiptOf(m *message, now time.Time) channels.Receipt {
	r := channels.Receipt{ID: channels.ProviderID(m.ID), Status: channels.Sent, At: m.Created.or(now), Thread: string(m.Conversation)}
	if row, ok := statusOf(m.Status); ok {
		r.Status = row.status
	}
	return r
}
