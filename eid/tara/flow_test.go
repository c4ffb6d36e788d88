package tara_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/tara"
	"github.com/liidestuja/liidestuja/eid/tara/taratest"
)

func TestAPersonIsWhoTheTokenNames(t *testing.T) {
	w := newWorld(t, change{})
	id, err := w.prove(eid.Request{Level: eid.High}, mary)
	require.NoError(t, err)
	evidence := id.Evidence
	id.Evidence = nil
	require.True(t, id.Equal(eid.Identity{
		Code: mary, GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ-ŠUSLIK TESTNUMBER", Born: "2000-01-01",
		Method: eid.TARA, Level: eid.High, At: w.now,
	}))
	parts := strings.Split(string(evidence), ".")
	require.Len(t, parts, 3, "the evidence is the ID token")
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	require.Contains(t, string(claims), mary)

	id, err = w.prove(eid.Request{Level: eid.Low}, foreign)
	require.NoError(t, err)
	require.Equal(t, "CZ", id.Code.Country())
	require.Equal(t, "1234567-test", id.Code.Number())
	require.Equal(t, eid.Substantial, id.Level, "the level that was reached")
}

func TestTheLinkAsksForWhatWasAsked(t *testing.T) {
	w := newWorld(t, change{cfg: func(c *tara.Config) { c.Scopes = []string{"mid", "smartid", "phone"} }})
	query := func(c eid.Challenge) url.Values {
		u, err := url.Parse(c.Link)
		require.NoError(t, err)
		require.Equal(t, address+"/oidc/authorize", u.Scheme+"://"+u.Host+u.Path)
		return u.Query()
	}
	first := query(w.begin(eid.Request{Level: eid.High, Language: "ru", ReturnURL: home}))
	second := query(w.begin(eid.Request{}))
	require.Equal(t, "high", first.Get("acr_values"))
	require.Equal(t, "substantial", second.Get("acr_values"))
	require.Equal(t, "ru", first.Get("ui_locales"))
	require.Equal(t, "et", second.Get("ui_locales"))
	require.Equal(t, "openid mid smartid phone", first.Get("scope"))
	require.Equal(t, "code", first.Get("response_type"))
	require.Equal(t, client, first.Get("client_id"))
	require.Equal(t, home, first.Get("redirect_uri"))
	for _, word := range []string{"state", "nonce"} {
		raw, err := base64.RawURLEncoding.DecodeString(first.Get(word))
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(raw), 16)
		require.NotEqual(t, first.Get(word), second.Get(word))
	}
	require.NotEqual(t, first.Get("state"), first.Get("nonce"))
	require.Equal(t, 1, w.sim.Totals().Discovery, "what was learned is kept")
}

func TestARequestThatTARACannotServeIsNotBegun(t *testing.T) {
	w := newWorld(t, change{})
	for field, r := range map[string]eid.Request{
		"Level":     {Level: eid.High + 1},
		"Language":  {Language: "fi"},
		"Code":      {Code: "60001019906"},
		"ReturnURL": {ReturnURL: home + "/"},
	} {
		_, err := w.a.Begin(t.Context(), r)
		require.ErrorIs(t, err, eid.ErrRequest)
		require.ErrorContains(t, err, field)
		discreet(t, err)
	}
	require.Zero(t, w.sim.Totals().Discovery)
}

func TestAChallengeIsPendingUntilItExpires(t *testing.T) {
	w := newWorld(t, change{cfg: func(c *tara.Config) { c.Lifetime = 5 * time.Minute }})
	c := w.begin(eid.Request{})
	require.Equal(t, w.now.Add(5*time.Minute), c.Expires)
	answer := w.login(c, mary)
	w.now = c.Expires.Add(-time.Nanosecond)
	_, err := w.resolve(c, nil)
	require.ErrorIs(t, err, eid.ErrPending)
	w.now = c.Expires
	for _, late := range []url.Values{nil, answer} {
		_, err = w.resolve(c, late)
		require.ErrorIs(t, err, eid.ErrExpired)
	}
	require.Zero(t, w.sim.Totals().Token)
}

func TestAnotherReplicaGoesOnWithTheState(t *testing.T) {
	w := newWorld(t, change{})
	c := w.begin(eid.Request{})
	answer := w.login(c, mary)
	w.a = w.another()
	id, err := w.resolve(c, answer)
	require.NoError(t, err)
	require.Equal(t, mary, string(id.Code))
}

