package channels

import (
	"context"
	"io"
	"time"
)

// Content is what a message says. It is sealed: Text, Media, Location,
// ContactCard, Choices, Chosen, Template, Reaction or Unsupported. Values print
// their kind and size only, never what they hold.
type Content interface {
	// Kind returns the name under which the content is stored, e.g. "text".
	Kind() string
	sealedContent()
}

// Text is plain text, in UTF-8, exactly as the person or the agency wrote it.
type Text struct {
	Body string `json:"body"`
}

// MediaKind is the way in which a file is shown.
type MediaKind string

// Kinds of media.
const (
	Image   MediaKind = "image"
	Video   MediaKind = "video"
	Audio   MediaKind = "audio"
	File    MediaKind = "file"
	Sticker MediaKind = "sticker"
)

// BlobID names stored bytes of a file.
type BlobID string

// Media is a file with an optional caption.
//
// Inbound, a driver sets Ref to what its FetchMedia needs (a provider's link
// is a bearer secret: it is never shown); the service fetches the bytes, sets
// Blob, Type, Size and SHA256 and clears Ref. When they could not be had,
// Missing says why and the message goes on without them.
//
// Outbound, either URL (public https) or Blob is set; for a Blob the service
// sets Open before Send, and Link where it gives links out. Link returns an
// address at which whoever has it can fetch the bytes for some time, for a
// provider that does so by itself: it is a bearer secret, like Ref.
type Media struct {
	As      MediaKind `json:"as"`
	URL     string    `json:"url,omitempty"`
	Ref     string    `json:"ref,omitempty"`
	Blob    BlobID    `json:"blob,omitempty"`
	Name    string    `json:"name,omitempty"`
	Type    string    `json:"type,omitempty"` // media type, e.g. "image/jpeg"
	Size    int64     `json:"size,omitempty"` // bytes
	SHA256  string    `json:"sha256,omitempty"`
	Caption string    `json:"caption,omitempty"`
	Missing string    `json:"missing,omitempty"` // reason code, e.g. "too_large"

	Open func(ctx context.Context) (io.ReadCloser, error) `json:"-"`
	Link func(ctx context.Context) (string, error)        `json:"-"`
}

// Location is a place, in degrees of WGS 84.
type Location struct {
	Latitude  float64 `json:"lat"`
	Longitude float64 `json:"lon"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

// ContactCard is a person's or an office's card.
type ContactCard struct {
	Name   string   `json:"name"`
	Phones []string `json:"phones,omitempty"`
	Emails []string `json:"emails,omitempty"`
}

// Choices offers answers to tap. Where a channel has no buttons, or too few,
// Fit writes the options as a numbered text and the service maps the answer
// back to Chosen.
type Choices struct {
	Body    string   `json:"body"`
	Options []Choice `json:"options"`
	Button  string   `json:"button,omitempty"` // opens the list, where a channel shows one
	Header  string   `json:"header,omitempty"`
	Footer  string   `json:"footer,omitempty"`
}

// Choice is one answer that can be tapped. ID comes back in Chosen.
type Choice struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Section     string `json:"section,omitempty"`
}

// Chosen is the answer to Choices.
type Chosen struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
}

// Template is a text that the provider approved beforehand, with its
// variables. A driver adds what else its wire needs (a namespace) from its own
// configuration.
type Template struct {
	Name     string           `json:"name"`
	Language string           `json:"language"` // BCP 47, e.g. "et"
	Header   []Param          `json:"header,omitempty"`
	Body     []Param          `json:"body,omitempty"`
	Buttons  []TemplateButton `json:"buttons,omitempty"`
}

// ParamKind is the type of a template variable.
type ParamKind string

// Types of template variables.
const (
	ParamText     ParamKind = "text"
	ParamCurrency ParamKind = "currency"
	ParamTime     ParamKind = "time"
	ParamMedia    ParamKind = "media"
	ParamPayload  ParamKind = "payload"
	ParamCoupon   ParamKind = "coupon"
)

// Param is the value of one template variable. Text is also the fallback that
// is shown where the type is not known. Name is for named variables; without
// one, order decides.
type Param struct {
	Kind     ParamKind `json:"kind"`
	Name     string    `json:"name,omitempty"`
	Text     string    `json:"text,omitempty"`
	Currency string    `json:"currency,omitempty"` // ISO 4217
	Amount   int64     `json:"amount,omitempty"`   // thousandths of the currency: 12.34 EUR is 12340
	Time     time.Time `json:"time,omitzero"`
	Media    *Media    `json:"media,omitempty"`
}

// TemplateButton is the variable of a template's button, counted from 0.
type TemplateButton struct {
	Index int    `json:"index"`
	Type  string `json:"type"` // "quick_reply", "url" or "copy_code"
	Value Param  `json:"value"`
}

// Reaction is an emoji on an earlier message; an empty Emoji takes it back.
type Reaction struct {
	To    ProviderID `json:"to"`
	Emoji string     `json:"emoji"`
}

// Unsupported stands for content that the model does not know. Type is the
// provider's name of it, Fallback what can be shown instead. A driver never
// drops such a message.
type Unsupported struct {
	Type     string `json:"type"`
	Fallback string `json:"fallback,omitempty"`
}

// TypeWithdrawn is the Unsupported.Type of content whose message was unsent.
const TypeWithdrawn = "withdrawn"

// TypeReturned is the Unsupported.Type of content that brought a person back
// from proving who they are; the word that did it is not kept.
const TypeReturned = "returned"

// TypePrivate is the Unsupported.Type of content that was said in a dialogue of
// the service's own about who the person is; it is not kept.
const TypePrivate = "private"

func (Text) sealedContent()        {}
func (Media) sealedContent()       {}
func (Location) sealedContent()    {}
func (ContactCard) sealedContent() {}
func (Choices) sealedContent()     {}
func (Chosen) sealedContent()      {}
func (Template) sealedContent()    {}
func (Reaction) sealedContent()    {}
func (Unsupported) sealedContent() {}

// Kind implements Content.
func (Text) Kind() string { return "text" }

// Kind implements Content.
func (Media) Kind() string { return "media" }

// Kind implements Content.
func (Location) Kind() string { return "location" }

// Kind implements Content.
func (ContactCard) Kind() string { return "contact" }

// Kind implements Content.
func (Choices) Kind() string { return "choices" }

// Kind implements Content.
func (Chosen) Kind() string { return "chosen" }

// Kind implements Content.
func (Template) Kind() string { return "template" }

// Kind implements Content.
func (Reaction) Kind() string { return "reaction" }

// Kind implements Content.
func (Unsupported) Kind() string { return "unsupported" }
