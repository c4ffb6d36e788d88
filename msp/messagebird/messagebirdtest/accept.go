package messagebirdtest

import (
	"net/http"
	"time"
)

// Faults of messages that the platform does not carry. The codes are those that the service documents for
// WhatsApp; it uses its own words for other platforms, which are not established.
const (
	faultGeneral = 301
	faultWindow  = 470
)

func (s *Server) handleSend(c *call) answer {
	o, bad := readOrder(c.body, nameFrom, false)
	if bad != nil {
		return s.refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, bad := s.accept(o, nil, nameFrom)
	if bad != nil {
		return s.refuse(bad)
	}
	receipt := map[string]any{"id": m.id, "status": "accepted"}
	if o.fallback != nil {
		receipt["fallback"] = idWire{o.fallbackID}
	}
	if s.cfg.WrapSend {
		return reply(http.StatusAccepted, map[string]any{"message": receipt})
	}
	return reply(http.StatusAccepted, receipt)
}

func (s *Server) handleStart(c *call) answer {
	o, bad := readOrder(c.body, nameChannelID, false)
	if bad != nil {
		return s.refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, bad := s.accept(o, nil, nameChannelID)
	if bad != nil {
		return s.refuse(bad)
	}
	return reply(http.StatusCreated, s.view(m.conv, true))
}

// handleReply answers in a conversation. A reply to an archived one goes to the person's active conversation,
// which is a new one unless the person has another.
func (s *Server) handleReply(c *call) answer {
	o, bad := readOrder(c.body, nameChannelID, true)
	if bad != nil {
		return s.refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	conv := s.state.conversations[c.id]
	if conv == nil {
		return s.refuse(notFound("conversation", "id"))
	}
	if o.channel == "" {
		if conv.last == nil {
			return s.refuse(missing(nameChannelID))
		}
		o.channel = conv.last.ID
	}
	m, bad := s.accept(o, conv.contact, nameChannelID)
	if bad != nil {
		return s.refuse(bad)
	}
	return reply(http.StatusCreated, s.messageWire(m))
}

// accept takes an order over, for a person that is already known or for o.to. The message gets its echo, its
// statuses and its place in the counts; only a refusal leaves no trace. Server.mu is held.
func (s *Server) accept(o order, to *contact, channelName string) (*message, *refusal) {
	ch := s.state.channels[o.channel]
	if ch == nil {
		return nil, notFound("channel", channelName)
	}
	if o.fallback != nil && s.state.channels[o.fallback.From] == nil {
		return nil, notFound("channel", "fallback.from")
	}
	if bad := checkContent(o.kind, o.content, ch.rules); bad != nil {
		return nil, bad
	}
	if to == nil {
		to = s.state.contacts[o.to] // an address or a contact's id
	}
	var address string
	if to != nil {
		address = to.addresses[ch.peer("").family]
	} else {
		address = ch.rules.canonical(o.to)
	}
	if address == "" {
		return nil, &refusal{http.StatusUnprocessableEntity, codeMissing, "no (correct) recipients found", "to"}
	}
	if to == nil {
		to = s.state.peers[ch.peer(address)]
	}
	fault := s.policy(ch, to, o)
	if fault != nil && s.cfg.Refusals == RefuseAtOnce {
		return nil, &refusal{http.StatusUnprocessableEntity, fault.Code, fault.Description, "type"}
	}
	if to == nil {
		to = s.contactFor(ch, address)
	}
	return s.carry(newID(), o, s.resume(to, ch), ch, address, fault), nil
}

// carry makes the message of an accepted order and reports on it.
func (s *Server) carry(id string, o order, conv *conversation, ch *channel, address string, fault *Fault) *message {
	now := s.now()
	m := &message{id: id, conv: conv, ch: ch, address: address, kind: o.kind, status: "pending",
		content: o.content, created: now, updated: now, order: o}
	s.add(m)
	s.journal.sent(Sent{ID: m.id, ConversationID: conv.id, ChannelID: ch.ID, To: address, Type: o.kind, Content: o.content,
		TrackID: o.trackID, Tag: o.tag, Source: o.source, At: now}, s.cfg.CountOnly)
	s.emit(EventMessageCreated, conv, m)
	if fault != nil {
		s.report(m, s.cfg.LateStatus, fault)
	} else {
		for _, status := range s.cfg.Statuses {
			s.report(m, status, nil)
		}
	}
	s.changed.Ring()
	return m
}

// policy is the platform's own refusal of a well-formed message: a template that is not approved, a person who
// has not written first, a reply window that has closed. to is nil for a person who is not known yet.
func (s *Server) policy(ch *channel, to *contact, o order) *Fault {
	if o.kind == "hsm" {
		if len(s.cfg.Templates) > 0 && !lookUp(o.content, s.cfg.Templates) {
			return &Fault{faultGeneral, "The message failed to send: the template does not exist in this language with these parameters."}
		}
		return nil
	}
	var last time.Time
	if to != nil {
		last = to.lastIn[ch.ID]
	}
	if ch.rules.answers && last.IsZero() {
		return &Fault{faultGeneral, "The message failed to send: the recipient has not written to this channel."}
	}
	window := ch.rules.window
	if o.tag == tagAgent {
		window = max(window, ch.rules.agent)
	}
	if ch.rules.window > 0 && (last.IsZero() || s.now().Sub(last) >= window) {
		return &Fault{faultWindow, "Failed to send message because you are outside the support window for freeform messages to this user. Please use a valid message template."}
	}
	return nil
}

// report gives a message a new status, in whatever order the caller likes, and tells the webhooks and the
// message's own reportUrl. Server.mu is held.
func (s *Server) report(m *message, status string, fault *Fault) {
	m.status, m.fault, m.updated = status, fault, s.now()
	s.emit(EventMessageUpdated, m.conv, m)
	if m.order.report != "" {
		s.hooks.push(&Delivery{Event: EventMessageStatus, URL: calledURL(m.order.report, nil), Due: s.now(), lane: m.conv.id,
			Body: encode(reportWire{EventMessageStatus, reportedWire{m.id, status}, fault})})
	}
	if failed(status) {
		s.fallBack(m)
	}
}

// failed reports whether a message with this status never reached the person.
func failed(status string) bool {
	switch status {
	case "failed", "rejected", "delivery_failed", "expired":
		return true
	}
	return false
}

// fallBack sends a failed message on its other channel, to the same person, once.
func (s *Server) fallBack(m *message) {
	o := m.order
	if o.fallbackID == "" {
		return
	}
	id, ch := o.fallbackID, s.state.channels[o.fallback.From]
	m.order.fallbackID = ""
	o.fallbackID, o.fallback = "", nil
	if address := m.conv.contact.addresses[ch.peer("").family]; address != "" && checkContent(o.kind, o.content, ch.rules) == nil {
		s.carry(id, o, s.resume(m.conv.contact, ch), ch, address, s.policy(ch, m.conv.contact, o))
	}
}
