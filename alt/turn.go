package alt

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
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

	level  eid.Level // of the session when the turn began
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
	flows    []Flow
	recordAs channels.Content // instead of what the person wrote
	private  bool             // what the person wrote is no message of the conversation
	released bool             // HandBack: the holder is nobody whoever answers
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
// calls of the handler's own that must happen once; empty in a Talk.
func (t *Turn) Key() string {
	if t.item.ID == 0 {
		return ""
	}
	return string(t.line.info.ID) + "/" + strconv.FormatInt(t.item.ID, 10)
}

// Line returns the line of the turn.
func (t *Turn) Line() channels.Info { return t.line.info }

// Address returns the person.
func (t *Turn) Address() channels.Address { return t.d.Contact.Address }

// Now returns the time of the turn, by the service's clock.
func (t *Turn) Now() time.Time { return t.now }

// Session returns the session; what is set on it, or proven in it, is saved. It
// may be ended (in a Talk or a notice) but is never nil after a person's
// message; otherwise nil when there never was one.
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
func (t *Turn) Window() Window { return windowOf(&t.line.info.Capabilities.Window, t.d.Contact) }

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
