package eidtest

import (
	"errors"
	"maps"
	"net/url"
	"slices"

	"github.com/liidestuja/liidestuja/eid"
)

func returnChecks() []check {
	return []check{
		{"who was sent away is proven only with the query of the return", returnIsNeeded},
		{"a query with a parameter changed, missing or doubled proves nothing", changedReturnIsRefused},
		{"a query of another authentication proves nothing", swappedReturnIsRefused},
		{"a query that a stranger makes up proves nothing", inventedReturnIsRefused},
	}
}

// returned begins, and has a browser come back from it.
func returned(t TB, s Subject, in *Instance) (eid.Challenge, url.Values) {
	t.Helper()
	c := begin(t, s, in, s.Request)
	query := answer(t, in, c, s.Request, Approve)
	if len(query) == 0 {
		t.Skipf("no browser comes back")
	}
	return c, query
}

func returnIsNeeded(t TB, s Subject, in *Instance) {
	c, query := returned(t, s, in)
	undecided(t, s, in.Authenticator, c, nil)
	if _, err := resolve(t, s, in.Authenticator, c, query); err != nil {
		t.Errorf("with the query it says: %v", err)
	}
}

func changedReturnIsRefused(t TB, s Subject, in *Instance) {
	_, query := returned(t, s, in)
	own, err := url.Parse(s.Request.ReturnURL)
	if err != nil {
		t.Fatalf("eidtest: Subject.Request.ReturnURL is no address")
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if own.Query().Has(name) || slices.Contains(s.Ignored, name) {
			continue
		}
		for what, change := range map[string]func(url.Values){
			"missing": func(q url.Values) { q.Del(name) },
			"empty":   func(q url.Values) { q.Set(name, "") },
			"changed": func(q url.Values) { q.Set(name, flip(q.Get(name))) },
			"doubled": func(q url.Values) { q.Add(name, q.Get(name)) },
		} {
			c, query := returned(t, s, in)
			change(query)
			proves(t, s, in, c, query, name+" "+what)
		}
	}
}

// flip changes one character of a value, and leaves its form.
func flip(v string) string {
	if v == "" {
		return "x"
	}
	b := []byte(v)
	if i := len(b) / 2; b[i] == 'a' {
		b[i] = 'b'
	} else {
		b[i] = 'a'
	}
	return string(b)
}

// proves fails when a wrong query does prove somebody.
func proves(t TB, s Subject, in *Instance, c eid.Challenge, query url.Values, what string) {
	t.Helper()
	_, err := resolve(t, s, in.Authenticator, c, query)
	switch {
	case err == nil:
		t.Errorf("proven with a wrong query: %s", what)
	case errors.Is(err, eid.ErrPending):
		t.Errorf("a wrong query leaves it pending: %s", what)
	}
}

func swappedReturnIsRefused(t TB, s Subject, in *Instance) {
	a, _ := returned(t, s, in)
	_, query := returned(t, s, in)
	id, err := in.Authenticator.Resolve(t.Context(), a.State, query)
	nobody(t, id)
	oneOf(t, err, eid.ErrState)
}

func inventedReturnIsRefused(t TB, s Subject, in *Instance) {
	for _, invented := range []url.Values{
		{}, {"": {""}}, {"state": {"x"}, "code": {"x"}}, {"value": {canary}, "sessionSecretDigest": {canary}, "userChallengeVerifier": {canary}},
		{"error": {"access_denied"}},
	} {
		c, _ := returned(t, s, in)
		id, err := in.Authenticator.Resolve(t.Context(), c.State, invented)
		nobody(t, id)
		if err == nil {
			t.Errorf("proven")
			continue
		}
		s.quiet(t, err)
		oneOf(t, err, eid.ErrState, eid.ErrPending)
	}
}
