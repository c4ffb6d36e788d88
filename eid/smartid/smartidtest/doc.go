// Package smartidtest simulates the Smart-ID service over real HTTP: RP API v3 and v2, the certificates of its people,
// and their phones. It is for tests of relying parties, for demonstrations and for crash tests. It shares no code with
// the client it tests: what is checked, written and signed comes from the description of the wire alone. Certificates are
// issued by testca.
//
// A [Server] is an [http.Handler]; a client is given URL + "/v3" and the anchors of the server.
//
//	sim, err := smartidtest.New(smartidtest.Config{Now: clock})
//	url, err := sim.Start()                  // or httptest.NewServer(sim)
//	mary, err := sim.AddPerson(smartidtest.Person{Identifier: "PNOEE-60001019906", GivenName: "MARY", Surname: "ÄNN"})
//	                                         // the client begins at url + "/v3/authentication/device-link/anonymous"
//	prompt, err := sim.Scan(qr)              // what the app shows: prompt.Party, prompt.Text
//	back, err := prompt.Approve(mary.Document)
//	                                         // the client's poll is answered; back is where the browser goes
//
// Notifications wait in Prompts, or end by themselves where Person.Result says so; Config.DemoAccounts has the
// documented people of the demo environment. A prompt is approved, refused, given a wrong code, or ended in any way
// with End. Nothing is signed before it is approved, and what is signed is genuine.
//
// AnswerNext orders answers that look genuine and are not: a wrong key, another person, an expired or a weaker
// certificate, a tampered member, an old answer once more. CertificateNext does the same for certificates that are
// asked for. FailNext scripts what goes wrong around them: statuses, false bodies, delays, connections cut before
// anything happened or after the request took effect. Requests lists what was asked, without personal data and
// secrets.
//
// # What it refuses
//
// Unknown parties (401, without a body), names that are not the party's, levels and the sharing of addresses that the
// party has no right to (403); members that are missing, of the wrong type or length or not canonical base64, unknown
// protocols, algorithms and levels, digests that do not fit their algorithm, interactions that are unknown, doubled, not
// minified, without their text or with one that is too long, callbacks that are not https or have a fragment, a nonce
// where none is allowed, a notification without vcType (400, each with its name and pointer); unknown people, documents
// and sessions, and results older than five minutes (404). A device link must have its parameters in their order, the
// code that belongs to it and, as a QR code, the right age.
//
// # What is not established
//
// Where the real service's behaviour is not known, the stricter or the more awkward form is the default. That a name which
// is not the party's is 403 and not 401, that texts are counted in UTF-16 units, that interactions must be minified, the
// bodies of errors of version 2, how long a person may take to decide, that a scanned link may be scanned again until
// somebody decides, and that a refusal does not open the callback are guesses. So are the bodies of unknown people's 404
// and how a callback without a query is extended. Unknown members of requests come back as ignoredProperties. The
// certificate that was chosen over a device link is returned without waiting for the linked session; the callback of the
// choice is opened with either.
package smartidtest
