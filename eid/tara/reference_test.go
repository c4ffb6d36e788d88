package tara_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/tara"
	"github.com/liidestuja/liidestuja/eid/tara/taratest"
)

// referenceDir is the folder of TARA's examples and verdicts, which is no part of
// the repository; "" when it is not there.
func referenceDir() string {
	dir := os.Getenv("ALT_REFERENCE")
	if dir == "" {
		dir = "../shared/reference"
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join("..", "..", dir)
	}
	dir = filepath.Join(dir, "eid", "tara")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

func TestReference(t *testing.T) {
	dir := referenceDir()
	if dir == "" {
		fmt.Println("reference: absent")
		return
	}
	files := map[string]func(t *testing.T, raw []byte) int{
		"id-token-cases.json":                 referenceCases,
		"redirect-examples.json":              referenceReturns,
		"endpoints.json":                      referenceEndpoints,
		"id-token-claims-mid.json":            referenceExample,
		"userinfo-mid.json":                   referenceProfile,
		"tara-mock-openid-configuration.json": referenceMockDiscovery,
		"tara-mock-token-claims-shape.json":   referenceMockToken,
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		require.Contains(t, files, e.Name(), "a file that nobody reads")
	}
	vectors, failed := 0, 0
	for name, check := range files {
		ok := t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			vectors += check(t, raw)
		})
		if !ok {
			failed++
		}
	}
	fmt.Printf("reference: fixtures=%d vectors=%d later=0 failed=%d\n", len(files), vectors, failed)
}

// sign has the next token say these claims and nothing else. A nonce and a state
// that the example has for the right ones become ours.
func (w *world) sign(claims map[string]any, nonce, state string) {
	w.sim.NextClaims(func(ours map[string]any) {
		right := maps.Clone(ours)
		clear(ours)
		maps.Copy(ours, claims)
		if ours["nonce"] == nonce {
			ours["nonce"] = right["nonce"]
		}
		if s, ok := ours["state"]; ok && s == state {
			ours["state"] = right["state"]
		}
	})
}

func referenceCases(t *testing.T, raw []byte) int {
	var rows []struct {
		Name    string
		Context struct {
			RequestedAcr    string
			RequestedScopes []string
			ClientID        string
			Issuer          string
			Nonce           string
			Now             int64
			SkewSeconds     int
		}
		Claims         map[string]any
		Expect, Reason string
	}
	require.NoError(t, json.Unmarshal(raw, &rows))
	require.NotEmpty(t, rows)
	for _, r := range rows {
		t.Run(r.Name, func(t *testing.T) {
			w := newWorld(t, change{
				sim: func(c *taratest.Config) { c.Issuer, c.ClientID = r.Context.Issuer, r.Context.ClientID },
				cfg: func(c *tara.Config) {
					c.Issuer, c.ClientID, c.Scopes = r.Context.Issuer, r.Context.ClientID, r.Context.RequestedScopes
					c.Skew = time.Duration(r.Context.SkewSeconds) * time.Second
				},
			})
			w.at(r.Context.Issuer)
			w.now = time.Unix(r.Context.Now, 0)
			var level eid.Level
			if r.Context.RequestedAcr != "" {
				var err error
				level, err = eid.ParseLevel(r.Context.RequestedAcr)
				require.NoError(t, err)
			}
			w.sign(r.Claims, r.Context.Nonce, "")
			id, err := w.prove(eid.Request{Level: level}, mary)
			if r.Expect == "reject" {
				var f *tara.Failure
				require.ErrorAs(t, err, &f)
				require.Equal(t, tara.Token, f.Stage)
				require.Contains(t, map[string]string{"scope asked smartid only but amr is mID": "amr", "with no acr_values the token must be substantial or high": "acr"}[r.Reason]+" "+r.Reason, f.Code)
				return
			}
			require.NoError(t, err)
			require.Equal(t, r.Claims["sub"], string(id.Code))
			require.Equal(t, r.Claims["acr"], id.Level.String())
			if id.Code.Country() != "EE" {
				require.Empty(t, string(id.Born), "no date is read out of a foreign code")
			}
		})
	}
	return len(rows)
}

func referenceReturns(t *testing.T, raw []byte) int {
	var rows []struct{ Query, Outcome string }
	require.NoError(t, json.Unmarshal(raw, &rows))
	w := newWorld(t, change{})
	for _, r := range rows {
		answer, err := url.ParseQuery(r.Query)
		require.NoError(t, err)
		c := w.begin(eid.Request{})
		_, err = w.resolve(c, answer)
		require.ErrorIs(t, err, eid.ErrState, "the example's state is not ours")

		answer.Set("state", stateOf(t, c))
		_, err = w.resolve(c, answer)
		switch outcome, _, _ := strings.Cut(r.Outcome, ":"); outcome {
		case "success":
			var f *tara.Failure
			require.ErrorAs(t, err, &f)
			require.Equal(t, []any{tara.Exchange, "invalid_grant"}, []any{f.Stage, f.Code}, "the example's code is exchanged, and TARA knows nothing of it")
		case "configuration error":
			require.ErrorIs(t, err, eid.ErrRequest)
		case "person cancelled":
			require.ErrorIs(t, err, eid.ErrRefused)
		default:
			t.Fatalf("unknown outcome %q", r.Outcome)
		}
	}
	return len(rows)
}

