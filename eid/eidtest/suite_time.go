package eidtest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

func timeChecks() []check {
	return []check{
		{"it is over when it expires, decided or not", expiryEnds},
		{"who stops waiting gets an error at once", cancelledResolveEnds},
		{"a live link is another one each second, and ends", liveLinkChanges},
	}
}

func expiryEnds(t TB, s Subject, in *Instance) {
	a, b := begin(t, s, in, s.Request), begin(t, s, in, s.Request)
	query := answer(t, in, b, s.Request, Approve)
	end := a.Expires
	if b.Expires.After(end) {
		end = b.Expires
	}
	in.Advance(end.Sub(in.Now()))
	for _, c := range []eid.Challenge{a, b} {
		id, err := in.Authenticator.Resolve(t.Context(), c.State, nil)
		nobody(t, id)
		oneOf(t, err, eid.ErrExpired)
	}
	id, err := in.Authenticator.Resolve(t.Context(), b.State, query)
	nobody(t, id)
	oneOf(t, err, eid.ErrExpired)
	if err != nil {
		s.quiet(t, err)
	}
}

func cancelledResolveEnds(t TB, s Subject, in *Instance) {
	c := begin(t, s, in, s.Request)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan error, 1)
	go func() {
		id, err := in.Authenticator.Resolve(ctx, c.State, nil)
		if !id.Equal(eid.Identity{}) {
			err = nil
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil {
			t.Fatalf("proven although ctx had ended")
		}
		s.quiet(t, err)
		for _, e := range []error{eid.ErrRefused, eid.ErrExpired, eid.ErrUntrusted, eid.ErrState} {
			if errors.Is(err, e) {
				t.Errorf("the end of ctx is taken for an outcome: %v", err)
			}
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("Resolve goes on after the end of ctx")
	}
}

func liveLinkChanges(t TB, s Subject, in *Instance) {
	live, ok := in.Authenticator.(eid.LiveLinker)
	if !ok {
		t.Skipf("the method has no live link")
	}
	c := begin(t, s, in, s.Request)
	seen := map[string]bool{}
	start := in.Now()
	for second := range 5 {
		link, err := live.LiveLink(c.State, start.Add(time.Duration(second)*time.Second))
		if errors.Is(err, eid.ErrState) && second == 0 {
			t.Skipf("begun without a live link")
		}
		if err != nil || link == "" {
			t.Fatalf("LiveLink after %d s: %v", second, err)
		}
		if seen[link] {
			t.Errorf("the link of second %d was there before", second)
		}
		if strings.Contains(link, string(c.State)) {
			t.Errorf("the link holds the state")
		}
		seen[link] = true
	}
	_, err := live.LiveLink(c.State, c.Expires)
	oneOf(t, err, eid.ErrExpired)
}
