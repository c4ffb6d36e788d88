package alt

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

// Contact is what outlives sessions and conversations about a person on a
// line.
type Contact struct {
	Address channels.Address `json:"address"`
	Version int64            `json:"version"` // counts the saves; 0 = never saved
	Name    string           `json:"name,omitempty"`
	// LastInbound is the person's last message by the provider's time; the
	// reply window counts from it.
	LastInbound time.Time `json:"last_inbound,omitzero"`
	// WindowClosed is when the provider refused a message because the window
	// was closed; a later inbound message opens it again.
	WindowClosed time.Time         `json:"window_closed,omitzero"`
	OptedOut     bool              `json:"opted_out,omitempty"`
	OptedOutAt   time.Time         `json:"opted_out_at,omitzero"` // a message from before does not end it
	Language     string            `json:"language,omitempty"`    // BCP 47, as chosen or told
	Offer        []channels.Choice `json:"offer,omitempty"`       // the numbered choices offered last
	Thread       string            `json:"thread,omitempty"`      // the provider's conversation
	// Logins are when authentications were asked for lately.
	Logins []time.Time `json:"logins,omitempty"`
	// Provider and PeerSpace are those of the line's Info when the person's last
	// message came: Thread and Address mean something there.
	Provider  string `json:"provider,omitempty"`
	PeerSpace string `json:"peer_space,omitempty"`
	// Continues is the id of a conversation that began at another account of the
	// person and goes on here; see Service.Continue.
	Continues string `json:"continues,omitempty"`
}

// Format prints nothing personal, whatever the verb.
func (c Contact) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "contact on "+c.Address.String())
}

// LogValue gives nothing personal: slog writes a value without it as JSON, with
// all its fields.
func (c Contact) LogValue() slog.Value { return slog.StringValue("contact on " + c.Address.String()) }

// State is where a conversation is.
type State string

// States of a conversation.
const (
	Open  State = "open"
	Ended State = "ended"
)

// HolderKind is what kind of handler a conversation is with.
type HolderKind string

// Kinds of holders. The zero value is nobody: the chain starts at its first
// handler.
const (
	HeldByNobody HolderKind = ""
	HeldByBot    HolderKind = "bot"
	HeldByDesk   HolderKind = "desk" // people at the agency; By says who, empty while it waits
)

// Holder is who answers a conversation.
type Holder struct {
	Kind HolderKind `json:"kind,omitempty"`
	Name string     `json:"name,omitempty"` // the handler's name in the Chain
	By   string     `json:"by,omitempty"`   // the specialist, an id of the agency's own system
}

// Conversation is a matter from its first message until it is ended; its
// sessions follow one another.
type Conversation struct {
	ID      string           `json:"id"` // UUIDv7
	Address channels.Address `json:"address"`
	Version int64            `json:"version"`
	State   State            `json:"state"`
	Holder  Holder           `json:"holder"`
	Opened  time.Time        `json:"opened"`
	Ended   time.Time        `json:"ended,omitzero"`
	Reason  string           `json:"reason,omitempty"` // why it ended
	LastIn  time.Time        `json:"last_in,omitzero"`
	LastOut time.Time        `json:"last_out,omitzero"`
	// Waiting is since when the person waits for people at the agency; zero
	// when nobody waits.
	Waiting time.Time `json:"waiting,omitzero"`
	Unread  int       `json:"unread,omitempty"` // messages since somebody at the desk read
	// Login is the latest authentication that was asked for; nil: none was.
	Login *LoginState `json:"login,omitempty"`
	// Restricted conversations are shown to their holder and to auditors only.
	Restricted bool   `json:"restricted,omitempty"`
	Name       string `json:"name,omitempty"` // of the contact, for lists and search
	Language   string `json:"language,omitempty"`
	Thread     string `json:"thread,omitempty"`
	// Trail is where the conversation went on, see Service.Continue: the person
	// wrote or was written to there last at its last address. Empty: it never left
	// Address.
	Trail []channels.Address `json:"trail,omitempty"`
	// Forwarded is what other agencies handed over with the person.
	Forwarded []Forwarded `json:"forwarded,omitempty"`
	// Position grows with every committed change of the conversation or of its
	// messages, in commit order over all conversations. Set by the store.
	Position int64 `json:"position"`
}

// Format prints the id only, whatever the verb.
func (c Conversation) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "conversation "+c.ID) }

// LogValue gives the id only.
func (c Conversation) LogValue() slog.Value { return slog.StringValue("conversation " + c.ID) }

// Active reports whether a session goes on now, by the service's clock and
// policy. A store holds one whose time is over as active until the service has
// come to end it: who trusts the level of a stored session asks here first. The
// session of a Turn about a person's message always is. nil is not active.
func (s *Service) Active(ss *session.Session) bool {
	if ss == nil || !ss.Active() {
		return false
	}
	end, _ := s.cfg.Session.Deadline(ss)
	return s.cfg.Now().Before(end)
}

// Dossier is what is stored about a person on a line. Fields are nil when
// there is nothing; Session may have ended, Conversation is the latest one and
// may have ended too. It is the caller's own copy.
type Dossier struct {
	Contact      *Contact
	Conversation *Conversation
	Session      *session.Session
}

// Format prints nothing personal, whatever the verb.
func (Dossier) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "dossier") }

// LogValue gives nothing personal.
func (Dossier) LogValue() slog.Value { return slog.StringValue("dossier") }
