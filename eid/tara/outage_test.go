package tara_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/tara"
	"github.com/liidestuja/liidestuja/eid/tara/taratest"
)

func TestAnExchangeThatMayHaveBeenSeenIsNotRepeated(t *testing.T) {
	w := newWorld(t, change{})
	for name, tc := range map[string]struct {
		outage taratest.Outage
		status int
	}{
		"an answer of a gateway":               {taratest.Outage{Status: 503, Body: "canary"}, 503},
		"too many requests":                    {taratest.Outage{Status: 429}, 429},
		"a page instead of JSON":               {taratest.Outage{Status: 500, Body: "<html>canary"}, 500},
		"a redirect":                           {taratest.Outage{Status: 307}, 307},
		"an answer that got lost":              {taratest.Outage{Cut: true}, 0},
		"a connection cut before it was heard": {taratest.Outage{Cut: true, Status: 1}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.sim.Totals().Token
			w.sim.FailNext(taratest.Token, tc.outage)
			_, err := w.prove(eid.Request{}, mary)
			var f *tara.Failure
			require.ErrorAs(t, err, &f)
			require.Equal(t, []any{tara.Exchange, true, error(nil)}, []any{f.Stage, f.Spent, f.Err}, "an outage is no outcome")
			if tc.status >= 400 {
				require.Equal(t, tc.status, f.Status)
			}
			require.Equal(t, before+1, w.sim.Totals().Token)
		})
	}
}

func TestACodeWhoseAnswerWasLostIsSpent(t *testing.T) {
	w := newWorld(t, change{})
	c := w.begin(eid.Request{})
	answer := w.login(c, mary)
	w.sim.FailNext(taratest.Token, taratest.Outage{Cut: true}, taratest.Outage{Cut: true, Status: 1})
	_, err := w.resolve(c, answer)
	require.NotErrorIs(t, err, eid.ErrState)
	_, err = w.resolve(c, answer)
	require.NotErrorIs(t, err, eid.ErrState)
	_, err = w.resolve(c, answer)
	require.ErrorIs(t, err, eid.ErrState, "now TARA has said so")
}

func TestARedirectIsNotFollowed(t *testing.T) {
	w := newWorld(t, change{})
	c := w.begin(eid.Request{})
	answer := w.login(c, mary)
	for _, path := range []string{"/oidc/token", "/openid-configuration"} {
		calls := 0
		w.handled(path, func(rw http.ResponseWriter, r *http.Request) {
			calls++
			http.Redirect(rw, r, address+path, http.StatusTemporaryRedirect)
		})
		_, err := w.resolve(c, answer)
		require.Error(t, err)
		require.Equal(t, 1, calls, path)
	}
}

func TestASlowExchangeEndsWithTheTimeLimitOrTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, change{cfg: func(c *tara.Config) { c.Timeout = 3 * time.Second }})
		w.sim.FailNext(taratest.Token, taratest.Outage{Wait: time.Minute}, taratest.Outage{Wait: time.Minute})
		begun := time.Now()
		_, err := w.prove(eid.Request{}, mary)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 3*time.Second, time.Since(begun))

		c := w.begin(eid.Request{})
		answer := w.login(c, mary)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = w.a.Resolve(ctx, c.State, answer)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 4*time.Second, time.Since(begun))
	})
}

func TestAnExchangeThatNeverLeftMayBeRepeated(t *testing.T) {
	w := newWorld(t, change{})
	c := w.begin(eid.Request{})
	answer := w.login(c, mary)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.a.Resolve(over, c.State, answer)
	require.ErrorIs(t, err, context.Canceled)

	// A service that cannot be connected to any more.
	server := httptest.NewServer(w.sim)
	w.sim.SetURL(server.URL)
	w.cfg.Issuer, w.cfg.InsecureHTTP = server.URL, true
	w.cfg.Client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	w.a = w.another()
	c = w.begin(eid.Request{})
	answer = w.login(c, mary)
	at := server.Listener.Addr().String()
	server.Close()
	_, err = w.resolve(c, answer)
	var f *tara.Failure
	require.ErrorAs(t, err, &f)
	require.Equal(t, []any{tara.Exchange, false, error(nil)}, []any{f.Stage, f.Spent, f.Err})
	require.Zero(t, w.sim.Totals().Token)

	listener, err := net.Listen("tcp", at)
	require.NoError(t, err)
	again := &httptest.Server{Listener: listener, Config: &http.Server{Handler: w.sim}}
	again.Start()
	defer again.Close()
	id, err := w.resolve(c, answer)
	require.NoError(t, err)
	require.Equal(t, mary, string(id.Code))
}

func TestKeysThatCannotBeHadAreAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, change{})
		down := taratest.Outage{Status: 503}
		w.sim.FailNext(taratest.Keys, down, taratest.Outage{Cut: true, Status: 1})
		_, err := w.prove(eid.Request{}, mary)
		require.NoError(t, err, "the third answer was good")

		w = newWorld(t, change{})
		w.sim.FailNext(taratest.Keys, down, down, down)
		_, err = w.prove(eid.Request{}, mary)
		var f *tara.Failure
		require.ErrorAs(t, err, &f)
		require.Equal(t, []any{tara.Keys, 503, true, eid.ErrFailed}, []any{f.Stage, f.Status, f.Spent, f.Err})
		synctest.Wait() // until the fetch that failed is over also for whoever comes next
		_, err = w.prove(eid.Request{}, mary)
		require.NoError(t, err)
	})
}

