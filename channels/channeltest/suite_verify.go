package channeltest

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

func verifyChecks() []check {
	return []check{
		{"an authentic request is accepted and not changed", authenticIsAccepted},
		{"each changed byte of the body is refused", changedBodyIsRefused},
		{"a shortened or lengthened body is refused", resizedBodyIsRefused},
		{"a request without its signature is refused", missingHeaderIsRefused},
		{"a signature that is there twice is refused", doubleHeaderIsRefused},
		{"a signature that is garbage is refused", garbageHeaderIsRefused},
		{"a request for another URL is refused", otherURLIsRefused},
		{"a request is refused once it is older than the horizon", staleIsRefused},
		{"a refusal does not say what was wrong", refusalsAreAlike},
	}
}

// clone returns a copy that a check may spoil.
func clone(r *channels.Request) *channels.Request {
	c := *r
	c.Header, c.Body = r.Header.Clone(), bytes.Clone(r.Body)
	return &c
}

func authenticIsAccepted(t TB, _ Subject, in *Instance) {
	r := request(t, in, canary)
	before := clone(r)
	for range 2 {
		if err := in.Webhook.Verify(t.Context(), r); err != nil {
			t.Errorf("an authentic request is refused: %v", err)
		}
	}
	if !bytes.Equal(before.Body, r.Body) || len(before.Header) != len(r.Header) || before.PublicURL != r.PublicURL {
		t.Errorf("Verify changes the request")
	}
}

// signed skips a check of what only a signature over the body can find.
func signed(t TB, in *Instance) {
	t.Helper()
	if g := in.Line.Info().Grade; g != channels.Signed {
		t.Skipf("the body is not signed: the grade is %q", g)
	}
}

func changedBodyIsRefused(t TB, s Subject, in *Instance) {
	signed(t, in)
	r := request(t, in, canary)
	for i := range r.Body {
		c := clone(r)
		c.Body[i] ^= 1
		if err := in.Webhook.Verify(t.Context(), c); !errors.Is(err, channels.ErrSignature) {
			t.Errorf("byte %d of %d changed: not refused with ErrSignature", i, len(r.Body))
		}
	}
	c := clone(r)
	c.Body[0] ^= 1
	s.refuses(t, in, c, "the first byte changed")
}

func resizedBodyIsRefused(t TB, s Subject, in *Instance) {
	signed(t, in)
	r := request(t, in, canary)
	for _, n := range []int{0, 1, len(r.Body) / 2, len(r.Body) - 1} {
		c := clone(r)
		c.Body = c.Body[:n]
		s.refuses(t, in, c, "%d bytes of %d", n, len(r.Body))
	}
	c := clone(r)
	c.Body = append(c.Body, ' ')
	s.refuses(t, in, c, "a space after the body")
}

// headers calls f for each signature header with a copy of a request.
func (s Subject) headers(t TB, in *Instance, f func(r *channels.Request, name, value string)) {
	t.Helper()
	if len(s.SignatureHeaders) == 0 {
		t.Skipf("no Subject.SignatureHeaders")
	}
	r := request(t, in, canary)
	for _, name := range s.SignatureHeaders {
		value := r.Header.Get(name)
		if value == "" {
			t.Fatalf("an authentic request has no header %s", name)
		}
		f(r, http.CanonicalHeaderKey(name), value)
	}
}

func missingHeaderIsRefused(t TB, s Subject, in *Instance) {
	s.headers(t, in, func(r *channels.Request, name, _ string) {
		c := clone(r)
		delete(c.Header, name)
		s.refuses(t, in, c, "without %s", name)
	})
}

func doubleHeaderIsRefused(t TB, s Subject, in *Instance) {
	s.headers(t, in, func(r *channels.Request, name, value string) {
		for _, values := range [][]string{{value, value}, {value, "x"}, {"x", value}} {
			c := clone(r)
			c.Header[name] = values
			s.refuses(t, in, c, "%s twice", name)
		}
	})
}

func garbageHeaderIsRefused(t TB, s Subject, in *Instance) {
	s.headers(t, in, func(r *channels.Request, name, value string) {
		for _, v := range []string{
			"", " ", "x", value[:len(value)-1], value[1:], value + "0", value + "=", value + " ", value + "\x00", value + value, "\xff",
			strings.ToUpper(value), strings.ToLower(value), // one signature has one form
		} {
			if v == value {
				continue
			}
			c := clone(r)
			c.Header[name] = []string{v}
			s.refuses(t, in, c, "%s garbled", name)
		}
	})
}

func otherURLIsRefused(t TB, s Subject, in *Instance) {
	signed(t, in)
	if s.URLUnsigned {
		t.Skipf("the signature does not cover the URL")
	}
	r := request(t, in, canary)
	for _, u := range []string{"", r.PublicURL + "/", r.PublicURL + "?a=b", "https://other.example/"} {
		c := clone(r)
		c.PublicURL = u
		s.refuses(t, in, c, "another URL")
	}
}

func staleIsRefused(t TB, s Subject, in *Instance) {
	if s.Horizon == 0 {
		t.Skipf("no Subject.Horizon")
	}
	r := request(t, in, canary)
	c := clone(r)
	c.At = r.At.Add(s.Horizon - time.Minute)
	if err := in.Webhook.Verify(t.Context(), c); err != nil {
		t.Errorf("a genuine request that comes again within the horizon is refused")
	}
	c.At = r.At.Add(s.Horizon + time.Hour)
	s.refuses(t, in, c, "older than the horizon")
}

func refusalsAreAlike(t TB, s Subject, in *Instance) {
	var texts []string
	s.headers(t, in, func(r *channels.Request, name, value string) {
		for _, v := range [][]string{nil, {"x"}, {value, value}} {
			c := clone(r)
			c.Header[name] = v
			if err := in.Webhook.Verify(t.Context(), c); err != nil {
				texts = append(texts, err.Error())
			}
		}
	})
	if len(slices.Compact(texts)) > 1 {
		t.Errorf("refusals differ in their text")
	}
}

func (s Subject) refuses(t TB, in *Instance, r *channels.Request, format string, args ...any) {
	t.Helper()
	err := in.Webhook.Verify(t.Context(), r)
	if err == nil {
		t.Errorf("accepted: "+format, args...)
		return
	}
	s.isFailure(t, in, err)
	if !errors.Is(err, channels.ErrSignature) {
		t.Errorf("refused, but not with ErrSignature: "+format, args...)
	}
}
