package messagebird

import (
	"errors"

	"github.com/liidestuja/liidestuja/channels"
)

// Documents of MessageBird, and its own client, whose types are the most
// complete list of what the API knows.
const (
	docs   = "developers.messagebird.com/api/conversations"
	client = "github.com/messagebird/go-rest-api, conversation"
)

// capabilities returns what the line can carry: what is known of its kind,
// narrowed by what passes through the Conversations API.
func capabilities(l Line) (channels.Capabilities, error) {
	if l.Capabilities != nil {
		return *l.Capabilities, nil
	}
	if l.SMS != nil {
		return smsCapabilities(), nil
	}
	caps, ok := channels.Catalogue(l.Kind)
	switch l.Kind {
	case channels.WhatsApp, channels.Messenger, channels.SMS, channels.Telegram:
	default:
		ok = false
	}
	if !ok {
		return caps, errors.New("is not known to be carried by the API; Capabilities say what it can do")
	}
	caps.ContactCard = said(false, client+": no such content", "2022-10")
	caps.Reaction = said(false, client+": no such content", "2022-10")
	caps.Quote = said(l.Quotes, docs+": replyTo is described for received messages only", "2022-10")
	caps.Edits = said(false, client+": no such event", "2022-10")
	caps.Idempotent = said(false, docs+": no key for requests", "2022-10")
	caps.Erasure = said(channels.Archived, "github.com/messagebird/php-rest-api: a conversation is archived, no call deletes one", "2026-02")
	caps.Transport = said("HTTPS, JSON: Conversations API", docs, "2022-10")
	caps.Versioning = said("a version in the path, v1 since 2018", docs, "2022-10")
	caps.Security = said("TLS and access key; webhooks signed with HMAC over address and body", docs, "2022-10")
	caps.DataLocation = Criteria().DataLocation
	if l.Kind == channels.WhatsApp {
		caps.Templates = said(l.Namespace != "", docs+": templates need their namespace", "2022-10")
		return caps, nil
	}
	// Buttons, lists and templates of the API are WhatsApp's alone.
	caps.Choices = said(channels.ChoiceLimits{}, client+": interactive content is WhatsApp's", "2022-10")
	caps.Templates = said(false, client+": hsm is WhatsApp's", "2022-10")
	if l.Kind == channels.Telegram {
		caps.Media = said(withoutStickers(caps.Media.Value), client+": stickers are WhatsApp's; sizes: "+caps.Media.Source, caps.Media.AsOf)
	}
	return caps, nil
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

func said[T any](value T, source, asOf string) channels.Fact[T] {
	return channels.Fact[T]{Value: value, Source: source, AsOf: asOf}
}
