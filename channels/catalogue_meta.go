package channels

// Documents of Meta. Its pages moved in 2026; these are the addresses of then.
const (
	metaDocs      = "developers.facebook.com/documentation/business-messaging/"
	metaSend      = "developers.facebook.com/docs/messenger-platform/reference/send-api"
	metaEvents    = metaDocs + "messenger-platform/webhooks/webhook-events"
	metaPolicy    = metaDocs + "messenger-platform/policy"
	metaInstagram = "developers.facebook.com/docs/messenger-platform/instagram/features/send-message"
	metaMarketing = "developers.facebook.com/docs/marketing-messages-on-messenger/faq"
	waMessages    = "github.com/facebook/openapi, business-messaging-api_v23.0.yaml"
)

// meta are the facts of every product on the Graph API.
func meta() Capabilities {
	return accounts(Capabilities{
		Idempotent: fact(false, metaSend+" and "+waMessages+": neither has a key", "2026-11"),
		Transport:  fact("HTTPS, JSON: Graph API", metaSend, "2026-11"),
		Versioning: fact("a version in the path, which lives about two years after the next one", "developers.facebook.com/docs/graph-api/changelog/versions", "2026-11"),
		Security:   fact("TLS and bearer token; webhooks signed with HMAC-SHA256", metaDocs+"whatsapp/webhooks/create-webhook-endpoint", "2026-11"),
	})
}

func messenger() Capabilities {
	c := meta()
	c.Text = fact(chars(2000), "support.woztell.com, Messenger message types; the analysis of 2020 had 20,000", "2026-11")
	c.Caption = fact(noText(), metaSend+": a message has a text or an attachment", "2026-11")
	c.TemplateText = unknown[Limit]("the API of utility messages was not found described")
	c.Choices = fact(ChoiceLimits{Buttons: 13, Title: chars(20), Body: chars(2000), ID: chars(1000)},
		metaDocs+"messenger-platform/send-messages/quick-replies; length of ids: support.woztell.com", "2026-04")
	c.Media = fact([]MediaLimit{
		{As: Image, Types: []string{"image/*"}, Max: 25 * mB},
		{As: Video, Types: []string{"video/*"}, Max: 25 * mB},
		{As: Audio, Types: []string{"audio/*"}, Max: 25 * mB},
		{As: File, Max: 25 * mB},
	}, metaSend+"; sizes: docs.rapidbott.com, messages format", "2026-11")
	c.Location = fact(false, metaSend+": attachments are image, video, audio and file", "2026-11")
	c.ContactCard = fact(false, metaSend+": attachments are image, video, audio and file", "2026-11")
	c.Reaction = fact(true, metaDocs+"messenger-platform/send-messages/sender-actions", "2026-11")
	c.Quote = fact(true, metaSend, "2026-11")
	c.Templates = unknown[bool]("the API of utility messages was not found described")
	c.Window = fact(Window{Reply: day, HumanAgent: 7 * day}, metaPolicy, "2026-09")
	c.Initiate = fact(InitiateNever, metaPolicy, "2026-09")
	c.Broadcast = fact(false, analysis, "2020")
	c.OptInBroadcast = fact(false, metaMarketing+": marketing messages are had in twenty countries, none of them in the EU; no app can begin with their predecessor any more", "2025")
	c.Exceptions = fact([]Exception{{HumanAgent, "answers that a person wrote, for seven days; needs a review of the app"}},
		metaPolicy+"; the tags for events, accounts and purchases are refused since 27 April 2026, as Meta is quoted in github.com/chatwoot/chatwoot, issue 14669", "2026-09")
	c.Statuses = fact([]Status{Sent, Delivered, Read}, metaEvents+"/message-deliveries and /message-reads", "2026-11")
	c.Edits = fact(true, metaEvents+"/message-edits", "2024-04")
	c.Link = fact([]LinkMethod{LinkInbound, LinkAuth}, metaEvents+"/messaging_referrals (m.me links); "+analysis, "2025-07")
	c.Erasure = fact(NotErasable, metaDocs+"messenger-platform: the Conversations API only reads", "2026-11")
	c.DataLocation = unknown[string]("no document of Meta was found that names a place; messages also leave the EU")
	c.Fees = fact(Fees{Payer: "nobody", For: "messages"}, analysis, "2020")
	return c
}

