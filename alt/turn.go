package alt

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/uuid"
	"github.com/liidestuja/liidestuja/session"
)

// Turn is one message of a person, or one act of a specialist, with what is
// known about the person. Its methods collect effects; nothing happens until
// the handler returned nil and the store committed all of them at once. A Turn
// is used by one goroutine and not after Handle returned.
type Turn struct {
	svc  *Service
	line *line
	item Item
	ev   channels.Event // nil in a Talk
	now  time.Time
	d    Dossier
	fx   effects

	author channels.Author
	actor  string // for the security log
	by     string // the specialist
}

// effects is what a turn will commit beside its Dossier.
type effects struct {
	send     []channels.Outbound
	later    []Later
	log      []LogEntry
	cancel   bool
	offered  bool // the last reply's choices, or their absence, are in Contact.Offer
	handOver string
	once     *Once
	holder   *Link // who answers, when a Chain is at work
	released bool  // HandBack: the holder is nobody whoever answers
}

// Format prints the item only, whatever the verb.
func (t *Turn) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "turn "+t.Key()) }

// Event returns what happened; nil when a specialist acts (Service.Talk).
func (t *Turn) Event() channels.Event { return t.ev }

// Text returns what the person wrote: the text, a caption, or the title of
// what was chosen; empty when there is none.
func (t *Turn) Text() string {
	if c, ok := t.Chosen(); ok {
		return c.Title
	}
	switch c := t.Content().(type) {
	case channels.Text:
		return c.Body
	case channels.Media:
		return c.Caption
	}
	return ""
}

// Content returns the message's content as the person sent it; nil when the
// turn is no message.
func (t *Turn) Content() channels.Content {
	if r, ok := t.ev.(*channels.Received); ok {
		return r.Content
	}
	return nil
}

// Chosen returns which of the offered choices the person took, by a tap or, on
// channels without buttons, by its number or title.
func (t *Turn) Chosen() (channels.Chosen, bool) {
	switch c := t.Content().(type) {
	case channels.Chosen:
		return c, true
	case channels.Text:
		if t.d.Contact != nil && len(t.d.Contact.Offer) > 0 {
			return channels.Match(t.d.Contact.Offer, c.Body)
		}
	}
	return channels.Chosen{}, false
}

// Key returns a text that is the same whenever the turn is handled again, for
// calls of the handler's own that must happen once.
func (t *Turn) Key() string { return string(t.line.info.ID) + "/" + strconv.FormatInt(t.item.ID, 10) }

// Line returns the line of the turn.
func (t *Turn) Line() channels.Info { return t.line.info }

// Address returns the person.
func (t *Turn) Address() channels.Address { return t.d.Contact.Address }

// Now returns the time of the turn, by the service's clock.
func (t *Turn) Now() time.Time { return t.now }

// Session returns the session; what is set on it is saved. It may be ended (in
// a Talk or a notice) but is never nil after a person's message; otherwise nil
// when there never was one.
func (t *Turn) Session() *session.Session { return t.d.Session }

// Contact returns a copy of what is kept about the person.
func (t *Turn) Contact() Contact { return *t.d.Contact }

// Conversation returns a copy of the conversation; zero in a notice about a
// person without one.
func (t *Turn) Conversation() Conversation {
	if t.d.Conversation == nil {
		return Conversation{}
	}
	return *t.d.Conversation
}

// Window returns the reply window as it is now.
func (t *Turn) Window() Window { return WindowOf(t.line.info.Capabilities, t.d.Contact) }

// Language returns the person's language, or the service's default.
func (t *Turn) Language() string {
	if l := t.d.Contact.Language; l != "" {
		return l
	}
	return t.svc.cfg.Language
}

// SetLanguage keeps the person's language, BCP 47, also for later talks.
func (t *Turn) SetLanguage(tag string) { t.d.Contact.Language = tag }

// History returns the conversation's last n messages, oldest first, without
// the one that is being handled.
func (t *Turn) History(ctx context.Context, n int) ([]Message, error) {
	if t.d.Conversation == nil || t.d.Conversation.Version == 0 {
		return nil, nil
	}
	page, _, err := t.svc.cfg.Store.Messages(ctx, MessageQuery{
		Agency: t.Address().Agency, Conversation: t.d.Conversation.ID, Limit: min(max(n, 1), 500),
	})
	return page, err
}

// ReplyText answers with a text.
func (t *Turn) ReplyText(text string) error { return t.Reply(channels.Text{Body: text}) }

// Reply answers with contents, in order, each split as the line needs. The
// error is that of channels.Fit, and nothing of the contents is sent then.
func (t *Turn) Reply(contents ...channels.Content) error {
	var out []channels.Outbound
	for _, c := range contents {
		out = append(out, channels.Outbound{Content: c})
	}
	return t.Send(out...)
}

// Send answers with full control of a message's id, priority, quotation and
// end of use; empty fields are filled in. The person is always the turn's own.
func (t *Turn) Send(messages ...channels.Outbound) error {
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
// this message at once. What bots wrote and was not sent yet is taken back.
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
		c.Holder.Kind, c.Holder.By = HeldByDesk, by
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

// End ends the conversation and its session. Replies of the same turn still go
// out.
func (t *Turn) End(why session.Reason) {
	if c := t.d.Conversation; c != nil && c.State == Open {
		c.State, c.Ended, c.Reason, c.Waiting, c.Unread = Ended, t.now, string(why), time.Time{}, 0
		t.note("conversation.ended", map[string]string{"reason": string(why)})
	}
	if s := t.d.Session; s != nil && s.Active() {
		s.End(why, t.now)
		t.note("session.ended", map[string]string{"reason": string(why), "session": s.ID})
	}
}

// After lets the handler see the conversation again in d, as a channels.Due
// event of that name.
func (t *Turn) After(d time.Duration, name string) {
	a := t.Address()
	t.fx.later = append(t.fx.later, Later{At: t.now.Add(d), Event: &channels.Due{Name: name, EventMeta: channels.EventMeta{
		Key: "due/" + uuid.New(t.now), Channel: a.Channel, Agency: a.Agency, Peer: a.Peer, At: t.now.Add(d),
	}}})
}

// Once makes the turn happen once for a key, see Changes.Once.
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
