// Package taratest plays TARA, the Estonian state's authentication service, over
// real HTTP: discovery, a page where somebody chooses who to be, codes, ID tokens
// and keys. It is for tests, for demonstrations and for load. It links the standard
// library only and shares no code with the client that it tests: it was written
// from TARA's specification alone.
//
// A [Server] is an [http.Handler]:
//
//	sim, err := taratest.New(taratest.Config{
//		ClientID: "agency-chat", ClientSecret: "secret", RedirectURLs: []string{"https://agency.example/eid/tara"},
//	})
//	url, err := sim.Start()              // or httptest.NewServer(sim) and sim.SetURL
//	// … the client sends a browser to link
//	back, err := sim.Login(link, "EE60001019906") // where the browser comes back, without a browser
//	back, err = sim.Cancel(link)
//
// Within another program's handler it is mounted with http.StripPrefix, SetURL tells
// the public address with that prefix, and [Server.Client] is what the client calls
// with.
//
// A browser that opens the link gets a plain page, in Estonian, English or Russian
// and without a script, with a button for each person and means that the client
// asked for. A link with the parameter autologin=EE60001019906 answers at once, as
// that person with the first means that fits.
//
// # What it refuses
//
// Unknown clients and redirect addresses that are not registered to the letter,
// which get a page and are never sent anywhere; a missing or unknown scope, means that
// do not go together, states shorter than 8 characters, levels and languages that
// do not exist; at the token endpoint a wrong secret, a secret in the wrong place,
// another client's code, another redirect address, codes that are older than 30
// seconds or were shown before, even by a request that was refused.
//
// # What goes wrong to order
//
// [Server.Next] spoils the next login with one of [Cases]: a token with the wrong
// issuer, audience, nonce, state, means or level, unsigned, signed with the public
// key as a secret, by a key that is not published, expired, and so on. A client
// refuses all of them. [Server.NextClaims] changes the claims freely.
// [Server.FailNext] makes an endpoint fail or be slow, [Server.Rotate] brings a new key in and
// [Server.Withdraw] takes the old ones away. [Server.Totals] counts what was asked.
//
// # What is not established
//
// No genuine token of TARA is public. Order and number of claims follow the examples of
// the specification. The words of errors other than user_cancel and invalid_scope are
// those of OAuth 2.0. The page is the simulator's own.
package taratest