func TestOnlyWhoWasAskedForIsAccepted(t *testing.T) {
	w := newWorld(t, change{})
	_, err := w.prove(eid.Request{Code: mary}, mary)
	require.NoError(t, err)
	_, err = w.prove(eid.Request{Code: mary}, jaak)
	require.ErrorIs(t, err, eid.ErrUntrusted)
	var f *tara.Failure
	require.ErrorAs(t, err, &f)
	require.Equal(t, "another person", f.Code)
}

func TestACodeIsExchangedAsTheClientWasRegistered(t *testing.T) {
	for name, inForm := range map[string]bool{"in the header, both words form-encoded first": false, "in the form": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, change{
				sim: func(c *taratest.Config) { c.SecretInForm = inForm },
				cfg: func(c *tara.Config) { c.SecretInForm = inForm },
			})
			_, err := w.prove(eid.Request{}, mary)
			require.NoError(t, err)
		})
	}
	t.Run("with the secret of the moment", func(t *testing.T) {
		current := "canary old"
		w := newWorld(t, change{cfg: func(c *tara.Config) { c.ClientSecret = func() string { return current } }})
		_, err := w.prove(eid.Request{}, mary)
		require.ErrorIs(t, err, eid.ErrRequest, "the client is not registered so")
		require.ErrorIs(t, err, eid.ErrFailed, "and that is the end of it")
		var f *tara.Failure
		require.ErrorAs(t, err, &f)
		require.Equal(t, []any{tara.Exchange, "invalid_client", 401}, []any{f.Stage, f.Code, f.Status})
		current = secret
		_, err = w.prove(eid.Request{}, mary)
		require.NoError(t, err)
	})
	t.Run("not without a secret", func(t *testing.T) {
		w := newWorld(t, change{cfg: func(c *tara.Config) { c.ClientSecret = func() string { return "" } }})
		_, err := w.prove(eid.Request{}, mary)
		require.Error(t, err)
		require.Zero(t, w.sim.Totals().Token)
	})
}

func TestACodeIsNeverExchangedTwice(t *testing.T) {
	w := newWorld(t, change{})
	c := w.begin(eid.Request{})
	answer := w.login(c, mary)
	_, err := w.resolve(c, answer)
	require.NoError(t, err)
	_, err = w.resolve(c, answer)
	require.ErrorIs(t, err, eid.ErrState, "TARA refuses a code that was shown before")
	require.Equal(t, 1, w.sim.Totals().Replays)

	late := w.begin(eid.Request{})
	answer = w.login(late, mary)
	w.now = w.now.Add(taratest.CodeLife)
	_, err = w.resolve(late, answer)
	require.ErrorIs(t, err, eid.ErrState)
}

func TestMeansBeyondThoseAskedForAreRefused(t *testing.T) {
	w := newWorld(t, change{})
	for name, tc := range map[string]struct {
		scopes []string
		amr    any
		ok     bool
	}{
		"asked for":                         {[]string{"mid", "smartid"}, []string{"smartid"}, true},
		"not asked for":                     {[]string{"smartid"}, []string{"mID"}, false},
		"in the other side's spelling":      {[]string{"mid"}, []string{"mid"}, false},
		"one of two not asked for":          {[]string{"mid"}, []string{"mID", "smartid"}, false},
		"an empty word":                     {nil, []string{""}, false},
		"text instead of a list":            {nil, "mID", false},
		"none asked for, any is good":       {nil, []string{"eIDAS"}, true},
		"eIDAS only":                        {[]string{"eidasonly", "eidas:country:cz"}, []string{"eIDAS"}, true},
		"eIDAS only and a means of Estonia": {[]string{"eidasonly"}, []string{"idcard"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w.cfg.Scopes = tc.scopes
			w.a = w.another()
			w.sim.NextClaims(func(claims map[string]any) { claims["amr"] = tc.amr })
			who := mary
			if len(tc.scopes) > 0 && tc.scopes[0] == "eidasonly" {
				who = foreign
			}
			_, err := w.prove(eid.Request{}, who)
			if tc.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, eid.ErrUntrusted)
		})
	}
}

func TestEmailAndPhoneAreInTheEvidenceWhenAskedFor(t *testing.T) {
	for name, scopes := range map[string][]string{"asked": {"mid", "phone"}, "not asked": {"mid"}} {
		w := newWorld(t, change{cfg: func(c *tara.Config) { c.Scopes = scopes }})
		id, err := w.prove(eid.Request{}, mary)
		require.NoError(t, err)
		body, err := base64.RawURLEncoding.DecodeString(strings.Split(string(id.Evidence), ".")[1])
		require.NoError(t, err)
		var claims map[string]any
		require.NoError(t, json.Unmarshal(body, &claims))
		require.Equal(t, name == "asked", claims["phone_number"] != nil, name)
	}
}

