package messagebirdtest

import (
	"encoding/json"
	"time"
)

// The JSON of the Conversations API, in the order in which the service writes it.

type contactWire struct {
	ID            string         `json:"id"`
	Href          string         `json:"href"`
	MSISDN        int64          `json:"msisdn"` // a number; 0 where the platform has no phone numbers
	DisplayName   string         `json:"displayName"`
	FirstName     string         `json:"firstName"`
	LastName      string         `json:"lastName"`
	CustomDetails map[string]any `json:"customDetails"`
	Attributes    struct{}       `json:"attributes"`
	Created       time.Time      `json:"createdDatetime"`
	Updated       time.Time      `json:"updatedDatetime"`
}

type channelWire struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Platform string     `json:"platformId"`
	Status   string     `json:"status"`
	Created  time.Time  `json:"createdDatetime"`
	Updated  *time.Time `json:"updatedDatetime"`
}

type conversationWire struct {
	ID           string        `json:"id"`
	ContactID    string        `json:"contactId"`
	Contact      *contactWire  `json:"contact,omitempty"`
	Channels     []channelWire `json:"channels,omitempty"`
	Status       string        `json:"status"`
	Created      time.Time     `json:"createdDatetime"`
	Updated      time.Time     `json:"updatedDatetime"`
	LastReceived *time.Time    `json:"lastReceivedDatetime"`
	LastChannel  string        `json:"lastUsedChannelId,omitempty"`
	LastPlatform string        `json:"lastUsedPlatformId,omitempty"`
	Messages     *messagesWire `json:"messages,omitempty"`
}

type messagesWire struct {
	Total int    `json:"totalCount"`
	Href  string `json:"href"`
	Last  string `json:"lastMessageId,omitempty"`
}

type messageWire struct {
	ID           string          `json:"id"`
	Conversation string          `json:"conversationId"`
	Platform     string          `json:"platform"`
	To           string          `json:"to"`
	From         string          `json:"from"`
	Channel      string          `json:"channelId"`
	Type         string          `json:"type"`
	Content      json.RawMessage `json:"content"`
	ReplyTo      *idWire         `json:"replyTo,omitempty"`
	Direction    string          `json:"direction"`
	Status       string          `json:"status"`
	Created      time.Time       `json:"createdDatetime"`
	Updated      time.Time       `json:"updatedDatetime"`
	Source       json.RawMessage `json:"source,omitempty"`
	Tag          string          `json:"tag,omitempty"`
	TrackID      string          `json:"trackId,omitempty"`
	TTL          string          `json:"ttl,omitempty"`
	Fallback     *fallbackWire   `json:"fallback,omitempty"`
	Error        *Fault          `json:"error,omitempty"`
}

// Fault is why a message was not carried: the code and the words of a failed message.
type Fault struct {
	Code        int    `json:"code"`
	Description string `json:"description"`
}

type idWire struct {
	ID string `json:"id"`
}

type fallbackWire struct {
	From  string `json:"from"`
	After string `json:"after,omitempty"`
}

// eventWire is the body of a webhook. The message is absent from events about a conversation.
type eventWire struct {
	Contact      contactWire      `json:"contact"`
	Conversation conversationWire `json:"conversation"`
	Message      *messageWire     `json:"message,omitempty"`
	Type         string           `json:"type"`
}

// reportWire is the body posted to a message's own reportUrl.
type reportWire struct {
	Type    string       `json:"type"`
	Message reportedWire `json:"message"`
	Error   *Fault       `json:"error,omitempty"`
}

type reportedWire struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

type webhookWire struct {
	ID       string          `json:"id"`
	URL      string          `json:"url"`
	Channel  string          `json:"channelId,omitempty"`
	Events   []string        `json:"events"`
	Status   string          `json:"status"`
	Settings json.RawMessage `json:"settings,omitempty"`
	Created  time.Time       `json:"createdDatetime"`
	Updated  *time.Time      `json:"updatedDatetime"`
}

type listWire[T any] struct {
	Offset int `json:"offset"`
	Limit  int `json:"limit"`
	Count  int `json:"count"`
	Total  int `json:"totalCount"`
	Items  []T `json:"items"`
}
