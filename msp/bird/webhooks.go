package bird

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Webhook is a subscription: where Bird reports one kind of event to.
type Webhook struct {
	// ID is Bird's. Set by Bird.
	ID string
	// URL is called. It must be Request.PublicURL to the letter, because the
	// signature covers it. Required.
	URL string
	// Line limits the subscription to one line. Empty: all channels of the
	// event's platform, or one that is not configured here (see ChannelID).
	Line channels.ID
	// ChannelID is Bird's id of the line. Set by Bird.
	ChannelID string
	// Event is what is reported, as "whatsapp.inbound"; see Events. Required.
	Event string
	// Enabled is false when it was switched off. Set by Bird.
	Enabled bool
	// Created is when it was made. Set by Bird.
	Created time.Time
}

type webhookWire struct {
	Service    string       `json:"service"`
	Event      string       `json:"event"`
	URL        string       `json:"url"`
	SigningKey string       `json:"signingKey"`
	Filters    []filterWire `json:"eventFilters,omitempty"`
}

type filterWire struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// webhookIn is a subscription as it is listed. The key cannot be read back.
type webhookIn struct {
	ID      loose  `json:"id"`
	Service loose  `json:"service"`
	Event   loose  `json:"event"`
	URL     loose  `json:"url"`
	Status  loose  `json:"status"`
	Created moment `json:"createdAt"`
	Filters []struct {
		Key   loose `json:"key"`
		Value loose `json:"value"`
	} `json:"eventFilters"`
}

// Events are the events of a kind of channel that Parse makes use of, each of
// which is a subscription of its own; nil for a kind that Bird does not carry.
func (p *Provider) Events(k channels.Kind) []string {
	platform, ok := map[channels.Kind]string{
		channels.WhatsApp: "whatsapp", channels.Messenger: "facebook", channels.Instagram: "instagram", channels.Viber: "viber",
		channels.Telegram: "telegram", channels.SMS: "sms", channels.Email: "email",
	}[k]
	if !ok {
		return nil
	}
	return []string{platform + ".inbound", platform + ".outbound", platform + "." + p.cfg.Interactions}
}

// CreateWebhook subscribes to an event, with the first of Config.SigningKeys,
// and returns the subscription as Bird has it. The same one twice is two, of
// which Bird allows five.
func (p *Provider) CreateWebhook(ctx context.Context, w Webhook) (Webhook, error) {
	const op = "create webhook"
	refused := &channels.Error{Op: op, Channel: w.Line, Class: channels.ErrMalformed, Outcome: channels.NotSent}
	path, ok := p.subscriptions()
	if !ok || !webAddress(w.URL, p.cfg.InsecureHTTP) || w.Event == "" {
		return Webhook{}, refused
	}
	body := webhookWire{Service: "channels", Event: w.Event, URL: w.URL}
	if w.Line != "" {
		l := p.byID(w.Line)
		if l == nil {
			return Webhook{}, refused
		}
		body.Filters = []filterWire{{"channelId", l.conf.ChannelID}}
	}
	keys := p.cfg.SigningKeys()
	if len(keys) == 0 || keys[0] == "" {
		return Webhook{}, &channels.Error{Op: op, Channel: w.Line, Class: channels.ErrCredentials, Outcome: channels.NotSent}
	}
	body.SigningKey = keys[0]
	reply, err := p.api.Do(ctx, httpx.Call{Op: op, Method: http.MethodPost, Path: path, JSON: body})
	switch {
	case err != nil:
		return Webhook{}, p.failed(op, w.Line, err)
	case !success(reply):
		return Webhook{}, p.refused(op, w.Line, reply)
	}
	var made webhookIn
	if err := httpx.DecodeJSON(reply.Body, &made, httpx.JSONLimits{Lenient: true}); err != nil || made.ID == "" {
		return Webhook{}, unclear(op, w.Line, reply.Status, err)
	}
	return p.webhook(&made), nil
}

// Webhooks lists the workspace's subscriptions to events of channels.
func (p *Provider) Webhooks(ctx context.Context) ([]Webhook, error) {
	const op = "list webhooks"
	path, ok := p.subscriptions()
	if !ok {
		return nil, &channels.Error{Op: op, Class: channels.ErrMalformed, Outcome: channels.NotSent}
	}
	var all []Webhook
	err := list(ctx, p, httpx.Call{Op: op, Path: path}, "", func(w *webhookIn) bool {
		if w.Service == "channels" {
			all = append(all, p.webhook(w))
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// DeleteWebhook ends a subscription.
func (p *Provider) DeleteWebhook(ctx context.Context, id string) error {
	const op = "delete webhook"
	path, ok := p.subscriptions()
	if !ok {
		return &channels.Error{Op: op, Class: channels.ErrMalformed, Outcome: channels.NotSent}
	}
	return orNil(p.repeatable(ctx, "", httpx.Call{Op: op, Method: http.MethodDelete, Path: path + "/" + url.PathEscape(id)}, nil))
}

// subscriptions is the path of the subscriptions; false when nobody said whose.
func (p *Provider) subscriptions() (string, bool) {
	const owners = "/organizations/" //nolint:misspell // Bird's word
	return owners + url.PathEscape(p.cfg.OrganizationID) + p.workspace + "/" + url.PathEscape(p.cfg.SubscriptionsPath),
		p.cfg.OrganizationID != ""
}

func (p *Provider) webhook(w *webhookIn) Webhook {
	out := Webhook{ID: string(w.ID), URL: string(w.URL), Event: string(w.Event), Enabled: w.Status != "inactive", Created: w.Created.Time}
	for _, f := range w.Filters {
		if f.Key == "channelId" {
			out.ChannelID = string(f.Value)
		}
	}
	if l := p.byChannel(out.ChannelID); l != nil {
		out.Line = l.info.ID
	}
	return out
}
