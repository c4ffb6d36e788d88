package bird

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Reasons of a Malformed.
const (
	reasonService     = "unknown_service" // not of the channels
	reasonEvent       = "unknown_event"
	reasonLine        = "unknown_line"       // a channel that is not configured
	reasonMessage     = "incomplete_message" // no id, or nobody it is from
	reasonDirection   = "unknown_direction"
	reasonStatus      = "unknown_status"
	reasonInteraction = "unknown_interaction"
	reasonNobody      = "opt_out_of_nobody" // somebody opted out, and who is not told
)

const (
	// maxKey is the longest channels.EventMeta.Key.
	maxKey = 200
	// maxRef is longer than any Outbound.Ref.
	maxRef = 80
)

// Parse turns the body of a webhook into its events. It implements
// channels.Webhook.
func (p *Provider) Parse(_ context.Context, r *channels.Request) ([]channels.Event, error) {
	var e envelope
	if err := httpx.DecodeJSON(r.Body, &e, httpx.JSONLimits{Lenient: true}); err != nil {
		return nil, &channels.Error{Op: "parse", Class: channels.ErrMalformed, Outcome: channels.NotSent, Err: err}
	}
	_, word, _ := strings.Cut(e.Event, ".") // before the dot is the platform, which the line knows
	m := e.Payload
	switch {
	case e.Service != "channels":
		return p.malformed(r, nil, reasonService), nil
	case word != "inbound" && word != "outbound" && word != p.cfg.Interactions:
		return p.malformed(r, nil, reasonEvent), nil
	case m == nil:
		return p.malformed(r, nil, reasonMessage), nil
	}
	l := p.byChannel(string(m.Channel))
	switch {
	case l == nil:
		return p.malformed(r, nil, reasonLine), nil
	case word == p.cfg.Interactions:
		return l.interaction(r, m), nil
	case m.ID == "":
		return p.malformed(r, l, reasonMessage), nil
	case m.Direction == directionOut: // Instagram's echoes come as inbound too
		return l.outgoing(r, m), nil
	case m.Direction == directionIn && word == "inbound":
		return l.received(r, m), nil
	}
	return p.malformed(r, l, reasonDirection), nil
}

// received reads a person's message: one event for each file, one for all else.
func (l *line) received(r *channels.Request, m *message) []channels.Event {
	who := m.Sender.person()
	peer := l.peer(who)
	if peer == "" {
		return l.p.malformed(r, l, reasonMessage)
	}
	var events []channels.Event
	for i, c := range l.contents(m, r.Body) {
		id := string(m.ID)
		if i > 0 {
			id += "." + strconv.Itoa(i)
		}
		events = append(events, &channels.Received{
			EventMeta: l.meta(r, peer, first(m.Created.Time, m.Updated.Time, r.At), "inbound", id),
			ID:        channels.ProviderID(id),
			Content:   c,
			ReplyTo:   channels.ProviderID(m.ReplyTo.ID),
			Thread:    string(who.ID),
			From:      channels.Profile{Name: string(who.About.Name)},
		})
	}
	return events
}

// outgoing reads a report on a message to a person, ours or another
// application's: that it is there, once, and what became of it.
func (l *line) outgoing(r *channels.Request, m *message) []channels.Event {
	row, ok := statusOf(string(m.Status))
	if !ok {
		return l.p.malformed(r, l, reasonStatus)
	}
	who := m.Receiver.person()
	peer, id := l.peer(who), channels.ProviderID(m.ID)
	var events []channels.Event
	if row.status != channels.Failed {
		events = append(events, &channels.Echoed{
			EventMeta: l.meta(r, peer, first(m.Created.Time, m.StatusAt.Time, r.At), "outbound", string(m.ID)),
			ID:        id,
			Ref:       reference(m),
			Content:   l.sent(m, r.Body),
			Thread:    string(who.ID),
		})
	}
	return append(events, &channels.StatusChanged{
		EventMeta: l.meta(r, peer, first(m.StatusAt.Time, m.Updated.Time, m.Created.Time, r.At), "status", string(m.ID), string(m.Status)),
		ID:        id,
		Ref:       reference(m),
		Status:    row.status,
		Err:       l.reason(row, m),
		Thread:    string(who.ID),
	})
}

// interaction reads what a person did with a message that arrived.
func (l *line) interaction(r *channels.Request, m *message) []channels.Event {
	row, ok := interactionOf(string(m.Type))
	switch {
	case m.MessageID == "":
		return l.p.malformed(r, l, reasonMessage)
	case !ok:
		return l.p.malformed(r, l, reasonInteraction)
	}
	who := m.Receiver.person()
	if who == (person{}) {
		who = m.Sender.person()
	}
	peer, at := l.peer(who), first(m.Created.Time, m.Updated.Time, r.At)
	events := []channels.Event{&channels.StatusChanged{
		EventMeta: l.meta(r, peer, at, "interaction", string(m.MessageID), string(m.Type)),
		ID:        channels.ProviderID(m.MessageID),
		Ref:       reference(m),
		Status:    row.status,
		Thread:    string(who.ID),
	}}
	switch {
	case row.optOut && peer == "":
		return append(events, l.p.malformed(r, l, reasonNobody)...)
	case row.optOut:
		events = append(events, &channels.OptedOut{EventMeta: l.meta(r, peer, at, "optout", string(m.MessageID), string(m.Type))})
	}
	return events
}

// reference returns our own name of the message. Other applications use the
// field too, with names of their own.
func reference(m *message) string {
	if len(m.Reference) > maxRef {
		return ""
	}
	return string(m.Reference)
}

// meta is what the event shares with all others; parts make its key.
func (l *line) meta(r *channels.Request, peer channels.Peer, at time.Time, parts ...string) channels.EventMeta {
	return channels.EventMeta{Key: key(parts...), Channel: l.info.ID, Peer: peer, At: at, Raw: r.Body}
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

// malformed keeps a body for a person. What is of no line of ours is kept with
// the first.
func (p *Provider) malformed(r *channels.Request, l *line, reason string) []channels.Event {
	if l == nil {
		l = p.lines[0]
	}
	sum := sha256.Sum256(r.Body)
	meta := channels.EventMeta{Key: hex.EncodeToString(sum[:]), Channel: l.info.ID, At: r.At, Raw: r.Body}
	return []channels.Event{&channels.Malformed{EventMeta: meta, Reason: reason}}
}
