package metatest

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

const (
	day        = 24 * time.Hour // how long the service may answer
	humanAgent = 7 * day        // and how long a human being may
)

// sendMessage is the Send API of Messenger and Instagram.
func (s *Server) sendMessage(c *call, _ Failure) (answer, *fault) {
	f := c.params
	if err := f.only("request", "recipient", "messaging_type", "tag", "message", "sender_action", "payload", "notification_type",
		"persona_id", "reply_to", "filedata"); err != nil {
		return answer{}, invalid("%s", err)
	}
	p, bad := s.recipient(c)
	if bad != nil {
		return answer{}, bad
	}
	if f.has("sender_action") > 0 {
		return s.senderAction(c, p)
	}
	order, offers, bad := s.readMessage(c, p)
	if bad != nil {
		return answer{}, bad
	}
	if bad := s.mayWrite(p, order); bad != nil {
		return answer{}, bad
	}
	m := s.accept(p, order, offers)
	s.echo(m, s.cfg.AppID)
	receipt := map[string]string{"message_id": m.id}
	if recipient, _ := f.object("recipient"); recipient.has("id") > 0 {
		receipt["recipient_id"] = p.id
	}
	return reply(receipt), nil
}

// recipient finds the person that a call is for: on the page, or on the Instagram account that is linked with it.
func (s *Server) recipient(c *call) (*person, *fault) {
	r, err := c.params.object("recipient", "id", "user_ref", "notification_messages_token", "comment_id", "post_id", "phone_number", "name")
	if err != nil {
		return nil, invalid("%s", err)
	}
	if len(r) != 1 {
		return nil, invalid("The parameter recipient is required and must name one person.")
	}
	id := r.str("id") + r.str("user_ref")
	if p := c.account.people[id]; p != nil && p.seen {
		return p, nil
	}
	for _, a := range s.sorted(instagram) {
		if a.page == c.account.id && a.people[id] != nil && a.people[id].seen {
			c.account = a
			return a.people[id], nil
		}
	}
	if c.account.product == instagram {
		return nil, refuse(codeParameter, 2534014, "(#100) The requested user cannot be found.")
	}
	return nil, refuse(codeParameter, 2018001, "(#100) No matching user found.")
}

// readMessage checks the form of a message and returns what to accept.
func (s *Server) readMessage(c *call, p *person) (Sent, []offer, *fault) {
	f := c.params
	order := Sent{Account: p.account.id, To: p.id, MessagingType: f.str("messaging_type"), Tag: f.str("tag")}
	if bad := checkPurpose(f); bad != nil {
		return order, nil, bad
	}
	quoted, err := f.object("reply_to", "mid")
	if err != nil {
		return order, nil, invalid("%s", err)
	}
	if quoted != nil {
		order.ReplyTo = quoted.str("mid")
		if m := s.state.messages[order.ReplyTo]; m == nil || m.person != p {
			return order, nil, invalid("Param reply_to[mid] is not a message of this conversation.")
		}
	}
	msg, err := f.object("message", "text", "attachment", "quick_replies", "metadata")
	if err == nil && msg == nil {
		err = missing("message")
	}
	if err == nil {
		order.Mark, err = msg.upTo("metadata", 1000)
	}
	if err != nil {
		return order, nil, invalid("%s", err)
	}
	order.Content = compact(f["message"])
	offers, err := s.readContent(c, p.account, msg, &order)
	if err != nil {
		return order, nil, invalid("%s", err)
	}
	return order, offers, nil
}

// checkPurpose checks what a message says it is for, and how it is announced.
func checkPurpose(f fields) *fault {
	purpose, tag := f.str("messaging_type"), f.str("tag")
	switch {
	case !slices.Contains([]string{"", "RESPONSE", "UPDATE", "MESSAGE_TAG"}, purpose):
		return invalid("Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}.")
	case (tag != "") != (purpose == "MESSAGE_TAG"):
		return invalid("Param tag goes with the messaging_type MESSAGE_TAG, and only with it.")
	case slices.Contains([]string{"CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE"}, tag): // dead since April 2026
		return refuse(codeParameter, 1893061, "(#100) Invalid parameter")
	case tag != "" && tag != "HUMAN_AGENT":
		return invalid("Param tag is not a message tag.")
	case !slices.Contains([]string{"", "REGULAR", "SILENT_PUSH", "NO_PUSH"}, f.str("notification_type")):
		return invalid("Param notification_type must be one of {REGULAR, SILENT_PUSH, NO_PUSH}.")
	}
	return nil
}