func TestGovSSOHasItsClaimsAtTheTopAndASlash(t *testing.T) {
	w := newWorld(t, change{
		sim: func(c *taratest.Config) { c.GovSSO = true },
		cfg: func(c *tara.Config) { c.Issuer, c.GovSSOClaims = address+"/", true },
	})
	id, err := w.prove(eid.Request{Level: eid.High}, mary)
	require.NoError(t, err)
	require.Equal(t, []string{"MARY ÄNN", "O’CONNEŽ-ŠUSLIK TESTNUMBER", "2000-01-01"}, []string{id.GivenName, id.FamilyName, string(id.Born)})

	w.cfg.Issuer = address
	_, err = w.another().Begin(t.Context(), eid.Request{})
	var f *tara.Failure
	require.ErrorAs(t, err, &f)
	require.Equal(t, "issuer", f.Code, "the slash is part of the name")
}

func TestASimulatorWithinAnotherProgramHasAPathOfItsOwn(t *testing.T) {
	const public = "https://demo.example/sim/tara"
	w := newWorld(t, change{})
	w.sim.SetURL(public)
	w.cfg.Issuer, w.cfg.Client = public, w.sim.Client()
	w.a = w.another()
	c := w.begin(eid.Request{})
	require.True(t, strings.HasPrefix(c.Link, public+"/oidc/authorize?"))
	id, err := w.resolve(c, w.login(c, jaak))
	require.NoError(t, err)
	require.Equal(t, jaak, string(id.Code))

	w.sim.FailNext(taratest.Token, taratest.Outage{Cut: true})
	_, err = w.prove(eid.Request{}, jaak)
	require.Error(t, err)
	w.cfg.Issuer = address
	_, err = w.another().Begin(t.Context(), eid.Request{})
	require.Error(t, err, "no other address is answered")
}

func TestManyPeopleAtOnce(t *testing.T) {
	w := newWorld(t, change{})
	var all sync.WaitGroup
	failed := make(chan error, 20)
	for range 20 {
		all.Go(func() {
			c, err := w.a.Begin(t.Context(), eid.Request{})
			if err != nil {
				failed <- err
				return
			}
			back, err := w.sim.Login(c.Link, mary)
			if err == nil {
				_, err = w.a.Resolve(t.Context(), c.State, back.Query())
			}
			failed <- err
		})
	}
	all.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	require.Equal(t, 1, w.sim.Totals().Discovery)
	require.Equal(t, 20, w.sim.Totals().Issued)
}

func TestTheReturnIsReadOnlyBehindOurOwnWord(t *testing.T) {
	w := newWorld(t, change{})
	c := w.begin(eid.Request{})
	good := w.login(c, mary)
	for name, tc := range map[string]struct {
		change func(url.Values)
		code   string
		err    error
	}{
		"nothing at all":            {func(q url.Values) { clear(q) }, "state", eid.ErrState},
		"no state":                  {func(q url.Values) { q.Del("state") }, "state", eid.ErrState},
		"state of somebody else":    {func(q url.Values) { q.Set("state", "OFfVLKu0kNbJ2EZk") }, "state", eid.ErrState},
		"state twice":               {func(q url.Values) { q.Add("state", q.Get("state")) }, "state", eid.ErrState},
		"refusal of somebody else":  {func(q url.Values) { q.Set("error", "user_cancel"); q.Set("state", "x") }, "state", eid.ErrState},
		"of another issuer":         {func(q url.Values) { q.Set("iss", "https://tara.ria.ee") }, "iss", eid.ErrState},
		"no code":                   {func(q url.Values) { q.Del("code") }, "code", eid.ErrState},
		"empty code":                {func(q url.Values) { q.Set("code", "") }, "code", eid.ErrState},
		"two codes":                 {func(q url.Values) { q.Add("code", "x") }, "code", eid.ErrState},
		"endless code":              {func(q url.Values) { q.Set("code", strings.Repeat("x", 3000)) }, "code", eid.ErrState},
		"the person went back":      {func(q url.Values) { q.Set("error", "user_cancel") }, "user_cancel", eid.ErrRefused},
		"scope that is unknown":     {func(q url.Values) { q.Set("error", "invalid_scope") }, "invalid_scope", eid.ErrRequest},
		"client that is not known":  {func(q url.Values) { q.Set("error", "unauthorized_client") }, "unauthorized_client", eid.ErrRequest}, //nolint:misspell // as OAuth writes it
		"TARA has trouble":          {func(q url.Values) { q.Set("error", "server_error") }, "server_error", eid.ErrFailed},
		"something that is no word": {func(q url.Values) { q.Set("error", "canary <script>") }, "other", eid.ErrFailed},
		"a word without its end":    {func(q url.Values) { q["error"] = []string{"user_cancel", "user_cancel"} }, "other", eid.ErrFailed},
	} {
		t.Run(name, func(t *testing.T) {
			answer := url.Values{}
			for k, v := range good {
				answer[k] = append([]string(nil), v...)
			}
			answer.Set("error_description", "canary")
			tc.change(answer)
			_, err := w.resolve(c, answer)
			var f *tara.Failure
			require.ErrorAs(t, err, &f)
			require.Equal(t, []any{tara.Return, tc.code}, []any{f.Stage, f.Code})
			require.ErrorIs(t, f.Err, tc.err)
			require.Equal(t, errors.Is(tc.err, eid.ErrRequest) || errors.Is(tc.err, eid.ErrFailed), errors.Is(err, eid.ErrFailed))
		})
	}
	require.Zero(t, w.sim.Totals().Token, "none of them cost the code")
	good.Set("iss", address)
	_, err := w.resolve(c, good)
	require.NoError(t, err)
}

