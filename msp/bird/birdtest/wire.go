package birdtest

import (
	"encoding/json"
	"time"
)

// The JSON of Bird, in the order in which its documents write it.

type eventWire struct {
	Service string `json:"service"`
	Event   string `json:"event"`
	Payload any    `json:"payload"`
}

type messageWire struct {
	ID        string          `json:"id"`
	Channel   string          `json:"channelId"`
	Sender    partyWire       `json:"sender"`
	Receiver  partyWire       `json:"receiver"`
	Body      json.RawMessage `json:"body,omitempty"`
	Template  json.RawMessage `json:"template,omitempty"`
	Meta      *metaWire       `json:"meta,omitempty"`
	Reference *string         `json:"reference,omitempty"`
	ReplyTo   *idWire         `json:"replyTo,omitempty"`
	Parts     []partWire      `json:"parts"`
	Status    string          `json:"status"`
	Reason    string          `json:"reason"`
	Direction string          `json:"direction"`
	StatusAt  time.Time       `json:"lastStatusAt"`
	Created   time.Time       `json:"createdAt"`
	Updated   time.Time       `json:"updatedAt"`
	Failure   *failureWire    `json:"failure,omitempty"`
}

type partyWire struct {
	Connector *connectorWire `json:"connector,omitempty"`
	Contact   *contactWire   `json:"contact,omitempty"`
	Contacts  []contactWire  `json:"contacts,omitempty"`
}

type connectorWire struct {
	ID    string `json:"id"`
	Value string `json:"identifierValue"`
}

type contactWire struct {
	ID          string          `json:"id"`
	Key         string          `json:"identifierKey"`
	Value       string          `json:"identifierValue"`
	Annotations *annotationWire `json:"annotations,omitempty"`
}

type annotationWire struct {
	Name string `json:"name"`
}

type metaWire struct {
	Extra map[string]string `json:"extraInformation"`
}

type idWire struct {
	ID string `json:"id"`
}

type partWire struct {
	Reference string `json:"platformReference"`
}

type failureWire struct {
	Code   int        `json:"code"`
	Source sourceWire `json:"source"`
}

type sourceWire struct {
	Name string `json:"name"`
	Code string `json:"code"`
}

// interactionWire tells what a person did with a message.
type interactionWire struct {
	ID       string     `json:"id"`
	Type     string     `json:"type"`
	Message  string     `json:"messageId"`
	Channel  string     `json:"channelId"`
	Receiver *partyWire `json:"receiver,omitempty"`
	Created  time.Time  `json:"createdAt"`
}

type conversationWire struct {
	ID      string    `json:"id"`
	Status  string    `json:"status"`
	Channel string    `json:"channelId"`
	Created time.Time `json:"createdAt"`
}

type webhookWire struct {
	ID      string            `json:"id"`
	Service string            `json:"service"`
	Event   string            `json:"event"`
	URL     string            `json:"url"`
	Status  string            `json:"status"`
	Filters []json.RawMessage `json:"eventFilters"`
	Created time.Time         `json:"createdAt"`
}

type listWire[T any] struct {
	Results []T    `json:"results"`
	Next    string `json:"nextPageToken,omitempty"`
}
