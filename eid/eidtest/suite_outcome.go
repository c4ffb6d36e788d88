package eidtest

import (
	"errors"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

func outcomeChecks() []check {
	checks := []check{
		{"nothing is proven before the person has decided", pendingIsNobody},
		{"an approval proves the person", approvalProves},
		{"the level is at least the one asked for", levelIsKept},
		{"many may ask at once, and nobody becomes somebody else", manyAsk},
	}
	for _, o := range []Outcome{Refuse, TimeOut, Missing, Stranger, Weaker, Forge, Unknown, Break} {
		checks = append(checks, check{string(o) + " is an error of its kind", func(t TB, s Subject, in *Instance) {
			fails(t, s, in, o)
		}})
	}
	return checks
}

func pendingIsNobody(t TB, s Subject, in *Instance) {
	c := begin(t, s, in, s.Request)
	undecided(t, s, in.Authenticator, c, answer(t, in, c, s.Request, Wait))
}

func approvalProves(t TB, s Subject, in *Instance) {
	c := begin(t, s, in, s.Request)
	query := answer(t, in, c, s.Request, Approve)
	id, err := resolve(t, s, in.Authenticator, c, query)
	if err != nil {
		t.Fatalf("approved, and Resolve says: %v", err)
	}
	s.is(t, in, id)
}

// is fails unless id is the person.
func (s Subject) is(t TB, in *Instance, id eid.Identity) {
	t.Helper()
	if err := id.Valid(); err != nil {
		t.Errorf("the identity is not whole: %v", err)
	}
	if id.Code != s.Person.Code {
		t.Errorf("the identity is another person's")
	}
	if s.Person.GivenName != "" && id.GivenName != s.Person.GivenName || s.Person.FamilyName != "" && id.FamilyName != s.Person.FamilyName {
		t.Errorf("the names are not the person's")
	}
	if s.Person.Born != "" && id.Born != s.Person.Born {
		t.Errorf("the date of birth is not the person's")
	}
	if id.Method != in.Authenticator.Method() {
		t.Errorf("the method is %q", id.Method)
	}
	if !id.Level.AtLeast(s.Request.Required()) {
		t.Errorf("the level is %v", id.Level)
	}
	if id.Standing != nil {
		t.Errorf("the identity says what only a register knows")
	}
	if age := in.Now().Sub(id.At).Abs(); age > time.Minute {
		t.Errorf("proven %v away from now", age)
	}
}

func levelIsKept(t TB, s Subject, in *Instance) {
	for _, level := range []eid.Level{eid.Low, eid.Substantial, eid.High} {
		r := s.Request
		r.Level = level
		c, err := in.Authenticator.Begin(t.Context(), r)
		if err != nil {
			oneOf(t, err, eid.ErrRequest) // a method that cannot prove that much
			continue
		}
		query := answer(t, in, c, r, Approve)
		id, err := resolve(t, s, in.Authenticator, c, query)
		switch {
		case err != nil:
			t.Errorf("approved at level %v, and Resolve says: %v", level, err)
		case !id.Level.AtLeast(level):
			t.Errorf("asked for %v, got %v", level, id.Level)
		}
	}
}

func fails(t TB, s Subject, in *Instance, o Outcome) {
	if o == Stranger && s.Request.Code == "" {
		t.Skipf("whoever answers is the person")
	}
	r := s.Request
	if o == Weaker {
		r.Level = eid.High
	}
	c := begin(t, s, in, r)
	query := answer(t, in, c, r, o)
	_, err := resolve(t, s, in.Authenticator, c, query)
	switch {
	case err == nil:
		t.Fatalf("%s proves somebody", o)
	case errors.Is(err, eid.ErrPending):
		t.Errorf("%s leaves it pending", o)
	}
	if want := o.wanted(); len(want) > 0 {
		oneOf(t, err, want...)
	}
	if o == Break {
		for _, e := range []error{eid.ErrRefused, eid.ErrExpired, eid.ErrNoAccount, eid.ErrTooWeak, eid.ErrFailed, eid.ErrUntrusted, eid.ErrState} {
			if errors.Is(err, e) {
				t.Errorf("an outage is taken for an outcome: %v", err)
			}
		}
	}
}

func manyAsk(t TB, s Subject, in *Instance) {
	c := begin(t, s, in, s.Request)
	query := answer(t, in, c, s.Request, Approve)
	var wg sync.WaitGroup
	var mu sync.Mutex
	proven := 0
	for i := range 8 {
		a := in.Authenticator
		if i%2 == 1 {
			a = in.Replica()
		}
		wg.Go(func() {
			id, err := resolve(t, s, a, c, query)
			if err != nil {
				return // an answer can be for one only
			}
			s.is(t, in, id)
			mu.Lock()
			defer mu.Unlock()
			proven++
		})
	}
	wg.Wait()
	if proven == 0 {
		t.Errorf("nobody got the answer")
	}
}