func instagram() Capabilities {
	c := meta()
	c.Text = fact(Limit{Max: 1000, Unit: Bytes}, "infobip.com/docs/instagram/messaging/message-types; Meta's own page says characters, of which there are never more", "2026-11")
	c.Caption = fact(noText(), metaSend+": a message has a text or an attachment", "2026-11")
	c.TemplateText = fact(noText(), metaInstagram+": no templates of approved text", "2026-11")
	c.Choices = fact(ChoiceLimits{Buttons: 13, Title: chars(20), Body: Limit{Max: 1000, Unit: Bytes}, ID: chars(1000)},
		"developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/quick-replies; length of ids: support.woztell.com", "2026-11")
	c.Media = fact([]MediaLimit{
		{As: Image, Types: []string{"image/png", "image/jpeg"}, Max: 8 * mB},
		{As: Video, Types: []string{"video/*"}, Max: 25 * mB},
		{As: Audio, Types: []string{"audio/*"}, Max: 25 * mB},
		{As: File, Types: []string{"application/pdf"}},
	}, metaInstagram, "2026-11")
	c.Location = fact(false, metaInstagram, "2026-11")
	c.ContactCard = fact(false, metaInstagram, "2026-11")
	c.Reaction = fact(true, "github.com/fbsamples/messenger-platform-samples, Instagram collection", "2026-11")
	c.Quote = unknown[bool]("replies are described for messages of people only")
	c.Templates = fact(false, metaInstagram, "2026-11")
	c.Window = fact(Window{Reply: day, HumanAgent: 7 * day}, metaInstagram, "2026-11")
	c.Initiate = fact(InitiateNever, metaInstagram, "2026-11")
	c.Broadcast = fact(false, metaInstagram+": the person writes first", "2026-11")
	c.OptInBroadcast = unknown[bool]("whether professional accounts in the EU can have marketing messages was not found")
	c.Exceptions = fact([]Exception{{HumanAgent, "answers that a person wrote, for seven days; needs a review of the app"}}, metaInstagram, "2026-11")
	c.Statuses = fact([]Status{Sent, Read}, metaEvents+": message_deliveries is Messenger's only", "2026-11")
	c.Edits = fact(true, "developers.facebook.com/docs/instagram-platform/webhooks: unsent messages", "2026-11")
	c.Link = fact([]LinkMethod{LinkInbound, LinkAuth}, metaEvents+"/messaging_referrals (ig.me links)", "2025-07")
	c.Erasure = fact(NotErasable, metaDocs+"instagram-messaging: the Conversations API only reads", "2026-07")
	c.DataLocation = unknown[string]("no document of Meta was found that names a place")
	c.Fees = unknown[Fees]("no price list was found; sending by the API is not known to be charged")
	return c
}

func whatsapp() Capabilities {
	c := meta()
	c.Text = fact(chars(4096), "github.com/nyaruka/courier, handlers/meta", "2026-08")
	c.Caption = fact(chars(1024), "github.com/nyaruka/courier, handlers/meta", "2026-08")
	c.TemplateText = fact(chars(950), analysis+"; help.chatdaddy.tech tells of 1,024 since", "2020")
	c.Choices = fact(ChoiceLimits{
		Buttons: 3, Rows: 10, Title: chars(20), RowTitle: chars(24), Section: chars(24), Description: chars(72),
		Body: chars(1024), Header: chars(60), Footer: chars(60), ID: chars(200),
	}, waMessages, "2026-11")
	c.Media = fact([]MediaLimit{
		{As: Image, Types: []string{"image/jpeg", "image/png"}, Max: 5 * mB},
		{As: Video, Types: []string{"video/mp4", "video/3gpp"}, Max: 16 * mB},
		{As: Audio, Types: []string{"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}, Max: 16 * mB, NoCaption: true},
		{As: File, Max: 100 * mB},
		{As: Sticker, Types: []string{"image/webp"}, Max: 100 * kB, NoCaption: true},
	}, "docs.weni.ai, supported media sending WhatsApp Cloud; dualhook.com/docs/media-messages", "2026-11")
	c.Location = fact(true, waMessages, "2026-11")
	c.ContactCard = fact(true, waMessages, "2026-11")
	c.Reaction = fact(true, waMessages, "2026-11")
	c.Quote = fact(true, waMessages, "2026-11")
	c.Templates = fact(true, waMessages, "2026-11")
	c.Window = fact(Window{Reply: day}, metaDocs+"whatsapp/support/error-codes, 131047", "2026-05")
	c.Initiate = fact(InitiateTemplate, metaDocs+"whatsapp/support/error-codes, 131047", "2026-05")
	c.Broadcast = fact(true, metaDocs+"whatsapp/messaging-limits: so many people a day", "2026-11")
	c.OptInBroadcast = fact(false, waMessages+": nothing to subscribe to; consent to templates is the agency's to get and to keep", "2026-11")
	c.Exceptions = fact([]Exception{}, metaDocs+"whatsapp/support/error-codes, 131047: templates only", "2026-05")
	c.Statuses = fact([]Status{Sent, Delivered, Read, Failed}, metaDocs+"whatsapp/webhooks/reference/messages/status", "2026-11")
	c.Edits = fact(true, "github.com/david-lev/pywa, tests/data/updates", "2026-08")
	c.Link = fact([]LinkMethod{LinkInbound, LinkCode, LinkAuth}, analysis+"; authentication templates: "+waMessages, "2026-11")
	c.Erasure = fact(NotErasable, waMessages+": media can be deleted, messages cannot", "2026-11")
	c.DataLocation = fact("at Meta for 30 days, or an hour with No Storage; no place in the EU can be chosen", metaDocs+"whatsapp/no-storage", "2026-05")
	c.Fees = fact(Fees{Payer: "agency", For: "delivered templates; other replies too from October 2026, as YCloud and others tell", Price: metaDocs + "whatsapp/pricing"},
		metaDocs+"whatsapp/pricing", "2026-10")
	return c
}
