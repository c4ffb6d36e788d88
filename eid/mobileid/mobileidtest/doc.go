// Package mobileidtest simulates the Mobile-ID service over real HTTP: its REST API, the certificates of its people, and
// their phones. It is for tests of relying parties, for demonstrations and for crash tests. It shares no code with the
// client it tests: what is checked, written and signed comes from the description of the wire alone. Certificates are
// issued by testca.
//
// A [Server] is an [http.Handler]; a client is given its URL, or URL + "/mid-api" as in the real environments, and the
// anchors of the server.
//
//	sim, err := mobileidtest.New(mobileidtest.Config{Now: clock})
//	url, err := sim.Start()                  // or httptest.NewServer(sim)
//	mary, err := sim.AddPerson(mobileidtest.Person{Phone: "+37255500001", Code: "60001019906", GivenName: "MARY", Surname: "ÄNN"})
//	                                         // the client begins at url + "/authentication"
//	prompt := sim.Prompts(mary.Phone)[0]     // what the phone shows: prompt.Code, prompt.Text
//	err = prompt.Approve()                   // or sim.Approve(mary.Phone); the client's poll is answered
//
// Sessions wait in Prompts, or end by themselves where Person.Result says so; Config.DemoNumbers has the numbers of the
// demo environment. A prompt is approved, refused, or ended in any way with End. Nothing is signed before it is approved,
// and what is signed is genuine.
//
// AnswerNext orders answers that look genuine and are not: a wrong key, another person, an expired certificate,
// another encoding, a tampered member, an old answer once more. CertificateNext does the same for certificates that
// are asked for. FailNext scripts what goes wrong around them: statuses, false bodies, delays, connections cut before
// anything happened or after the request took effect. Requests lists what was asked, without personal data and
// secrets.
//
// # What it refuses
//
// Unknown parties and names, also those in other capitals (401); members that are missing or of the wrong type or form,
// hashes that are not canonical base64 or do not fit their type, unknown languages and formats, texts of more than 100
// characters of GSM-7 or 5 of its extension or 50 of UCS-2, polls outside 1000 to 120000 ms, a second poll while one waits
// (400, with the member's name); unknown sessions, those of the other kind and results older than five minutes (404). That
// nobody has a number is said by the poll, as NOT_MID_CLIENT, and for certificates as NOT_FOUND.
//
// # What is not established
//
// Where the real service's behaviour is not known, the stricter or the more awkward form is the default. That a second poll
// is answered 400, that polls outside the bounds are refused and not made to fit, that codes with a wrong check digit are
// taken, the words of all errors and how long a person may take to decide are guesses. Characters of UCS-2 are counted in
// UTF-16 units.
package mobileidtest
