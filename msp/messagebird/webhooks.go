package messagebird

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Webhook is where MessageBird reports to.
type Webhook struct {
	// ID is MessageBird's. Set by MessageBird.
	ID string
	// URL is called. It must be Request.PublicURL to the letter, because the
	// signature covers it. Required.
	URL string
	// Line limits the webhook to one line, which is none over the SMS API.
	// Empty: all channels of the account, or one that is not configured here
	// (see ChannelID).
	Line channels.ID
	// ChannelID is MessageBird's id of the line. Set by MessageBird.
	ChannelID string
	// Events are the types of events. Default: message.created and
	// message.updated, all that Parse makes use of.
	Events []string
	// Enabled is false when it was switched off. Set by MessageBird.
	Enabled bool
	// Created is when it was made. Set by MessageBird.
	Created time.Time
}

type webhookWire struct {
	ID        string            `json:"id,omitempty"`
	ChannelID string            `json:"channelId,omitempty"`
	Events    []string          `json:"events"`
	URL       string            `json:"url"`
	Status    string            `json:"status,omitempty"`
	Settings  map[string]string `json:"settings,omitempty"`
}

// CreateWebhook registers a webhook and returns it as MessageBird has it. The
// same webhook twice is two webhooks.
func (p *Provider) CreateWebhook(ctx context.Context, w Webhook) (Webhook, error) {
	const op = "create webhook"
	body := webhookWire{URL: w.URL, Events: w.Events, Settings: map[string]string{"expected_http_code": "2xx"}}
	if len(body.Events) == 0 {
		body.Events = []string{"message.created", "message.updated"}
	}
	if w.Line != "" {
		l := p.byID(w.Line)
		switch {
		case l == nil:
			return Webhook{}, &channels.Error{Op: op, Channel: w.Line, Class: channels.ErrMalformed, Outcome: channels.NotSent}
		case l.conf.SMS != nil: // its addresses are settings of the account
			return Webhook{}, &channels.Error{Op: op, Channel: w.Line, Class: channels.ErrUnsupported, Outcome: channels.NotSent}
		}
		body.ChannelID = l.conf.ChannelID
	}
	if !webAddress(w.URL, p.cfg.InsecureHTTP, true) {
		return Webhook{}, &channels.Error{Op: op, Channel: w.Line, Class: channels.ErrMalformed, Outcome: channels.NotSent}
	}
	reply, err := p.api.Do(ctx, httpx.Call{Op: op, Method: http.MethodPost, Path: "/webhooks", JSON: body})
	switch {
	case err != nil:
		return Webhook{}, p.failed(op, w.Line, err)
	case !success(reply):
		return Webhook{}, p.refused(op, w.Line, reply)
	}
	var made webhookIn
	if err := httpx.DecodeJSON(reply.Body, &made, httpx.JSONLimits{TrailingNull: true, Lenient: true}); err != nil || made.ID == "" {
		return Webhook{}, unclear(op, w.Line, reply.Status, err)
	}
	return p.webhook(made), nil
}

// UpdateWebhook gives the webhook w.ID another URL, other events, and switches it
// on or off.
func (p *Provider) UpdateWebhook(ctx context.Context, w Webhook) (Webhook, error) {
	const op = "update webhook"
	if !webAddress(w.URL, p.cfg.InsecureHTTP, true) || len(w.Events) == 0 {
		return Webhook{}, &channels.Error{Op: op, Class: channels.ErrMalformed, Outcome: channels.NotSent}
	}
	body := webhookWire{URL: w.URL, Events: w.Events, Status: "disabled"}
	if w.Enabled {
		body.Status = "enabled"
	}
	reply, err := p.api.Do(ctx, httpx.Call{Op: op, Method: http.MethodPatch, Path: "/webhooks/" + url.PathEscape(w.ID), JSON: body})
	var made webhookIn
	if err := p.harmless(op, "", reply, err, &made); err != nil {
		return Webhook{}, err
	}
	return p.webhook(made), nil
}

// Webhooks lists the account's webhooks.
func (p *Provider) Webhooks(ctx context.Context) ([]Webhook, error) {
	var all []Webhook
	seen := map[string]bool{}
	for range maxPages {
		var list page[webhookIn]
		query := url.Values{"limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(len(all))}}
		if err := p.get(ctx, "list webhooks", "", "/webhooks", query, &list); err != nil {
			return nil, err
		}
		before := len(all)
		for _, w := range list.Items {
			if !seen[w.ID] {
				seen[w.ID] = true
				all = append(all, p.webhook(w))
			}
		}
		if len(all) == before || list.Total > 0 && len(all) >= list.Total {
			break
		}
	}
	return all, nil
}

// DeleteWebhook removes a webhook.
func (p *Provider) DeleteWebhook(ctx context.Context, id string) error {
	const op = "delete webhook"
	reply, err := p.api.Do(ctx, httpx.Call{Op: op, Method: http.MethodDelete, Path: "/webhooks/" + url.PathEscape(id)})
	return orNil(p.harmless(op, "", reply, err, nil))
}

// webhookIn is a webhook as it is listed.
type webhookIn struct {
	webhookWire
	Created moment `json:"createdDatetime"`
}

func (p *Provider) webhook(w webhookIn) Webhook {
	out := Webhook{ID: w.ID, URL: w.URL, ChannelID: w.ChannelID, Events: w.Events,
		Enabled: w.Status != "disabled", Created: w.Created.Time}
	if l := p.byChannel(w.ChannelID); l != nil {
		out.Line = l.info.ID
	}
	return out
}
