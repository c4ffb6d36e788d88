// Package msp is the contract of a messaging service provider: one account and
// one webhook through which many lines are reached.
//
// To the application a line is a [channels.Channel] whoever carries it; the
// package adds only what lines of one provider share.
package msp

import "github.com/liidestuja/liidestuja/channels"

// Provider is one account at a messaging service provider.
//
// Duties: those of channels.Webhook and channels.Channel; Name is written like
// a channels.ID, is constant and is the last element of the webhook's path;
// Channels always returns the same lines, in the same order; an event of a line
// that is not among them is returned as a Malformed, never dropped. Optional
// operations (channels.Eraser, Finder, …) may be on the provider or its lines.
type Provider interface {
	channels.Webhook
	Name() string
	Channels() []channels.Channel
}
