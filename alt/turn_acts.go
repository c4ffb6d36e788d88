package alt

import (
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/uuid"
	"github.com/liidestuja/liidestuja/session"
)

// ReplyText answers with a text.
func (t *Turn) ReplyText(text string) error { return t.Reply(channels.Text{Body: text}) }

// Reply answers with contents, in order, each split as the line needs. The
// error is that of channels.Fit, and nothing of the contents is sent then.
func (t *Turn) Reply(contents ...channels.Content) error {
	out := make([]channels.Outbound, len(contents))
	for i, c := range contents {
		out[i].Content = c
	}
	return t.Send(out...)
}

// Send answers with full control of a message's id, priority, quotation and
// end of use; empty fields are filled in. The person is always the turn's own.
func (t *Turn) Send(messages ...channels.Outbound) error {
	if len(messages) == 0 {
		return nil
	}
	var parts []channels.Outbound
	var offer []channels.Choice
	for _, o := range messages {
		o.To = t.Address()
		if o.ID == "" {
			o.ID = channels.MessageID(uuid.New(t.now))
		}
		if o.Author == "" {
			o.Author = t.author
		}
		if o.By == "" {
			o.By = t.by
		}
		if o.Trace == "" && t.ev != nil {
			o.Trace = t.ev.Meta().Trace
		}
		o.Provider, o.PeerSpace = knownAt(&t.line.info, t.d.Contact)
		fitted, err := t.svc.fit(t.line, o)
		if err != nil {
			return err
		}
		offer = offerOf(o.Content, fitted)
		parts = append(parts, fitted...)
	}
	t.fx.send = append(t.fx.send, parts...)
	t.d.Contact.Offer, t.fx.offered = offer, true
	return nil
}

// offerOf returns the choices that were written out as a numbered text.
func offerOf(c channels.Content, fitted []channels.Outbound) []channels.Choice {
	if ch, ok := c.(channels.Choices); ok {
		if _, tapped := fitted[len(fitted)-1].Content.(channels.Choices); !tapped {
			return ch.Options
		}
	}
	return nil
}

// HandOver gives the conversation to the named link of the Chain, which gets
// this message at once. What bots wrote and was not sent yet is taken back. Where
// no Chain is at work, and in a Talk, the turn fails.
func (t *Turn) HandOver(link string) {
	t.fx.handOver, t.fx.cancel = link, true
	t.note("conversation.handed_over", map[string]string{"to": link})
}

// HandBack takes the conversation from whoever holds it: the next message
// starts at the Chain's first link.
func (t *Turn) HandBack() {
	if c := t.d.Conversation; c != nil {
		c.Holder, c.Waiting, c.Unread, t.fx.released = Holder{}, time.Time{}, 0, true
		t.note("conversation.handed_back", nil)
	}
}

// Hold writes down who at the agency holds the conversation; empty means that
// it waits for anybody.
func (t *Turn) Hold(by string) {
	if c := t.d.Conversation; c != nil {
		if c.Holder.Kind != HeldByDesk {
			c.Holder = Holder{Kind: HeldByDesk} // not the bot's name with it
		}
		c.Holder.By = by
		if by == "" && c.Waiting.IsZero() {
			c.Waiting = t.now
		}
	}
}

// Await marks that the person waits for people at the agency, and one more
// unread message.
func (t *Turn) Await() {
	if c := t.d.Conversation; c != nil {
		c.Unread++
		if c.Waiting.IsZero() {
			c.Waiting = t.now
		}
	}
}

// MarkRead marks that somebody at the desk read all there is.
func (t *Turn) MarkRead() {
	if c := t.d.Conversation; c != nil {
		c.Unread = 0
	}
}

// Restrict shows the conversation to its holder and to auditors only.
func (t *Turn) Restrict(on bool) {
	if c := t.d.Conversation; c != nil && c.Restricted != on {
		c.Restricted = on
		t.note("conversation.restricted", map[string]string{"on": strconv.FormatBool(on)})
	}
}

// End ends the conversation and its session; nothing when the conversation has
// ended already. Replies of the same turn still go out.
func (t *Turn) End(why session.Reason) {
	if c := t.d.Conversation; c != nil {
		if c.State != Open {
			return // the session may be that of the next one
		}
		c.State, c.Ended, c.Reason, c.Waiting, c.Unread = Ended, t.now, string(why), time.Time{}, 0
		t.note("conversation.ended", map[string]string{"reason": string(why)})
	}
	if s := t.d.Session; s != nil && s.Active() {
		s.End(why, t.now)
		t.note("session.ended", map[string]string{"reason": string(why), "session": s.ID})
		t.proofOver(s)
	}
	t.eraseLater()
}

// After lets the handler see the conversation again in d, as a channels.Due
// event of that name.
func (t *Turn) After(d time.Duration, name string) {
	a := t.Address()
	t.fx.later = append(t.fx.later, Later{At: t.now.Add(d), Event: &channels.Due{Name: name, EventMeta: channels.EventMeta{
		Key: "due/" + uuid.New(t.now), Channel: a.Channel, Agency: a.Agency, Peer: a.Peer, At: t.now.Add(d),
	}}})
}

// Once makes a Talk happen once for a key, see Changes.Once. A handler's turn
// happens once by itself and fails with it.
func (t *Turn) Once(key string, print [32]byte) {
	t.fx.once = &Once{Agency: t.Address().Agency, Key: key, Print: print, At: t.now}
}

// Note writes to the security log. Detail holds codes and ids only.
func (t *Turn) Note(act string, detail map[string]string) { t.note(act, detail) }

func (t *Turn) note(act string, detail map[string]string) {
	e := LogEntry{Agency: t.Address().Agency, At: t.now, Act: act, Actor: t.actor, Line: t.line.info.ID, Detail: detail}
	if t.d.Conversation != nil {
		e.Conversation = t.d.Conversation.ID
	}
	t.fx.log = append(t.fx.log, e)
}
