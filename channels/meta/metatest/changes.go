package metatest

import "fmt"

// Reacts puts an emoji on a message of either direction; "" takes it away.
func (p *Person) Reacts(id, emoji string) error {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.state.messages[id]
	if m == nil || m.person != p.p {
		return fmt.Errorf("metatest: no such message with this person: %q", id)
	}
	s.acts(p.p)
	if p.p.account.product == whatsapp {
		s.waMessage(p.p, p.p.account.newID(), map[string]any{"type": "reaction", "reaction": map[string]any{"message_id": id, "emoji": emoji}})
		return nil
	}
	v := map[string]any{"mid": id, "action": "unreact"}
	if emoji != "" {
		v["action"], v["reaction"], v["emoji"] = "react", reactionWord(emoji), emoji
	}
	s.messaging(p.p, "message_reactions", map[string]any{"reaction": v})
	return nil
}

// reactionWord is Messenger's name of a reaction.
func reactionWord(emoji string) string {
	words := map[string]string{"👍": "like", "👎": "dislike", "❤": "love", "😆": "smile", "😮": "wow", "😢": "sad", "😠": "angry"}
	if word := words[emoji]; word != "" {
		return word
	}
	return "other"
}

// Edits changes the text of a message that the person sent.
func (p *Person) Edits(id, text string) error {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := p.message(id, false)
	if err != nil {
		return err
	}
	m.edits++
	m.text = text
	if p.p.account.product == whatsapp {
		s.waMessage(p.p, p.p.account.newID(), map[string]any{"type": "edit", "edit": map[string]any{"original_message_id": id,
			"message": map[string]any{"type": "text", "text": map[string]any{"body": text}}}})
		return nil
	}
	s.messaging(p.p, "message_edits", map[string]any{"message_edit": map[string]any{"mid": id, "text": text, "num_edit": m.edits}})
	return nil
}

// Unsends takes back a message that the person sent, on Instagram and WhatsApp.
func (p *Person) Unsends(id string) error {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := p.message(id, false)
	if err != nil {
		return err
	}
	p.mustNot(messenger, "Unsends")
	m.deleted = true
	if p.p.account.product == whatsapp {
		s.waMessage(p.p, p.p.account.newID(), map[string]any{"type": "revoke", "revoke": map[string]any{"original_message_id": id}})
		return nil
	}
	s.messaging(p.p, "messages", map[string]any{"message": map[string]any{"mid": id, "is_deleted": true}})
	return nil
}

// ChangesNumber gives a WhatsApp person another phone number: the account hears of it as a message of the system. The
// person is known under the new number from now on.
func (p *Person) ChangesNumber(phone string) {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.p.account.product != whatsapp || !digits(phone) || p.p.phone == "" {
		panic("metatest: ChangesNumber: only from one phone number to another")
	}
	old := p.p.phone
	s.waMessage(p.p, p.p.account.newID(), map[string]any{"type": "system", "system": map[string]any{
		"body": "User changed from " + old + " to " + phone, "wa_id": phone, "type": "user_changed_number"}})
	delete(p.p.account.people, old)
	p.p.phone, p.p.id = phone, phone
	p.p.account.people[phone] = p.p
}

// ChangesUserID gives a WhatsApp person another business-scoped user id, as a new phone number does: the account hears of it
// as a message of the system. The person is known under the new id from now on.
func (p *Person) ChangesUserID(id string) {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.p.userID == "" || !isUserID(id) {
		panic("metatest: ChangesUserID: only from one business-scoped user id to another")
	}
	s.waMessage(p.p, p.p.account.newID(), map[string]any{"type": "system", "system": map[string]any{
		"body": "User changed from " + p.p.userID + " to " + id, "user_id": id, "type": "user_changed_user_id"}})
	delete(p.p.account.people, p.p.userID)
	p.p.userID = id
	p.p.account.people[id] = p.p
}

// SendsUnsupported sends something that the API cannot carry.
func (p *Person) SendsUnsupported() string {
	if p.p.account.product == instagram {
		return p.Sends(map[string]any{"is_unsupported": true})
	}
	p.mustNot(messenger, "SendsUnsupported")
	return p.Sends(map[string]any{"type": "unsupported", "errors": []any{map[string]any{"code": 131051, "title": "Message type unknown",
		"message": "Message type unknown", "error_data": dataWire{Details: "Message type is currently not supported."}}}})
}

// StopsMarketing tells that a WhatsApp person wants no marketing messages, or wants them again.
func (p *Person) StopsMarketing(stop bool) {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	value := p.p.account.value()
	value["contacts"] = []any{p.p.contact()}
	word := "resume"
	if stop {
		word = "stop"
	}
	preference := map[string]any{"detail": "User requested to " + word + " marketing messages", "category": "marketing_messages",
		"value": word, "timestamp": s.now().Unix()}
	if p.p.phone != "" {
		preference["wa_id"] = p.p.phone
	}
	if p.p.userID != "" {
		preference["user_id"] = p.p.userID
	}
	value["user_preferences"] = []any{preference}
	s.change(p.p.account.waba, "user_preferences", value)
}
