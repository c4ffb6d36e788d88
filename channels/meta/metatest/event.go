package metatest

import (
	"encoding/json"
	"strconv"
	"time"
)

type idWire struct {
	ID string `json:"id"`
}

type entryWire struct {
	ID        string            `json:"id"`
	Time      int64             `json:"time,omitempty"`
	Messaging []json.RawMessage `json:"messaging,omitempty"`
	Standby   []json.RawMessage `json:"standby,omitempty"`
	Changes   []json.RawMessage `json:"changes,omitempty"`
}

// envelope is the body of a webhook with these events of one product. Neighbours of one entry share it.
func envelope(events []event) []byte {
	var entries []*entryWire
	section := ""
	for _, e := range events {
		var last *entryWire
		if len(entries) > 0 {
			last = entries[len(entries)-1]
		}
		if last == nil || last.ID != e.entry || section != e.section {
			last = &entryWire{ID: e.entry}
			entries = append(entries, last)
		}
		section = e.section
		switch e.section {
		case sectionMessaging:
			last.Messaging = append(last.Messaging, e.value)
		case sectionStandby:
			last.Standby = append(last.Standby, e.value)
		default:
			last.Changes = append(last.Changes, e.value)
		}
		if e.timed {
			last.Time = entryTime(e)
		}
	}
	return encode(map[string]any{"object": events[0].object, "entry": entries})
}

// entryTime is in milliseconds where people write, and in seconds where accounts change.
func entryTime(e event) int64 {
	if e.section == sectionChanges {
		return e.at.Unix()
	}
	return e.at.UnixMilli()
}

// messaging queues an event of Messenger or Instagram. Fields are those besides sender, recipient and timestamp.
// Server.mu is held.
func (s *Server) messaging(p *person, field string, v map[string]any) {
	section := sectionMessaging
	if p.account.threads[p.id] != "" && field != "messaging_handovers" {
		section, field = sectionStandby, "standby"
		if postback, ok := v["postback"].(map[string]any); ok {
			delete(postback, "payload") // which only the owner of the thread gets
		}
	}
	if _, ok := v["sender"]; !ok {
		v["sender"], v["recipient"] = idWire{p.id}, idWire{p.account.id}
	}
	if _, ok := v["delivery"]; !ok {
		v["timestamp"] = s.now().UnixMilli()
	}
	s.post(p.account, field, section, v)
}

// post queues an event of an account, if the app gets it. Server.mu is held.
func (s *Server) post(a *account, field, section string, v any) {
	// Instagram's fields are chosen for the app, not for the account: a subscription has them all.
	if s.state.subs[a.id].wants(field) && s.names(a.product, field) {
		s.hooks.emit(event{object: a.product.object(), entry: a.id, section: section, at: s.now(), timed: true, value: encode(v)})
	}
}

// change queues a change of a WhatsApp number or of its business account. Server.mu is held.
func (s *Server) change(waba, field string, v any) {
	sub := s.state.subs[waba]
	if sub == nil || !s.names(whatsapp, field) {
		return
	}
	// Changes of accounts carry a time in the entry, messages have their own.
	timed := field != "messages" && field != "user_preferences" && field != "smb_message_echoes"
	s.hooks.emit(event{object: whatsapp.object(), entry: waba, section: sectionChanges, at: s.now(), timed: timed, url: sub.override,
		value: encode(map[string]any{"field": field, "value": v})})
}

type metadataWire struct {
	Display string `json:"display_phone_number"`
	ID      string `json:"phone_number_id"`
}

// value begins the value of a change of a phone number.
func (a *account) value() map[string]any {
	return map[string]any{"messaging_product": "whatsapp", "metadata": metadataWire{a.display, a.id}}
}

// contact is how a WhatsApp person is introduced.
func (p *person) contact() map[string]any {
	profile := map[string]any{"name": p.name}
	if p.username != "" {
		profile["username"] = p.username
	}
	c := map[string]any{"profile": profile}
	if p.phone != "" {
		c["wa_id"] = p.phone
	}
	if p.userID != "" {
		c["user_id"] = p.userID
	}
	return c
}

// from adds the sender of a WhatsApp message, as far as it is known.
func (p *person) from(m map[string]any) map[string]any {
	if p.phone != "" {
		m["from"] = p.phone
	}
	if p.userID != "" {
		m["from_user_id"] = p.userID
	}
	return m
}

// seconds is a time as WhatsApp writes it.
func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
