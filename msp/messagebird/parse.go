package messagebird

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Reasons of a Malformed.
const (
	reasonEvent     = "unknown_event"      // a type of event that is not known
	reasonLine      = "unknown_line"       // a channel that is not configured
	reasonMessage   = "incomplete_message" // no id, or nobody it is from
	reasonDirection = "unknown_direction"
	reasonStatus    = "unknown_status"
	reasonForm      = "ambiguous_form"   // pairs that cannot be read, or a name twice
	reasonDeleted   = "received_deleted" // a person's message, deleted by we do not know whom
)

// maxKey is the longest channels.EventMeta.Key.
const maxKey = 200

// Parse turns the body of a webhook, or of the callback to a reportUrl, into
// its event; where the SMS API is served, the query of a GET too. Events about
// conversations give none. It implements channels.Webhook.
func (p *Provider) Parse(_ context.Context, r *channels.Request) ([]channels.Event, error) {
	if pairs, ok := p.smsPairs(r); ok {
		return p.smsForm(r, pairs), nil
	}
	var e envelope
	if err := httpx.DecodeJSON(r.Body, &e, httpx.JSONLimits{Lenient: true}); err != nil {
		return nil, &channels.Error{Op: "parse", Class: channels.ErrMalformed, Outcome: channels.NotSent, Err: err}
	}
	switch e.Type {
	case "message.created", "message.updated":
		return p.message(r, e), nil
	case "message.status":
		return p.report(r, e), nil
	case "conversation.created", "conversation.updated":
		return nil, nil
	case "":
		// Sandbox channels have been seen to pass WhatsApp's own reports on.
		// They name messages by ids that nobody else uses.
		if len(e.Statuses) > 0 && e.Message == nil {
			return nil, nil
		}
		if f := smsObject(r.Body); f != nil && p.hasSMS() {
			return p.sms(r, f), nil
		}
	}
	return p.malformed(r, nil, reasonEvent), nil
}

// message reads an event about a message.
func (p *Provider) message(r *channels.Request, e envelope) []channels.Event {
	m := e.Message
	if m == nil || m.ID == "" {
		return p.malformed(r, nil, reasonMessage)
	}
	l := p.byChannel(m.Channel)
	if l == nil {
		return p.malformed(r, nil, reasonLine)
	}
	created := e.Type == "message.created"
	switch {
	case m.Direction == directionSent && created:
		return l.echoed(r, e)
	case m.Direction == directionSent:
		return l.status(r, e)
	case m.Direction == directionReceived && created:
		return l.received(r, e)
	case m.Direction == directionReceived && m.Status == "deleted":
		// It may mean that the person took the message back. While that is
		// not established, nothing of theirs is removed by it.
		return p.malformed(r, l, reasonDeleted)
	case m.Direction == directionReceived:
		return nil // how far MessageBird itself is with a message that we have
	}
	return p.malformed(r, l, reasonDirection)
}

func (l *line) received(r *channels.Request, e envelope) []channels.Event {
	m := e.Message
	meta := l.meta(r, e, string(m.From))
	if meta.Peer == "" {
		return l.p.malformed(r, l, reasonMessage)
	}
	content, quoted := l.content(m.Type, m.Content, false)
	if m.ReplyTo.ID != "" {
		quoted = m.ReplyTo.ID
	}
	return []channels.Event{&channels.Received{
		EventMeta: meta,
		ID:        channels.ProviderID(m.ID),
		Content:   content,
		ReplyTo:   channels.ProviderID(quoted),
		Thread:    thread(e),
		From:      channels.Profile{Name: e.Contact.name()},
	}}
}

func (l *line) echoed(r *channels.Request, e envelope) []channels.Event {
	m := e.Message
	content, _ := l.content(m.Type, m.Content, true)
	return []channels.Event{&channels.Echoed{
		EventMeta: l.meta(r, e, string(m.To)),
		ID:        channels.ProviderID(m.ID),
		Ref:       l.p.ref(m),
		Content:   content,
		Thread:    thread(e),
	}}
}

