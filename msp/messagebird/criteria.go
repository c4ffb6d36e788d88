package messagebird

import (
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
)

// Criteria are what an agency compares MessageBird's older platform with others
// by.
func Criteria() msp.Criteria {
	const governance = "docs.bird.com/connectivity-platform/data-governance-and-security/"
	return msp.Criteria{
		Name: "MessageBird", Package: "msp/messagebird",
		Kinds: []channels.Kind{channels.WhatsApp, channels.Messenger, channels.Telegram, channels.SMS},
		DataLocation: said("Google's servers in the Netherlands and Belgium, in part in the UK and Germany; behind it the platform's own servers",
			governance+"where-is-data-stored-and-processed", "2026-11"),
		Retention: said("as the customer says; for misuse, data of six months, for taxes, invoices of 7 to 10 years",
			governance+"what-is-messagebirds-data-retention-strategy", "2026-11"),
		Erasure: said(channels.Archived, "github.com/messagebird/php-rest-api: a conversation is archived, no call deletes one", "2026-02"),
		Security: said("ISO/IEC 27001 or SOC 2 Type II, or both; registered with the Dutch authority ACM",
			"support.messagebird.com, MessageBird Security Overview", "2022-12"),
		Agreement:   said("processor; controller for accounts, bills and misuse", "docs.bird.com/connectivity-platform/data-protection/is-messagebird-data-controller-or-processor", "2026-11"),
		Transport:   said("TLS and access key; webhooks signed over address and body with HMAC", docs, "2022-10"),
		Integration: said("REST API and one webhook; account, access key, signing key, a channel for each line", docs, "2022-10"),
		Switching: said("lines known by phone numbers carry over; elsewhere people are known by the platform's ids or by contacts of MessageBird; templates stay with the business account",
			docs+"; templates: github.com/messagebird/java-rest-api", "2025-04"),
		Fixed:   channels.Fact[string]{Unknown: "no price of an account or of a channel was found"},
		Running: channels.Fact[string]{Unknown: "its own price list was not found"},
		Price:   channels.Fact[string]{Unknown: "its own page was not found; bird.com/pricing is the newer platform's"},
	}
}
