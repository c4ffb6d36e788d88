package eid

import "errors"

// What comes of an authentication that did not succeed. An authenticator wraps
// one of them around the cause; callers compare with errors.Is. Their texts and
// those of what wraps them name no person.
var (
	// ErrPending: nothing was decided yet. Ask again.
	ErrPending = errors.New("eid: not decided yet")
	// ErrRefused: the person declined, on purpose or by choosing a wrong control
	// code. Nothing is to be tried again by itself.
	ErrRefused = errors.New("eid: refused by the person")
	// ErrExpired: the time to decide is over.
	ErrExpired = errors.New("eid: time is over")
	// ErrNoAccount: the person cannot use this method: there is no account, or it
	// is blocked or not activated. Another method may work.
	ErrNoAccount = errors.New("eid: no usable account")
	// ErrTooWeak: somebody was authenticated, at a lower level than was asked for.
	ErrTooWeak = errors.New("eid: level is too low")
	// ErrFailed: it came to its end without a decision, for a technical reason or
	// one that nobody here knows. It says nothing of the person, and what was begun
	// is spent; a new attempt may succeed. What the service called it stays with
	// the error.
	ErrFailed = errors.New("eid: ended without a decision")
	// ErrState: the answer does not belong to what was begun, or what was begun
	// is spent, too old or not ours. It may be an attempt to take over somebody
	// else's authentication.
	ErrState = errors.New("eid: answer does not belong to what was begun")
	// ErrUntrusted: the answer does not prove what it says: a signature, a
	// certificate, its issuer, its validity or its purpose is wrong. The raw
	// answer belongs into the security log, sealed, and never to the person.
	ErrUntrusted = errors.New("eid: answer cannot be trusted")
)

// Errors of what is read or put together; they name the rule that was broken,
// never the value.
var (
	ErrCode       = errors.New("eid: malformed personal code")
	ErrIdentifier = errors.New("eid: malformed semantics identifier")
	ErrDate       = errors.New("eid: malformed date")
	ErrIdentity   = errors.New("eid: incomplete identity")
	ErrPhone      = errors.New("eid: malformed telephone number")
	ErrCompany    = errors.New("eid: malformed registry code")
	ErrStanding   = errors.New("eid: incomplete standing")
	// ErrMandate: the register does not know that the person may act for the company.
	ErrMandate = errors.New("eid: no right to act for the company")
	// ErrRequest: the method cannot be asked for what the request says.
	ErrRequest = errors.New("eid: request that the method cannot serve")
)
