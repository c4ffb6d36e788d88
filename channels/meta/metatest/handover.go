package metatest

import "encoding/json"

// Hand-over: a conversation of Messenger or Instagram belongs to one app at a time. What happens while another app has it
// arrives on standby.

// TakenBy lets another app take the conversation over.
func (p *Person) TakenBy(app, metadata string) { p.control("take_thread_control", app, metadata, true) }

// PassedBy lets the other app that has the conversation pass it to ours.
func (p *Person) PassedBy(app, metadata string) {
	p.control("pass_thread_control", app, metadata, false)
}

// RequestedBy lets another app ask for the conversation.
func (p *Person) RequestedBy(app, metadata string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.mustNot(whatsapp, "RequestedBy")
	p.s.messaging(p.p, "messaging_handovers", map[string]any{
		"request_thread_control": map[string]any{"requested_owner_app_id": app, "metadata": metadata}})
}

func (p *Person) control(what, app, metadata string, away bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.mustNot(whatsapp, what)
	previous, next := app, p.s.cfg.AppID
	if away {
		previous, next = next, previous
		p.p.account.threads[p.p.id] = app
	} else {
		delete(p.p.account.threads, p.p.id)
	}
	p.s.messaging(p.p, "messaging_handovers", map[string]any{
		what: map[string]any{"previous_owner_app_id": previous, "new_owner_app_id": next, "metadata": metadata}})
}

// AnsweredBy lets another app, such as the page's own inbox, or a person with the WhatsApp Business app, send a text. The
// service gets its echo.
func (p *Person) AnsweredBy(app, text string) string {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	a := p.p.account
	m := &message{id: a.newID(), account: a, person: p.p, out: true, app: app, kind: "text", text: text,
		content: encode(map[string]string{"text": text}), at: s.now(), status: statusAccepted}
	s.keep(m)
	if a.product != whatsapp {
		s.echo(m, app)
		return m.id
	}
	echo := map[string]any{"from": a.display, "id": m.id, "timestamp": seconds(m.at), "type": "text", "text": map[string]any{"body": text}}
	if p.p.phone != "" {
		echo["to"] = p.p.phone
	}
	if p.p.userID != "" {
		echo["to_user_id"] = p.p.userID
	}
	value := a.value()
	value["contacts"] = []any{p.p.contact()}
	value["message_echoes"] = []any{echo}
	s.change(a.waba, "smb_message_echoes", value)
	return m.id
}

// Enforce tells a page about a measure of Meta's: "warning", "block" or "unblock", which has no reason.
func (s *Server) Enforce(page, action, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	measure := map[string]any{"action": action}
	if reason != "" {
		measure["reason"] = reason
	}
	s.post(s.mustAccount(page), "messaging_policy_enforcement", sectionMessaging, map[string]any{"recipient": idWire{page},
		"timestamp": s.now().UnixMilli(), "policy_enforcement": measure})
}

// Change queues a change of any field with any value, of a WhatsApp Business Account, a page or an Instagram account, such
// as "account_update" with {"event":"ACCOUNT_VIOLATION"}. The id need not be configured.
func (s *Server) Change(entry, field string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.state.accounts[entry]; a != nil && a.product != whatsapp {
		s.post(a, field, sectionChanges, map[string]any{"field": field, "value": value})
		return
	}
	s.hooks.emit(event{object: whatsapp.object(), entry: entry, section: sectionChanges, at: s.now(), timed: field != "messages",
		value: encode(map[string]any{"field": field, "value": value})})
}

// threadControl is POST /{page-id}/pass_thread_control, take_thread_control and request_thread_control.
func (s *Server) threadControl(c *call, _ Failure) (answer, *fault) {
	if err := c.params.only("request", "recipient", "target_app_id", "metadata"); err != nil {
		return answer{}, invalid("%s", err)
	}
	p, bad := s.recipient(c)
	if bad != nil {
		return answer{}, bad
	}
	owner := p.account.threads[p.id]
	switch c.edge {
	case "pass_thread_control":
		target := c.params.str("target_app_id")
		if !digits(target) {
			return answer{}, invalid("The parameter target_app_id is required.")
		}
		if owner != "" {
			return answer{}, refuse(codePermission, 0, "(#10) Only the owner of a thread can pass it.")
		}
		p.account.threads[p.id] = target
	case "take_thread_control":
		delete(p.account.threads, p.id)
	}
	return success(), nil
}

// threadOwner is GET /{page-id}/thread_owner?recipient=.
func (s *Server) threadOwner(c *call, _ Failure) (answer, *fault) {
	p := c.account.people[c.params.str("recipient")]
	if p == nil || !p.seen {
		return answer{}, refuse(codeParameter, 2018001, "(#100) No matching user found.")
	}
	app := c.account.threads[p.id]
	setDefault(&app, s.cfg.AppID)
	return reply(map[string]any{"data": []any{map[string]any{"thread_owner": map[string]any{"app_id": json.Number(app)}}}}), nil
}
