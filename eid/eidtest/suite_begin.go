package eidtest

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"

	"github.com/liidestuja/liidestuja/eid"
)

func beginChecks() []check {
	return []check{
		{"what is begun has a state, an end, and nothing that a page must not have", begunIsWhole},
		{"a text is taken up to its limit, and refused beyond it", textIsLimited},
		{"an address to return to is https, absolute and without a fragment", returnURLIsChecked},
		{"a code, a number or a level that is none is refused", malformedIsRefused},
		{"nothing is begun when nobody waits for it", cancelledBeginFails},
		{"several can be begun at once", manyAtOnce},
	}
}

func begunIsWhole(t TB, s Subject, in *Instance) {
	if err := in.Authenticator.Method().Valid(); err != nil {
		t.Errorf("Method: %v", err)
	}
	before := in.Now()
	a, b := begin(t, s, in, s.Request), begin(t, s, in, s.Request)
	for _, c := range []eid.Challenge{a, b} {
		if len(c.State) == 0 || len(c.State) > eid.MaxState {
			t.Errorf("the state has %d bytes", len(c.State))
		}
		if !c.Expires.After(before) {
			t.Errorf("it is over before it has begun")
		}
		if strings.Trim(c.Code, "0123456789") != "" {
			t.Errorf("the control code is no number")
		}
		if u, err := url.Parse(c.Link); c.Link != "" && (err != nil || !u.IsAbs()) {
			t.Errorf("the link is no address")
		}
	}
	if string(a.State) == string(b.State) {
		t.Errorf("two that were begun have the same state")
	}
	if a.Link != "" && a.Link == b.Link {
		t.Errorf("two that were begun have the same link")
	}
}

func textIsLimited(t TB, s Subject, in *Instance) {
	if s.TextLimit == 0 {
		t.Skipf("the method has no limit")
	}
	r := s.Request
	r.Text = strings.Repeat("a", s.TextLimit)
	begin(t, s, in, r)
	r.Text = canary + strings.Repeat("a", s.TextLimit+1-len(canary))
	refused(t, s, in, r, "Text")
}

// refused fails unless the request is refused for the sake of the field.
func refused(t TB, s Subject, in *Instance, r eid.Request, field string) {
	t.Helper()
	c, err := in.Authenticator.Begin(t.Context(), r)
	switch {
	case err == nil || len(c.State) > 0:
		t.Errorf("a request with a wrong %s is begun", field)
		return
	case !errors.Is(err, eid.ErrRequest) || !strings.Contains(err.Error(), field):
		t.Errorf("a wrong %s is said to be: %v", field, err)
	}
	s.quiet(t, err)
}

func returnURLIsChecked(t TB, s Subject, in *Instance) {
	if s.Request.ReturnURL == "" {
		t.Skipf("the method sends no browser away")
	}
	for _, address := range []string{
		"http://agency.example/" + canary, "https://agency.example/" + canary + "#part", "/" + canary, "https:///" + canary,
		"https://user:" + canary + "@agency.example/", "javascript:" + canary, "https://agency.example/%zz" + canary,
	} {
		r := s.Request
		r.ReturnURL = address
		refused(t, s, in, r, "ReturnURL")
	}
}

func malformedIsRefused(t TB, s Subject, in *Instance) {
	r := s.Request
	r.Level = eid.High + 1
	refused(t, s, in, r, "Level")
	if s.Request.Code != "" {
		r = s.Request
		r.Code = "ee " + canary
		refused(t, s, in, r, "Code")
	}
	if s.Request.Phone != "" {
		r = s.Request
		r.Phone = canary
		refused(t, s, in, r, "Phone")
	}
}

func cancelledBeginFails(t TB, s Subject, in *Instance) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, err := in.Authenticator.Begin(ctx, s.Request)
	if err == nil || len(c.State) > 0 {
		t.Errorf("begun although ctx had ended")
		return
	}
	s.quiet(t, err)
}

func manyAtOnce(t TB, s Subject, in *Instance) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			c, err := in.Authenticator.Begin(t.Context(), s.Request)
			if err != nil || len(c.State) == 0 {
				t.Errorf("Begin: %v", err)
			}
			if live, ok := in.Authenticator.(eid.LiveLinker); ok && err == nil {
				_, _ = live.LiveLink(c.State, in.Now()) // what it says is another check's
			}
		})
	}
	wg.Wait()
}
