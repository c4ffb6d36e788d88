package tara_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/tara"
	"github.com/liidestuja/liidestuja/eid/tara/taratest"
)

func TestEveryHostileCaseIsRefusedForItsReason(t *testing.T) {
	reasons := map[taratest.Case]string{
		taratest.WrongIssuer: "iss", taratest.WrongAudience: "aud", taratest.SharedAudience: "azp", taratest.WrongParty: "azp",
		taratest.WrongNonce: "nonce", taratest.EmptyNonce: "nonce", taratest.NoNonce: "nonce", taratest.WrongState: "state",
		taratest.WrongReturn: "state", taratest.NoReturn: "state", taratest.TwoReturns: "state",
		taratest.LowLevel: "acr", taratest.NoLevel: "acr", taratest.UnknownLevel: "acr",
		taratest.OtherMeans: "amr", taratest.NoMeans: "amr", taratest.Expired: "exp", taratest.NoExpiry: "exp",
		taratest.FromFuture: "iat", taratest.Undated: "iat", taratest.NoCountry: "sub", taratest.NoSubject: "sub",
		taratest.BadBirth: "date_of_birth", taratest.AlgNone: "signature", taratest.AlgHS256: "signature",
		taratest.StrangeKey: "signature", taratest.ForgedKey: "signature", taratest.Spoiled: "signature", taratest.Swapped: "signature",
		taratest.NotAToken: "signature", taratest.NoToken: "id_token", taratest.ErrorWithStatus: "server_error",
	}
	meaning := map[taratest.Case]error{
		taratest.WrongReturn: eid.ErrState, taratest.NoReturn: eid.ErrState, taratest.TwoReturns: eid.ErrState,
		taratest.ErrorWithStatus: eid.ErrFailed, taratest.LowLevel: eid.ErrTooWeak, taratest.NoLevel: eid.ErrTooWeak,
	}
	w := newWorld(t, change{cfg: func(c *tara.Config) { c.Scopes = []string{"mid", "smartid"} }})
	for _, c := range taratest.Cases() {
		t.Run(string(c), func(t *testing.T) {
			w.sim.Next(c)
			_, err := w.prove(eid.Request{}, mary)
			want := eid.ErrUntrusted
			if m, ok := meaning[c]; ok {
				want = m
			}
			var f *tara.Failure
			require.ErrorAs(t, err, &f)
			require.Equal(t, reasons[c], f.Code)
			require.Equal(t, want, f.Err)
			require.Equal(t, f.Stage != tara.Return, f.Spent)
			require.Equal(t, f.Stage == tara.Token, len(f.Token) > 0, "a refused token is kept for the security log")

			require.Equal(t, f.Error(), fmt.Sprintf("%#v", f))
			var log bytes.Buffer
			slog.New(slog.NewJSONHandler(&log, nil)).Info("refused", "why", err)
			for _, canary := range canaries() {
				require.NotContains(t, log.String(), canary)
			}

			_, err = w.prove(eid.Request{}, mary)
			require.NoError(t, err, "the next one is a new question")
		})
	}
}

// mutants are other values of a claim; each must be refused.
func mutants(v any) []any {
	out := []any{nil, "", "x", 1, -1, 1e300, true, []any{}, map[string]any{}, []any{nil}, []any{[]any{}}}
	if s, ok := v.(string); ok {
		out = append(out, s+" ", " "+s, strings.ToUpper(s[:1])+s[1:], s+"\x00", []any{s}, s+s)
		for i := range s {
			b := []byte(s)
			b[i] ^= 1
			out = append(out, string(b))
		}
	}
	return out
}

func TestNoClaimThatDecidesCanBeAnother(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	good := func() map[string]any {
		return map[string]any{
			"iss": address, "aud": client, "exp": now.Unix() + 40, "iat": now.Unix(), "sub": mary, "amr": []any{"mID"},
			"acr": "high", "state": "the-word-of-the-state", "nonce": "the-nonce-of-the-request",
			"profile_attributes": map[string]any{"given_name": "MARY", "family_name": "O’CONNEŽ", "date_of_birth": "2000-01-01"},
		}
	}
	read := func(claims map[string]any) (eid.Identity, error) {
		payload, err := json.Marshal(claims)
		require.NoError(t, err)
		return tara.ReadClaims(payload, address, client, "the-word-of-the-state", "the-nonce-of-the-request", now)
	}
	first, err := read(good())
	require.NoError(t, err)
	tried := 0
	for name := range good() {
		claims := good()
		delete(claims, name)
		id, err := read(claims)
		// A token may be without a state, and without a profile, whose names nobody
		// compares with anything.
		if name == "state" || name == "profile_attributes" {
			require.NoError(t, err, name)
			require.Equal(t, first.Code, id.Code)
		} else {
			require.Error(t, err, name)
		}
		for _, m := range mutants(good()[name]) {
			claims := good()
			if reflect.DeepEqual(claims[name], m) {
				continue
			}
			claims[name] = m
			tried++
			id, err := read(claims)
			if err == nil {
				requireHarmless(t, name, m, first, id)
				continue
			}
			discreet(t, err)
		}
	}
	require.Greater(t, tried, 150)
}

