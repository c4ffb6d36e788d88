// Package messagebird reaches people through one account at MessageBird:
// WhatsApp, Messenger, SMS, Telegram and other lines behind the Conversations
// API, and SMS through the SMS API. All have one webhook. The newer Bird APIs
// have other hosts, names and signatures; they are not spoken here.
//
//	provider --POST, GET--> Verify (token over URL and body) --> Parse --> []channels.Event
//	channels.Outbound --> Send: POST /send, /conversations/{id}/messages or /conversations/start --> Receipt
//	                            POST /messages for a Line with SMS
//
//	p, err := messagebird.New(messagebird.Config{
//		AccessKey:   func() string { return os.Getenv("MESSAGEBIRD_ACCESS_KEY") },
//		SigningKeys: func() []string { return []string{os.Getenv("MESSAGEBIRD_SIGNING_KEY")} },
//		ReportURL:   "https://alt.example.ee/webhooks/messagebird",
//		Lines: []messagebird.Line{
//			{ID: "ppa-whatsapp", Kind: channels.WhatsApp, ChannelID: "09c3…"},
//			{ID: "ppa-sms", Kind: channels.SMS, SMS: &messagebird.SMS{Originator: "+3726000000"}},
//		},
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
//
// # Which API for SMS
//
// A line of kind SMS goes through either API; the choice is the line's alone.
//
// Choose the Conversations API (Line.ChannelID) where the number is a channel
// of the account already, where MessageBird's own inbox or flows work on the
// same conversations, or where one person's messages of all channels should be
// one conversation there. What others send from the account arrives as Echoed.
//
// Choose the SMS API (Line.SMS)
//   - to write with a name as the sender ("PPA teade"), or from several numbers,
//     without making a channel of each;
//   - where it matters that an unknown outcome is cleared up: each message
//     carries our reference, lists and reports give it back, so Find never
//     compares contents;
//   - where it matters that texts arrive as they are: the coding is chosen here,
//     because the service's default replaces õ, š and ž;
//   - for reports that name the networks' own reasons, STOP among them, which
//     becomes an OptedOut beside the failure;
//   - where no conversation should be kept at the provider.
//
// It echoes nothing: what another application sends from the number stays
// unseen, and there is no Erase. A person is the same "+" and digits over both,
// so a line may change from one to the other and keep its people. A message
// that waits for somebody who is known by a contact's id is then refused as
// unreachable.
//
// A text costs by the segment: 160 septets of the GSM alphabet, or 70 UTF-16
// units as soon as one character is not of it (õ, š, ž, Cyrillic, emoji), and 153
// or 67 in each of several. [channels.Segments] counts them. A text of more than
// nine is parted by channels.Fit.
//
// # Setting up the SMS API
//
// The account's settings hold the addresses, no call does: let the number's
// messages be forwarded to the address of this provider's webhook, by POST, as a
// form or as JSON. GET is understood too, but the text then stands in the logs
// of everything on the way. Short numbers are listed in SMS.Numbers like any
// other; where the number cannot be, the address names the line: "?line=ppa-sms".
//
// Status reports come by GET, so the person's number stands in their address:
// keep queries out of the access logs of proxies. They are sent to
// Config.ReportURL, or, when that is empty, to the address in the settings. The
// signature covers the whole address. That every account signs them with the
// token is not established: the one captured report carried the two older
// headers, which Config.LegacyHMAC accepts.
//
// It is not established whether a long message from a person arrives as one:
// parts that came by themselves would be messages by themselves. Nor are the
// longest reference, whose length is ours to keep (a message id and a part), and
// how long the service repeats a request that was not answered.
package messagebird