// mayWrite is the platform's own rule about who may be written to, and when.
func (s *Server) mayWrite(p *person, order Sent) *fault {
	if owner := p.account.threads[p.id]; owner != "" {
		return refuse(codePermission, 2018300, "(#10) Message failed to send because another app is controlling this thread now.")
	}
	if p.blocks {
		return refuse(codeUnavailable, 1545041, "(#551) This person isn't available right now.")
	}
	age, open := s.now().Sub(p.lastIn), !p.lastIn.IsZero()
	inside := open && age < day
	switch {
	case order.Tag == "" && inside:
		return nil
	case order.Tag != "" && s.cfg.NoHumanAgent:
		return refuse(codePermission, 0, "(#10) Application does not have the Human Agent feature")
	case order.Tag != "" && inside:
		return invalid("The tag HUMAN_AGENT is for messages outside of the standard window.")
	case order.Tag != "" && open && age < humanAgent:
		return nil
	case p.account.product == instagram:
		return &fault{code: codePermission, subcode: 2534022, kind: "IGApiException", message: "This message is sent outside of allowed window."}
	}
	return refuse(codePermission, 2018278, "(#10) This message is sent outside of allowed window.")
}

// accept takes an order over: from here on it is the person's. Server.mu is held.
func (s *Server) accept(p *person, order Sent, offers []offer) *message {
	order.ID, order.At = p.account.newID(), s.now()
	m := &message{id: order.ID, account: p.account, person: p, out: true, app: s.cfg.AppID, kind: order.Type, content: order.Content,
		text: order.Text, offers: offers, order: order, at: order.At, status: statusAccepted}
	p.lastOut = order.At
	s.journal.sent(order)
	s.keep(m)
	return m
}

// echo tells the app about a message that went out by this app or another one. Server.mu is held.
func (s *Server) echo(m *message, app string) {
	a := m.account
	v := map[string]any{"mid": m.id, "is_echo": true}
	if a.product == messenger || a.echoMeta {
		v["app_id"] = json.Number(app)
		if m.order.Mark != "" {
			v["metadata"] = m.order.Mark
		}
	}
	var sent struct {
		Text       string          `json:"text"`
		Attachment json.RawMessage `json:"attachment"`
	}
	if json.Unmarshal(m.content, &sent) == nil {
		if sent.Text != "" {
			v["text"] = sent.Text
		}
		if sent.Attachment != nil {
			v["attachments"] = []any{sent.Attachment}
		}
	}
	field := "message_echoes"
	if a.product == instagram {
		field = "messages"
	}
	s.messaging(m.person, field, map[string]any{"sender": idWire{a.id}, "recipient": idWire{m.person.id}, "message": v})
}

// compact is raw JSON without the spaces between its values.
func compact(raw []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw // it has been read before, so this does not happen
	}
	return b.Bytes()
}

// senderAction shows typing, marks as seen, or reacts.
func (s *Server) senderAction(c *call, p *person) (answer, *fault) {
	f := c.params
	action := f.str("sender_action")
	if err := f.only("request with a sender_action", "recipient", "sender_action", "payload"); err != nil {
		return answer{}, invalid("%s", err)
	}
	payload, err := f.object("payload", "message_id", "reaction")
	if err != nil {
		return answer{}, invalid("%s", err)
	}
	done := Action{Account: p.account.id, To: p.id, Action: action, At: s.now()}
	switch action {
	case "typing_on", "typing_off", "mark_seen":
		if payload != nil {
			return answer{}, invalid("A %s has no payload.", action)
		}
	case "react", "unreact":
		done.MessageID, done.Reaction = payload.str("message_id"), payload.str("reaction")
		if m := s.state.messages[done.MessageID]; m == nil || m.person != p {
			return answer{}, invalid("Param payload[message_id] is not a message of this conversation.")
		}
		if (done.Reaction != "") != (action == "react") {
			return answer{}, invalid("Param payload[reaction] goes with react, and only with it.")
		}
	default:
		return answer{}, invalid("Param sender_action is not known.")
	}
	s.journal.act(done)
	return reply(map[string]string{"recipient_id": p.id}), nil
}
