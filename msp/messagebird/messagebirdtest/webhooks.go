package messagebirdtest

import (
	"encoding/json"
	"net/http"
	"slices"
)

func (s *Server) createWebhook(c *call) answer {
	f, bad := readFields(c.body, "", "channelId", "events", "url", "settings")
	if bad != nil {
		return s.refuse(bad)
	}
	w := &webhook{id: newID(), enabled: true, created: s.now()}
	if f["events"] == nil {
		return s.refuse(missing("events"))
	}
	if f["url"] == nil {
		return s.refuse(missing("url"))
	}
	if w.channel, bad = f.text("", "channelId"); bad != nil {
		return s.refuse(bad)
	}
	if bad := w.apply(f); bad != nil {
		return s.refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.channel != "" && s.state.channels[w.channel] == nil {
		return s.refuse(notFound("channel", "channelId"))
	}
	s.state.hooks = append(s.state.hooks, w)
	return reply(http.StatusCreated, w.wire())
}

func (s *Server) patchWebhook(c *call) answer {
	f, bad := readFields(c.body, "", "events", "url", "status", "settings")
	if bad != nil {
		return s.refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.webhook(c.id)
	if w == nil {
		return s.refuse(notFound("webhook", "id"))
	}
	changed := *w
	if bad := changed.apply(f); bad != nil {
		return s.refuse(bad)
	}
	changed.updated = s.now()
	*w = changed
	return reply(http.StatusOK, w.wire())
}

// apply takes over the fields that a request has.
func (w *webhook) apply(f fields) *refusal {
	if f["url"] != nil {
		address, bad := f.need("", "url")
		if bad != nil {
			return bad
		}
		if !webURL(address) {
			return invalid("url", "must be an absolute address")
		}
		w.url = address
	}
	if f["events"] != nil {
		var events []string
		if json.Unmarshal(f["events"], &events) != nil || len(events) == 0 || !knownEvents(events) {
			return invalid("events", "must name events")
		}
		w.events = events
	}
	if f["status"] != nil {
		status, bad := f.need("", "status")
		if bad != nil {
			return bad
		}
		if status != "enabled" && status != "disabled" {
			return invalid("status", "must be enabled or disabled")
		}
		w.enabled = status == "enabled"
	}
	if f["settings"] != nil {
		if _, bad := readFields(f["settings"], "settings", "expected_http_code", "headers", "username", "password",
			"query_params", "retry", "timeout"); bad != nil {
			return bad
		}
		var set settings
		if json.Unmarshal(f["settings"], &set) != nil {
			return invalid("settings", "has a value of the wrong type")
		}
		w.settings, w.raw = set, f["settings"]
	}
	return nil
}

func (w *webhook) wire() webhookWire {
	v := webhookWire{ID: w.id, URL: w.url, Channel: w.channel, Events: w.events, Status: "enabled", Settings: w.raw, Created: w.created}
	if !w.enabled {
		v.Status = "disabled"
	}
	if !w.updated.IsZero() {
		at := w.updated
		v.Updated = &at
	}
	return v
}

func (s *Server) webhook(id string) *webhook {
	for _, w := range s.state.hooks {
		if w.id == id {
			return w
		}
	}
	return nil
}

func (s *Server) listWebhooks(c *call) answer {
	w, bad := s.readWindow(c.r.URL.Query())
	if bad != nil {
		return s.refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return page(w, s.state.hooks, (*webhook).wire)
}

func (s *Server) getWebhook(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.webhook(c.id)
	if w == nil {
		return s.refuse(notFound("webhook", "id"))
	}
	return reply(http.StatusOK, w.wire())
}

// deleteWebhook ends a subscription. What it has queued is still delivered.
func (s *Server) deleteWebhook(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.webhook(c.id)
	if w == nil {
		return s.refuse(notFound("webhook", "id"))
	}
	s.state.hooks = slices.DeleteFunc(s.state.hooks, func(x *webhook) bool { return x == w })
	return answer{status: http.StatusNoContent}
}
