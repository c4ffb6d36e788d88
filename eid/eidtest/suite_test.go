package eidtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest"
)

// clock is one that a check moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// subject is the Fake; wrap may make a worse authenticator of it.
func subject(browser bool, wrap func(*eidtest.Fake) eid.Authenticator) eidtest.Subject {
	s := eidtest.Subject{
		Person: eid.Identity{
			Code: "EE60001019906", GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ-ŠUSLIK TESTNUMBER", Born: "2000-01-01",
		},
		Request:   eid.Request{Code: "EE60001019906", Phone: "+37200000766", Text: "Vestlus: Terviseamet", Level: eid.High},
		TextLimit: eidtest.TextLimit,
	}
	if browser {
		s.Request.ReturnURL = "https://agency.example/back?chat=1"
	}
	s.New = func(eidtest.TB) *eidtest.Instance {
		c := newClock()
		f := eidtest.New(eidtest.Config{Browser: browser, Now: c.Now})
		return &eidtest.Instance{
			Authenticator: wrap(f),
			Replica:       func() eid.Authenticator { return wrap(f.Replica()) },
			Foreign:       func() eid.Authenticator { return wrap(eidtest.New(eidtest.Config{Browser: browser, Now: c.Now})) },
			Now:           c.Now, Advance: c.Advance,
			Answer: func(c eid.Challenge, _ eid.Request, o eidtest.Outcome) (url.Values, bool) {
				query := f.Answer(c.State, o)
				if browser && query == nil {
					query = f.Return(c.State)
				}
				if o == eidtest.Wait {
					return nil, true
				}
				if browser { // what the agency's own address had
					query.Set("chat", "1")
				}
				return query, true
			},
		}
	}
	return s
}

func itself(f *eidtest.Fake) eid.Authenticator { return f }

func TestFakeKeepsItsDuties(t *testing.T) {
	for name, browser := range map[string]bool{"on a device": false, "with a browser": true} {
		t.Run(name, func(t *testing.T) { eidtest.Run(t, subject(browser, itself)) })
	}
}

// recorder is a test whose failure is what is wanted.
type recorder struct {
	*testing.T
	mu     *sync.Mutex
	failed *[]string
	name   string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(string, ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(*r.failed, r.name) {
		*r.failed = append(*r.failed, r.name)
	}
}

func (r *recorder) Fatalf(format string, args ...any) { r.Errorf(format, args...); runtime.Goexit() }
func (r *recorder) FailNow()                          { r.Fatalf("") }
func (r *recorder) Skipf(string, ...any)              { runtime.Goexit() }
func (r *recorder) Logf(string, ...any)               {}

func (r *recorder) Run(name string, f func(*recorder)) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(&recorder{T: r.T, mu: r.mu, failed: r.failed, name: name})
	}()
	<-done
	return true
}

func failures(t *testing.T, s eidtest.Subject) []string {
	t.Helper()
	r := &recorder{T: t, mu: new(sync.Mutex), failed: new([]string)}
	r.Run("", func(r *recorder) { eidtest.Run(r, s) })
	return *r.failed
}

// bad is a Fake with a fault.
type bad struct {
	*eidtest.Fake
	begin   func(b *bad, ctx context.Context, r eid.Request) (eid.Challenge, error)
	resolve func(b *bad, ctx context.Context, s eid.State, answer url.Values) (eid.Identity, error)
	live    func(b *bad, s eid.State, now time.Time) (string, error)
}

func (b *bad) Begin(ctx context.Context, r eid.Request) (eid.Challenge, error) {
	if b.begin != nil {
		return b.begin(b, ctx, r)
	}
	return b.Fake.Begin(ctx, r)
}

func (b *bad) Resolve(ctx context.Context, s eid.State, answer url.Values) (eid.Identity, error) {
	if b.resolve != nil {
		return b.resolve(b, ctx, s, answer)
	}
	return b.Fake.Resolve(ctx, s, answer)
}

func (b *bad) LiveLink(s eid.State, now time.Time) (string, error) {
	if b.live != nil {
		return b.live(b, s, now)
	}
	return b.Fake.LiveLink(s, now)
}

