package messagebirdtest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Phone is a person's side of a channel: it writes, taps and reads. Its methods may be called concurrently.
type Phone struct {
	s       *Server
	ch      *channel
	address string
}

// Message is something that arrived at a phone.
type Message struct {
	ID, ConversationID string
	// Type and Content are as they were sent.
	Type    string
	Content json.RawMessage
	// Status is the last one reported.
	Status string
	At     time.Time
}

// Text is the text of a text message, the body of an interactive one, and "" of any other.
func (m Message) Text() string {
	var c struct {
		Text        string `json:"text"`
		Interactive struct {
			Body struct {
				Text string `json:"text"`
			} `json:"body"`
		} `json:"interactive"`
	}
	if json.Unmarshal(m.Content, &c) != nil {
		return ""
	}
	return c.Text + c.Interactive.Body.Text
}

// Person returns the phone of the person with this address on a channel: a phone number with or without "+", or
// the platform's id of the person. The same address gives the same person. A channel that is not in
// Config.Channels, or an address that cannot exist on it, is a mistake in the program and panics.
func (s *Server) Person(channelID, from string) *Phone {
	ch := s.state.channels[channelID]
	if ch == nil {
		panic(fmt.Sprintf("messagebirdtest: Person: no channel %q in Config.Channels", channelID))
	}
	address := ch.rules.canonical(from)
	if address == "" {
		panic("messagebirdtest: Person: not an address on " + ch.Platform)
	}
	return &Phone{s: s, ch: ch, address: address}
}

// Named sets the name under which the service knows the person, and returns the phone.
func (p *Phone) Named(first, last string) *Phone {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	c := p.s.contactFor(p.ch, p.address)
	c.first, c.last, c.updated = first, last, p.s.now()
	if first+last != "" {
		c.display = first + " " + last
	}
	return p
}

// Says sends a text and returns the message's id.
func (p *Phone) Says(text string) string {
	return p.send("text", map[string]any{"text": text}, "")
}

// Sends sends any type with any content, a JSON object that goes out as it is: types that nobody knows yet, wrong
// values, invalid UTF-8 within strings. Only content that is not JSON is an error; use Server.Emit for that.
func (p *Phone) Sends(kind string, content json.RawMessage) (string, error) {
	if !json.Valid(content) {
		return "", fmt.Errorf("messagebirdtest: content of %s is not JSON", kind)
	}
	return p.send(kind, content, ""), nil
}

// SendsLocation sends a position in degrees.
func (p *Phone) SendsLocation(latitude, longitude float64) string {
	return p.send("location", map[string]any{"location": map[string]float64{"latitude": latitude, "longitude": longitude}}, "")
}

// Quotes answers a message of the inbox with a text, WhatsApp's quoted reply.
func (p *Phone) Quotes(id, text string) (string, error) {
	if p.ch.Platform != "whatsapp" && p.ch.Platform != "whatsapp_sandbox" {
		return "", fmt.Errorf("messagebirdtest: no quoted replies on %s", p.ch.Platform)
	}
	if _, err := p.got(id); err != nil {
		return "", err
	}
	quoted := map[string]any{"text": map[string]string{"body": text}, "context": map[string]string{"id": id, "from": p.ch.Number}}
	return p.send("whatsappText", map[string]any{"whatsappText": quoted}, id), nil
}

// Taps chooses a button or a row of a list by its id, in the newest message of the inbox that offers it.
func (p *Phone) Taps(id string) (string, error) {
	box := p.Inbox()
	for i := len(box) - 1; i >= 0; i-- {
		reply, ok := choose(box[i].Content, id)
		if ok {
			return p.send("interactive", map[string]any{"interactive": reply}, box[i].ID), nil
		}
	}
	return "", fmt.Errorf("messagebirdtest: nothing in the inbox offers the choice %q", id)
}

// Inbox returns what the person has received on the channel, oldest first. A message that failed is not there.
// It is empty with Config.CountOnly.
func (p *Phone) Inbox() []Message {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var box []Message
	for _, m := range p.s.state.inboxes[inbox{p.ch.ID, p.address}] {
		if !failed(m.status) {
			box = append(box, Message{m.id, m.conv.id, m.kind, m.content, m.status, m.created})
		}
	}
	return box
}

// Wait returns the inbox as soon as it holds at least n messages, or the context's error.
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

// Reads reports a message of the inbox as read.
func (p *Phone) Reads(id string) error { return p.reports(id, "read", nil) }

// Fails reports a message as failed, with the service's code and words. It leaves the inbox.
func (p *Phone) Fails(id string, code int, description string) error {
	return p.reports(id, "failed", &Fault{code, description})
}

func (p *Phone) reports(id, status string, fault *Fault) error {
	if _, err := p.got(id); err != nil {
		return err
	}
	return p.s.Report(id, status, fault)
}

// got finds a message that was sent to this phone.
func (p *Phone) got(id string) (*message, error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	m := p.s.state.messages[id]
	if m == nil || m.received || m.ch != p.ch || m.address != p.address {
		return nil, fmt.Errorf("messagebirdtest: no message %q was sent to this phone", id)
	}
	return m, nil
}
