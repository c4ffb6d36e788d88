package meta

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The JSON of webhooks, as far as it is read. It is decoded leniently, field by
// field, because one that changed its type must never cost a person's message;
// what an event cannot do without is then missed.

// envelope is the body of a webhook.
type envelope struct {
	Object loose   `json:"object"`
	Entry  []entry `json:"entry"`
}

// The products, as envelope.Object names them.
const (
	objectPage      = "page"
	objectInstagram = "instagram"
	objectWhatsApp  = "whatsapp_business_account"
)

// entry is what happened on one account.
type entry struct {
	ID        loose            `json:"id"`
	Time      moment           `json:"time"`
	Messaging []element[event] `json:"messaging"`
	Standby   []element[event] `json:"standby"`
	Changes   []changed        `json:"changes"`
}

// element is one of a list, with its bytes.
type element[T any] struct {
	v   T
	raw []byte
}

func (e *element[T]) UnmarshalJSON(b []byte) error {
	e.raw = bytes.Clone(b)
	// b is JSON and no type here refuses a value: what is left are fields of
	// another type, which encoding/json leaves out.
	_ = json.Unmarshal(b, &e.v)
	return nil
}

// loose is a string, the digits of a number, or "" for everything else.
type loose string

func (l *loose) UnmarshalJSON(b []byte) error {
	*l = ""
	switch c := b[0]; {
	case c == '"':
		*l = loose(unquote(b))
	case c == '-' || '0' <= c && c <= '9':
		*l = loose(b)
	}
	return nil
}

// unquote decodes a JSON string. Nearly all are without escapes, and are then
// what stands between the quotes.
func unquote(b []byte) string {
	if bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b) {
		return string(b[1 : len(b)-1])
	}
	var s string
	_ = json.Unmarshal(b, &s)
	return s
}

// word returns l as a word of Meta's, such as the name of a type, in lower
// case; "other" for what is none.
func (l loose) word() string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_'
	}
	if len(l) > 64 || strings.TrimFunc(string(l), safe) != "" {
		return "other"
	}
	return strings.ToLower(string(l))
}

// yes is true for true alone.
type yes bool

func (y *yes) UnmarshalJSON(b []byte) error {
	*y = string(b) == "true"
	return nil
}

// moment is a time as a number of seconds or of milliseconds, written as number
// or string, or in ISO 8601. It is zero for what is no time of this age.
type moment struct{ time.Time }

func (m *moment) UnmarshalJSON(b []byte) error {
	*m = moment{}
	text := b
	if b[0] == '"' {
		text = b[1 : len(b)-1]
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		if t, err := time.Parse("2006-01-02T15:04:05-0700", string(text)); err == nil && t.Year() > 0 {
			m.Time = t.UTC()
		}
		return nil
	}
	const leastMillis, mostMillis = 1e12, 1e14 // from 2001 on, to 5138
	switch {
	case n > 0 && n < leastMillis/10:
		m.Time = time.Unix(n, 0).UTC()
	case n >= leastMillis && n < mostMillis:
		m.Time = time.UnixMilli(n).UTC()
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
