package channels

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// EventMeta is what all events share. Drivers set Key, Channel, Peer, At and
// Raw; the service stamps Agency, Trace, and the line's Provider and PeerSpace,
// because the line may have moved when the event is handled.
type EventMeta struct {
	// Key is unique for the event on its line and the same in every delivery
	// of it: the provider's message id with what tells apart events about it.
	// At most 200 bytes.
	Key     string    `json:"key"`
	Channel ID        `json:"channel"`
	Agency  Agency    `json:"agency,omitempty"`
	Peer    Peer      `json:"peer,omitempty"` // empty: about the line, not about a person
	At      time.Time `json:"at"`             // the provider's time
	Trace   string    `json:"trace,omitempty"`

	Provider  string `json:"provider,omitempty"`
	PeerSpace string `json:"peer_space,omitempty"`

	// Salt is set by the service for what may become a message: 32 random bytes that
	// are kept with the content, and go with it. Drivers leave it empty.
	Salt []byte `json:"salt,omitempty"`

	Raw []byte `json:"-"` // the provider's bytes of this event, kept for a short time only
}

// Meta returns the meta data, which the service may stamp.
func (m *EventMeta) Meta() *EventMeta { return m }

// Address returns the person whom the event is about; zero when nobody.
func (m *EventMeta) Address() Address {
	if m.Peer == "" {
		return Address{}
	}
	return Address{Agency: m.Agency, Channel: m.Channel, Peer: m.Peer}
}

// Format prints the line only, whatever the verb.
func (m EventMeta) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "event on "+string(m.Channel))
}

// LogValue names the line only.
func (m EventMeta) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(m)) }

// Event is something that happened on a line. It is sealed; all its types are
// used as pointers: *Received, *Edited, *Withdrawn, *Echoed, *StatusChanged,
// *Referred, *PeerChanged, *ThreadControl, *OptedOut, *LineChanged, *Due,
// *SessionEnded, *AuthDecided and *Malformed.
type Event interface {
	Meta() *EventMeta
	Address() Address
	// Type returns the name under which the event is stored, e.g. "received".
	Type() string
	sealedEvent()
}

// Profile is what a provider tells of a person, unproven.
type Profile struct {
	Name     string `json:"name,omitempty"`
	Language string `json:"language,omitempty"` // BCP 47
}

// Format prints nothing personal.
func (Profile) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "profile") }

// LogValue returns nothing personal.
func (Profile) LogValue() slog.Value { return slog.StringValue("profile") }

// Received is a message from a person.
type Received struct {
	EventMeta
	ID      ProviderID
	Content Content
	ReplyTo ProviderID // the message that the person quoted, if any
	Thread  string     // the provider's conversation, opaque to the core
	From    Profile
	// Standby: another application, or a person at the provider's own inbox,
	// has the conversation. The message is kept and shown, and answered by
	// nobody here.
	Standby bool
}

// Edited replaces the content of an earlier message.
type Edited struct {
	EventMeta
	ID      ProviderID
	Content Content
}

// Withdrawn removes an earlier message: the person unsent it, and its stored
// content goes too.
type Withdrawn struct {
	EventMeta
	ID ProviderID
}

// Echoed is an outgoing message that the provider reports: our own, or one
// that another application sent. It is never a turn. Ref is what we gave as
// Outbound.Ref, where the provider gives it back.
type Echoed struct {
	EventMeta
	ID      ProviderID
	Ref     string
	Content Content
	Author  Author
	Thread  string
}

// StatusChanged is the provider's report on an outgoing message, named by ID
// or Ref; or, with Until, on all of the person's messages up to that time.
type StatusChanged struct {
	EventMeta
	ID     ProviderID
	Ref    string
	Until  time.Time
	Status Status
	Err    *Error // why, when Status is Failed
	Thread string
	Charge *Charge // what the provider says it costs, where it says so
}

// Charge is a provider's word on the price of a message, in the provider's own
// terms, which change. Amounts are nobody's to guess.
type Charge struct {
	Billable bool   `json:"billable"`
	Model    string `json:"model,omitempty"`    // e.g. "PMP", per message
	Type     string `json:"type,omitempty"`     // e.g. "regular", "free_customer_service"
	Category string `json:"category,omitempty"` // e.g. "utility", "marketing"
}

