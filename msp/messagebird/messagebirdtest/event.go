package messagebirdtest

import (
	"encoding/json"
	"slices"
	"time"
)

// Events that a webhook can ask for.
const (
	EventMessageCreated      = "message.created" // of both directions
	EventMessageUpdated      = "message.updated"
	EventConversationCreated = "conversation.created"
	EventConversationUpdated = "conversation.updated" // its status changed
)

// EventMessageStatus is the type of what is posted to a message's own reportUrl.
const EventMessageStatus = "message.status"

func allEvents() []string {
	return []string{EventMessageCreated, EventMessageUpdated, EventConversationCreated, EventConversationUpdated}
}

func knownEvents(events []string) bool {
	for _, e := range events {
		if !slices.Contains(allEvents(), e) {
			return false
		}
	}
	return true
}

// webhook is a subscription, made by configuration or through the API.
type webhook struct {
	id, url, channel string
	events           []string
	enabled          bool
	raw              json.RawMessage // settings as they were given
	settings         settings
	created          time.Time
	updated          time.Time
}

// settings are the optional parts of a webhook that the simulator applies. Retry and timeout are kept and shown
// only: their units are not established.
type settings struct {
	Expect   string            `json:"expected_http_code"`
	Headers  map[string]string `json:"headers"`
	Username string            `json:"username"`
	Password string            `json:"password"`
	Query    map[string]string `json:"query_params"`
	Retry    int               `json:"retry"`
	Timeout  int               `json:"timeout"`
}

func (w *webhook) wants(event string, ch *channel) bool {
	return w.enabled && (w.channel == "" || ch != nil && w.channel == ch.ID) && slices.Contains(w.events, event)
}

// emit queues an event for every webhook that wants it, as things are now. m is nil for events about a
// conversation. Server.mu is held.
func (s *Server) emit(event string, conv *conversation, m *message) {
	ch := conv.last
	if m != nil {
		ch = m.ch
	}
	var body []byte
	for _, w := range s.state.hooks {
		if !w.wants(event, ch) {
			continue
		}
		if body == nil {
			body = s.eventBody(event, conv, m)
		}
		s.push(w, event, conv.id, body)
	}
}

func (s *Server) push(w *webhook, event, lane string, body []byte) {
	s.hooks.push(&Delivery{Event: event, WebhookID: w.id, URL: calledURL(w.url, w.settings.Query), Body: body,
		Due: s.now(), lane: lane, settings: w.settings})
}

// eventBody is the JSON of an event. Only the echo of an outgoing message tells the channel and the messages of
// its conversation, with a count of 0: so it is in captured traffic.
func (s *Server) eventBody(event string, conv *conversation, m *message) []byte {
	e := eventWire{Contact: conv.contact.wire(), Conversation: conv.wire(), Type: event}
	if m != nil {
		w := s.messageWire(m)
		e.Message = &w
		if event == EventMessageCreated && !m.received {
			e.Conversation.LastChannel = conv.last.ID
			e.Conversation.Messages = &messagesWire{Href: s.messagesURL(conv)}
		}
	}
	return encode(e)
}

// Emit queues these bytes, signed like any other webhook, for every webhook that wants this event of this
// channel ("" for none). They need not be JSON.
func (s *Server) Emit(event, channelID string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.state.hooks {
		if w.wants(event, s.state.channels[channelID]) {
			s.push(w, event, channelID, slices.Clone(body))
		}
	}
}