func TestAnAuthenticatorIsConfiguredCompletely(t *testing.T) {
	good := tara.Config{
		Issuer: tara.Demo, ClientID: client, ClientSecret: func() string { return secret }, RedirectURL: home,
	}
	a, err := tara.New(good)
	require.NoError(t, err)
	require.Equal(t, eid.TARA, a.Method())
	for name, tc := range map[string]struct {
		field string
		spoil func(*tara.Config)
	}{
		"no issuer":                    {"Issuer", func(c *tara.Config) { c.Issuer = "" }},
		"issuer without TLS":           {"Issuer", func(c *tara.Config) { c.Issuer = "http://127.0.0.1:1" }},
		"issuer with a query":          {"Issuer", func(c *tara.Config) { c.Issuer = tara.Demo + "?a=b" }},
		"issuer with a password":       {"Issuer", func(c *tara.Config) { c.Issuer = "https://a:canary@tara.example" }},
		"issuer that is no address":    {"Issuer", func(c *tara.Config) { c.Issuer = "tara" }},
		"no client":                    {"ClientID", func(c *tara.Config) { c.ClientID = "" }},
		"no secret":                    {"ClientSecret", func(c *tara.Config) { c.ClientSecret = nil }},
		"no return":                    {"RedirectURL", func(c *tara.Config) { c.RedirectURL = "" }},
		"return with a fragment":       {"RedirectURL", func(c *tara.Config) { c.RedirectURL = home + "#a" }},
		"return without TLS":           {"RedirectURL", func(c *tara.Config) { c.RedirectURL = "http://agency.example/" }},
		"unknown scope":                {"Scopes", func(c *tara.Config) { c.Scopes = []string{"banklink"} }},
		"scope twice":                  {"Scopes", func(c *tara.Config) { c.Scopes = []string{"mid", "mid"} }},
		"country without eidasonly":    {"Scopes", func(c *tara.Config) { c.Scopes = []string{"eidas", "eidas:country:fi"} }},
		"country that is none":         {"Scopes", func(c *tara.Config) { c.Scopes = []string{"eidasonly", "eidas:country:FIN"} }},
		"eidasonly and another":        {"Scopes", func(c *tara.Config) { c.Scopes = []string{"eidasonly", "mid"} }},
		"level below substantial":      {"Level", func(c *tara.Config) { c.Level = eid.Low }},
		"lifetime beyond TARA's":       {"Lifetime", func(c *tara.Config) { c.Lifetime = time.Hour }},
		"skew longer than a token":     {"Skew", func(c *tara.Config) { c.Skew = 2 * time.Minute }},
		"time limit that has run out":  {"Timeout", func(c *tara.Config) { c.Timeout = -1 }},
		"issuer with a path of dotdot": {"Issuer", func(c *tara.Config) { c.Issuer = "https:///oidc" }},
	} {
		cfg := good
		tc.spoil(&cfg)
		_, err := tara.New(cfg)
		require.ErrorContains(t, err, "Config."+tc.field, name)
		discreet(t, err)
	}
}

func TestOneTimeWordsNeedTheirSource(t *testing.T) {
	w := newWorld(t, change{cfg: func(c *tara.Config) { c.Rand = strings.NewReader("too short") }})
	_, err := w.a.Begin(t.Context(), eid.Request{})
	require.ErrorContains(t, err, "Config.Rand")
}
