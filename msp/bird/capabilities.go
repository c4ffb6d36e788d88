package bird

import (
	"errors"

	"github.com/liidestuja/liidestuja/channels"
)

// Bird's documents.
const (
	docs          = "docs.bird.com/api/channels-api"
	docsMessages  = docs + "/message-types"
	docsStatuses  = docs + "/message-status-and-interactions"
	docsWebhooks  = "docs.bird.com/api/notifications-api"
	docsConverse  = "docs.bird.com/api/conversations-api"
	docsTemplates = "docs.bird.com/api/touchpoints-api"
	seen          = "2026-11"
)

// capabilities returns what the line can carry: what is known of its kind,
// narrowed by what passes through Bird.
func capabilities(l Line) (channels.Capabilities, error) {
	if l.Capabilities != nil {
		return *l.Capabilities, nil
	}
	caps, ok := channels.Catalogue(l.Kind)
	if !ok || !carried(l.Kind) {
		return caps, errors.New("is not known to be carried by Bird; Capabilities say what it can do")
	}
	caps.ContactCard = said(false, docsMessages+": no such message")
	caps.Reaction = said(false, docsMessages+": no such message")
	caps.Quote = said(l.Quotes, docs+"/api-reference/messaging names replyTo, whose form was not found")
	caps.Edits = said(false, docsStatuses+": no such event")
	caps.Idempotent = said(false, docs+": no key for requests")
	caps.Erasure = said(channels.Erased, docsConverse+": conversations and their messages are deleted; the log of a channel is not mentioned")
	caps.Transport = said("HTTPS, JSON: Channels API", docs)
	caps.Versioning = said("none in the path", docs)
	caps.Security = said("TLS and access key with policies; webhooks signed with HMAC over time, address and body", docsWebhooks)
	caps.DataLocation = Criteria().DataLocation
	caps.Media.Value = withoutStickers(caps.Media.Value)
	// The platforms' longer window for people needs a mark that this API is not
	// known to carry.
	if caps.Window.Value.HumanAgent > 0 {
		caps.Window = said(channels.Window{Reply: caps.Window.Value.Reply}, docsMessages+": no mark for answers of people; "+caps.Window.Source)
		caps.Exceptions = said([]channels.Exception{}, docsMessages+": no mark for answers of people")
	}
	caps.Choices = choiceLimits(l.Kind, caps.Choices)
	caps.Templates = said(l.Kind == channels.WhatsApp, docsTemplates+": projects; taken here for WhatsApp's approved texts alone")
	return caps, nil
}

func carried(k channels.Kind) bool {
	switch k {
	case channels.WhatsApp, channels.Messenger, channels.Instagram, channels.Viber, channels.Telegram, channels.SMS, channels.Email:
		return true
	}
	return false
}

// choiceLimits are the kind's, without a header and a footer, for which the wire
// has no place. Where Bird is not known to show anything to tap, options are
// numbered in a text.
func choiceLimits(k channels.Kind, known channels.Fact[channels.ChoiceLimits]) channels.Fact[channels.ChoiceLimits] {
	switch k {
	case channels.WhatsApp, channels.Messenger, channels.Instagram:
		known.Value.Header, known.Value.Footer = channels.Limit{}, channels.Limit{}
		known.Source = docsMessages + ": actions and lists; lengths: " + known.Source
		return known
	}
	return said(channels.ChoiceLimits{}, docsMessages+": not all types are shown on all channels, and which is not said")
}

func withoutStickers(all []channels.MediaLimit) []channels.MediaLimit {
	var some []channels.MediaLimit
	for _, m := range all {
		if m.As != channels.Sticker {
			some = append(some, m)
		}
	}
	return some
}

func said[T any](value T, source string) channels.Fact[T] {
	return channels.Fact[T]{Value: value, Source: source, AsOf: seen}
}
