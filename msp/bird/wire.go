package bird

import (
	"time"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

// The JSON of Bird, as far as it is read. It is decoded leniently, field by
// field, because one about the contact must never cost a person's message; what
// a message cannot do without is then missed.

// envelope is the body of a webhook.
type envelope struct {
	Service string   `json:"service"`
	Event   string   `json:"event"`
	Payload *message `json:"payload"`
}

// message is a message of a channel, in webhooks, lists and answers. Type and
// MessageID are those of an interaction, which has the same place.
type message struct {
	ID        loose       `json:"id"`
	Channel   loose       `json:"channelId"`
	Sender    party       `json:"sender"`
	Receiver  party       `json:"receiver"`
	Body      body        `json:"body"`
	Template  *templateIn `json:"template"`
	Meta      meta        `json:"meta"`
	Reference loose       `json:"reference"`
	ReplyTo   quoted      `json:"replyTo"`
	Status    loose       `json:"status"`
	Direction loose       `json:"direction"`
	Failure   failure     `json:"failure"`
	StatusAt  moment      `json:"lastStatusAt"`
	Created   moment      `json:"createdAt"`
	Updated   moment      `json:"updatedAt"`

	Type      loose `json:"type"`
	MessageID loose `json:"messageId"`
}

const (
	directionIn  = "incoming"
	directionOut = "outgoing"
)

type quoted struct {
	ID loose `json:"id"`
}

// party is an end of a message: a person, or a connector of ours, which is not
// read.
type party struct {
	Contact  person   `json:"contact"`
	Contacts []person `json:"contacts"`
}

// person returns the one person of the party.
func (p party) person() person {
	if len(p.Contacts) == 1 && p.Contact == (person{}) {
		return p.Contacts[0]
	}
	return p.Contact
}

type person struct {
	ID    loose `json:"id"`
	Key   loose `json:"identifierKey"`
	Value loose `json:"identifierValue"`
	About about `json:"annotations"`
}

type about struct {
	Name loose `json:"name"`
}

// meta tells what the platform said besides the message.
type meta struct {
	Extra struct {
		Tap    loose `json:"whatsapp.interactive.type"`
		Button loose `json:"whatsapp.interactive.button_reply.id"`
		Row    loose `json:"whatsapp.interactive.list_reply.id"`
		Media  loose `json:"whatsapp.media.type"`
	} `json:"extraInformation"`
}

// failure is why a message failed: Bird's group of reasons, and the platform's
// own code.
type failure struct {
	Code   loose `json:"code"`
	Source struct {
		Name loose `json:"name"`
		Code loose `json:"code"`
	} `json:"source"`
}

// page is the envelope of every list. It is strict, because to overlook a
// message would be to call it missing; what it lists is read leniently.
type page[T any] struct {
	Results httpx.Items[T] `json:"results"`
	Next    string         `json:"nextPageToken"`
}

// loose is what may come as a string or as a number.
type loose = httpx.Loose

// moment is a time in RFC 3339. Zero stands for null and for what is no time.
type moment struct{ time.Time }

func (m *moment) UnmarshalJSON(b []byte) error {
	*m = moment{}
	if b[0] != '"' {
		return nil
	}
	if t, err := time.Parse(time.RFC3339, httpx.Unquote(b)); err == nil {
		m.Time = t
	}
	return nil
}

// first returns the first of the times that is one.
func first(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
