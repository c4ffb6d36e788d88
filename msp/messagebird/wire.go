package messagebird

import (
	"encoding/json"
	"strings"
	"time"
)

// The JSON of the Conversations API, as far as it is read. What a message
// cannot do without is strict; the rest is read leniently, because a field
// about the contact must never cost a person's message.

// envelope is the body of a webhook.
type envelope struct {
	Type         string                `json:"type"`
	Contact      lenient[contact]      `json:"contact"`
	Conversation lenient[conversation] `json:"conversation"`
	Message      *message              `json:"message"`
	Error        lenient[fault]        `json:"error"`
	Statuses     json.RawMessage       `json:"statuses"` // WhatsApp's own form, see Parse
}

type message struct {
	ID           string             `json:"id"`
	Conversation loose              `json:"conversationId"`
	Channel      string             `json:"channelId"`
	To           loose              `json:"to"`
	From         loose              `json:"from"`
	Direction    string             `json:"direction"`
	Status       string             `json:"status"`
	Type         string             `json:"type"`
	Content      json.RawMessage    `json:"content"`
	ReplyTo      lenient[reference] `json:"replyTo"`
	Created      moment             `json:"createdDatetime"`
	Updated      moment             `json:"updatedDatetime"`
	TrackID      loose              `json:"trackId"`
	Source       lenient[source]    `json:"source"`
	Error        lenient[fault]     `json:"error"`
}

const (
	directionReceived = "received"
	directionSent     = "sent"
)

type conversation struct {
	ID        loose             `json:"id"`
	ContactID loose             `json:"contactId"`
	Status    loose             `json:"status"`
	Contact   lenient[contact]  `json:"contact"`
	Messages  lenient[lastSeen] `json:"messages"`
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

// page is the envelope of every list.
type page[T any] struct {
	Total int `json:"totalCount"`
	Items []T `json:"items"`
}

// lenient holds a T, or the zero T when the JSON is something else.
type lenient[T any] struct{ v T }

func (l *lenient[T]) UnmarshalJSON(b []byte) error {
	var v T
	if json.Unmarshal(b, &v) == nil {
		l.v = v
	}
	return nil
}

// loose is a string, the digits of a number, or "" for everything else.
type loose string

func (l *loose) UnmarshalJSON(b []byte) error {
	*l = ""
	var n json.Number
	switch {
	case b[0] == '"':
		return json.Unmarshal(b, (*string)(l))
	case json.Unmarshal(b, &n) == nil:
		*l = loose(n)
	}
	return nil
}

// moment is a time in RFC 3339 with up to nine fractional digits. Zero stands
// for null, for what is no time, and for the first moment of year 1, which is
// Go's zero and how the service writes "never"; text is as it came.
type moment struct {
	time.Time
	text string
}

func (m *moment) UnmarshalJSON(b []byte) error {
	*m = moment{}
	if json.Unmarshal(b, &m.text) == nil {
		if t, err := time.Parse(time.RFC3339, m.text); err == nil {
			m.Time = t
		}
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
