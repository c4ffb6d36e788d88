// Package tara proves who somebody is through TARA, the Estonian state's
// authentication service: the person's browser goes to TARA, chooses an ID card,
// Mobile-ID, Smart-ID or another country's means there, and comes back with a
// code, which is exchanged for a signed ID token. The package is an
// [eid.Authenticator] and needs nothing else of this library:
//
//	a, err := tara.New(tara.Config{
//		Issuer:       tara.Demo,
//		ClientID:     "agency-chat",
//		ClientSecret: secrets.Tara,                       // read at each use
//		RedirectURL:  "https://agency.example/eid/tara",   // as it was registered
//		Client:       client,                             // with TARA's roots, see below
//	})
//	challenge, err := a.Begin(ctx, eid.Request{Level: eid.High, Language: "et"})
//	// keep challenge.State sealed on the server, bind it to the browser with a
//	// cookie, and send that browser to challenge.Link
//	identity, err := a.Resolve(ctx, state, r.URL.Query())
//
// # What the caller keeps and does
//
// The State holds the two one-time words that bind the answer to the question.
// The caller encrypts it, finds it by a cookie of the browser that was sent away
// (so that a link that somebody else opened comes to nothing), calls Resolve with
// the query of the return at once, because a code lives for 30 seconds, and drops
// the State when Resolve has returned an identity or an error of package eid other
// than eid.ErrPending. Several replicas may share the work.
//
// # What is checked
//
// The returned state in constant time, before anything else is read. Then the
// code is exchanged, once: what may have been seen is never sent again by Resolve.
//
// Of the token: RS256 by a key that the issuer publishes (any other algorithm is
// refused before a key is looked for), issuer, audience, exp and iat by the
// injected clock with Config.Skew, nonce, the state claim where there is one, the
// means within those that were asked for, a subject that begins with a country, and
// the level. nbf is not looked at, as TARA permits, because iat says the same.
// at_hash is not checked: TARA writes it in another alphabet than the standard, and
// the access token is thrown away unread.
//
// Discovery and keys are learned with the first use, learned anew every hour, and
// keys also when a token names an unknown one: one such fetch for one token, and
// one at a time. A key that TARA has withdrawn is therefore trusted for an hour
// at most, 24 while TARA cannot be reached.
//
// # Connection
//
// TARA asks its clients to trust only DigiCert Global Root G2, GlobalSign R4, GTS
// R1 to R4 and ISRG X1 and X2. Config.Client is where such a pool of roots, or an
// egress proxy, is set; the certificate of TARA itself is not to be pinned. All
// endpoints must lie at the issuer's own host. In production TARA's token endpoint
// also answers to registered network addresses only.
//
// # Failures
//
// Errors are of type *[Failure], or wrap eid.ErrRequest, eid.ErrState,
// eid.ErrPending or eid.ErrExpired. A Failure says at which stage and for what
// reason, and wraps one of the errors of package eid when the authentication is
// over. A person who went back is eid.ErrRefused; what TARA calls an error, or what
// took the code and led to nothing, is eid.ErrFailed. Where it wraps none, TARA could
// not be asked, and Failure.Spent says whether the code may be gone: if it is, calling
// Resolve again ends with eid.ErrState, and the person begins anew. Nothing personal and no
// secret is in the text of an error; a token that was refused is in Failure.Token,
// for the security log, sealed.
//
// # Email and telephone
//
// The scopes email and phone are sent when Config.Scopes has them. Their claims
// are in the evidence only: email_verified is always false at TARA, and neither is
// needed to know who somebody is.
//
// # TARA-Mock
//
// The agency's TARA-Mock answers this package when its identities are written with
// the country, "EE60001019906" instead of "60001019906": a subject without one is
// refused, and there is no switch to guess it. What else it leaves out is checked
// by nobody then: it knows no secret, no scope and no level, says mID whatever was
// chosen, answers a code twice, and invents a date of birth where a code has none.
// Package taratest plays TARA with all its refusals, and the hostile cases too.
//
// # GovSSO
//
// GovSSO speaks the same protocol with its claims elsewhere: Issuer [GovSSO] (with the
// slash that its name ends with) and GovSSOClaims. Only the first sign-in is
// covered. GovSSO also obliges its clients to renew the session every quarter of
// an hour, to end it when GovSSO says so, and to offer a way out: none of that is
// here, so an agency uses it where its own web session does these things.
//
// # Not covered
//
// No genuine token of TARA is public, so what TARA itself writes is known from its
// specification (1.21). Its profile endpoint is not used. Subjects longer than
// 130 characters, which eIDAS permits, are refused.
package tara
