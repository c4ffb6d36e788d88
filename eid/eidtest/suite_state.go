package eidtest

import (
	"bytes"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/liidestuja/liidestuja/eid"
)

func stateChecks() []check {
	return []check{
		{"a state is good at another replica", stateSurvives},
		{"a state is not changed by asking", stateStays},
		{"a shortened or lengthened state is refused", resizedStateIsRefused},
		{"a state with any flipped byte is refused", flippedStateIsRefused},
		{"a state of something else is refused", foreignStateIsRefused},
	}
}

func stateSurvives(t TB, s Subject, in *Instance) {
	c := begin(t, s, in, s.Request)
	query := answer(t, in, c, s.Request, Approve)
	id, err := resolve(t, s, in.Replica(), c, query)
	if err != nil {
		t.Fatalf("another replica says: %v", err)
	}
	s.is(t, in, id)
}

func stateStays(t TB, s Subject, in *Instance) {
	c := begin(t, s, in, s.Request)
	before := bytes.Clone(c.State)
	undecided(t, s, in.Authenticator, c, answer(t, in, c, s.Request, Wait))
	if !bytes.Equal(before, c.State) {
		t.Errorf("Resolve changes the state")
	}
}

// broken fails unless this state is refused everywhere. It stands beside an
// approval, so that nothing but the state is wrong.
func broken(t TB, s Subject, a eid.Authenticator, state eid.State, query url.Values) bool {
	t.Helper()
	id, err := a.Resolve(t.Context(), state, query)
	nobody(t, id)
	ok := errors.Is(err, eid.ErrState)
	if err != nil {
		s.quiet(t, err)
	}
	if live, has := a.(eid.LiveLinker); has && ok {
		if link, err := live.LiveLink(state, s.Person.At); err == nil || link != "" {
			t.Errorf("it has a live link")
			return false
		}
	}
	if !ok {
		t.Errorf("Resolve says: %v", err)
	}
	return ok
}

func resizedStateIsRefused(t TB, s Subject, in *Instance) {
	c := begin(t, s, in, s.Request)
	query := answer(t, in, c, s.Request, Approve)
	for _, state := range []eid.State{nil, {}, c.State[:1], c.State[:len(c.State)/2], c.State[:len(c.State)-1],
		append(slices.Clone(c.State), 0), append(slices.Clone(c.State), c.State...), bytes.Repeat([]byte("x"), eid.MaxState+1)} {
		if !broken(t, s, in.Authenticator, state, query) {
			t.Errorf("a state of %d bytes instead of %d is not refused", len(state), len(c.State))
		}
	}
}

func flippedStateIsRefused(t TB, s Subject, in *Instance) {
	c := begin(t, s, in, s.Request)
	query := answer(t, in, c, s.Request, Approve)
	for i := range c.State {
		state := slices.Clone(c.State)
		state[i] ^= 1 << (i % 8)
		if !broken(t, s, in.Authenticator, state, query) {
			t.Fatalf("a state with byte %d of %d changed is not refused", i, len(state))
		}
	}
}

func foreignStateIsRefused(t TB, s Subject, in *Instance) {
	c := begin(t, s, in, s.Request)
	query := answer(t, in, c, s.Request, Approve)
	for _, state := range []string{"state", "{}", "null", `{"version":1}`, "\x00\x01\x02", strings.Repeat("A", len(c.State))} {
		if !broken(t, s, in.Authenticator, eid.State(state), query) {
			t.Errorf("a state of something else is not refused")
		}
	}
	if in.Foreign == nil {
		t.Logf("no authenticator of another relying party: Instance.Foreign")
		return
	}
	if !broken(t, s, in.Foreign(), c.State, query) {
		t.Errorf("another relying party takes the state")
	}
}
