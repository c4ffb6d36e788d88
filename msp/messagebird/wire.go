package messagebird

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

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
	Total int      `json:"totalCount"`
	Items items[T] `json:"items"`
}

type items[T any] []T

func (l *items[T]) UnmarshalJSON(b []byte) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*l = make([]T, len(raw))
	for i, r := range raw {
		if r[0] != '{' && string(r) != "null" {
			return errors.New("a list of something else")
		}
		if err := httpx.DecodeJSON(r, &(*l)[i], httpx.JSONLimits{Lenient: true}); err != nil {
			return err
		}
	}
	return nil
}

// loose is a string, the digits of a number, or "" for everything else.
type loose string

func (l *loose) UnmarshalJSON(b []byte) error {
	*l = ""
	switch c := b[0]; {
	case c == '"':
		s, err := unquote(b)
		*l = loose(s)
		return err
	case c == '-' || '0' <= c && c <= '9':
		*l = loose(b)
	}
	return nil
}

// unquote decodes a JSON string. Nearly all are without escapes, and are then
// what stands between the quotes.
func unquote(b []byte) (string, error) {
	if bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b) {
		return string(b[1 : len(b)-1]), nil
	}
	var s string
	err := json.Unmarshal(b, &s)
	return s, err
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
	if b[0] != '"' {
		return nil
	}
	var err error
	if m.text, err = unquote(b); err != nil {
		return err
	}
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
