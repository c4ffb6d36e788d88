package channels

const (
	viberAPI    = "developers.viber.com/docs/api/rest-bot-api (7.3.0)"
	viberModel  = "creators.viber.com/docs/bots-api/data-models/message"
	viberMedia  = "infobip.com/docs/viber/bots/message-types"
	telegramAPI = "github.com/PaulSonOfLars/telegram-bot-api-spec, api.json (Bot API 10.1)"
	signalAPI   = "github.com/bbernhard/signal-cli-rest-api, src/docs/swagger.json"
)

func viber() Capabilities {
	return accounts(Capabilities{
		Text:         fact(chars(7000), viberModel, "2026-08"),
		Caption:      fact(chars(512), viberMedia, "2026-11"),
		TemplateText: fact(noText(), viberAPI+": no templates", "2026-08"),
		Choices: fact(ChoiceLimits{Buttons: 24, Title: chars(NoLimit), Body: chars(7000), ID: chars(NoLimit)},
			viberAPI+", keyboards, where no number of buttons and no length was found; 24 is chosen here", "2026-08"),
		Media: fact([]MediaLimit{
			{As: Image, Types: []string{"image/jpeg", "image/png", "image/gif"}, Max: 1 * mB},
			{As: Video, Types: []string{"video/mp4"}, Max: 26 * mB, NoCaption: true},
			{As: File, Max: 50 * mB, NoCaption: true},
		}, viberMedia, "2026-11"),
		Location:       fact(true, viberAPI, "2026-08"),
		ContactCard:    fact(true, viberAPI, "2026-08"),
		Reaction:       fact(false, viberAPI, "2026-08"),
		Quote:          fact(false, viberAPI, "2026-08"),
		Templates:      fact(false, viberAPI, "2026-08"),
		Window:         fact(Window{}, viberAPI+": none, but 100 messages an hour without an answer", "2026-08"),
		Initiate:       fact(InitiateOptIn, viberAPI, "2026-08"),
		Broadcast:      fact(true, viberAPI+": 300 receivers a call", "2026-08"),
		OptInBroadcast: fact(true, viberAPI+": to subscribers of the bot", "2026-08"),
		Exceptions:     noWindow(viberAPI, "2026-08"),
		Idempotent:     fact(false, viberAPI, "2026-08"),
		Statuses:       fact([]Status{Sent, Delivered, Read, Failed}, viberAPI, "2026-08"),
		Edits:          fact(false, viberAPI, "2026-08"),
		Link:           fact([]LinkMethod{LinkInbound, LinkAuth}, viberAPI+": context of deep links", "2026-08"),
		Erasure:        fact(NotErasable, viberAPI, "2026-08"),
		Transport:      fact("HTTPS, JSON", viberAPI, "2026-08"),
		Versioning:     fact("each message names the least version that shows it", viberModel, "2026-08"),
		Security:       fact("TLS and token; webhooks signed with HMAC-SHA256", viberAPI, "2026-08"),
		DataLocation:   unknown[string]("no document was found that names a place"),
		Fees:           fact(Fees{Payer: "agency", For: "the account each month, and messages or sessions that it starts", Price: "developers.viber.com/docs/faq"}, viberAPI, "2026-08"),
	})
}

func telegram() Capabilities {
	return accounts(Capabilities{
		Text:         fact(chars(4096), telegramAPI, "2026-06"),
		Caption:      fact(chars(1024), telegramAPI, "2026-06"),
		TemplateText: fact(noText(), telegramAPI+": no templates", "2026-06"),
		Choices: fact(ChoiceLimits{Buttons: 24, Title: chars(NoLimit), Body: chars(4096), ID: Limit{Max: 64, Unit: Bytes}},
			telegramAPI+", InlineKeyboardButton, where no number of buttons was found; 24 is chosen here", "2026-06"),
		Media: fact([]MediaLimit{
			{As: Image, Types: []string{"image/*"}, Max: 10 * mB},
			{As: Video, Types: []string{"video/*"}, Max: 50 * mB},
			{As: Audio, Types: []string{"audio/*"}, Max: 50 * mB},
			{As: File, Max: 50 * mB},
			{As: Sticker, Types: []string{"image/webp"}, NoCaption: true},
		}, "core.telegram.org/bots/api, sending files", "2026-06"),
		Location:       fact(true, telegramAPI, "2026-06"),
		ContactCard:    fact(true, telegramAPI, "2026-06"),
		Reaction:       fact(true, telegramAPI, "2026-06"),
		Quote:          fact(true, telegramAPI, "2026-06"),
		Templates:      fact(false, telegramAPI, "2026-06"),
		Window:         fact(Window{}, telegramAPI, "2026-06"),
		Initiate:       fact(InitiateOptIn, telegramAPI+": after the person pressed Start", "2026-06"),
		Broadcast:      fact(true, "core.telegram.org/bots/faq: one by one, to those who pressed Start", "2026-06"),
		OptInBroadcast: fact(true, "core.telegram.org/bots/faq: to those who pressed Start", "2026-06"),
		Exceptions:     noWindow(telegramAPI, "2026-06"),
		Idempotent:     fact(false, "github.com/tdlib/telegram-bot-api, issue 126", "2026-08"),
		Statuses:       fact([]Status{Sent}, telegramAPI, "2026-06"),
		Edits:          fact(true, telegramAPI+": edits only; what a person deletes is not told", "2026-06"),
		Link:           fact([]LinkMethod{LinkInbound, LinkAuth}, "core.telegram.org/bots/features: deep linking", "2026-06"),
		Erasure:        unknown[Erasure]("a bot deletes messages of the last 48 hours and no older ones, so no one answer is true"),
		Transport:      fact("HTTPS, JSON", telegramAPI, "2026-06"),
		Versioning:     fact("none in the path; additions every few weeks", telegramAPI, "2026-06"),
		Security:       fact("TLS, with the token in the path; webhooks carry a shared secret, their body is not signed", telegramAPI, "2026-06"),
		DataLocation:   unknown[string]("no document was found that names a place"),
		Fees:           unknown[Fees]("no price list was found; sending below the rate limits is not known to be charged"),
	})
}

