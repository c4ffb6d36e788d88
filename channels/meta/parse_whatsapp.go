package meta

import (
	"encoding/json"

	"github.com/liidestuja/liidestuja/channels"
)

// whatsApp reads the nth entry, of a business account. Its changes name the number
// that they are about; those that do not are about the account.
func (b *batch) whatsApp(n int, en *entry) {
	for i := range en.Changes {
		c := &en.Changes[i]
		o := b.change(n, i, en.Time.Time)
		value := &c.Value
		switch c.Field {
		case "messages":
			b.messages(o, value, false)
		case "standby":
			b.messages(o, value, true)
		case "smb_message_echoes":
			eachMessage(o, value, value.Echoes, waEvent.echo)
		case "user_preferences":
			each(o, value, value.Preferences, b.preference)
		case "user_id_update":
			each(o, value, value.UserIDs, b.userID)
		case "group_lifecycle_update", "group_participants_update", "group_settings_update", "group_status_update",
			"history", "smb_app_state_sync", "flows", "payment_configuration_update", "tracking_events", "automatic_events":
			// Groups are not served, and of the others nothing is about a
			// conversation of today.
		default:
			b.account(o.whole(), string(en.ID), c)
		}
	}
}

// each calls f for every element of a list of a change, with its line; a
// change without any is not understood.
func each[T any](o origin, value *changeValue, list []element[T], f func(origin, *T)) {
	if len(list) == 0 {
		o = o.whole()
		if l, ok := o.route(o, value.Metadata.ID, channels.WhatsApp); ok {
			o.line = l
			o.malformed(reasonEvent)
		}
	}
	for i := range list {
		el := o
		el.raw = list[i].raw
		if l, ok := o.route(el, value.Metadata.ID, channels.WhatsApp); ok {
			el.line = l
			f(el, &list[i].v)
		}
	}
}

// eachMessage does the same for messages.
func eachMessage(o origin, value *changeValue, list []element[waMessage], f func(waEvent)) {
	each(o, value, list, func(el origin, m *waMessage) {
		el.time = m.Timestamp.or(el.time)
		f(waEvent{origin: el, value: value, m: m})
	})
}

// messages reads what people wrote, and what became of what we sent.
func (b *batch) messages(o origin, value *changeValue, standby bool) {
	if len(value.Statuses) > 0 {
		each(o, value, value.Statuses, b.status)
	}
	switch {
	case len(value.Messages) > 0:
		eachMessage(o, value, value.Messages, func(e waEvent) { e.standby = standby; e.received() })
	case len(value.Statuses) > 0:
	case len(value.Errors) > 0: // of the number; those beside a message are about it
		o = o.whole()
		if l, ok := b.route(o, value.Metadata.ID, channels.WhatsApp); ok {
			o.line = l
			o.lineChanged("", "error", faultOf(value.Errors).Code.String(), "")
		}
	default:
		each[waMessage](o, value, nil, nil)
	}
}

// waEvent is a message on its way.
type waEvent struct {
	origin
	value   *changeValue
	m       *waMessage
	standby bool
}

// either returns the number that names a person, or else the business-scoped
// id: people with a username need not show a number.
func either(number, user loose) channels.Peer {
	if number != "" {
		return whoever(number)
	}
	return channels.Peer(user)
}

// whoever writes a phone number as every provider of WhatsApp does, "+" and
// digits, so that a person is the same person at all of them. Anything else
// stays as it is, a business-scoped id above all.
func whoever(id loose) channels.Peer {
	if number(string(id)) {
		return channels.Peer("+" + id)
	}
	return channels.Peer(id)
}

func (e waEvent) received() {
	m := e.m
	id, peer := channels.ProviderID(m.ID), either(m.From, m.FromUser)
	switch {
	case m.Group != "":
		return // groups are not served
	case id == "":
		e.malformed(reasonPartial)
		return
	case m.Type == "system" && m.System == nil:
		e.malformed(reasonPartial)
		return
	case m.Type == "system":
		e.system()
		return
	case peer == "":
		e.malformed(reasonPartial)
		return
	case e.changes(peer):
		return
	}
	if m.Referral != nil {
		e.add(&channels.Referred{EventMeta: e.meta(peer, key("referral", string(id))), Word: string(m.Referral.ID), Source: m.Referral.Source.Word()})
	}
	e.origin.received(channels.Received{
		ID: id, ReplyTo: channels.ProviderID(m.Context.ID), From: e.profile(), Standby: e.standby,
	}, peer, m.contents(!e.standby))
}

// changes reads what edits or removes an earlier message, on either side.
func (e waEvent) changes(peer channels.Peer) bool {
	m := e.m
	switch {
	case m.Type == "revoke" && m.Revoke != nil && m.Revoke.ID != "":
		e.add(&channels.Withdrawn{EventMeta: e.meta(peer, key("withdrawn", string(m.ID))), ID: channels.ProviderID(m.Revoke.ID)})
	case m.Type == "edit" && m.Edit != nil && m.Edit.ID != "" && m.Edit.Message != nil:
		e.add(&channels.Edited{EventMeta: e.meta(peer, key("edit", string(m.ID))), ID: channels.ProviderID(m.Edit.ID), Content: m.Edit.Message.contents(false)[0]})
	case m.Type == "revoke", m.Type == "edit":
		e.malformed(reasonPartial)
	default:
		return false
	}
	return true
}

