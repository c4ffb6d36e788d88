// Package smartid authenticates people and has them sign with Smart-ID: relying
// party API v3 (3.1 and 3.2), and v2 for agencies whose contract is still for
// that one. It imports nothing of the library but package eid, its trust store and
// the HTTP client, and can be used without the rest.
//
//	auth, err := smartid.New(smartid.Config{
//		Environment:      smartid.Live(),
//		RelyingPartyUUID: uuid, RelyingPartyName: "Terviseamet",
//		Trust: store, Revocation: checker, Pins: pins,
//	})
//	challenge, err := auth.Begin(ctx, eid.Request{
//		Text:      "Vestlus: Terviseamet, Messenger",
//		ReturnURL: "https://chat.agency.example/smart-id/return",
//	})
//	// challenge.State is kept on the server, encrypted. challenge.Link goes to the
//	// browser of a person on the device with the app. For others the page shows a
//	// QR code, whose text it asks for each second:
//	text, err := auth.LiveLink(challenge.State, time.Now())
//	// Meanwhile, again and again, and once more with the query of the return:
//	identity, err := auth.Resolve(ctx, challenge.State, nil)
//	switch {
//	case errors.Is(err, eid.ErrPending): // ask again
//	case errors.Is(err, eid.ErrRefused): // the person declined
//	}
//
// # What is the caller's
//
// A device link can be passed on, and so can a return. Before Begin the caller
// sets a cookie (SameSite=Lax, HttpOnly, Secure) that is tied to the State, and at
// the return demands it: the app opens the system's browser, and a person who
// began in another one, or inside of another app, comes back without the cookie
// and is refused. A State is resolved to an identity once; afterwards it, the
// cookie and the address of the return are worth nothing. Links, codes and the
// State's secrets are not logged.
//
// A QR code on the screen of a stranger who reads it out, or shows it, is scanned
// by a victim all the same. The short life of the code makes that hard; the text
// in the app, which names the service and the conversation, is what the victim
// has to see it by. So give a Text.
//
// # What is verified
//
// In this order: that a return has our value and the digest of the session's
// secret; how the session ended; that protocol, flow, screen and all parameters of
// the signature are those that were asked for; that the return's verifier is that
// of the user challenge; the certificate's level, authorities, validity, purpose
// and policies; whose it is, and that this is whom the session was begun for; the
// signature, with the one algorithm that was asked for; at last, because it makes
// a call, revocation. Level and number of the account stand unsigned beside the
// certificate and are believed only where policies and alternative name say the
// same. [Verifier] does it all offline.
//
// # What it was tried on
//
// Public recordings exist of one notification in API v3 and of some answers in
// v2; those verify, and thousands of changed copies do not. Device links,
// authentication codes and returns are held to the worked examples of the
// service's documentation. No recording of an answer by QR code or by an app on
// the same device is public, nor of a v3 signature, so these were tried against
// simulators only: try them at the demo before going live.
package smartid
