package meta

import (
	"strconv"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
)

// page reads the nth entry, one of Messenger or Instagram.
func (b *batch) page(n int, en *entry, kind channels.Kind) {
	read := func(events []element[event], standby bool) {
		for i := range events {
			e := &events[i]
			o := b.at(e.raw, e.v.Timestamp.or(en.Time.Time))
			if l, ok := b.route(o, en.ID, kind); ok {
				o.line = l
				pageEvent{origin: o, event: &e.v, standby: standby}.read()
			}
		}
	}
	read(en.Messaging, false)
	read(en.Standby, true)
	for i := range en.Changes {
		// What people write in public is no conversation. Messages come as
		// changes only from the test button, and then nobody wrote them; but an
		// app that is set up otherwise must not lose them in silence.
		if field := string(en.Changes[i].Field); strings.HasPrefix(field, "messag") || field == "standby" {
			o := b.change(n, i, en.Time.Time).whole()
			if l, ok := b.route(o, en.ID, kind); ok {
				o.line = l
				o.malformed(reasonField)
			}
		}
	}
}

// pageEvent is an event on its way.
type pageEvent struct {
	origin
	event   *event
	standby bool // another app, or a person at Meta's inbox, has the conversation
}

func (p pageEvent) read() {
	switch e := p.event; {
	case e.Message != nil:
		p.message(e.Message)
	case e.Postback != nil:
		p.postback(e.Postback)
	case e.Edit != nil:
		p.edit(e.Edit)
	case e.Reaction != nil:
		p.reaction(e.Reaction)
	case e.Delivery != nil:
		p.statuses(channels.Delivered, e.Delivery)
	case e.Read != nil:
		p.statuses(channels.Read, e.Read)
	case e.Referral != nil:
		p.referred(hidden("referral", string(p.raw)), e.Referral)
	case e.OptIn != nil:
		p.optIn(e.OptIn)
	case e.Pass != nil:
		p.thread(e.Pass, true)
	case e.Take != nil:
		p.thread(e.Take, false)
	case e.Request != nil:
		peer, _ := p.person()
		p.lineChanged(peer, "thread", "requested", "")
	case e.Policy != nil:
		p.lineChanged("", "policy", e.Policy.Action.Word(), string(e.Policy.Reason))
	case e.Roles != nil, e.Linking != nil:
	default:
		p.malformed(reasonEvent)
	}
}

// person returns who the event is about. Ours tells that the account did it:
// then the person is at the other end.
func (p pageEvent) person() (peer channels.Peer, ours bool) {
	from, to, account := p.event.Sender.ID, p.event.Recipient.ID, loose(p.line.conf.Account)
	ours = p.event.Message != nil && bool(p.event.Message.Echo) || from == account && to != account && to != ""
	if ours {
		return channels.Peer(to), true
	}
	return channels.Peer(from), false
}

func (p pageEvent) message(m *pageMessage) {
	peer, ours := p.person()
	id := channels.ProviderID(m.ID)
	if id == "" || peer == "" {
		p.malformed(reasonPartial)
		return
	}
	if m.Deleted {
		p.add(&channels.Withdrawn{EventMeta: p.meta(peer, key("withdrawn", string(id))), ID: id})
		return
	}
	if ours {
		p.echoed(channels.Echoed{ID: id, Ref: ref(m.Metadata)}, peer, p.line.pageContents(m, false))
		return
	}
	if m.Referral != nil {
		p.referred(key("referral", string(id)), m.Referral)
	}
	// On standby a tap answers what another app asked.
	parts := p.line.pageContents(m, !p.standby)
	p.received(channels.Received{ID: id, ReplyTo: channels.ProviderID(m.ReplyTo.ID), Standby: p.standby}, peer, parts)
}

// postback is a tap on a button of an earlier message, of the menu, or of
// "Get Started". Old ones have no id, and none have a payload on standby.
func (p pageEvent) postback(b *postback) {
	peer, _ := p.person()
	if peer == "" || b.Payload == "" && b.Title == "" {
		p.malformed(reasonPartial)
		return
	}
	id := string(b.ID)
	if id == "" {
		id = hidden("postback", string(p.raw))
	}
	if b.Referral != nil {
		p.referred(key("referral", id), b.Referral)
	}
	var content channels.Content = channels.Chosen{ID: string(b.Payload), Title: string(b.Title)}
	if b.Payload == "" || p.standby {
		content = channels.Text{Body: string(b.Title)}
	}
	p.received(channels.Received{ID: channels.ProviderID(id), Standby: p.standby}, peer, []channels.Content{content})
}

