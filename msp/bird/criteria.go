package bird

import (
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
)

// Criteria are what an agency compares Bird CRM with others by.
func Criteria() msp.Criteria {
	const governance = "docs.bird.com/applications/help-and-reference/data-protection/approved-subprocessors"
	return msp.Criteria{
		Name: "Bird CRM", Package: "msp/bird",
		Kinds: []channels.Kind{channels.WhatsApp, channels.Messenger, channels.Instagram, channels.Viber, channels.Telegram, channels.SMS, channels.Email},
		DataLocation: said("inbox: Amazon's servers in Ireland, India or the USA, as the customer chooses; Bird's own companies in the Netherlands, the UK and the USA take part; behind it the platform's own servers",
			governance),
		Retention: said("as the customer says; for misuse, data of six months, for taxes, invoices of 7 to 10 years",
			"docs.bird.com/connectivity-platform/data-governance-and-security/what-is-messagebirds-data-retention-strategy, written of the older platform"),
		Erasure:     said(channels.Erased, docsConverse+": conversations and their messages are deleted; the log of a channel is not mentioned"),
		Security:    channels.Fact[string]{Unknown: "certificates are published for the older platform; what they say of this one was not found"},
		Agreement:   said("processor; the agreement is part of the terms", "bird.com/legal/dpa"),
		Transport:   said("TLS and access key with policies; webhooks signed over time, address and body with HMAC", docsWebhooks),
		Integration: said("REST API and webhooks; workspace, access key, and a subscription for each channel and kind of event", docsWebhooks),
		Switching: said("lines known by phone numbers carry over; elsewhere people are known by contacts of Bird, and templates are projects there, to be made anew",
			"docs.bird.com, migration guide of the connectivity platform"),
		Fixed:   channels.Fact[string]{Unknown: "the public page names kinds of plans and no contract for an agency"},
		Running: said("by volume: each message, minute or request, as the product is", "bird.com/pricing, as read in github.com/api-evangelist/bird in September"),
		Price:   said("bird.com/pricing", "bird.com/pricing, which showed no amounts then"),
	}
}
