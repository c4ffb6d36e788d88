// Package msptest proves drivers of messaging service providers.
//
// [Run] runs the conformance suite of a line, channeltest.Run, for each line of
// a provider, and checks what a provider owes besides: that its lines never
// change, that every event is on its own line, and that what is of no line is
// kept for a person and not dropped.
//
//	func TestProvider(t *testing.T) {
//		msptest.Run(t, msptest.Subject{New: newInstance, Lines: map[channels.ID]channeltest.Subject{…}})
//	}
package msptest

import (
	"maps"
	"slices"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/msp"
)

// Subject is a provider under test.
type Subject struct {
	// New returns a provider with another end of its wire of its own.
	// Required. It is called once a check and may use t.Cleanup.
	New func(t channeltest.TB) *Instance

	// Lines say how each line is tested, by its ID. Required; each line of the
	// provider has one. The instances' Webhook may stay empty when the line's
	// provider is Instance.Provider.
	Lines map[channels.ID]channeltest.Subject
}

// Instance is a provider and the other end of its wire.
type Instance struct {
	// Provider is what is tested. Required.
	Provider msp.Provider

	// Post returns an authentic request with one message on the line.
	// Required.
	Post func(line channels.ID) *channels.Request

	// Stray returns an authentic request with one message on a line of the
	// account that is not among the provider's. Required.
	Stray func() *channels.Request

	// Mixed returns an authentic request with a message on each of the lines,
	// in their order, and then one on a line that is not among the provider's;
	// nil if the wire never puts several messages into one request.
	Mixed func(lines []channels.ID) *channels.Request
}

// check is one subtest. Its name is a sentence that should be true.
type check struct {
	name string
	run  func(t channeltest.TB, s Subject, in *Instance)
}

// Run checks that a provider keeps the duties of msp.Provider and each of its
// lines those of channels.Channel. Run it with -race.
func Run[S channeltest.T[S]](t S, s Subject) {
	t.Helper()
	if s.New == nil || len(s.Lines) == 0 {
		t.Fatalf("msptest: Subject.New and Subject.Lines are required")
	}
	for _, c := range checks() {
		t.Run(c.name, func(t S) {
			in := s.New(t)
			if in == nil || in.Provider == nil || in.Post == nil || in.Stray == nil {
				t.Fatalf("msptest: Subject.New returned no provider, or one without Post or Stray")
			}
			c.run(t, s, in)
		})
	}
	for _, id := range slices.Sorted(maps.Keys(s.Lines)) {
		t.Run("line "+string(id), func(t S) { channeltest.Run(t, s.Lines[id]) })
	}
}
