// Package channels is the model of the library: people's messages and what
// happens to them, the contract of a line through which they travel, and what
// each kind of channel can carry.
//
// A driver implements [Channel] for sending and [Webhook] for receiving. It
// turns its provider's wire format into sealed [Event] values and back, knows
// nothing of sessions, desks or databases, and never retries:
//
//	provider --POST--> Webhook.Verify --> Webhook.Parse --> []Event
//	Outbound --> Fit (parts within the limits) --> Channel.Send --> Receipt or *Error
//
// What differs between channels is data ([Capabilities]) where it is a limit,
// and an optional interface found with [As] where it is an operation.
package channels