func (p pageEvent) edit(e *pageEdit) {
	peer, _ := p.person()
	if e.ID == "" || e.Text == "" || peer == "" {
		p.malformed(reasonPartial)
		return
	}
	k := key("edit", string(e.ID), string(e.Count))
	p.add(&channels.Edited{EventMeta: p.meta(peer, k), ID: channels.ProviderID(e.ID), Content: channels.Text{Body: string(e.Text)}})
}

// reaction is an emoji on a message, or its end. A reaction has no id.
func (p pageEvent) reaction(r *pageReaction) {
	peer, ours := p.person()
	switch {
	case ours:
		return // somebody's at Meta's inbox
	case peer == "":
		p.malformed(reasonPartial)
		return
	}
	var content channels.Content = channels.Reaction{To: channels.ProviderID(r.To), Emoji: string(r.Emoji)}
	switch {
	case r.Action == "unreact":
		content = channels.Reaction{To: channels.ProviderID(r.To)}
	case r.Emoji == "":
		content = channels.Unsupported{Type: "reaction", Fallback: string(r.Word)}
	}
	at := strconv.FormatInt(p.time.UnixMilli(), 10)
	id := hidden("reaction", string(r.To), string(peer), string(r.Action), string(r.Emoji), at)
	p.received(channels.Received{ID: channels.ProviderID(id), ReplyTo: channels.ProviderID(r.To), Standby: p.standby}, peer, []channels.Content{content})
}

// statuses tells of each message by name, and of all up to a time.
func (p pageEvent) statuses(s channels.Status, d *delivery) {
	peer, ours := p.person()
	ids := d.IDs
	if d.ID != "" {
		ids = append(ids, d.ID)
	}
	switch {
	case ours:
		return // the account read what people wrote
	case len(ids) == 0 && d.Watermark.IsZero():
		p.malformed(reasonPartial)
		return
	}
	for _, id := range ids {
		if id != "" {
			p.add(&channels.StatusChanged{EventMeta: p.meta(peer, key(string(s), string(id))), ID: channels.ProviderID(id), Status: s})
		}
	}
	if until := d.Watermark; !until.IsZero() && peer != "" {
		k := hidden(string(s), string(peer), strconv.FormatInt(until.UnixMilli(), 10))
		p.add(&channels.StatusChanged{EventMeta: p.meta(peer, k), Until: until.Time, Status: s})
	}
}

// referred is the entry word of a link; of an advertisement without one, its
// id.
func (p pageEvent) referred(k string, r *referral) {
	peer, _ := p.person()
	word := string(r.Word)
	if word == "" {
		word = string(r.Ad)
	}
	p.add(&channels.Referred{EventMeta: p.meta(peer, k), Word: word, Source: r.Source.Word()})
}

// optIn is a consent that was given beside the conversation. One to regular
// messages may also end, and start again.
func (p pageEvent) optIn(o *optIn) {
	peer, _ := p.person() // nobody yet, where only a reference of a website is known
	k := hidden("optin", string(p.raw))
	switch status := o.Status.Word(); {
	case peer != "" && (status == "stop_notifications" || status == "resume_notifications"):
		p.add(&channels.OptedOut{EventMeta: p.meta(peer, k), In: status == "resume_notifications"})
	case o.Word != "":
		p.add(&channels.Referred{EventMeta: p.meta(peer, k), Word: string(o.Word), Source: "optin"})
	default:
		p.add(&channels.Referred{EventMeta: p.meta(peer, k), Word: string(o.Payload), Source: "optin"})
	}
}

// thread tells who may answer from now on. Only the app's own id decides it for
// certain; without it, what was passed came to us and what was taken left us,
// which is whom Meta tells of it.
func (p pageEvent) thread(h *handover, mine bool) {
	peer, _ := p.person()
	if peer == "" {
		p.malformed(reasonPartial)
		return
	}
	if own := p.app.cfg.AppID; own != "" && h.Owner != "" {
		mine = string(h.Owner) == own
	}
	p.add(&channels.ThreadControl{EventMeta: p.meta(peer, hidden("thread", string(p.raw))), Mine: mine})
}
