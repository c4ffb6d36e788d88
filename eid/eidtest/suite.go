package eidtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

// TB is what a check, or a helper of a Subject, needs of a test. A *testing.T
// is one.
type TB interface { //nolint:interfacebloat // what helpers of authenticators use of testing.TB; it is never implemented anew
	Cleanup(f func())
	Context() context.Context
	Errorf(format string, args ...any)
	FailNow()
	Fatalf(format string, args ...any)
	Helper()
	Logf(format string, args ...any)
	Skipf(format string, args ...any)
	TempDir() string
}

// T is a test with subtests. A *testing.T is one.
type T[Self any] interface {
	TB
	Run(name string, f func(Self)) bool
}

// Subject is an authenticator under test. Checks that need a field which is
// empty are skipped and say so.
type Subject struct {
	// New returns an authenticator with a service of its own: a simulator, or a
	// double that speaks the service's wire. Required. It is called once a check
	// and may use t.Cleanup.
	New func(t TB) *Instance
	// Request is what Begin is asked for, with everything that the method uses.
	// Fields that it has no use for stay empty. Required unless the method needs
	// nothing.
	Request eid.Request
	// Person is who approves. Required: the code at least.
	Person eid.Identity
	// TextLimit is the longest Request.Text, in characters that all methods count
	// as one. Zero: there is no limit.
	TextLimit int
	// Ignored are parameters of a return that the method does not look at. Those of
	// Request.ReturnURL are taken for such.
	Ignored []string
	// Secrets are the keys, tokens and names with which New makes the instance.
	// They must not appear in any error.
	Secrets []string
}

// Instance is an authenticator and the world around it.
type Instance struct {
	// Authenticator is what is tested. Required.
	Authenticator eid.Authenticator
	// Replica returns another authenticator of the same configuration, as after a
	// restart. Required.
	Replica func() eid.Authenticator
	// Foreign returns one of the same method, in another environment or for another
	// relying party.
	Foreign func() eid.Authenticator
	// Now and Advance are the clock of the authenticator and of its service.
	// Required.
	Now     func() time.Time
	Advance func(d time.Duration)
	// Answer makes the world decide what was begun with this request, and returns
	// the query with which a browser comes back, nil when none does. False says that
	// the method knows no such outcome. Required.
	Answer func(c eid.Challenge, r eid.Request, o Outcome) (url.Values, bool)
}

// patience is how long a check lets Resolve wait where there is nothing to wait
// for.
const patience = 250 * time.Millisecond

// check is one subtest. Its name is a sentence that should be true.
type check struct {
	name string
	run  func(t TB, s Subject, in *Instance)
}

// Run checks that an authenticator keeps the duties of eid.Authenticator and
// eid.LiveLinker. Run it with -race.
//
//	func TestAuthenticator(t *testing.T) {
//		eidtest.Run(t, eidtest.Subject{New: newInstance, Person: mary, Request: eid.Request{...}})
//	}
func Run[S T[S]](t S, s Subject) {
	t.Helper()
	if s.New == nil || s.Person.Code == "" {
		t.Fatalf("eidtest: Subject.New and Subject.Person are required")
	}
	var checks []check
	checks = append(checks, beginChecks()...)
	checks = append(checks, outcomeChecks()...)
	checks = append(checks, stateChecks()...)
	checks = append(checks, returnChecks()...)
	checks = append(checks, timeChecks()...)
	for _, c := range checks {
		t.Run(c.name, func(t S) {
			in := s.New(t)
			if in == nil || in.Authenticator == nil || in.Replica == nil || in.Now == nil || in.Advance == nil || in.Answer == nil {
				t.Fatalf("eidtest: Subject.New returned no whole instance")
			}
			c.run(t, s, in)
		})
	}
}

// begin begins what the subject asks for.
func begin(t TB, s Subject, in *Instance, r eid.Request) eid.Challenge {
	t.Helper()
	c, err := in.Authenticator.Begin(t.Context(), r)
	if err != nil {
		s.quiet(t, err)
		t.Fatalf("Begin: %v", err)
	}
	return c
}

// answer makes the world decide, or skips the check.
func answer(t TB, in *Instance, c eid.Challenge, r eid.Request, o Outcome) url.Values {
	t.Helper()
	query, ok := in.Answer(c, r, o)
	if !ok {
		t.Skipf("the method knows no such outcome: %s", o)
	}
	return query
}

// resolve asks until there is something else than eid.ErrPending, a few times:
// what was decided need not be there at once.
func resolve(t TB, s Subject, a eid.Authenticator, c eid.Challenge, query url.Values) (eid.Identity, error) {
	t.Helper()
	var id eid.Identity
	err := eid.ErrPending
	for try := 0; try < 20 && errors.Is(err, eid.ErrPending); try++ {
		id, err = a.Resolve(t.Context(), c.State, query)
	}
	if err != nil {
		s.quiet(t, err)
		nobody(t, id)
	}
	return id, err
}

// undecided asks where nothing is decided, and gives up soon.
func undecided(t TB, s Subject, a eid.Authenticator, c eid.Challenge, query url.Values) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	id, err := a.Resolve(ctx, c.State, query)
	nobody(t, id)
	if !errors.Is(err, eid.ErrPending) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nothing is decided, and Resolve says: %v", err)
	}
	if err != nil {
		s.quiet(t, err)
	}
}

// nobody fails when there is anything of an identity beside an error.
func nobody(t TB, id eid.Identity) {
	t.Helper()
	if !id.Equal(eid.Identity{}) {
		t.Errorf("an error comes with an identity")
	}
}

// oneOf fails unless err wraps one of the errors.
func oneOf(t TB, err error, want ...error) {
	t.Helper()
	for _, w := range want {
		if errors.Is(err, w) {
			return
		}
	}
	t.Errorf("got %v, want one of %v", err, want)
}

// quiet fails when an error tells something of a person or a secret.
func (s Subject) quiet(t TB, err error) {
	t.Helper()
	words := append([]string{
		s.Person.Code.Number(), s.Person.GivenName, s.Person.FamilyName, string(s.Request.Phone), s.Request.Text, canary,
	}, s.Secrets...)
	text := err.Error() + fmt.Sprintf(" %+v", err)
	for _, w := range words {
		if len(w) > 2 && strings.Contains(text, w) {
			t.Errorf("an error holds something personal or secret")
			return
		}
	}
}

// canary is part of values that no error may repeat.
const canary = "canary-7f3a"