// requireHarmless names what may differ in an accepted token, and why.
func requireHarmless(t *testing.T, name string, m any, first, id eid.Identity) {
	t.Helper()
	switch name {
	case "sub":
		// Another person, whom TARA would have signed for: nothing else tells.
		require.NotEqual(t, string(first.Code), string(id.Code), "%v", m)
	case "iat":
		require.Equal(t, 1, m, "long ago: exp says how long it holds, and the nonce what it answers")
	case "aud":
		require.Equal(t, []any{client}, m, "a list of us alone")
	case "state":
		require.Nil(t, m, "null is no state")
	case "profile_attributes":
		require.Contains(t, []any{nil, ""}, nilOrEmpty(m))
		require.Empty(t, id.GivenName)
	default:
		t.Fatalf("%s was accepted as %v", name, m)
	}
	require.Equal(t, first.Level, id.Level)
}

func nilOrEmpty(m any) any {
	if o, ok := m.(map[string]any); ok && len(o) == 0 {
		return nil
	}
	return m
}

func TestNoByteOfATokenCanBeAnother(t *testing.T) {
	w := newWorld(t, change{})
	var token string
	w.handled("/oidc/token", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(rw, `{"access_token":"a","id_token":%q}`, token)
	})
	c := w.begin(eid.Request{})
	genuine, err := tokenOf(w, c)
	require.NoError(t, err)
	token = genuine
	answer := url.Values{"state": {stateOf(t, c)}, "code": {"x"}}
	_, err = w.resolve(c, answer)
	require.NoError(t, err)
	for i := range genuine {
		b := []byte(genuine)
		b[i] = 'A'
		if b[i] == genuine[i] {
			b[i] = 'Q'
		}
		token = string(b)
		_, err := w.resolve(c, answer)
		require.ErrorIs(t, err, eid.ErrUntrusted, "byte %d", i)
	}
	for name, spoiled := range map[string]string{
		"a part too few": genuine[:strings.LastIndexByte(genuine, '.')], "a part too many": genuine + ".x",
		"empty signature": genuine[:strings.LastIndexByte(genuine, '.')+1], "too long": strings.Repeat("A", 40<<10) + "..",
		"JSON form": `{"payload":"","signatures":[]}`,
	} {
		token = spoiled
		_, err := w.resolve(c, answer)
		require.ErrorIs(t, err, eid.ErrUntrusted, name)
	}
}

func stateOf(t *testing.T, c eid.Challenge) string {
	u, err := url.Parse(c.Link)
	require.NoError(t, err)
	return u.Query().Get("state")
}

// tokenOf returns the token that TARA gives for a login.
func tokenOf(w *world, c eid.Challenge) (string, error) {
	keep := w.cfg.Client
	w.cfg.Client = &http.Client{Transport: direct{w.sim}}
	id, err := w.another().Resolve(w.t.Context(), c.State, w.login(c, mary))
	w.cfg.Client = keep
	return string(id.Evidence), err
}

func TestTimesAreReadWithTheSkew(t *testing.T) {
	w := newWorld(t, change{cfg: func(c *tara.Config) { c.Skew = 15 * time.Second }})
	for name, tc := range map[string]struct {
		claim  string
		offset time.Duration
		ok     bool
	}{
		"just not over":            {"exp", -14 * time.Second, true},
		"over":                     {"exp", -15 * time.Second, false},
		"issued a little later":    {"iat", 15 * time.Second, true},
		"issued too much later":    {"iat", 16 * time.Second, false},
		"not before is not looked": {"nbf", time.Hour, true},
	} {
		w.sim.NextClaims(func(claims map[string]any) { claims[tc.claim] = w.now.Add(tc.offset).Unix() })
		_, err := w.prove(eid.Request{}, mary)
		require.Equal(t, tc.ok, err == nil, name)
	}
}

func TestTheLevelIsThatOfTheTokenAndEnough(t *testing.T) {
	levels := []eid.Level{eid.Undefined, eid.Low, eid.Substantial, eid.High}
	for _, least := range []eid.Level{eid.Undefined, eid.High} {
		w := newWorld(t, change{cfg: func(c *tara.Config) { c.Level = least }})
		for _, want := range levels {
			for _, got := range levels[1:] {
				w.sim.NextClaims(func(claims map[string]any) { claims["acr"] = got.String() })
				id, err := w.prove(eid.Request{Level: want}, mary)
				need := want
				if want == eid.Undefined {
					need = max(least, eid.Substantial)
				}
				if got < need {
					require.ErrorIs(t, err, eid.ErrTooWeak)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, got, id.Level)
			}
		}
	}
}