func referenceEndpoints(t *testing.T, raw []byte) int {
	type environment struct{ Issuer, Authorize, Token, JWKS string }
	var doc struct {
		Demo, Production      environment
		IDTokenLifetime       int `json:"idTokenLifetimeSeconds"`
		CodeLifetime          int `json:"authorizationCodeLifetimeSeconds"`
		SessionMinutes        int `json:"taraSessionMinutes"`
		Scopes, ACRValues     []string
		UILocales             []string
		DefaultACR, IDToken   string
		StateMinLength        int
		Discovery, AMR, Error []string
	}
	require.NoError(t, json.Unmarshal(raw, &doc))
	require.Equal(t, tara.Demo, doc.Demo.Issuer)
	require.Equal(t, tara.Live, doc.Production.Issuer)
	require.Equal(t, taratest.TokenLife, time.Duration(doc.IDTokenLifetime)*time.Second)
	require.Equal(t, taratest.CodeLife, time.Duration(doc.CodeLifetime)*time.Second)
	require.Equal(t, taratest.SessionLife, time.Duration(doc.SessionMinutes)*time.Minute)
	for _, s := range doc.Scopes {
		scopes := []string{strings.Replace(s, ":xx", ":fi", 1)}
		if scopes[0] != s {
			scopes = append(scopes, "eidasonly")
		}
		_, err := tara.New(tara.Config{
			Issuer: tara.Demo, ClientID: client, ClientSecret: func() string { return secret }, RedirectURL: home, Scopes: scopes,
		})
		require.NoError(t, err, s)
	}
	w := newWorld(t, change{})
	for _, level := range doc.ACRValues {
		for _, language := range doc.UILocales {
			l, err := eid.ParseLevel(level)
			require.NoError(t, err)
			c := w.begin(eid.Request{Level: l, Language: language})
			require.Contains(t, c.Link, doc.Demo.Authorize)
			require.GreaterOrEqual(t, len(stateOf(t, c)), doc.StateMinLength)
		}
	}
	require.Contains(t, w.begin(eid.Request{}).Link, "acr_values="+doc.DefaultACR)
	return 2 + len(doc.Scopes) + len(doc.ACRValues) + len(doc.UILocales)
}

// The specification's example has an empty nonce and no level, so it must be
// refused as it stands, and accepted with the two that a client of ours gets.
func referenceExample(t *testing.T, raw []byte) int {
	var claims map[string]any
	require.NoError(t, json.Unmarshal(raw, &claims))
	w := newWorld(t, change{
		sim: func(c *taratest.Config) { c.Issuer, c.ClientID = tara.Demo, "TARA-Demo" },
		cfg: func(c *tara.Config) { c.Issuer, c.ClientID = tara.Demo, "TARA-Demo" },
	})
	w.at(tara.Demo)
	w.now = time.Unix(int64(claims["iat"].(float64))+8, 0)
	state, _ := claims["state"].(string)
	for _, tc := range []struct {
		nonce string
		level any
		want  error
	}{{"none of ours", nil, eid.ErrUntrusted}, {"", nil, eid.ErrTooWeak}, {"", "high", nil}} {
		changed := maps.Clone(claims)
		if tc.level != nil {
			changed["acr"] = tc.level
		}
		w.sign(changed, tc.nonce, state)
		id, err := w.prove(eid.Request{}, mary)
		require.ErrorIs(t, err, tc.want)
		if err == nil {
			require.Equal(t, []string{"EE60001019906", "MARY ÄNN", "O’CONNEŽ-ŠUSLIK TESTNUMBER", "2000-01-01"},
				[]string{string(id.Code), id.GivenName, id.FamilyName, string(id.Born)})
		}
	}
	return 3
}

// What the profile endpoint says of the person is what the token says; the
// endpoint itself is not used.
func referenceProfile(t *testing.T, raw []byte) int {
	var info struct {
		Sub        string `json:"sub"`
		Born       string `json:"date_of_birth"`
		GivenName  string `json:"given_name"`
		FamilyName string `json:"family_name"`
	}
	require.NoError(t, json.Unmarshal(raw, &info))
	w := newWorld(t, change{})
	id, err := w.prove(eid.Request{}, info.Sub)
	require.NoError(t, err)
	require.Equal(t, []string{info.Sub, info.Born, info.GivenName, info.FamilyName},
		[]string{string(id.Code), string(id.Born), id.GivenName, id.FamilyName})
	return 1
}
