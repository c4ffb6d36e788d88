// Package metatest simulates Meta's Graph API over real HTTP: one app with its pages, Instagram accounts and WhatsApp
// numbers, its login dialog and its webhooks, and the people at the other end. It is for tests of whole services, for
// demonstrations, for crash tests and for load. It links the standard library only, and shares no code with the client
// it tests: types, signer and checks are written from the description of the wire alone.
//
// A [Server] is one app and an [http.Handler]. One address serves all the hosts of the real service: graph.facebook.com,
// graph.instagram.com, www.facebook.com with the login dialog, and those that media are downloaded from.
//
// The flow, with the test in control of every step:
//
//	sim, err := metatest.New(metatest.Config{
//		AppID: "700000000000001", AppSecrets: []string{"app-secret"}, VerifyToken: "verify-word",
//		Pages:   []metatest.Page{{ID: "682498302938465", Token: "EAApage"}},
//		Webhook: service.URL + "/webhooks/meta",
//	})
//	url, err := sim.Start()           // or httptest.NewServer(sim) and sim.SetURL
//	err = sim.Handshake(ctx)          // the GET that sets up the webhook
//	person := sim.Person("682498302938465", "1254477777772919")
//	person.Says("tere")               // queues the webhook
//	n, err := sim.Deliver(ctx)        // posts it, signed, to the service
//	box, err := person.Wait(ctx, 1)   // what the service answered
//	err = person.Reads(box[0].ID)     // queues a watermark or a status
//
// Nothing is posted before Deliver, or Run for programs that want it by itself. What is not answered 2xx is posted again,
// byte for byte. Batch merges what waits into one webhook for each product; DuplicateNext and Requeue repeat; Pending shows
// the queue, Take hands it over for tests that spoil or shuffle webhooks, Sign signs anything; Deliveries lists every
// attempt with its answer.
//
// FailNext scripts failures by code, subcode and status: errors within a success, bodies of a gateway, delays, messages that
// WhatsApp accepts and fails afterwards, connections cut before anything happened or after the message was taken. KillToken
// ends a token. Sent and Marks count what the API accepted, whether or not the sender heard of it, so that a test can show
// that nothing was lost or doubled. Requests lists what was refused.
//
// The login dialog is a page that a browser can click through, without script, in Estonian, English and Russian (the
// parameter locale, or the browser's languages): pages and WhatsApp Business Accounts are chosen there, and the person agrees
// or refuses. SettingsPath is where the same person removes the app, which calls Config.Deauthorize, or asks for the deletion
// of their data, which calls Config.DataDeletion; RemoveApp and AskDeletion do it without a browser. SetNumber says how far
// Meta's reviews of a WhatsApp number are, Page.Tasks what the person may do on a page.
//
// # What it refuses
//
// Calls without a version or with one that has ended, tokens that are unknown, dead, another account's or without the
// permission, wrong proofs; codes of a login that were used, are old or are another address's; unknown names, missing and
// wrong parameters; texts, buttons, lists, templates and files beyond their limits; people who never wrote or who block the
// account; messages outside the reply window, dead tags, the human agent's tag inside the window; conversations that another
// app has; templates that do not exist, are not approved or are filled in wrongly; numbers that are held back.
//
// # What is not established
//
// Where the real service's behaviour is not known, the stricter or the more awkward form is the default. Characters are
// counted in UTF-16 units. Unknown parameters are refused, which Messenger does not always do. The subcode 2018300 (another
// app has the conversation), the refusal of the human agent's tag inside the window, the limits of generic templates and the
// life of links to pictures of Messenger and Instagram are general knowledge. With a page's token an Instagram account can
// be addressed by its own id, its page's and "me". A system user's token lists pages like a person's. Which code a missing
// permission has, what a review that is not over stops (here nothing), and whether a removed app goes on getting events (here
// it does) is not known. Links that a message names are not fetched. What an answer's HTTP status is differs between
// sources: a client must go by the code.
package metatest
