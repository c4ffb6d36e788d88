package channels

const (
	smsSpec  = "3GPP TS 23.038 and TS 23.040"
	smtpSpec = "RFC 5321"
	ours     = "this project"
)

// sms is what the network carries; a provider's limit is its driver's.
func sms() Capabilities {
	const provider = "differs between providers"
	return Capabilities{
		Text:           fact(Limit{Max: 9 * septetsEach, Unit: Septets}, smsSpec+" allows 255 segments, providers far fewer (Twilio 1,600 characters); nine are chosen here", "2026-11"),
		Caption:        fact(noText(), smsSpec, "2026-11"),
		TemplateText:   fact(noText(), smsSpec, "2026-11"),
		Choices:        fact(ChoiceLimits{}, smsSpec, "2026-11"),
		Media:          fact([]MediaLimit{}, smsSpec, "2026-11"),
		Location:       fact(false, smsSpec, "2026-11"),
		ContactCard:    fact(false, smsSpec, "2026-11"),
		Reaction:       fact(false, smsSpec, "2026-11"),
		Quote:          fact(false, smsSpec, "2026-11"),
		Templates:      fact(false, smsSpec, "2026-11"),
		Window:         fact(Window{}, smsSpec, "2026-11"),
		Initiate:       fact(InitiateAlways, "twilio.com/docs/messaging", "2026-08"),
		Broadcast:      fact(true, "twilio.com/docs/messaging", "2026-08"),
		OptInBroadcast: fact(false, smsSpec+": nothing to subscribe to", "2026-11"),
		Exceptions:     noWindow(smsSpec, "2026-11"),
		Idempotent:     unknown[bool](provider),
		Statuses:       fact([]Status{Sent, Delivered, Failed}, "github.com/twilio/twilio-oai, twilio_api_v2010.json; github.com/messagebird/openapi-specs", "2026-08"),
		Edits:          fact(false, smsSpec, "2026-11"),
		Link:           fact([]LinkMethod{LinkCode, LinkInbound}, analysis+": by the phone number, as for Signal", "2020"),
		Erasure:        unknown[Erasure](provider),
		Transport:      fact("HTTPS to a provider, then the mobile network", "twilio.com/docs/messaging", "2026-08"),
		Versioning:     fact("the provider's", "twilio.com/docs/messaging", "2026-08"),
		Security:       fact("TLS and access key to the provider; nothing hides the text from the network", smsSpec, "2026-11"),
		DataLocation:   unknown[string](provider),
		AuthLevel:      fact("low at most: a code by SMS beside a password", riaLevels, "2020"),
		Signing:        fact(false, smsSpec, "2026-11"),
		Fees:           fact(Fees{Payer: "agency", For: "each segment sent", Price: "twilio.com/sms/pricing, or the provider's own list"}, "twilio.com/docs/messaging", "2026-08"),
	}
}