func TestANewKeyIsFetchedOnceAndAWithdrawnOneForgotten(t *testing.T) {
	w := newWorld(t, change{})
	prove := func(keys int, c ...taratest.Case) error {
		t.Helper()
		w.sim.Next(c...)
		_, err := w.prove(eid.Request{}, mary)
		require.Equal(t, keys, w.sim.Totals().Keys)
		return err
	}
	require.NoError(t, prove(1))
	require.NoError(t, prove(1), "keys are kept")
	require.NoError(t, w.sim.Rotate())
	require.NoError(t, prove(2), "an unknown key is looked for")
	require.NoError(t, prove(2))
	require.ErrorIs(t, prove(3, taratest.StrangeKey), eid.ErrUntrusted)

	// A token of a key that TARA has taken back since.
	c := w.begin(eid.Request{})
	old, err := tokenOf(w, c)
	require.NoError(t, err)
	require.NoError(t, w.sim.Rotate())
	w.sim.Withdraw()
	w.handled("/oidc/token", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(rw, `{"access_token":"a","id_token":%q}`, old)
	})
	_, err = w.resolve(c, url.Values{"state": {stateOf(t, c)}, "code": {"x"}})
	require.ErrorIs(t, err, eid.ErrUntrusted)
}

func TestAWithdrawnKeyIsForgottenWithinAnHour(t *testing.T) {
	w := newWorld(t, change{cfg: func(c *tara.Config) { c.Lifetime = 30 * time.Minute }})
	var old string
	w.handled("/oidc/token", func(rw http.ResponseWriter, r *http.Request) {
		if old == "" {
			w.sim.ServeHTTP(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(rw, `{"access_token":"a","id_token":%q}`, old)
	})
	w.begin(eid.Request{})
	w.now = w.now.Add(50 * time.Minute)
	w.sim.NextClaims(func(claims map[string]any) { claims["exp"] = w.now.Add(time.Hour).Unix() })
	c := w.begin(eid.Request{})
	answer := w.login(c, mary)
	id, err := w.resolve(c, answer)
	require.NoError(t, err)

	old = string(id.Evidence)
	require.NoError(t, w.sim.Rotate())
	w.sim.Withdraw()
	_, err = w.resolve(c, answer)
	require.NoError(t, err, "keys are believed for a while")
	w.now = w.now.Add(10 * time.Minute)
	_, err = w.resolve(c, answer)
	require.ErrorIs(t, err, eid.ErrUntrusted)
}

func TestWhatWasLearnedLastsThroughAnOutageOfADay(t *testing.T) {
	w := newWorld(t, change{})
	down := func() { w.sim.FailNext(taratest.Discovery, taratest.Outage{Status: 502, Body: "canary"}) }
	begin := func() error {
		_, err := w.a.Begin(t.Context(), eid.Request{})
		if err != nil {
			discreet(t, err)
		}
		return err
	}
	down()
	var f *tara.Failure
	require.ErrorAs(t, begin(), &f)
	require.Equal(t, []any{tara.Discovery, 502, error(nil)}, []any{f.Stage, f.Status, f.Err})
	require.Error(t, begin())
	require.Equal(t, 1, w.sim.Totals().Discovery, "who came meanwhile hears the same")
	w.now = w.now.Add(2 * time.Second)
	require.NoError(t, begin())
	require.Equal(t, 2, w.sim.Totals().Discovery)

	w.now = w.now.Add(time.Hour)
	down()
	require.NoError(t, begin(), "what was known is still good")
	require.NoError(t, begin())
	require.Equal(t, 3, w.sim.Totals().Discovery)
	w.now = w.now.Add(23 * time.Hour)
	down()
	require.Error(t, begin(), "after a day it is not")
}

func TestDiscoveryCannotSendAnybodyElsewhere(t *testing.T) {
	w := newWorld(t, change{})
	good := map[string]string{
		"issuer": address, "authorization_endpoint": address + "/a", "token_endpoint": address + "/t", "jwks_uri": address + "/k",
	}
	for field, value := range map[string]string{
		"issuer": "https://evil.example", "authorization_endpoint": "https://evil.example/a", "token_endpoint": "http://tara.example/t",
		"jwks_uri": "https://canary@tara.example/k",
	} {
		w.handled("/openid-configuration", func(rw http.ResponseWriter, r *http.Request) {
			body := "{"
			for k, v := range good {
				if k == field {
					v = value
				}
				body += `"` + k + `":"` + v + `",`
			}
			_, _ = rw.Write([]byte(body + `"x":0}`))
		})
		_, err := w.a.Begin(t.Context(), eid.Request{})
		var f *tara.Failure
		require.ErrorAs(t, err, &f, field)
		require.Equal(t, []any{tara.Discovery, field}, []any{f.Stage, f.Code})
		discreet(t, err)
	}
	for name, body := range map[string]string{"not JSON": "<html>canary", "too long": string(make([]byte, 300<<10)), "empty": ""} {
		w.handled("/openid-configuration", func(rw http.ResponseWriter, r *http.Request) { _, _ = rw.Write([]byte(body)) })
		_, err := w.a.Begin(t.Context(), eid.Request{})
		var f *tara.Failure
		require.ErrorAs(t, err, &f, name)
		discreet(t, err)
	}
}