type (
	beginFunc   = func(b *bad, ctx context.Context, r eid.Request) (eid.Challenge, error)
	resolveFunc = func(b *bad, ctx context.Context, s eid.State, answer url.Values) (eid.Identity, error)
)

// laxly begins whatever is asked, with one field as if it were right.
func laxly(change func(*eid.Request)) beginFunc {
	return func(b *bad, ctx context.Context, r eid.Request) (eid.Challenge, error) {
		change(&r)
		return b.Fake.Begin(ctx, r)
	}
}

// afterwards changes what Resolve found.
func afterwards(change func(id eid.Identity, err error) (eid.Identity, error)) resolveFunc {
	return func(b *bad, ctx context.Context, s eid.State, answer url.Values) (eid.Identity, error) {
		return change(b.Fake.Resolve(ctx, s, answer))
	}
}

// taking turns one error into a success.
func taking(as error) resolveFunc {
	return afterwards(func(id eid.Identity, err error) (eid.Identity, error) {
		if errors.Is(err, as) {
			return eid.Identity{Code: "EE60001019906", Method: "fake", Level: eid.High, At: time.Now()}, nil
		}
		return id, err
	})
}

func TestSuiteFindsFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		browser bool
		fault   bad
		fails   string // a check that must fail
	}{
		"endless state": {fault: bad{begin: func(b *bad, ctx context.Context, r eid.Request) (eid.Challenge, error) {
			c, err := b.Fake.Begin(ctx, r)
			c.State = append(c.State, make([]byte, eid.MaxState)...)
			return c, err
		}}, fails: "what is begun has a state, an end, and nothing that a page must not have"},
		"no end": {fault: bad{begin: func(b *bad, ctx context.Context, r eid.Request) (eid.Challenge, error) {
			c, err := b.Fake.Begin(ctx, r)
			c.Expires = time.Time{}
			return c, err
		}}, fails: "what is begun has a state, an end, and nothing that a page must not have"},
		"cut text":    {fault: bad{begin: laxly(func(r *eid.Request) { r.Text = "" })}, fails: "a text is taken up to its limit, and refused beyond it"},
		"any address": {browser: true, fault: bad{begin: laxly(func(r *eid.Request) { r.ReturnURL = "https://x.example/" })}, fails: "an address to return to is https, absolute and without a fragment"},
		"any code":    {fault: bad{begin: laxly(func(r *eid.Request) { r.Code = "EE60001019906" })}, fails: "a code, a number or a level that is none is refused"},
		"any level":   {fault: bad{begin: laxly(func(r *eid.Request) { r.Level = min(r.Level, eid.High) })}, fails: "a code, a number or a level that is none is refused"},
		"any number":  {fault: bad{begin: laxly(func(r *eid.Request) { r.Phone = "" })}, fails: "a code, a number or a level that is none is refused"},
		"no ctx in Begin": {fault: bad{begin: func(b *bad, _ context.Context, r eid.Request) (eid.Challenge, error) {
			return b.Fake.Begin(context.Background(), r)
		}}, fails: "nothing is begun when nobody waits for it"},
		"loose tongue": {fault: bad{begin: func(b *bad, ctx context.Context, r eid.Request) (eid.Challenge, error) {
			c, err := b.Fake.Begin(ctx, r)
			return c, told(err, r.Text)
		}}, fails: "a text is taken up to its limit, and refused beyond it"},
		"pending is somebody": {fault: bad{resolve: taking(eid.ErrPending)}, fails: "nothing is proven before the person has decided"},
		"refusal is consent":  {fault: bad{resolve: taking(eid.ErrRefused)}, fails: "refuse is an error of its kind"},
		"stranger is welcome": {fault: bad{resolve: taking(eid.ErrUntrusted)}, fails: "another person is an error of its kind"},
		"an unknown end is a forgery": {fault: bad{resolve: afterwards(func(id eid.Identity, err error) (eid.Identity, error) {
			if errors.Is(err, eid.ErrFailed) {
				err = eid.ErrUntrusted
			}
			return id, err
		})}, fails: "an unknown outcome is an error of its kind"},
		"forgery is believed":  {fault: bad{resolve: taking(eid.ErrUntrusted)}, fails: "a forged answer is an error of its kind"},
		"weak is strong":       {fault: bad{resolve: taking(eid.ErrTooWeak)}, fails: "a lower level is an error of its kind"},
		"damage is repaired":   {fault: bad{resolve: taking(eid.ErrState)}, fails: "a state with any flipped byte is refused"},
		"states are general":   {fault: bad{resolve: taking(eid.ErrState)}, fails: "a state of something else is refused"},
		"no end at all":        {fault: bad{resolve: taking(eid.ErrExpired)}, fails: "it is over when it expires, decided or not"},
		"return is not needed": {browser: true, fault: bad{resolve: taking(eid.ErrPending)}, fails: "who was sent away is proven only with the query of the return"},
		"any return will do": {browser: true, fault: bad{resolve: func(b *bad, ctx context.Context, s eid.State, answer url.Values) (eid.Identity, error) {
			if answer != nil {
				answer = b.Return(s)
			}
			return b.Fake.Resolve(ctx, s, answer)
		}}, fails: "a query of another authentication proves nothing"},
		"doubled is fine": {browser: true, fault: bad{resolve: func(b *bad, ctx context.Context, s eid.State, answer url.Values) (eid.Identity, error) {
			if len(answer["ticket"]) == 2 {
				answer = b.Return(s)
			}
			return b.Fake.Resolve(ctx, s, answer)
		}}, fails: "a query with a parameter changed, missing or doubled proves nothing"},
		"invented is fine": {browser: true, fault: bad{resolve: func(b *bad, ctx context.Context, s eid.State, answer url.Values) (eid.Identity, error) {
			if answer.Get("code") != "" {
				answer = b.Return(s)
			}
			return b.Fake.Resolve(ctx, s, answer)
		}}, fails: "a query that a stranger makes up proves nothing"},
		"another level": {fault: bad{resolve: afterwards(func(id eid.Identity, err error) (eid.Identity, error) {
			id.Level = min(id.Level, eid.Low)
			return id, err
		})}, fails: "the level is at least the one asked for"},
		"another name": {fault: bad{resolve: afterwards(func(id eid.Identity, err error) (eid.Identity, error) {
			if err == nil {
				id.GivenName, id.FamilyName = id.FamilyName, id.GivenName
			}
			return id, err
		})}, fails: "an approval proves the person"},
		"half a person": {fault: bad{resolve: afterwards(func(id eid.Identity, err error) (eid.Identity, error) { id.GivenName = "MARY"; return id, err })}, fails: "refuse is an error of its kind"},
		"an outage is a refusal": {fault: bad{resolve: afterwards(func(id eid.Identity, err error) (eid.Identity, error) {
			if err != nil && !errors.Is(err, eid.ErrState) && !errors.Is(err, eid.ErrPending) && !errors.Is(err, eid.ErrExpired) {
				err = eid.ErrRefused
			}
			return id, err
		})}, fails: "an outage is an error of its kind"},
		"eager when cancelled": {fault: bad{resolve: func(b *bad, _ context.Context, s eid.State, answer url.Values) (eid.Identity, error) {
			return b.Fake.Resolve(context.Background(), s, answer)
		}}, fails: "who stops waiting gets an error at once"},
		"one link for all": {fault: bad{live: func(b *bad, s eid.State, _ time.Time) (string, error) { return "https://x.example/", nil }}, fails: "a live link is another one each second, and ends"},
	} {
		t.Run(name, func(t *testing.T) {
			failed := failures(t, subject(tc.browser, func(f *eidtest.Fake) eid.Authenticator {
				b := tc.fault
				b.Fake = f
				return &b
			}))
			require.Contains(t, failed, tc.fails)
		})
	}
	require.Empty(t, failures(t, subject(false, itself)))
	require.Empty(t, failures(t, subject(true, itself)))
}

// told adds to an error what it must not hold.
func told(err error, text string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s", err, text)
}

func TestStateThatDiesWithItsMaker(t *testing.T) {
	s := subject(false, itself)
	inner := s.New
	s.New = func(t eidtest.TB) *eidtest.Instance {
		in := inner(t)
		in.Replica = in.Foreign
		return in
	}
	require.Contains(t, failures(t, s), "a state is good at another replica")
	require.Equal(t, []string{""}, failures(t, eidtest.Subject{}), "the suite itself refuses an empty subject")
}
