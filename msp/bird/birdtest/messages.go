package birdtest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// order is a request to send.
type order struct {
	key, value, contact string // of the one receiver
	body, template      json.RawMessage
	reference, replyTo  string
}

func (s *Server) sendMessage(c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.state.channels[c.PathValue("ch")]
	if ch == nil {
		return notFound().answer()
	}
	o, bad := readOrder(c.body)
	if bad == nil {
		bad = s.checkContent(ch, o)
	}
	var value string
	if bad == nil {
		value, bad = s.receiver(ch, o)
	}
	if bad != nil {
		return bad.answer()
	}
	fault := s.policy(ch, value, o)
	if fault != nil && s.cfg.Refusals == RefuseAtOnce {
		return invalid("body", "cannot be carried: "+fault.Reason).answer()
	}
	now := s.now()
	m := &message{id: newID(), ch: ch, contact: s.contactFor(ch, value), value: value, body: o.body, template: o.template,
		reference: o.reference, replyTo: o.replyTo, status: "accepted", created: now, statusAt: now}
	s.add(m)
	s.journal.sent(Sent{ID: m.id, ChannelID: ch.ID, ContactID: m.contact.id, To: value, Body: m.body, Template: m.template,
		Reference: m.reference, ReplyTo: m.replyTo, At: now})
	accepted := s.wire(m)
	s.report(m, "accepted", nil)
	if fault != nil {
		s.report(m, "sending_failed", fault)
	} else {
		for _, status := range s.cfg.Statuses {
			s.report(m, status, nil)
		}
	}
	s.changed.Ring()
	return reply(http.StatusAccepted, accepted)
}

// readOrder reads what needs no knowledge of the workspace.
func readOrder(raw []byte) (o order, bad *refusal) {
	f, bad := readFields(raw, "", "receiver", "body", "template", "reference", "replyTo", "tags", "meta")
	if bad != nil {
		return o, bad
	}
	receiver, bad := readFields(f["receiver"], "receiver", "contacts")
	if bad != nil {
		return o, bad
	}
	contacts, bad := receiver.list("receiver", "contacts", 1) // the chat channels have one receiver
	if bad != nil {
		return o, bad
	}
	who, bad := readFields(contacts[0], "receiver.contacts", "id", "identifierKey", "identifierValue")
	if bad != nil {
		return o, bad
	}
	for _, field := range []struct {
		to   *string
		name string
	}{{&o.contact, "id"}, {&o.key, "identifierKey"}, {&o.value, "identifierValue"}} {
		if *field.to, bad = who.text("receiver.contacts", field.name); bad != nil {
			return o, bad
		}
	}
	if (o.contact == "") == (o.value == "") {
		return o, invalid("receiver.contacts", "need an id or an identifierValue")
	}
	o.body, o.template = f["body"], f["template"]
	if (o.body == nil) == (o.template == nil) {
		return o, invalid("body", "or template is needed, and not both")
	}
	if o.reference, bad = f.text("", "reference"); bad != nil {
		return o, bad
	}
	if f["replyTo"] != nil {
		quoted, bad := readFields(f["replyTo"], "replyTo", "id")
		if bad != nil {
			return o, bad
		}
		if o.replyTo, bad = quoted.need("replyTo", "id"); bad != nil {
			return o, bad
		}
	}
	return o, nil
}

// receiver returns the person's identifier on the channel.
func (s *Server) receiver(ch *channel, o order) (string, *refusal) {
	if o.contact != "" {
		c := s.state.contacts[o.contact]
		if c == nil || c.who[ch.rules.key] == "" {
			return "", notFound()
		}
		return c.who[ch.rules.key], nil
	}
	if o.key != "" && o.key != ch.rules.key {
		return "", invalid("receiver.contacts.identifierKey", "is not the channel's")
	}
	value := ch.rules.canonical(o.value)
	if value == "" {
		return "", invalid("receiver.contacts.identifierValue", "cannot be an identifier of the channel")
	}
	return value, nil
}

// policy is the platform's own refusal of a well-formed message: a person who has
// not written first, or a reply window that has closed.
func (s *Server) policy(ch *channel, value string, o order) *Fault {
	var last time.Time
	if c := s.state.people[identifier{ch.rules.key, value}]; c != nil {
		last = c.lastIn[ch.ID]
	}
	switch {
	case o.template != nil:
	case ch.rules.answers && last.IsZero():
		return &Fault{15000, ch.Platform, "10", "the person has not written to this channel"}
	case ch.rules.window > 0 && (last.IsZero() || s.now().Sub(last) >= ch.rules.window):
		return &Fault{15000, ch.Platform, "131047", "outside the window for free messages"}
	}
	return nil
}

func (s *Server) getMessage(c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.state.messages[c.PathValue("id")]
	if m == nil || m.ch.ID != c.PathValue("ch") {
		return notFound().answer()
	}
	return reply(http.StatusOK, s.wire(m))
}

// listMessages lists the log of a channel, newest first.
func (s *Server) listMessages(c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.state.channels[c.PathValue("ch")]
	if ch == nil {
		return notFound().answer()
	}
	query := c.URL.Query()
	var from, to time.Time
	for name, at := range map[string]*time.Time{"startAt": &from, "endAt": &to} {
		if v := query.Get(name); v != "" {
			var err error
			if *at, err = time.Parse(time.RFC3339, v); err != nil {
				return invalid(name, "is not a time").answer()
			}
		}
	}
	var all []messageWire
	for _, m := range slices.Backward(s.state.history) {
		w := s.wire(m)
		if m.ch != ch || m.created.Before(from) || !to.IsZero() && m.created.After(to) ||
			!matches(query, "direction", w.Direction) || !matches(query, "status", w.Status) {
			continue
		}
		all = append(all, w)
	}
	return paged(s, query, all, "direction", "status", "startAt", "endAt")
}

func matches(query url.Values, name, value string) bool {
	want := query.Get(name)
	return want == "" || want == value
}

// paged answers with one page of a list. A token is the place in the list.
func paged[T any](s *Server, query url.Values, all []T, filters ...string) answer {
	limit, offset := 10, 0
	for name := range query {
		if name != "limit" && name != "pageToken" && !slices.Contains(filters, name) {
			return invalid(name, "is not known here").answer()
		}
	}
	if v := query.Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > s.cfg.MaxPage {
			return invalid("limit", "is not a size of a page").answer()
		}
		limit = n
	}
	if v := query.Get("pageToken"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > len(all) {
			return invalid("pageToken", "is not known").answer()
		}
		offset = n
	}
	page := listWire[T]{Results: []T{}}
	end := min(offset+limit, len(all))
	page.Results = append(page.Results, all[offset:end]...)
	if end < len(all) {
		page.Next = strconv.Itoa(end)
	}
	return reply(http.StatusOK, page)
}
