package channels

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"
)

// Author is who wrote an outgoing message. Some providers allow more to a
// person than to a bot, so it is never guessed.
type Author string

// Authors.
const (
	Bot    Author = "bot"
	Person Author = "person" // a specialist of the agency
	System Author = "system"
)

// Priority decides which of two people's messages goes first.
type Priority int8

// Priorities. Urgent overtakes Normal, Normal overtakes Bulk, but never an
// earlier message to the same person.
const (
	Bulk   Priority = -1
	Normal Priority = 0
	Urgent Priority = 1
)

// Outbound is a message to a person.
type Outbound struct {
	ID       MessageID  `json:"id"`
	To       Address    `json:"to"`
	Content  Content    `json:"-"`
	ReplyTo  ProviderID `json:"reply_to,omitempty"` // the message to quote
	Author   Author     `json:"author"`
	By       string     `json:"by,omitempty"` // who at the agency, an id of its own system
	Priority Priority   `json:"priority,omitempty"`
	NotAfter time.Time  `json:"not_after,omitzero"` // later it is pointless: dead letter instead
	Thread   string     `json:"thread,omitempty"`   // the provider's conversation, when known
	Part     int        `json:"part"`               // from 0
	Parts    int        `json:"parts"`              // at least 1
	Trace    string     `json:"trace,omitempty"`

	// Provider and PeerSpace are set by the service: those of the line's Info when
	// the person wrote last, or when the message was queued to somebody who never
	// did. The line may have moved since.
	Provider  string `json:"provider,omitempty"`
	PeerSpace string `json:"peer_space,omitempty"`

	// Secret is what belongs in the place of Blank in the text, encrypted by the
	// service, which fills it in at send time. So nobody who reads what is stored,
	// or looks at the conversation, gets it.
	Secret []byte `json:"secret,omitempty"`

	// Private is for a message of the service's own that no transcript shows: it
	// belongs to no conversation. Its text is Blank, and Secret is all of it.
	Private bool `json:"private,omitempty"`

	// Salt is set by the service: 32 random bytes that are kept with the content, and
	// go with it. Drivers get none.
	Salt []byte `json:"salt,omitempty"`

	// Extended is set by the service at send time: the reply window is over and
	// the message goes out in its extension for answers that a person wrote.
	Extended bool `json:"-"`
}

// Blank stands in a text where the service will fill in a secret of its own of
// the same length, or, in a private message, of any that the line takes; see
// Outbound.Secret.
const Blank = "______________________"

// Ref is what a driver gives to the provider to get it back in reports: the
// message id, with the part when there are several.
func (o Outbound) Ref() string {
	if o.Parts <= 1 {
		return string(o.ID)
	}
	return string(o.ID) + "." + strconv.Itoa(o.Part)
}

// Fingerprint is a hash of what the person would get: two messages of one ID
// and one fingerprint are the same message.
func (o Outbound) Fingerprint() ([sha256.Size]byte, error) {
	c, err := MarshalContent(o.Content)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	b, err := json.Marshal([]any{o.To, o.ReplyTo, o.Author, o.Part, o.Parts, json.RawMessage(c)})
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("channels: fingerprint: %w", err)
	}
	return sha256.Sum256(b), nil
}

// Format prints the id and the line only, whatever the verb.
func (o Outbound) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "outbound "+o.Ref()+" on "+string(o.To.Channel))
}

// LogValue returns the id and the line only.
func (o Outbound) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(o)) }

// Receipt is the provider's word that it took a message.
type Receipt struct {
	ID     ProviderID // required
	Status Status     // Sent when empty
	At     time.Time
	Thread string // the provider's conversation, when told
}
