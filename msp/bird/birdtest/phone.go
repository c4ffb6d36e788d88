package birdtest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Phone is a person's side of a channel: it writes, taps and reads. Its methods
// may be called concurrently.
type Phone struct {
	s     *Server
	ch    *channel
	value string
}

// Message is something that arrived at a phone.
type Message struct {
	ID string
	// Body and Template are as they were sent; one of them is nil.
	Body, Template json.RawMessage
	// Status is the last one reported.
	Status string
	At     time.Time
}

// Text is the text of a message, with whatever else it has; "" when it has none.
func (m Message) Text() string {
	type said struct{ Text string }
	var b struct{ Text, Image, File, List said }
	if m.Body == nil || json.Unmarshal(m.Body, &b) != nil {
		return ""
	}
	return b.Text.Text + b.Image.Text + b.File.Text + b.List.Text
}

// Person returns the phone of the person with this identifier on a channel: a
// phone number with or without "+", or the platform's id of the person. The same
// one gives the same person. A channel that is not in Config.Channels, or an
// identifier that cannot exist on it, is a mistake in the program and panics.
func (s *Server) Person(channelID, identifierValue string) *Phone {
	ch := s.state.channels[channelID]
	if ch == nil {
		panic(fmt.Sprintf("birdtest: Person: no channel %q in Config.Channels", channelID))
	}
	value := ch.rules.canonical(identifierValue)
	if value == "" {
		panic("birdtest: Person: not an identifier on " + ch.Platform)
	}
	return &Phone{s, ch, value}
}

// Named sets the name under which Bird knows the person, and returns the phone.
func (p *Phone) Named(name string) *Phone {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.contactFor(p.ch, p.value).name = name
	return p
}

// ContactID is Bird's id of the person.
func (p *Phone) ContactID() string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.s.contactFor(p.ch, p.value).id
}

// Says sends a text and returns the message's id.
func (p *Phone) Says(text string) string {
	return p.send(&message{body: encode(map[string]any{"type": "text", "text": map[string]string{"text": text}})})
}

// Sends sends any body, a JSON object that goes out as it is: types that nobody
// knows yet, wrong values, invalid UTF-8 within strings. Only what is not JSON is
// an error; use Server.Emit for that.
func (p *Phone) Sends(body json.RawMessage) (string, error) {
	if !json.Valid(body) {
		return "", fmt.Errorf("birdtest: the body is not JSON")
	}
	return p.send(&message{body: body}), nil
}

// Quotes answers a message of the inbox with a text.
func (p *Phone) Quotes(id, text string) (string, error) {
	if _, err := p.got(id); err != nil {
		return "", err
	}
	return p.send(&message{replyTo: id, body: encode(map[string]any{"type": "text", "text": map[string]string{"text": text}})}), nil
}

// SendsLocation sends a position in degrees.
func (p *Phone) SendsLocation(latitude, longitude float64) string {
	return p.send(&message{body: encode(map[string]any{"type": "location", "location": map[string]any{
		"coordinates": map[string]float64{"latitude": latitude, "longitude": longitude},
	}})})
}

// Taps chooses an option by its payload, or by its title where it has none, in
// the newest message of the inbox that offers it.
func (p *Phone) Taps(option string) (string, error) {
	box := p.Inbox()
	for i := len(box) - 1; i >= 0; i-- {
		kind, title, ok := choose(box[i].Body, option)
		if !ok {
			continue
		}
		text := map[string]any{"text": title}
		m := &message{replyTo: box[i].ID}
		if p.s.cfg.TapsAsActions {
			text["actions"] = []any{map[string]any{"type": "postback", "postback": map[string]string{"text": title, "payload": option}}}
		} else {
			m.extra = map[string]string{"whatsapp.interactive.type": kind, "whatsapp.interactive." + kind + ".id": option}
		}
		m.body = encode(map[string]any{"type": "text", "text": text})
		return p.send(m), nil
	}
	return "", fmt.Errorf("birdtest: nothing in the inbox offers the option %q", option)
}