func signal() Capabilities {
	return accounts(Capabilities{
		Text:         unknown[Limit]("the bridge names no limit"),
		Caption:      unknown[Limit]("the bridge names no limit"),
		TemplateText: fact(noText(), signalAPI+": no templates", "2026-08"),
		Choices:      fact(ChoiceLimits{}, signalAPI+": no buttons", "2026-08"),
		Media: fact([]MediaLimit{{As: Image, Types: []string{"image/*"}}, {As: Video, Types: []string{"video/*"}}, {As: Audio, Types: []string{"audio/*"}}, {As: File}},
			signalAPI+", which names no size", "2026-08"),
		Location:       fact(false, signalAPI, "2026-08"),
		ContactCard:    fact(false, signalAPI, "2026-08"),
		Reaction:       fact(true, signalAPI, "2026-08"),
		Quote:          fact(true, signalAPI, "2026-08"),
		Templates:      fact(false, signalAPI, "2026-08"),
		Window:         fact(Window{}, analysis, "2020"),
		Initiate:       fact(InitiateAlways, analysis, "2020"),
		Broadcast:      fact(true, analysis, "2020"),
		OptInBroadcast: fact(false, signalAPI+": nothing to subscribe to", "2026-08"),
		Exceptions:     noWindow(analysis, "2020"),
		Idempotent:     fact(false, signalAPI, "2026-08"),
		Statuses:       fact([]Status{Sent, Delivered, Read}, signalAPI, "2026-08"),
		Edits:          fact(true, signalAPI, "2026-08"),
		Link:           fact([]LinkMethod{LinkInbound, LinkCode, LinkAuth}, analysis+": by the phone number", "2020"),
		Erasure:        fact(NothingStored, analysis, "2020"),
		Transport:      fact("an unofficial bridge that the agency runs itself: HTTP and WebSocket", signalAPI, "2026-08"),
		Versioning:     fact("open source, with the bridge", analysis, "2020"),
		Security:       fact("end to end; the bridge itself has no authentication and its webhooks no signature", signalAPI, "2026-08"),
		DataLocation:   fact("the agency's own server; Signal keeps when an account was made and last used", analysis, "2020"),
		Fees:           fact(Fees{Payer: "nobody", For: "messages"}, analysis, "2020"),
	})
}

// apple is known from outside only: its wire is told to approved providers.
func apple() Capabilities {
	const closed = "told to approved messaging providers only"
	return accounts(Capabilities{
		Text:           unknown[Limit](closed),
		Caption:        unknown[Limit](closed),
		TemplateText:   unknown[Limit](closed),
		Choices:        unknown[ChoiceLimits]("lists and quick replies exist; their limits are " + closed),
		Media:          unknown[[]MediaLimit](closed),
		Location:       unknown[bool](closed),
		ContactCard:    unknown[bool](closed),
		Reaction:       unknown[bool](closed),
		Quote:          unknown[bool](closed),
		Templates:      fact(false, analysis, "2020"),
		Window:         fact(Window{}, analysis+": until the person closes the conversation", "2020"),
		Initiate:       fact(InitiateNever, analysis, "2020"),
		Broadcast:      fact(false, analysis, "2020"),
		OptInBroadcast: fact(false, analysis, "2020"),
		Exceptions:     noWindow(analysis, "2020"),
		Idempotent:     unknown[bool](closed),
		Statuses:       unknown[[]Status](closed),
		Edits:          unknown[bool](closed),
		Link:           fact([]LinkMethod{LinkNone}, analysis+": each conversation stands alone", "2020"),
		Erasure:        unknown[Erasure](closed),
		Transport:      fact("through an approved messaging provider only", analysis, "2020"),
		Versioning:     fact("the messaging provider's", analysis, "2020"),
		Security:       fact("the messaging provider's", analysis, "2020"),
		DataLocation:   fact("Apple's servers, anywhere in the world", analysis, "2020"),
		Fees:           unknown[Fees]("the messaging provider's; no public price was found"),
	})
}
