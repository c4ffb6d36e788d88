// Package bird reaches people through Bird CRM, MessageBird's successor:
// WhatsApp, Messenger, Instagram, Viber, Telegram, SMS and e-mail behind one
// workspace and one webhook. Neither the older Conversations API of MessageBird
// nor Bird's platform of 2026 is spoken here.
//
//	provider --POST--> Verify (HMAC over time, URL and body) --> Parse --> []channels.Event
//	channels.Outbound --> Send: POST /workspaces/{w}/channels/{c}/messages --> Receipt
//
//	p, err := bird.New(bird.Config{
//		AccessKey:   func() string { return os.Getenv("BIRD_ACCESS_KEY") },
//		SigningKeys: func() []string { return []string{os.Getenv("BIRD_SIGNING_KEY")} },
//		WorkspaceID: "a1b2…",
//		Lines:       []bird.Line{{ID: "ppa-whatsapp", Kind: channels.WhatsApp, ChannelID: "614c…"}},
//	})
//
// # What arrives
//
// A webhook carries one event of one channel. "whatsapp.inbound" is a Received;
// a message with several files is one Received each, because each file is one
// Media. "whatsapp.outbound" is a StatusChanged, and an Echoed too, once for
// each message, because people at Bird's own inbox and other applications write
// on the same channel. "whatsapp.interaction" tells that a message was read.
// Bird repeats a request for eight hours, with the time and the signature of
// its first attempt, so old requests are taken within Config.RetryHorizon; the
// same keys make a repetition harmless.
//
// A person is named as the line names people: "+" and digits where phone
// numbers do, an address in e-mail. Any other identifier is written with its
// key before it, as "key:value", because Bird wants both to write back. Thread
// is Bird's id of the contact.
//
// # What leaves
//
// Each message carries Outbound.Ref as its reference, which Bird gives back in
// reports and lists: a send that ended without an answer is found by it. The API
// recognises no repeated request. Files are sent by their address on the web;
// a file that has none is refused, because how Bird's own storage is written to
// is not established.
//
// Erase deletes the person's conversations on the line. The log of single
// messages, which each channel has besides, cannot be deleted through the API,
// and whether the deletion of a conversation reaches it is not established: the
// agreement with the provider has to say.
//
// # What is not established
//
// The public documents do not show all of the wire. What follows is from single
// examples or from clients of others, and can be changed in the configuration:
//
//   - the name of the events of interactions: Config.Interactions
//   - whether a signature covers the query of the URL: Config.InsecureUnsignedQuery
//   - the path of webhook subscriptions: Config.SubscriptionsPath
//   - the host of people's files, and where it may point on to: Endpoints.Media, Config.MediaHosts
//   - the keys of identifiers on the chat channels: Line.IdentifierKey
//   - postbacks as the form of choices, and how a tap comes back: Line.Choices
//   - the label of a list's button: Line.ListButton
//   - parameters or variables of templates, and their names where the agency
//     gives none ("1", "2", …): Line.OldVariables
//   - the form of a quote: Line.Quotes
//   - the subject of an e-mail: Line.Subject
//   - limits of the channels behind Bird: Line.Capabilities
package bird
