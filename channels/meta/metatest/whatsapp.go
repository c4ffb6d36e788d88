package metatest

import (
	"errors"
	"slices"
	"strings"
)

// waFault is the refusal of a parameter of a WhatsApp message.
func waFault(err error) *fault {
	var absent missing
	if errors.As(err, &absent) {
		return wrong(codeMissing, "%s", err)
	}
	return wrong(codeInvalid, "%s", err)
}

// sendWhatsApp is POST /{phone-number-id}/messages: a message, or a mark that one was read.
func (s *Server) sendWhatsApp(c *call, f Failure) (answer, *fault) {
	if c.params.str("messaging_product") != "whatsapp" {
		return answer{}, invalid("The parameter messaging_product is required and must be whatsapp.")
	}
	if c.params.has("status") > 0 {
		return s.markRead(c)
	}
	order, charged, offers, bad := s.readOrder(c)
	if bad != nil {
		return answer{}, bad
	}
	a := c.account
	if bad := a.held(); bad != nil {
		return answer{}, bad
	}
	p, bad := s.addressee(c, charged)
	if bad != nil {
		return answer{}, bad
	}
	order.Account, order.To = a.id, c.params.str("to")+c.params.str("recipient")
	late := s.undeliverable(p, order)
	switch {
	case f.Late:
		late = wrong(f.Code, "%s", f.Details)
	case late != nil && !s.cfg.LateRefusals:
		return answer{}, late
	case s.cfg.PairRate > 0 && !p.lastOut.IsZero() && s.now().Sub(p.lastOut) < s.cfg.PairRate:
		return answer{}, wrong(131056, "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time.")
	}
	m := s.accept(p, order, offers)
	m.charged = charged
	if late != nil {
		s.report(m, statusFailed, &Fault{Code: late.code, Details: late.details})
	} else {
		for _, status := range s.cfg.Statuses {
			s.report(m, status, nil)
		}
	}
	contact := map[string]string{"input": order.To}
	if c.params.has("recipient") > 0 {
		contact["user_id"] = p.userID
	} else {
		contact["wa_id"] = canonical(order.To)
	}
	return reply(map[string]any{"messaging_product": "whatsapp", "contacts": []any{contact}, "messages": []any{idWire{m.id}}}), nil
}

// readOrder checks the form of a message. charged is the category of a template.
func (s *Server) readOrder(c *call) (order Sent, charged string, offers []offer, bad *fault) {
	f := c.params
	kind := f.str("type")
	setDefault(&kind, "text")
	if err := f.only("request", "messaging_product", "recipient_type", "to", "recipient", "type", kind, "context",
		"biz_opaque_callback_data", "recipient_identity_key_hash"); err != nil {
		return order, "", nil, invalid("%s", err)
	}
	if rt := f.str("recipient_type"); rt != "" && rt != "individual" {
		return order, "", nil, wrong(codeInvalid, "Param recipient_type must be individual.")
	}
	if f.has("to", "recipient") != 1 {
		return order, "", nil, wrong(codeMissing, "The message needs one of to and recipient.")
	}
	order.Type = kind
	var err error
	if order.Mark, err = f.upTo("biz_opaque_callback_data", 512); err != nil {
		return order, "", nil, waFault(err)
	}
	quoted, err := f.object("context", "message_id")
	if err != nil {
		return order, "", nil, waFault(err)
	}
	if quoted != nil {
		if order.ReplyTo, err = quoted.need("message_id", 0); err != nil {
			return order, "", nil, waFault(err)
		}
	}
	value, err := f.object(kind)
	if kind == "contacts" {
		value, err = fields{"contacts": f[kind]}, nil
	}
	if err == nil && (value == nil || f[kind] == nil) {
		err = missing(kind)
	}
	if err != nil {
		return order, "", nil, waFault(err)
	}
	order.Content = compact(f[kind])
	if kind == "template" {
		charged, offers, bad = s.readTemplate(c.account, value, &order)
		return order, charged, offers, bad
	}
	offers, bad = s.readType(c.account, value, &order)
	return order, "", offers, bad
}

// canonical is a phone number in digits only.
func canonical(to string) string {
	return strings.NewReplacer("+", "", " ", "", "-", "", "(", "", ")", "").Replace(to)
}

// addressee finds the person: known already, or met now under a phone number.
func (s *Server) addressee(c *call, charged string) (*person, *fault) {
	a := c.account
	if id := c.params.str("recipient"); id != "" {
		p := a.people[id]
		switch {
		case !isUserID(id):
			return nil, wrong(codeInvalid, "Param recipient is not a business-scoped user ID.")
		case charged == "authentication":
			return nil, wrong(131062, "Authentication templates need the recipient's phone number.")
		case p == nil:
			return nil, wrong(131026, "Message Undeliverable.")
		}
		return p, nil
	}
	to := canonical(c.params.str("to"))
	switch {
	case !digits(to) || len(to) < 7 || len(to) > 15:
		return nil, wrong(codeInvalid, "Param to is not a phone number.")
	case to == a.display:
		return nil, wrong(131021, "Sender and recipient phone number is the same.")
	case a.testers != nil && !slices.Contains(a.testers, to):
		return nil, wrong(131030, "Recipient phone number not in allowed list: add it to the recipient phone number list.")
	}
	if p := a.people[to]; p != nil {
		return p, nil
	}
	return a.meet(to), nil
}

// undeliverable is why WhatsApp does not carry a well-formed message.
func (s *Server) undeliverable(p *person, order Sent) *fault {
	if p.blocks {
		return wrong(131026, "Message Undeliverable.")
	}
	if order.Type != "template" && (p.lastIn.IsZero() || s.now().Sub(p.lastIn) >= day) {
		return wrong(131047, "Message failed to send because more than 24 hours have passed since the customer last replied to this number.")
	}
	return nil
}

// markRead marks a person's message as read, and may show that the account is typing.
func (s *Server) markRead(c *call) (answer, *fault) {
	f := c.params
	if err := f.only("request", "messaging_product", "status", "message_id", "typing_indicator"); err != nil {
		return answer{}, invalid("%s", err)
	}
	if f.str("status") != statusRead {
		return answer{}, wrong(codeInvalid, "Param status must be read.")
	}
	typing, err := f.object("typing_indicator", "type")
	if err == nil && typing != nil && typing.str("type") != "text" {
		err = wrongly("Param typing_indicator[type] must be text.")
	}
	if err != nil {
		return answer{}, waFault(err)
	}
	m := s.state.messages[f.str("message_id")]
	if m == nil || m.out || m.account != c.account {
		return answer{}, wrong(codeInvalid, "Param message_id is not a message that was received.")
	}
	done := Action{Account: c.account.id, To: m.person.id, Action: statusRead, MessageID: m.id, At: s.now()}
	s.journal.act(done)
	if typing != nil {
		done.Action = "typing"
		s.journal.act(done)
	}
	return success(), nil
}