// status reads what became of a message that we sent.
func (l *line) status(r *channels.Request, e envelope) []channels.Event {
	m := e.Message
	row, ok := statusOf(m.Status)
	if !ok {
		return l.p.malformed(r, l, reasonStatus)
	}
	meta := l.meta(r, e, string(m.To))
	events := []channels.Event{&channels.StatusChanged{
		EventMeta: meta,
		ID:        channels.ProviderID(m.ID),
		Ref:       l.p.ref(m),
		Status:    row.status,
		Err:       l.failure(row, m.Status, m.Error, e.Error),
		Thread:    thread(e),
	}}
	if row.optOut && meta.Peer != "" {
		meta.Key = key(meta.Key, "optout")
		events = append(events, &channels.OptedOut{EventMeta: meta})
	}
	return events
}

// report reads the callback to a reportUrl. It names no channel: the line is
// in the address that we gave, which the signature covers.
func (p *Provider) report(r *channels.Request, e envelope) []channels.Event {
	m := e.Message
	if m == nil || m.ID == "" {
		return p.malformed(r, nil, reasonMessage)
	}
	var l *line
	switch u, err := url.Parse(r.PublicURL); {
	case m.Channel != "":
		l = p.byChannel(m.Channel)
	case err == nil && u.Query().Get(lineParam) != "":
		l = p.byID(channels.ID(u.Query().Get(lineParam)))
	case len(p.lines) == 1:
		l = p.lines[0]
	}
	if l == nil {
		return p.malformed(r, nil, reasonLine)
	}
	return l.status(r, e)
}

// meta is what the event shares with all others. address is the person's end
// of the message.
func (l *line) meta(r *channels.Request, e envelope, address string) channels.EventMeta {
	m := e.Message
	meta := channels.EventMeta{Channel: l.info.ID, Peer: l.peer(address, e), Raw: r.Body}
	if e.Type == "message.created" {
		// A message is created once, however often and by how many webhooks
		// that is told.
		meta.Key = key(e.Type, m.ID)
		meta.At = m.Created.or(m.Updated.Time, r.At)
	} else {
		meta.Key = key(e.Type, m.ID, m.Status, m.Updated.text)
		meta.At = m.Updated.or(m.Created.Time, r.At)
	}
	return meta
}

// peer is the one form of a person's address, and without one the contact.
func (l *line) peer(address string, e envelope) channels.Peer {
	if address == "" {
		address = string(e.Contact.ID)
	}
	if address == "" {
		address = string(e.Conversation.ContactID)
	}
	if l.info.Kind == channels.WhatsApp || l.info.Kind == channels.SMS {
		return channels.Peer(phone(address))
	}
	return channels.Peer(address)
}

// phone writes a number as "+" and digits, however it came. What is not a
// person's number (a short number, a name, an id) stays as it is.
func phone(s string) string {
	n := digits(s)
	if len(n) < minPhone || !isNumber(n) {
		return s
	}
	return "+" + n
}

// minPhone is the length of the shortest number of a person, in digits, with
// its country code.
const minPhone = 7

func thread(e envelope) string {
	if e.Message.Conversation != "" {
		return string(e.Message.Conversation)
	}
	return string(e.Conversation.ID)
}

// ref returns our own name of the message, where it came back. Other
// applications of the account use the field too, with names of their own.
func (p *Provider) ref(m *message) string {
	ref := ""
	if p.cfg.Reconcile.source() {
		ref = string(m.Source.Ref)
	}
	if p.cfg.Reconcile.track() && m.TrackID != "" {
		ref = string(m.TrackID)
	}
	if len(ref) > maxRef {
		return ""
	}
	return ref
}

// maxRef is longer than any Outbound.Ref.
const maxRef = 80

// malformed keeps a body for a person. What is of no line of ours is kept with
// the first.
func (p *Provider) malformed(r *channels.Request, l *line, reason string) []channels.Event {
	if l == nil {
		l = p.lines[0]
	}
	raw := told(r)
	sum := sha256.Sum256(raw)
	meta := channels.EventMeta{Key: hex.EncodeToString(sum[:]), Channel: l.info.ID, At: r.At, Raw: raw}
	return []channels.Event{&channels.Malformed{EventMeta: meta, Reason: reason}}
}

// key joins the parts of an event's key; one that is too long becomes a hash.
func key(parts ...string) string {
	k := strings.Join(parts, ":")
	if len(k) <= maxKey {
		return k
	}
	sum := sha256.Sum256([]byte(k))
	return hex.EncodeToString(sum[:])
}
