package metatest

import "encoding/json"

// Says sends a text and returns the message's id.
func (p *Person) Says(text string) string {
	return p.send("text", text, "text", map[string]any{"body": text}, map[string]any{"text": text}, nil)
}

// Quotes answers a message of either direction with a text.
func (p *Person) Quotes(id, text string) string {
	own := false
	p.s.mu.Lock()
	if m := p.s.state.messages[id]; m != nil {
		own = !m.out
	}
	p.s.mu.Unlock()
	return p.send("text", text, "text", map[string]any{"body": text},
		map[string]any{"text": text, "reply_to": map[string]any{"mid": id, "is_self_reply": own}}, &id)
}

// Sends sends a message of any kind as it is: types that nobody knows yet, wrong values. For WhatsApp body is the whole
// message, besides who sent it, its id and its time; for Messenger and Instagram it is the object "message" besides its mid.
func (p *Person) Sends(body map[string]any) string {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	id := p.p.account.newID()
	v := map[string]any{}
	for name, value := range body {
		v[name] = value
	}
	kind, _ := v["type"].(string)
	setDefault(&kind, "text")
	s.receive(p.p, id, kind, "", v)
	return id
}

// send brings a message from the person into the account: wa is the value of the WhatsApp type, msg the object
// "message" of the others.
func (p *Person) send(kind, text, waType string, wa any, msg map[string]any, quoted *string) string {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	id := p.p.account.newID()
	v := msg
	if p.p.account.product == whatsapp {
		v = map[string]any{"type": waType, waType: wa}
		if quoted != nil {
			v["context"] = p.context(*quoted)
		}
	}
	s.receive(p.p, id, kind, text, v)
	return id
}

// context is how WhatsApp names the message that is answered. Server.mu is held.
func (p *Person) context(quoted string) map[string]any {
	from := p.p.account.display
	if m := p.s.state.messages[quoted]; m != nil && !m.out && p.p.phone != "" {
		from = p.p.phone
	}
	return map[string]any{"from": from, "id": quoted}
}

// receive keeps a message of a person and queues its webhook. Server.mu is held.
func (s *Server) receive(p *person, id, kind, text string, v map[string]any) {
	s.acts(p)
	raw, err := json.Marshal(v)
	if err != nil {
		panic("metatest: " + err.Error()) // only Sends takes values that are not of this package
	}
	s.keep(&message{id: id, account: p.account, person: p, kind: kind, text: text, content: raw, at: s.now()})
	if p.account.product == whatsapp {
		s.waMessage(p, id, v)
		return
	}
	v["mid"] = id
	s.messaging(p, "messages", map[string]any{"message": v})
}

// waMessage queues a message of a WhatsApp person. Server.mu is held.
func (s *Server) waMessage(p *person, id string, v map[string]any) {
	v["id"], v["timestamp"] = id, seconds(s.now())
	value := p.account.value()
	value["messages"] = []any{p.from(v)}
	if v["type"] != "system" {
		value["contacts"] = []any{p.contact()}
	}
	s.change(p.account.waba, "messages", value)
}