// Referred is the entry word of a deep link that a person opened.
type Referred struct {
	EventMeta
	Word   string
	Source string
}

// PeerChanged tells that a person has a new Peer on the line. Meta().Peer is
// the old one.
type PeerChanged struct {
	EventMeta
	New Peer
}

// ThreadControl tells who may answer: Mine is false while another application
// or a person at the provider's inbox holds the thread.
type ThreadControl struct {
	EventMeta
	Mine bool
}

// OptedOut tells that a person wants no more messages, or, with In, wants
// them again.
type OptedOut struct {
	EventMeta
	In bool
}

// LineChanged tells of the line itself: a template's state, an account
// warning. It goes to Config.Operator. With a Peer it is about the line's bond
// with that person.
type LineChanged struct {
	EventMeta
	Subject string // e.g. "template", "account", SubjectPerson
	Name    string
	State   string
	Reason  string
}

// SubjectPerson is the Subject of a LineChanged that doubts whether its Peer is
// still the same human: a telephone number may have got another owner. What was
// proven of the person is then proven no more.
const SubjectPerson = "person"

// Due is the end of a wait that a handler asked for with Turn.After.
type Due struct {
	EventMeta
	Name string
}

// SessionEnded tells that a session ended by age or idleness.
type SessionEnded struct {
	EventMeta
	Session string
	Reason  string
}

// AuthDecided tells how an authentication that was asked for in a conversation
// ended. It is the service's own.
type AuthDecided struct {
	EventMeta
	Login  string // which of them
	Reason string // why it failed, a fixed code; empty: the person is who they proved to be
}

// Malformed is an authentic request that could not be understood. It is kept
// for a person, once per body: Key is the hash of the body.
type Malformed struct {
	EventMeta
	Reason string // fixed code, nothing of the body
}

// Type implements Event.
func (*Received) Type() string { return "received" }

// Type implements Event.
func (*Edited) Type() string { return "edited" }

// Type implements Event.
func (*Withdrawn) Type() string { return "withdrawn" }

// Type implements Event.
func (*Echoed) Type() string { return "echoed" }

// Type implements Event.
func (*StatusChanged) Type() string { return "status" }

// Type implements Event.
func (*Referred) Type() string { return "referred" }

// Type implements Event.
func (*PeerChanged) Type() string { return "peer" }

// Type implements Event.
func (*ThreadControl) Type() string { return "thread" }

// Type implements Event.
func (*OptedOut) Type() string { return "optout" }

// Type implements Event.
func (*LineChanged) Type() string { return "line" }

// Type implements Event.
func (*Due) Type() string { return "due" }

// Type implements Event.
func (*SessionEnded) Type() string { return "session" }

// Type implements Event.
func (*AuthDecided) Type() string { return "auth" }

// Type implements Event.
func (*Malformed) Type() string { return "malformed" }

func (*Received) sealedEvent()      {}
func (*Edited) sealedEvent()        {}
func (*Withdrawn) sealedEvent()     {}
func (*Echoed) sealedEvent()        {}
func (*StatusChanged) sealedEvent() {}
func (*Referred) sealedEvent()      {}
func (*PeerChanged) sealedEvent()   {}
func (*ThreadControl) sealedEvent() {}
func (*OptedOut) sealedEvent()      {}
func (*LineChanged) sealedEvent()   {}
func (*Due) sealedEvent()           {}
func (*SessionEnded) sealedEvent()  {}
func (*AuthDecided) sealedEvent()   {}
func (*Malformed) sealedEvent()     {}

// Lane returns the name of the queue within which e keeps its order: the
// person's, or, for reports on one message and events about no person, one of
// its own, so that neither waits behind a conversation.
func Lane(e Event) string {
	m := e.Meta()
	line := string(m.Agency) + "\x00" + string(m.Channel) + "\x00"
	switch e := e.(type) {
	case *StatusChanged:
		if e.ID != "" {
			return line + "\x01" + string(e.ID)
		}
	case *Echoed:
		if e.ID != "" {
			return line + "\x01" + string(e.ID)
		}
	}
	if m.Peer != "" {
		return line + string(m.Peer)
	}
	return line + "\x02" + m.Key
}
