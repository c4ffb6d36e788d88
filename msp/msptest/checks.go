package msptest

import (
	"bytes"
	"errors"
	"sync"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func checks() []check {
	return []check{
		{"the name is valid and always the same", nameIsValid},
		{"the lines are always the same", linesAreConstant},
		{"each line is tested", linesAreTested},
		{"an event is on its own line", eventsAreRouted},
		{"an event of a line that is not configured is kept", strayIsKept},
		{"a request with several lines gives each its own", mixedIsRouted},
		{"requests of all lines at once do not disturb each other", parallelRequests},
	}
}

func nameIsValid(t channeltest.TB, _ Subject, in *Instance) {
	name := in.Provider.Name()
	if channels.ID(name).Valid() != nil {
		t.Errorf("Name %q is not written like a channels.ID", name)
	}
	if in.Provider.Name() != name {
		t.Errorf("two calls of Name differ")
	}
}

// ids returns the lines of the provider in their order.
func ids(in *Instance) []channels.ID {
	var all []channels.ID
	for _, ch := range in.Provider.Channels() {
		all = append(all, ch.Info().ID)
	}
	return all
}

func linesAreConstant(t channeltest.TB, _ Subject, in *Instance) {
	first := in.Provider.Channels()
	seen := map[channels.ID]bool{}
	for _, ch := range first {
		if seen[ch.Info().ID] {
			t.Errorf("two lines are named %q", ch.Info().ID)
		}
		seen[ch.Info().ID] = true
	}
	again := in.Provider.Channels()
	if len(first) == 0 || len(first) != len(again) {
		t.Fatalf("%d lines, and then %d", len(first), len(again))
	}
	for i := range first {
		if first[i] != again[i] {
			t.Errorf("line %d is another one at the second call", i)
		}
	}
	clear(again) // a caller's slice is not the provider's
	for _, ch := range in.Provider.Channels() {
		if ch == nil {
			t.Fatalf("a caller can change the provider's lines")
		}
	}
}

func linesAreTested(t channeltest.TB, s Subject, in *Instance) {
	all := ids(in)
	for _, id := range all {
		if _, ok := s.Lines[id]; !ok {
			t.Errorf("Subject.Lines has no line %q", id)
		}
	}
	if len(all) != len(s.Lines) {
		t.Errorf("%d lines, and %d in Subject.Lines", len(all), len(s.Lines))
	}
}

// events verifies and parses an authentic request.
func events(t channeltest.TB, in *Instance, r *channels.Request) []channels.Event {
	t.Helper()
	if err := in.Provider.Verify(t.Context(), r); err != nil {
		t.Fatalf("an authentic request is refused: %v", err)
	}
	evs, err := in.Provider.Parse(t.Context(), r)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return evs
}

// messages returns the lines of the messages among the events, in their order.
func messages(evs []channels.Event) []channels.ID {
	var lines []channels.ID
	for _, e := range evs {
		if r, ok := e.(*channels.Received); ok {
			lines = append(lines, r.Channel)
		}
	}
	return lines
}

func eventsAreRouted(t channeltest.TB, _ Subject, in *Instance) {
	for _, id := range ids(in) {
		if got := messages(events(t, in, in.Post(id))); len(got) != 1 || got[0] != id {
			t.Errorf("a message on the line %q arrives on %q", id, got)
		}
	}
}

func strayIsKept(t channeltest.TB, _ Subject, in *Instance) {
	r := in.Stray()
	before := bytes.Clone(r.Body)
	kept(t, in, events(t, in, r))
	evs, again := events(t, in, r), events(t, in, r)
	if len(evs) != len(again) || len(evs) > 0 && evs[0].Meta().Key != again[0].Meta().Key {
		t.Errorf("a redelivery has another key")
	}
	if !bytes.Equal(before, r.Body) {
		t.Errorf("Parse changes the request")
	}
}

// kept checks that there is one Malformed which a service can store, and no
// message.
func kept(t channeltest.TB, in *Instance, evs []channels.Event) {
	t.Helper()
	found := 0
	lines := ids(in)
	for _, e := range evs {
		switch e := e.(type) {
		case *channels.Malformed:
			found++
			onLine := e.Channel == ""
			for _, id := range lines {
				onLine = onLine || e.Channel == id
			}
			if e.Key == "" || len(e.Key) > 200 || e.Reason == "" || len(e.Raw) == 0 || !onLine {
				t.Errorf("the Malformed has no key, reason or raw bytes, or is on a line that is not there")
			}
		case *channels.Received:
			t.Errorf("the message arrives on the line %q", e.Channel)
		}
	}
	if found != 1 {
		t.Errorf("%d Malformed instead of one", found)
	}
}

func mixedIsRouted(t channeltest.TB, _ Subject, in *Instance) {
	lines := ids(in)
	if in.Mixed == nil {
		t.Skipf("no Instance.Mixed")
	}
	r := in.Mixed(lines)
	if r == nil {
		t.Skipf("the wire never puts several messages into one request")
	}
	evs := events(t, in, r)
	got := messages(evs)
	if len(got) != len(lines) {
		t.Fatalf("%d messages of %d", len(got), len(lines))
	}
	for i, id := range lines {
		if got[i] != id {
			t.Errorf("message %d is on the line %q, not %q", i+1, got[i], id)
		}
	}
	var rest []channels.Event
	for _, e := range evs {
		if _, ok := e.(*channels.Received); !ok {
			rest = append(rest, e)
		}
	}
	kept(t, in, rest)
}

func parallelRequests(t channeltest.TB, _ Subject, in *Instance) {
	lines := ids(in)
	requests := make([]*channels.Request, len(lines))
	for i, id := range lines {
		requests[i] = in.Post(id)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for range 8 {
		for i, id := range lines {
			wg.Go(func() {
				err := in.Provider.Verify(t.Context(), requests[i])
				evs, parseErr := in.Provider.Parse(t.Context(), requests[i])
				got := messages(evs)
				if err = errors.Join(err, parseErr); err == nil && (len(got) != 1 || got[0] != id) {
					err = errors.New("a message is on another line")
				}
				mu.Lock()
				defer mu.Unlock()
				failed = errors.Join(failed, err)
			})
		}
	}
	wg.Wait()
	if failed != nil {
		t.Errorf("%v", failed)
	}
}
