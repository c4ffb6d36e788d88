package channels

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// ID names a line: one Facebook Page, one WhatsApp number. 1-64 characters of
// a-z, 0-9, '-', '_' and '.', which does not come first. It is chosen in the configuration, is unique in a
// service and never changes, because stored messages refer to it.
type ID string

// Kind names a product that people use, such as [WhatsApp].
type Kind string

// Kinds with an entry in the [Catalogue].
const (
	Messenger Kind = "messenger"
	WhatsApp  Kind = "whatsapp"
	Instagram Kind = "instagram"
	Viber     Kind = "viber"
	Telegram  Kind = "telegram"
	Apple     Kind = "apple"
	Signal    Kind = "signal"
	SMS       Kind = "sms"
	WebChat   Kind = "webchat"
	Email     Kind = "email"
)

// Agency names a tenant, written like an [ID]. It is part of every stored key.
// Drivers leave it empty: the service stamps it from the line's [Info].
type Agency string

// MessageID is our name of a message: 1-64 characters of a-z, A-Z, 0-9, '-',
// '_', '.', which does not come first (a message to send has no dot in its id); a UUIDv7 when the service chooses it.
type MessageID string

// ProviderID is the provider's name of a message, opaque to the core.
type ProviderID string

// Peer is the provider's name of a person on a line: a page-scoped id, a phone
// number, a username. It is personal data, opaque outside its driver, and
// prints as "[peer]"; string(p) gives the value.
type Peer string

// String returns a fixed text, so that a peer never reaches a log by accident.
func (Peer) String() string { return "[peer]" }

// GoString returns the same fixed text for %#v.
func (Peer) GoString() string { return "[peer]" }

// Format prints the same fixed text, whatever the verb.
func (Peer) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[peer]") }

// LogValue returns the same fixed text for slog.
func (Peer) LogValue() slog.Value { return slog.StringValue("[peer]") }

// Address is a person on a line. The same human has another address on every
// line, and the addresses are not linked without proof.
type Address struct {
	Agency  Agency `json:"agency,omitempty"`
	Channel ID     `json:"channel"`
	Peer    Peer   `json:"peer"`
}

// IsZero reports whether a names nobody.
func (a Address) IsZero() bool { return a.Peer == "" }

// String names the line only.
func (a Address) String() string { return string(a.Channel) + "/[peer]" }

// Format names the line only, whatever the verb.
func (a Address) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, a.String()) }

// LogValue names the line only.
func (a Address) LogValue() slog.Value { return slog.StringValue(a.String()) }

// ErrBadID is wrapped by the errors of the Valid methods.
var ErrBadID = errors.New("channels: malformed id")

// Valid returns ErrBadID unless id is written as [ID] says.
func (id ID) Valid() error { return validName(string(id), false) }

// Valid returns ErrBadID unless a is written as [Agency] says.
func (a Agency) Valid() error { return validName(string(a), false) }

// Valid returns ErrBadID unless id is written as [MessageID] says.
func (id MessageID) Valid() error { return validName(string(id), true) }

func validName(s string, upper bool) error {
	if len(s) == 0 || len(s) > 64 || s[0] == '.' { // "." and ".." are no names in a path
		return ErrBadID
	}
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		case upper && c >= 'A' && c <= 'Z':
		default:
			return ErrBadID
		}
	}
	return nil
}
