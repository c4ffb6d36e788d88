package tara_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/tara"
	"github.com/liidestuja/liidestuja/eid/tara/taratest"
)

const (
	home    = "https://agency.example/eid/tara"
	client  = "agency chat"
	secret  = "canary s:e+c %r&t õ"
	address = "https://tara.example"
	mary    = "EE60001019906"
	jaak    = "EE38001085718"
	foreign = "CZ1234567-test"
)

// canaries are what no error may say.
func canaries() []string {
	return []string{
		"canary", "60001019906", "38001085718", "1234567-test", "MARY", "O’CONNEŽ", "2000-01-01",
		"another-nonce", "another-state", "another-client", address, "agency.example", "eyJ",
	}
}

// world is an authenticator, its TARA and their clock.
type world struct {
	t   *testing.T
	sim *taratest.Server
	cfg tara.Config
	a   *tara.Authenticator
	now time.Time
}

type change struct {
	sim func(*taratest.Config)
	cfg func(*tara.Config)
}

func newWorld(t *testing.T, c change) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	simulated := taratest.Config{ClientID: client, ClientSecret: secret, RedirectURLs: []string{home}, Now: clock, KeyBits: 1024}
	w.cfg = tara.Config{
		Issuer: address, ClientID: client, ClientSecret: func() string { return secret }, RedirectURL: home, Now: clock,
	}
	if c.sim != nil {
		c.sim(&simulated)
	}
	if c.cfg != nil {
		c.cfg(&w.cfg)
	}
	sim, err := taratest.New(simulated)
	require.NoError(t, err)
	sim.SetURL(address)
	w.sim = sim
	w.cfg.Client = &http.Client{Transport: direct{sim}}
	w.a = w.another()
	return w
}

// another is the authenticator of another replica.
func (w *world) another() *tara.Authenticator {
	a, err := tara.New(w.cfg)
	require.NoError(w.t, err)
	return a
}

func (w *world) begin(r eid.Request) eid.Challenge {
	w.t.Helper()
	c, err := w.a.Begin(w.t.Context(), r)
	require.NoError(w.t, err)
	return c
}

// login lets somebody sign in, and returns the query of the return.
func (w *world) login(c eid.Challenge, who string) url.Values {
	w.t.Helper()
	back, err := w.sim.Login(c.Link, who)
	require.NoError(w.t, err)
	return back.Query()
}

func (w *world) resolve(c eid.Challenge, answer url.Values) (eid.Identity, error) {
	w.t.Helper()
	id, err := w.a.Resolve(w.t.Context(), c.State, answer)
	if err != nil {
		require.Zero(w.t, id)
		discreet(w.t, err)
	} else {
		require.NoError(w.t, id.Valid())
	}
	return id, err
}

// prove plays a whole sign-in.
func (w *world) prove(r eid.Request, who string) (eid.Identity, error) {
	w.t.Helper()
	c := w.begin(r)
	return w.resolve(c, w.login(c, who))
}

// discreet fails when err, or an error within it, says what it must not.
func discreet(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	for rest := []error{err}; len(rest) > 0; rest = rest[1:] {
		text += " " + rest[0].Error()
		if u, ok := rest[0].(interface{ Unwrap() []error }); ok {
			rest = append(rest, u.Unwrap()...)
		}
	}
	if f := (*tara.Failure)(nil); errors.As(err, &f) {
		text += fmt.Sprintf(" %v %+v %#v %s %q", f, f, f, f, f)
	}
	for _, canary := range canaries() {
		require.NotContains(t, text, canary)
	}
}

// direct carries requests to a handler without a network. A handler that panics
// has cut the connection.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (res *http.Response, err error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if r.URL.Scheme+"://"+r.URL.Host != address {
		return nil, fmt.Errorf("no route to %s", r.URL.Host)
	}
	defer func() {
		if p := recover(); p != nil {
			res, err = nil, io.ErrUnexpectedEOF
			if ctx := r.Context().Err(); ctx != nil {
				err = ctx
			}
		}
	}()
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	rec := httptest.NewRecorder()
	d.handler.ServeHTTP(rec, in)
	return rec.Result(), nil
}

// handled answers in place of a path of the simulator.
func (w *world) handled(path string, h http.HandlerFunc) {
	w.cfg.Client = &http.Client{Transport: direct{http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, path) {
			h(rw, r)
			return
		}
		w.sim.ServeHTTP(rw, r)
	})}}
	w.a = w.another()
}

// offline is a client that reaches nobody.
func offline() *http.Client { return &http.Client{Transport: direct{http.NotFoundHandler()}} }
