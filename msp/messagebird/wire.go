package messagebird

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

// The JSON of the Conversations API, as far as it is read. It is decoded
// leniently, field by field, because one about the contact must never cost a
// person's message; what a message cannot do without is then missed.

// envelope is the body of a webhook.
type envelope struct {
	Type         string          `json:"type"`
	Contact      contact         `json:"contact"`
	Conversation conversation    `json:"conversation"`
	Message      *message        `json:"message"`
	Error        fault           `json:"error"`
	Statuses     json.RawMessage `json:"statuses"` // WhatsApp's own form, see Parse
}

type message struct {
	ID           string          `json:"id"`
	Conversation loose           `json:"conversationId"`
	Channel      string          `json:"channelId"`
	To           loose           `json:"to"`
	From         loose           `json:"from"`
	Direction    string          `json:"direction"`
	Status       string          `json:"status"`
	Type         string          `json:"type"`
	Content      json.RawMessage `json:"content"`
	ReplyTo      reference       `json:"replyTo"`
	Created      moment          `json:"createdDatetime"`
	Updated      moment          `json:"updatedDatetime"`
	TrackID      loose           `json:"trackId"`
	Source       source          `json:"source"`
	Error        fault           `json:"error"`
}

const (
	directionReceived = "received"
	directionSent     = "sent"
)

type conversation struct {
	ID        loose    `json:"id"`
	ContactID loose    `json:"contactId"`
	Status    loose    `json:"status"`
	Contact   contact  `json:"contact"`
	Messages  lastSeen `json:"messages"`
}

type lastSeen struct {
	ID loose `json:"lastMessageId"`
}

type contact struct {
	ID          loose `json:"id"`
	MSISDN      loose `json:"msisdn"` // a number, sometimes a string
	DisplayName loose `json:"displayName"`
	FirstName   loose `json:"firstName"`
	LastName    loose `json:"lastName"`
}

// name is what the contact is called; a display name that only repeats the
// number says nothing.
func (c contact) name() string {
	if n := string(c.DisplayName); n != "" && strings.TrimPrefix(n, "+") != string(c.MSISDN) {
		return n
	}
	return strings.TrimSpace(string(c.FirstName) + " " + string(c.LastName))
}

type reference struct {
	ID loose `json:"id"`
}

type source struct {
	Ref loose `json:"ref"`
}

// fault is why a message failed, or a request was refused.
type fault struct {
	Code loose `json:"code"`
}

// code returns the number of the fault, "" when there is none.
func (f fault) code() string {
	if s := string(f.Code); len(s) <= 9 && s != "" && strings.Trim(s, "0123456789") == "" {
		return s
	}
	return ""
}

// page is the envelope of every list. It is strict, because to overlook a
// message would be to call it missing; what it lists is read leniently.
type page[T any] struct {
	Total int            `json:"totalCount"`
	Items httpx.Items[T] `json:"items"`
}

// loose is what may come as a string or as a number.
type loose = httpx.Loose

// moment is a time in RFC 3339 with up to nine fractional digits. Zero stands
// for null, for what is no time, and for the first moment of year 1, which is
// Go's zero and how the service writes "never"; text is as it came.
type moment struct {
	time.Time
	text string
}

func (m *moment) UnmarshalJSON(b []byte) error {
	*m = moment{}
	if b[0] != '"' {
		return nil
	}
	m.text = httpx.Unquote(b)
	if t, err := time.Parse(time.RFC3339, m.text); err == nil {
		m.Time = t
	}
	return nil
}

// or returns the first of the times that is one.
func (m moment) or(others ...time.Time) time.Time {
	for _, t := range others {
		if !m.IsZero() {
			break
		}
		m.Time = t
	}
	return m.Time
}
