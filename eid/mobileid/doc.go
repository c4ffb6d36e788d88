// Package mobileid proves who somebody is with Mobile-ID: a key on the SIM card
// of an Estonian or Lithuanian phone, used with a PIN. It speaks the REST interface
// of SK ID Solutions and needs a contract with them. It can be used without the
// rest of this library, but for package eid and its trust.
//
//	m, err := mobileid.New(mobileid.Config{
//		Environment:      mobileid.Live(),
//		RelyingPartyUUID: uuid, RelyingPartyName: "Terviseamet",
//		Trust: store, Revocation: revocation, Pins: pins,
//	})
//
//	challenge, err := m.Begin(ctx, eid.Request{Code: code, Phone: phone, Text: "Vestlus: Terviseamet"})
//	show(challenge.Code) // the person compares it with the phone's
//	for {
//		identity, err := m.Resolve(ctx, challenge.State, nil) // waits a while at the service
//		if !errors.Is(err, eid.ErrPending) {
//			return identity, err
//		}
//	}
//
// # What is proven
//
// That the key of a certificate signed a hash which was chosen here at random for
// this one session; that the certificate was issued to the person who was asked,
// under a policy of Mobile-ID, for authentication, by an authority of the
// configuration; and that all of it holds now. [Verifier] does that part alone,
// offline, for any answer of the service. Algorithm, hash and person are those that
// were asked for. The answer's "time" and "traceId" are signed by nobody, and
// nothing depends on them.
//
// # What is not
//
// That the person who holds the phone is the one who talks with the agency. Who
// knows somebody's code and number can make their phone ring, and talk them into
// entering the PIN; the control code shown on both sides is all that stands against
// that. It therefore belongs on the agency's own page, where it is seen by whoever
// opened it, and the text on the phone names what it is for.
//
// A P-256 key signs 32 bytes, so of a longer hash the end is not signed, and with it
// the last seven bits of the control code. The default, SHA256, has no such end.
//
// Of an ECDSA signature (r, s) the pair (r, n-s) is a signature too. It proves the
// same; nothing here takes a signature for a name of itself, and no caller should.
//
// # Results
//
// What the service says instead of yes is a [*Failure]: it keeps the service's
// word, wraps the error of package eid that the word means, and says what is to be
// done. A phone that could not be reached is eid.ErrExpired, and so is a session that
// the service has forgotten; what broke at the service or on the card, and words that
// nobody knows, are eid.ErrFailed. [ErrUnavailable],
// [ErrCredentials] and [ErrProtocol] say something of the service and nothing of
// the person; Resolve may be called again after them.
//
// # Signatures
//
// [Authenticator.Certificate], [Authenticator.BeginSignature] and
// [Authenticator.ResolveSignature] return a signature value for a container that
// something else makes.
//
// # State
//
// The challenge's state holds the hash, the session and the person's code, and an
// authentication can be resolved by another replica of the same configuration. It is
// kept on the server, encrypted. A result can be fetched for five minutes, so a
// caller that wants it once forgets the state.
package mobileid
