package birdtest

import (
	"encoding/json"
	"time"
)

// state is what the workspace holds. Server.mu guards it.
type state struct {
	channels      map[string]*channel
	contacts      map[string]*contact // by id
	people        map[identifier]*contact
	messages      map[string]*message
	history       []*message // oldest first
	conversations map[string]*conversation
	threads       []*conversation // oldest first
	hooks         []*webhook
	blobs         map[string]File
}

type channel struct {
	Channel
	rules     rules
	connector string
}

// identifier is how a person is known: contacts are shared between the channels
// that use the same key.
type identifier struct{ key, value string }

type contact struct {
	id, name string
	who      map[string]string    // value by key
	lastIn   map[string]time.Time // by channel
}

type conversation struct {
	id       string
	contact  *contact
	ch       *channel
	created  time.Time
	messages map[string]bool
}

type message struct {
	id        string
	ch        *channel
	contact   *contact
	value     string // the person's identifier on the channel
	incoming  bool
	body      json.RawMessage
	template  json.RawMessage
	extra     map[string]string
	reference string
	replyTo   string
	status    string
	fault     *Fault
	created   time.Time
	statusAt  time.Time
}

// Fault is why a message was not carried.
type Fault struct {
	// Code is Bird's group of reasons, such as 15005.
	Code int
	// Source and SourceCode are the platform's name and its own code.
	Source, SourceCode string
	// Reason is for people.
	Reason string
}

type webhook struct {
	Webhook
	id      string
	created time.Time
}

// contactFor finds or makes the contact with this identifier on a channel.
func (s *Server) contactFor(ch *channel, value string) *contact {
	who := identifier{ch.rules.key, value}
	c := s.state.people[who]
	if c == nil {
		c = &contact{id: newID(), who: map[string]string{who.key: who.value}, lastIn: map[string]time.Time{}}
		s.state.people[who], s.state.contacts[c.id] = c, c
	}
	return c
}

// add files a message in the log of its channel and in the conversation of its
// person there, which it begins if there is none.
func (s *Server) add(m *message) {
	s.state.messages[m.id] = m
	s.state.history = append(s.state.history, m)
	for _, t := range s.state.threads {
		if t.contact == m.contact && t.ch == m.ch {
			t.messages[m.id] = true
			return
		}
	}
	t := &conversation{id: newID(), contact: m.contact, ch: m.ch, created: s.now(), messages: map[string]bool{m.id: true}}
	s.state.conversations[t.id] = t
	s.state.threads = append(s.state.threads, t)
}

// wire is a message as the API and the webhooks show it.
func (s *Server) wire(m *message) messageWire {
	who := contactWire{ID: m.contact.id, Key: m.ch.rules.key, Value: m.value}
	if m.contact.name != "" {
		who.Annotations = &annotationWire{m.contact.name}
	}
	ours := &connectorWire{ID: m.ch.connector}
	w := messageWire{ID: m.id, Channel: m.ch.ID, Body: m.body, Template: m.template, Parts: []partWire{{"platform." + m.id}},
		Status: m.status, StatusAt: m.statusAt, Created: m.created, Updated: m.statusAt}
	if m.incoming {
		w.Sender, w.Receiver, w.Direction = partyWire{Contact: &who}, partyWire{Connector: ours}, "incoming"
	} else {
		w.Sender, w.Receiver, w.Direction = partyWire{Connector: ours}, partyWire{Contacts: []contactWire{who}}, "outgoing"
	}
	if !s.cfg.OmitReference {
		w.Reference = &m.reference
	}
	if m.replyTo != "" {
		w.ReplyTo = &idWire{m.replyTo}
	}
	if m.extra != nil {
		w.Meta = &metaWire{m.extra}
	}
	if f := m.fault; f != nil {
		w.Reason, w.Failure = f.Reason, &failureWire{f.Code, sourceWire{f.Source, f.SourceCode}}
	}
	return w
}