func email() Capabilities {
	const server = "differs between servers, which announce it (SIZE, RFC 1870)"
	return accounts(Capabilities{
		Text:         unknown[Limit](server),
		Caption:      unknown[Limit](server),
		TemplateText: fact(noText(), smtpSpec, "2026-11"),
		Choices:      fact(ChoiceLimits{}, "RFC 5322", "2026-11"),
		Media: fact([]MediaLimit{{As: Image, Types: []string{"image/*"}}, {As: Video, Types: []string{"video/*"}}, {As: Audio, Types: []string{"audio/*"}}, {As: File}},
			"RFC 2045; the size "+server, "2026-11"),
		Location:       fact(false, "RFC 5322", "2026-11"),
		ContactCard:    fact(false, "RFC 5322", "2026-11"),
		Reaction:       fact(false, "RFC 5322", "2026-11"),
		Quote:          fact(true, "RFC 5322, In-Reply-To", "2026-11"),
		Templates:      fact(false, smtpSpec, "2026-11"),
		Window:         fact(Window{}, smtpSpec, "2026-11"),
		Initiate:       fact(InitiateAlways, smtpSpec, "2026-11"),
		Broadcast:      fact(true, smtpSpec, "2026-11"),
		OptInBroadcast: fact(false, smtpSpec+": lists are the sender's own", "2026-11"),
		Exceptions:     noWindow(smtpSpec, "2026-11"),
		Idempotent:     fact(false, smtpSpec, "2026-11"),
		Statuses:       fact([]Status{Sent, Failed}, "RFC 3464", "2026-11"),
		Edits:          fact(false, "RFC 5322", "2026-11"),
		Link:           fact([]LinkMethod{LinkCode, LinkAuth}, riaLevels+": passwords sent by e-mail", "2020"),
		Erasure:        fact(NotErasable, smtpSpec, "2026-11"),
		Transport:      fact("SMTP", smtpSpec, "2026-11"),
		Versioning:     fact("extensions, announced by the server", smtpSpec, "2026-11"),
		Security:       fact("TLS between servers where both offer it (RFC 3207); senders proved by DKIM (RFC 6376)", "RFC 3207 and RFC 6376", "2026-11"),
		DataLocation:   fact("the servers of the agency and of the person", smtpSpec, "2026-11"),
		Fees:           fact(Fees{Payer: "nobody", For: "messages"}, smtpSpec, "2026-11"),
	})
}

// webchat is the conversation on the agency's own pages. Its limits are ours.
func webchat() Capabilities {
	runes := func(n int) Limit { return Limit{Max: n, Unit: Runes} }
	return Capabilities{
		Text:         fact(runes(4000), ours, "2026-11"),
		Caption:      fact(runes(1000), ours, "2026-11"),
		TemplateText: fact(runes(0), ours, "2026-11"),
		Choices: fact(ChoiceLimits{Buttons: 10, Title: runes(60), Body: runes(4000), Header: runes(100), Footer: runes(200), ID: runes(200)},
			ours, "2026-11"),
		Media: fact([]MediaLimit{
			{As: Image, Types: []string{"image/jpeg", "image/png", "image/webp", "image/gif"}, Max: 10 * mB},
			{As: Video, Types: []string{"video/mp4", "video/webm"}, Max: 25 * mB},
			{As: Audio, Types: []string{"audio/mpeg", "audio/mp4", "audio/ogg"}, Max: 25 * mB},
			{As: File, Max: 25 * mB},
		}, ours, "2026-11"),
		Location:       fact(false, ours, "2026-11"),
		ContactCard:    fact(false, ours, "2026-11"),
		Reaction:       fact(false, ours, "2026-11"),
		Quote:          fact(true, ours, "2026-11"),
		Templates:      fact(false, ours, "2026-11"),
		Window:         fact(Window{}, ours, "2026-11"),
		Initiate:       fact(InitiateNever, ours, "2026-11"),
		Broadcast:      fact(false, ours, "2026-11"),
		OptInBroadcast: fact(false, ours, "2026-11"),
		Exceptions:     noWindow(ours, "2026-11"),
		Idempotent:     fact(true, ours, "2026-11"),
		Statuses:       fact([]Status{Sent, Delivered, Read}, ours, "2026-11"),
		Edits:          fact(false, ours, "2026-11"),
		Link:           fact([]LinkMethod{LinkAuth}, ours, "2026-11"),
		Erasure:        fact(Erased, ours, "2026-11"),
		Transport:      fact("HTTPS to the agency's own site", ours, "2026-11"),
		Versioning:     fact("this library's", ours, "2026-11"),
		Security:       fact("TLS and a cookie that scripts cannot read", ours, "2026-11"),
		DataLocation:   fact("the agency's own servers", ours, "2026-11"),
		AuthLevel:      fact("none of its own: the session's strong authentication decides", ours, "2026-11"),
		Signing:        fact(false, ours, "2026-11"),
		Fees:           fact(Fees{Payer: "nobody", For: "messages"}, ours, "2026-11"),
	}
}