// profile is what WhatsApp tells of the sender, among the contacts of the
// change.
func (e waEvent) profile() channels.Profile {
	sender := func(id loose) bool { return id != "" && (id == e.m.From || id == e.m.FromUser) }
	for _, c := range e.value.Contacts {
		if sender(c.WhatsApp) || sender(c.User) {
			if c.Profile.Name != "" {
				return channels.Profile{Name: string(c.Profile.Name)}
			}
			return channels.Profile{Name: string(c.Profile.Username)}
		}
	}
	return channels.Profile{}
}

// echo is a message that was written in the number's own app on a telephone.
func (e waEvent) echo() {
	m := e.m
	peer := either(m.To, m.ToUser)
	if m.To != "" && m.To == e.value.Metadata.Shown { // seen with edits: the person is the other end
		peer = either(m.From, m.FromUser)
	}
	switch {
	case m.ID == "" || peer == "":
		e.malformed(reasonPartial)
	case e.changes(peer):
	default:
		e.echoed(channels.Echoed{ID: channels.ProviderID(m.ID)}, peer, m.contents(false))
	}
}

// system is what WhatsApp itself says of a person.
func (e waEvent) system() {
	s, old := e.m.System, either(e.m.From, e.m.FromUser)
	next := whoever(s.New)
	if next == "" {
		next = whoever(s.NewOld)
	}
	switch s.Type {
	case "user_changed_number", "customer_changed_number":
		if next == "" {
			next = whoever(s.User)
		}
	case "user_changed_user_id":
		// The old id is often not told here, but with the field user_id_update.
		next = channels.Peer(s.User)
		if e.m.FromUser != "" {
			old = channels.Peer(e.m.FromUser)
		}
	case "customer_identity_changed", "user_identity_changed":
		// Somebody may have taken the number over. Nobody has a new name, so it
		// goes to the operator, with the person.
		e.lineChanged(old, channels.SubjectPerson, s.Type.Word(), "")
		return
	default:
		e.malformed(reasonEvent)
		return
	}
	e.peerChanged(key("peer", string(e.m.ID)), old, next)
}

func (o origin) peerChanged(k string, old, next channels.Peer) {
	if old == "" || next == "" || old == next {
		o.malformed(reasonPartial)
		return
	}
	o.add(&channels.PeerChanged{EventMeta: o.meta(old, k), New: next})
}

// userID tells of a new business-scoped id.
func (b *batch) userID(o origin, u *userID) {
	o.time = u.Timestamp.or(o.time)
	o.peerChanged(hidden("peer", string(o.raw)), channels.Peer(u.ID.Old), channels.Peer(u.ID.New))
}

// preference is a person's wish about marketing messages. The model has one
// consent for all messages, so who stops these is sent none until they write.
func (b *batch) preference(o origin, p *preference) {
	o.time = p.Timestamp.or(o.time)
	peer := either(p.WhatsApp, p.User)
	switch {
	case peer == "":
		o.malformed(reasonPartial)
	case p.Value == "stop":
		o.add(&channels.OptedOut{EventMeta: o.meta(peer, hidden("optout", string(o.raw)))})
	case p.Value == "resume", p.Value == "signup":
		o.add(&channels.OptedOut{EventMeta: o.meta(peer, hidden("optout", string(o.raw))), In: true})
	default:
		o.malformed(reasonEvent)
	}
}

// status tells what became of a message that we sent.
func (b *batch) status(o origin, s *waStatus) {
	o.time = s.Timestamp.or(o.time)
	var status channels.Status
	switch s.Status {
	case "sent":
		status = channels.Sent
	case "delivered":
		status = channels.Delivered
	case "read", "played":
		status = channels.Read
	case "failed":
		status = channels.Failed
	case "deleted": // by the person, for themselves
		return
	default:
		o.malformed(reasonStatus)
		return
	}
	if s.ID == "" {
		o.malformed(reasonPartial)
		return
	}
	e := &channels.StatusChanged{
		EventMeta: o.meta(either(s.To, s.ToUser), key("status", string(s.ID), string(s.Status))),
		ID:        channels.ProviderID(s.ID), Ref: ref(s.Ref), Status: status, Charge: s.Pricing.charge(),
	}
	if status == channels.Failed {
		e.Err = faultOf(s.Errors).fault("send", o.line.info.ID)
	}
	o.add(e)
}

// faultOf returns the first fault that has a code.
func faultOf(faults []waFault) wireError {
	for _, f := range faults {
		if f.Code != "" {
			return wireError{Code: json.Number(f.Code)}
		}
	}
	return wireError{}
}
