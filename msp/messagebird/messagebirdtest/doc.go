// Package messagebirdtest simulates MessageBird's Conversations API and SMS API over real HTTP: an account with its
// channels, numbers, webhooks and conversations, and the people at the other end. It is for tests of whole services, for
// demonstrations, for crash tests and for load. It links the standard library only, and shares no code with the
// client it tests: types, signer and checks are written from the description of the wire alone.
//
// A [Server] is one account and an [http.Handler]. One address serves all the hosts of the real service; a client
// is given
//
//	conversations  URL + "/v1"          (https://conversations.messagebird.com/v1)
//	sms            URL + "/rest"        (https://rest.messagebird.com)
//	files          URL + "/v1/files"    (https://messaging.messagebird.com/v1/files)
//	media          URL + "/v1/media/"   (https://media.messagebird.com/v1/media/)
//
// The flow, with the test in control of every step:
//
//	sim, err := messagebirdtest.New(messagebirdtest.Config{
//		AccessKeys: []string{"test_key"},
//		SigningKey: "signing-key",
//		Channels:   []messagebirdtest.Channel{{ID: "wa", Platform: "whatsapp", Number: "+3726000000"}},
//		Webhooks:   []messagebirdtest.Webhook{{URL: service.URL + "/webhooks/messagebird"}},
//	})
//	url, err := sim.Start()           // or httptest.NewServer(sim) and sim.SetURL
//	phone := sim.Person("wa", "+37255500001")
//	phone.Says("tere")                // queues message.created
//	n, err := sim.Deliver(ctx)        // posts it, signed, to the service
//	box, err := phone.Wait(ctx, 1)    // what the service answered
//	err = phone.Reads(box[0].ID)      // queues message.updated
//
// Nothing is posted before Deliver, or Run for programs that want it by itself. Every message of either direction
// makes a message.created: an echo of what the service sent has the direction "sent" and must not be taken for
// a person's message. Pending shows the queue, Take hands it over for tests that spoil, shuffle or repeat webhooks
// by themselves, Sign signs anything.
//
// SMS over the SMS API has its own side of a person, [Mobile]: it writes to one of Config.Numbers, which forwards as a
// form, as JSON or as a query, and its reports come by GET, for messages with a reference only.
//
// FailNext scripts failures: false answers, delays, connections cut before the request was read or after it took
// effect. Sent and Tracks count what the API accepted, whether or not the sender heard of it, so a test can show
// that nothing was lost or doubled. Requests lists what was refused.
//
// # What it refuses
//
// Unknown names (also those that differ in case), missing and wrong parameters, unknown channels and ids, content
// that does not fit its type or its channel, texts, captions, buttons, lists and templates beyond their limits,
// plain http for reportUrl of a conversation's message; SMS from a number that is not the account's, from a name of more
// than 11 letters, to more than 50 people, of more than nine segments. An SMS in the default coding loses what GSM 03.38
// lacks, as at the real service. What the platform itself forbids (free-form content outside the reply window, a first
// message to somebody who never wrote, a template that is not approved) is by default accepted and reported as
// failed later, as the real service does; see [Config.Refusals].
//
// # What is not established
//
// Where the real service's behaviour is not known, the stricter or the more awkward form is the default and the other
// one is a field of [Config]: retries keep their token, trackId comes back or not, both answers to send, 422 or
// 400. The numbers of the rate limit, the pauses between retries, the largest page and the type of an answer to a
// list are guesses. So are the codes of refused SMS but those for recipients and keys, the order in which SMS are
// listed, and that a person's long SMS comes as one. A fallback is sent when its message fails; the time "after" is
// checked but does not run. Statuses of the real service may arrive late, twice and out of order: [Server.Report] and
// [Mobile.Reports] do all of that.
package messagebirdtest
