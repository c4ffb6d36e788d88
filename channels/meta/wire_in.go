package meta

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/internal/httpx"
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

// loose is what may come as a string or as a number.
type loose = httpx.Loose

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
