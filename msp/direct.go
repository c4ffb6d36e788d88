package msp

import "github.com/liidestuja/liidestuja/channels"

// DirectMeta are the criteria of having nobody in between: the lines of an app of
// the agency's own at Meta.
func DirectMeta() Criteria {
	const (
		seen    = "2026-11"
		docs    = "developers.facebook.com/documentation/business-messaging/"
		privacy = "developers.facebook.com/docs/whatsapp/cloud-api/overview/data-privacy-and-security"
	)
	known := func(value, source, asOf string) channels.Fact[string] {
		return channels.Fact[string]{Value: value, Source: source, AsOf: asOf}
	}
	return Criteria{
		Name: "Meta directly", Package: "channels/meta",
		Kinds: []channels.Kind{channels.Messenger, channels.WhatsApp, channels.Instagram},
		DataLocation: known("at Meta. WhatsApp: in the USA unless local storage is agreed on, for which Infobip names the European Union; Messenger and Instagram: no place is named",
			"support.infobip.com/docs/whatsapp/compliance/data-privacy; Meta's own API description marks its choice of a country as outdated", seen),
		Retention: known("WhatsApp: 30 days, or an hour with No Storage; Messenger and Instagram: no term is named",
			docs+"whatsapp/no-storage", "2026-05"),
		Erasure: channels.Fact[channels.Erasure]{Value: channels.NotErasable,
			Source: docs + "messenger-platform: conversations are read only; WhatsApp: media can be deleted, messages cannot", AsOf: seen},
		Security: known("WhatsApp's API: SOC 2, penetration tests; Messenger and Instagram: nothing was found that speaks of them",
			"business.whatsapp.com/trust-and-safety", seen),
		Agreement: known("WhatsApp's API: Meta is the agency's processor", privacy, "2025-10"),
		Transport: known("TLS and bearer token; webhooks signed over the body with HMAC-SHA256",
			docs+"whatsapp/webhooks/create-webhook-endpoint", seen),
		Integration: known("REST API and webhooks; an app of the agency's own, a verified business, and a review of the app before people without a role in it are reached",
			"developers.facebook.com/documentation/development/release", "2025-05"),
		Switching: known("WhatsApp: people carry over by their numbers; Messenger and Instagram: people have ids of the page and of the account, which stay the agency's; templates stay with the business account",
			"developers.facebook.com/docs/messenger-platform/reference/send-api: ids of the page; templates: github.com/facebook/openapi", seen),
		Fixed: channels.Fact[string]{Unknown: "no price of the app or of its review was found"},
		Running: known("WhatsApp: delivered templates, and from October 2026 other answers too, as YCloud and others tell; Messenger and Instagram: nothing is known to be charged",
			docs+"whatsapp/pricing", "2026-10"),
		Price: known(docs+"whatsapp/pricing", docs+"whatsapp/pricing", "2026-10"),
	}
}