type offeredAction struct {
	Postback struct{ Text, Payload string }
	Reply    struct{ Text string }
}

func (a offeredAction) matches(option string) bool {
	return a.Postback.Payload == option || a.Reply.Text == option
}

// choose looks for an option in a body.
func choose(body json.RawMessage, option string) (kind, title string, ok bool) {
	type item struct {
		Title   string
		Actions []offeredAction
	}
	var b struct {
		Text struct{ Actions []offeredAction }
		List struct {
			Items    []item
			Sections []struct{ Items []item }
		}
	}
	if body == nil || json.Unmarshal(body, &b) != nil {
		return "", "", false
	}
	for _, a := range b.Text.Actions {
		if a.matches(option) {
			return "button_reply", a.Postback.Text + a.Reply.Text, true
		}
	}
	items := b.List.Items
	for _, s := range b.List.Sections {
		items = append(items, s.Items...)
	}
	for _, i := range items {
		for _, a := range i.Actions {
			if a.matches(option) {
				return "list_reply", i.Title, true
			}
		}
	}
	return "", "", false
}

// send brings a message from the person into the workspace.
func (p *Phone) send(m *message) string {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	m.id, m.ch, m.value, m.incoming, m.status = newID(), p.ch, p.value, true, "delivered"
	m.contact, m.created, m.statusAt = s.contactFor(p.ch, p.value), now, now
	m.contact.lastIn[p.ch.ID] = now
	s.add(m)
	s.journal.received()
	s.emit(p.ch, "inbound", s.wire(m))
	s.changed.Ring()
	return m.id
}

// Inbox returns what the person has received on the channel, oldest first. A
// message that failed is not there.
func (p *Phone) Inbox() []Message {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var box []Message
	for _, m := range p.s.state.history {
		if !m.incoming && m.ch == p.ch && m.value == p.value && !strings.HasSuffix(m.status, "_failed") {
			box = append(box, Message{m.id, m.body, m.template, m.status, m.created})
		}
	}
	return box
}

// Wait returns the inbox as soon as it holds at least n messages, or the
// context's error.
func (p *Phone) Wait(ctx context.Context, n int) ([]Message, error) {
	for {
		changed := p.s.changed.Wait()
		if box := p.Inbox(); len(box) >= n {
			return box, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return p.Inbox(), ctx.Err()
		}
	}
}

// Delivers reports a message of the inbox as delivered.
func (p *Phone) Delivers(id string) error { return p.reports(id, "delivered", nil) }

// Fails reports a message as not delivered. It leaves the inbox.
func (p *Phone) Fails(id string, fault Fault) error { return p.reports(id, "delivery_failed", &fault) }

func (p *Phone) reports(id, status string, fault *Fault) error {
	if _, err := p.got(id); err != nil {
		return err
	}
	return p.s.Report(id, status, fault)
}

// Reads tells that the person read a message of the inbox.
func (p *Phone) Reads(id string) error { return p.Interacts(id, "read") }

// Interacts tells what the person did with a message of the inbox: "read",
// "opened", "clicked", "reported-as-spam" or anything else.
func (p *Phone) Interacts(id, kind string) error {
	m, err := p.got(id)
	if err != nil {
		return err
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	receiver := p.s.wire(m).Receiver
	p.s.emit(p.ch, p.s.cfg.Interactions, interactionWire{newID(), kind, id, p.ch.ID, &receiver, p.s.now()})
	return nil
}

// got finds a message that was sent to this phone.
func (p *Phone) got(id string) (*message, error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	m := p.s.state.messages[id]
	if m == nil || m.incoming || m.ch != p.ch || m.value != p.value {
		return nil, fmt.Errorf("birdtest: no message %q was sent to this phone", id)
	}
	return m, nil
}
