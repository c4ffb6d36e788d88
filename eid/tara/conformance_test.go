package tara_test

import (
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest"
	"github.com/liidestuja/liidestuja/eid/tara"
	"github.com/liidestuja/liidestuja/eid/tara/taratest"
)

func TestAuthenticator(t *testing.T) {
	eidtest.Run(t, eidtest.Subject{
		New:     newInstance,
		Request: eid.Request{Level: eid.Substantial, Code: mary, ReturnURL: home, Language: "en"},
		Person:  eid.Identity{Code: mary, GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ-ŠUSLIK TESTNUMBER", Born: "2000-01-01"},
		Secrets: []string{secret, "canary"},
	})
}

func newInstance(t eidtest.TB) *eidtest.Instance {
	t.Helper()
	var mu sync.Mutex
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return at
	}
	sim, err := taratest.New(taratest.Config{
		ClientID: client, ClientSecret: secret, RedirectURLs: []string{home}, Now: now, KeyBits: 1024,
	})
	if err != nil {
		t.Fatalf("taratest: %v", err)
	}
	sim.SetURL(address)
	authenticator := func(id string) eid.Authenticator {
		a, err := tara.New(tara.Config{
			Issuer: address, ClientID: id, ClientSecret: func() string { return secret }, RedirectURL: home,
			Client: &http.Client{Transport: direct{sim}}, Now: now,
		})
		if err != nil {
			t.Fatalf("tara: %v", err)
		}
		return a
	}
	return &eidtest.Instance{
		Authenticator: authenticator(client),
		Replica:       func() eid.Authenticator { return authenticator(client) },
		Foreign:       func() eid.Authenticator { return authenticator("another client") },
		Now:           now,
		Advance: func(d time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			at = at.Add(d)
		},
		Answer: func(c eid.Challenge, _ eid.Request, o eidtest.Outcome) (url.Values, bool) { return play(t, sim, c, o) },
	}
}

// play lets the world decide what was begun.
func play(t eidtest.TB, sim *taratest.Server, c eid.Challenge, o eidtest.Outcome) (url.Values, bool) {
	who, leave := mary, sim.Login
	switch o {
	case eidtest.Approve:
	case eidtest.Wait:
		return nil, true
	case eidtest.Refuse:
		leave = func(link, _ string) (*url.URL, error) { return sim.Cancel(link) }
	case eidtest.Stranger:
		who = jaak
	case eidtest.Weaker:
		sim.Next(taratest.LowLevel)
	case eidtest.Forge:
		sim.Next(taratest.ForgedKey)
	case eidtest.Unknown:
		sim.Next(taratest.ErrorWithStatus)
	case eidtest.Break:
		sim.FailNext(taratest.Token, taratest.Outage{Status: http.StatusServiceUnavailable})
	default:
		return nil, false
	}
	back, err := leave(c.Link, who)
	if err != nil {
		t.Fatalf("taratest: %v", err)
	}
	return back.Query(), true
}
