// Package messagebird reaches people through MessageBird's Conversations API:
// WhatsApp, Messenger, SMS, Telegram and other lines behind one account and one
// webhook. The newer Bird APIs have other hosts, names and signatures; they are
// not spoken here.
//
//	provider --POST--> Verify (token over URL and body) --> Parse --> []channels.Event
//	channels.Outbound --> Send: POST /send, /conversations/{id}/messages or /conversations/start --> Receipt
//
//	p, err := messagebird.New(messagebird.Config{
//		AccessKey:   func() string { return os.Getenv("MESSAGEBIRD_ACCESS_KEY") },
//		SigningKeys: func() []string { return []string{os.Getenv("MESSAGEBIRD_SIGNING_KEY")} },
//		Lines:       []messagebird.Line{{ID: "ppa-whatsapp", Kind: channels.WhatsApp, ChannelID: "09c3…"}},
//	})
//
// # What arrives
//
// One webhook carries one event. message.created is a Received when the person
// wrote and an Echoed when we or another application of the account did, which
// is never a turn. message.updated and the callback to a message's reportUrl are
// StatusChanged. conversation.created and conversation.updated give no event: a
// conversation at MessageBird is bookkeeping of its own that all its messages
// name, and sessions do not follow it. What is authentic but not understood,
// such as an event of a channel that is not configured, is one Malformed.
//
// A person is named by the message's sender: "+" and digits where a number is
// the name, the platform's id elsewhere, and the id of the contact where the
// sender is not told. MessageBird takes any of these when we write back.
//
// # What leaves
//
// The API recognises no repeated request. A send that ended without an answer
// is therefore of unknown outcome, and the lines have a Finder that looks for
// the message by our own reference (Config.Reconcile) or by its content.
//
// Files that are uploaded for sending are readable by anyone who has their
// address, and nothing of a conversation can be erased through the API: Erase
// archives. A place is sent as coordinates without its name.
package messagebird
