package messagebirdtest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// window of a list that a request asks for.
type window struct{ offset, limit int }

// readWindow reads limit and offset, and refuses every parameter that is not known.
func (s *Server) readWindow(q url.Values, known ...string) (window, *refusal) {
	for name := range q {
		if name != "limit" && name != "offset" && !slices.Contains(known, name) {
			return window{}, invalid(name, "is not known here")
		}
	}
	w := window{limit: min(10, s.cfg.MaxPage)}
	for name, to := range map[string]*int{"limit": &w.limit, "offset": &w.offset} {
		if !q.Has(name) {
			continue
		}
		n, err := strconv.Atoi(q.Get(name))
		if err != nil || n < 0 || name == "limit" && (n < 1 || n > s.cfg.MaxPage) {
			return window{}, invalid(name, "is out of range")
		}
		*to = n
	}
	return w, nil
}

// page answers with a window of a list.
func page[T, W any](w window, all []T, show func(T) W) answer {
	items := []W{}
	for _, x := range all[min(w.offset, len(all)):min(w.offset+w.limit, len(all))] {
		items = append(items, show(x))
	}
	return reply(http.StatusOK, listWire[W]{w.offset, w.limit, len(items), len(all), items})
}

func newestFirst[T any](list []T) []T {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

func (s *Server) listConversations(c *call) answer {
	q := c.r.URL.Query()
	w, bad := s.readWindow(q, "ids", "status")
	if bad == nil {
		bad = checkStatus(q.Get("status"))
	}
	if bad != nil {
		return s.refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*conversation
	if q.Has("ids") {
		for id := range strings.SplitSeq(q.Get("ids"), ",") {
			if conv := s.state.conversations[id]; conv != nil {
				list = append(list, conv)
			}
		}
	} else {
		list = newestFirst(s.state.order)
	}
	return page(w, ofStatus(list, q.Get("status")), func(conv *conversation) conversationWire { return s.view(conv, true) })
}

// listByContact answers with ids only.
func (s *Server) listByContact(c *call) answer {
	q := c.r.URL.Query()
	w, bad := s.readWindow(q, "status")
	if bad == nil {
		bad = checkStatus(q.Get("status"))
	}
	if bad != nil {
		return s.refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	person := s.state.contacts[c.id]
	if person == nil {
		return s.refuse(notFound("contact", "contactId"))
	}
	list := ofStatus(newestFirst(person.conversations), q.Get("status"))
	return page(w, list, func(conv *conversation) string { return conv.id })
}

func checkStatus(status string) *refusal {
	if status != "" && status != statusActive && status != statusArchived {
		return invalid("status", "must be active or archived")
	}
	return nil
}

func ofStatus(list []*conversation, status string) []*conversation {
	if status == "" {
		return list
	}
	return slices.DeleteFunc(list, func(conv *conversation) bool { return conv.status != status })
}

func (s *Server) createConversation(c *call) answer {
	f, bad := readFields(c.body, "", "contactId")
	if bad != nil {
		return s.refuse(bad)
	}
	id, bad := f.need("", "contactId")
	if bad != nil {
		return s.refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	person := s.state.contacts[id]
	if person == nil {
		return s.refuse(notFound("contact", "contactId"))
	}
	return reply(http.StatusCreated, s.view(s.resume(person, nil), true))
}

func (s *Server) getConversation(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	conv := s.state.conversations[c.id]
	if conv == nil {
		return s.refuse(notFound("conversation", "id"))
	}
	return reply(http.StatusOK, s.view(conv, true))
}

// patchConversation archives or re-opens. A second active conversation of one person cannot be.
func (s *Server) patchConversation(c *call) answer {
	f, bad := readFields(c.body, "", "status")
	if bad != nil {
		return s.refuse(bad)
	}
	status, bad := f.need("", "status")
	if bad == nil {
		bad = checkStatus(status)
	}
	if bad != nil {
		return s.refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	conv := s.state.conversations[c.id]
	if conv == nil {
		return s.refuse(notFound("conversation", "id"))
	}
	person := conv.contact
	if status == statusActive && person.active != nil && person.active != conv {
		return s.refuse(invalid("status", "cannot be active: the contact has another active conversation"))
	}
	if status != conv.status {
		conv.status, conv.updated = status, s.now()
		person.active = nil
		if status == statusActive {
			person.active = conv
		}
		s.emit(EventConversationUpdated, conv, nil)
	}
	return reply(http.StatusOK, s.view(conv, false))
}

func (s *Server) listConversationMessages(c *call) answer {
	q := c.r.URL.Query()
	w, bad := s.readWindow(q, "excludePlatforms")
	if bad != nil {
		return s.refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	conv := s.state.conversations[c.id]
	if conv == nil {
		return s.refuse(notFound("conversation", "id"))
	}
	excluded := strings.Split(q.Get("excludePlatforms"), ",")
	list := slices.DeleteFunc(newestFirst(conv.messages), func(m *message) bool {
		return slices.Contains(excluded, m.ch.Platform)
	})
	return page(w, list, s.messageWire)
}

// listMessages answers with messages by id or since a time, newest first.
func (s *Server) listMessages(c *call) answer {
	q := c.r.URL.Query()
	w, bad := s.readWindow(q, "ids", "from")
	if bad != nil {
		return s.refuse(bad)
	}
	var from time.Time
	if q.Has("from") {
		t, err := time.Parse(time.RFC3339, q.Get("from"))
		if err != nil {
			return s.refuse(invalid("from", "is not a time of RFC 3339"))
		}
		from = t
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*message
	if q.Has("ids") {
		for id := range strings.SplitSeq(q.Get("ids"), ",") {
			if m := s.state.messages[id]; m != nil {
				list = append(list, m)
			}
		}
	} else {
		list = newestFirst(s.state.history)
	}
	list = slices.DeleteFunc(list, func(m *message) bool { return m.created.Before(from) })
	return page(w, list, s.messageWire)
}

func (s *Server) getMessage(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.state.messages[c.id]
	if m == nil {
		return s.refuse(notFound("message", "id"))
	}
	return reply(http.StatusOK, s.messageWire(m))
}
