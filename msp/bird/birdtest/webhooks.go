package birdtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// maxAlike is how many subscriptions may have the same event and filter.
const maxAlike = 5

func (c *Config) knownEvent(event string) bool {
	platform, word, _ := strings.Cut(event, ".")
	_, known := platforms()[platform]
	return known && slices.Contains([]string{"inbound", "outbound", c.Interactions}, word)
}

func (s *Server) createWebhook(c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, bad := s.readWebhook(c.body)
	if bad != nil {
		return bad.answer()
	}
	alike := 0
	for _, other := range s.state.hooks {
		if other.Event == w.Event && other.ChannelID == w.ChannelID {
			alike++
		}
	}
	if alike >= maxAlike {
		return invalid("eventFilters", "have too many subscriptions already").answer()
	}
	hook := &webhook{Webhook: w, id: newID(), created: s.now()}
	s.state.hooks = append(s.state.hooks, hook)
	return reply(http.StatusCreated, hook.wire())
}

func (s *Server) readWebhook(raw []byte) (w Webhook, bad *refusal) {
	f, bad := readFields(raw, "", "service", "event", "url", "signingKey", "eventFilters")
	if bad != nil {
		return w, bad
	}
	var service string
	for _, field := range []struct {
		to   *string
		name string
	}{{&service, "service"}, {&w.Event, "event"}, {&w.URL, "url"}, {&w.SigningKey, "signingKey"}} {
		if *field.to, bad = f.need("", field.name); bad != nil {
			return w, bad
		}
	}
	switch {
	case service != "channels":
		return w, invalid("service", "is not known")
	case !s.cfg.knownEvent(w.Event):
		return w, invalid("event", "is not known")
	case !webURL(w.URL) || !strings.HasPrefix(w.URL, "https://"):
		return w, invalid("url", "must be an https address")
	case f["eventFilters"] == nil:
		return w, nil
	}
	filters, bad := f.list("", "eventFilters", 1) // one channel a subscription
	if bad != nil {
		return w, bad
	}
	filter, bad := readFields(filters[0], "eventFilters", "key", "value")
	if bad != nil {
		return w, bad
	}
	key, bad := filter.need("eventFilters", "key")
	if bad != nil {
		return w, bad
	}
	if w.ChannelID, bad = filter.need("eventFilters", "value"); bad != nil {
		return w, bad
	}
	if key != "channelId" || s.state.channels[w.ChannelID] == nil {
		return w, invalid("eventFilters", "name no channel")
	}
	return w, nil
}

func (s *Server) listWebhooks(c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []webhookWire
	for _, w := range s.state.hooks {
		all = append(all, w.wire())
	}
	return paged(s, c.URL.Query(), all)
}

func (s *Server) deleteWebhook(c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, w := range s.state.hooks {
		if w.id == c.PathValue("id") {
			s.state.hooks = slices.Delete(s.state.hooks, i, i+1)
			return answer{status: http.StatusNoContent}
		}
	}
	return notFound().answer()
}

// wire is a subscription as it is shown: without its key.
func (w *webhook) wire() webhookWire {
	out := webhookWire{ID: w.id, Service: "channels", Event: w.Event, URL: w.URL, Status: "active", Created: w.created, Filters: []json.RawMessage{}}
	if w.ChannelID != "" {
		out.Filters = append(out.Filters, encode(map[string]string{"key": "channelId", "value": w.ChannelID}))
	}
	return out
}

// emit queues an event of a channel for every subscription to it. Server.mu is
// held.
func (s *Server) emit(ch *channel, word string, payload any) {
	event := ch.Platform + "." + word
	s.queueEvent(event, ch.ID, encode(eventWire{"channels", event, payload}))
}

func (s *Server) queueEvent(event, channelID string, body []byte) {
	for _, w := range s.state.hooks {
		if w.Event == event && (w.ChannelID == "" || w.ChannelID == channelID) {
			s.hooks.push(&Delivery{Event: event, WebhookID: w.id, URL: w.URL, Body: body, Due: s.now(), key: w.SigningKey})
		}
	}
}

// Emit queues these bytes, signed like any other webhook, for every subscription
// to this event of this channel. They need not be JSON.
func (s *Server) Emit(event, channelID string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queueEvent(event, channelID, slices.Clone(body))
}

// Report gives an outgoing message a status, such as "sent" or "delivery_failed",
// and queues the webhooks for it. fault says why a message failed and is nil
// otherwise. Order is the caller's: a status may come twice, or before the one
// that precedes it.
func (s *Server) Report(id, status string, fault *Fault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.state.messages[id]
	if m == nil || m.incoming {
		return fmt.Errorf("birdtest: no outgoing message %q", id)
	}
	s.report(m, status, fault)
	return nil
}

func (s *Server) report(m *message, status string, fault *Fault) {
	m.status, m.fault, m.statusAt = status, fault, s.now()
	s.emit(m.ch, "outbound", s.wire(m))
}
