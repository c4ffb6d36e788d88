package taratest_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/tara/taratest"
)

const (
	home   = "https://agency.example/eid/tara?from=chat"
	secret = "s:e+c %r&t"
)

type world struct {
	t   *testing.T
	sim *taratest.Server
	now time.Time
}

func newWorld(t *testing.T, change ...func(*taratest.Config)) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	cfg := taratest.Config{
		ClientID: "agency chat", ClientSecret: secret, RedirectURLs: []string{home}, Now: func() time.Time { return w.now },
	}
	for _, f := range change {
		f(&cfg)
	}
	sim, err := taratest.New(cfg)
	require.NoError(t, err)
	sim.SetURL("https://tara.example")
	w.sim = sim
	return w
}

func asked(change func(url.Values)) string {
	q := url.Values{
		"client_id": {"agency chat"}, "redirect_uri": {home}, "response_type": {"code"}, "scope": {"openid"},
		"state": {"word-of-the-client"}, "nonce": {"n"}, "acr_values": {"high"}, "ui_locales": {"en"},
	}
	if change != nil {
		change(q)
	}
	return "https://tara.example/oidc/authorize?" + q.Encode()
}

func (w *world) get(address string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.sim.ServeHTTP(rec, httptest.NewRequest("GET", address, nil))
	return rec
}

func (w *world) post(path string, form url.Values, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "https://tara.example"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if change != nil {
		change(r)
	}
	rec := httptest.NewRecorder()
	w.sim.ServeHTTP(rec, r)
	return rec
}

func basic(r *http.Request) { r.SetBasicAuth("agency+chat", url.QueryEscape(secret)) }

func (w *world) code() url.Values {
	back, err := w.sim.Login(asked(nil), "EE60001019906")
	require.NoError(w.t, err)
	return url.Values{"grant_type": {"authorization_code"}, "redirect_uri": {home}, "code": {back.Query().Get("code")}}
}

func TestAnAuthorizeRequestIsRefusedByRedirectOnlyToARegisteredAddress(t *testing.T) {
	w := newWorld(t)
	for name, tc := range map[string]struct {
		field, value, want string // want "": a page
	}{
		"unknown client":            {"client_id", "another", ""},
		"another address":           {"redirect_uri", "https://evil.example/", ""},
		"address with one more bit": {"redirect_uri", home + "&x=1", ""},
		"no openid":                 {"scope", "smartid", "invalid_scope"},
		"unknown scope":             {"scope", "openid banklink", "invalid_scope"},
		"a country without only":    {"scope", "openid eidas:country:cz", "invalid_scope"},
		"short state":               {"state", "1234567", "invalid_request"},
		"unknown level":             {"acr_values", "highest", "invalid_request"},
		"implicit flow":             {"response_type", "token", "unsupported_response_type"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := w.get(asked(func(q url.Values) { q.Set(tc.field, tc.value) }))
			if tc.want == "" {
				require.Equal(t, 400, rec.Code)
				require.Empty(t, rec.Header().Get("Location"))
				return
			}
			require.Equal(t, 302, rec.Code)
			back, err := url.Parse(rec.Header().Get("Location"))
			require.NoError(t, err)
			require.Equal(t, "agency.example", back.Host)
			require.Equal(t, tc.want, back.Query().Get("error"))
			require.Equal(t, "chat", back.Query().Get("from"), "the registered query stays")
		})
	}
}

func TestThePageOffersWhoeverFitsAndTakesOneChoice(t *testing.T) {
	w := newWorld(t)
	press := func(page, button string) *httptest.ResponseRecorder {
		session := regexp.MustCompile(`name="session" value="([^"]+)"`).FindStringSubmatch(page)
		require.NotNil(t, session)
		require.Contains(t, page, `value="`+button+`"`)
		return w.post("/oidc/authorize", url.Values{"session": {session[1]}, "choice": {html.UnescapeString(button)}}, nil)
	}
	for locale, title := range map[string]string{"et": "Kes sa oled?", "en": "Who are you?", "ru": "Кто вы?", "fi": "Kes sa oled?"} {
		page := w.get(asked(func(q url.Values) { q.Set("ui_locales", locale) })).Body.String()
		require.Contains(t, page, title)
	}
	rec := w.get(asked(func(q url.Values) { q.Set("scope", "openid mid") }))
	page := rec.Body.String()
	require.NotContains(t, page, "<script")
	require.Contains(t, rec.Header().Get("Content-Security-Policy"), "default-src 'none'")
	require.Contains(t, page, "MARY ÄNN")
	require.NotContains(t, page, "JAAK-KRISTJAN", "who has no Mobile-ID")
	require.NotContains(t, page, "Osoba", "whose level is lower")

	chosen := press(page, "EE60001019906 mid")
	require.Equal(t, 302, chosen.Code)
	back, err := url.Parse(chosen.Header().Get("Location"))
	require.NoError(t, err)
	require.NotEmpty(t, back.Query().Get("code"))
	require.Equal(t, "word-of-the-client", back.Query().Get("state"))
	require.Equal(t, 400, press(page, "EE60001019906 mid").Code, "a page is good for one choice")

	cancelled := press(w.get(asked(nil)).Body.String(), "cancel")
	require.Contains(t, cancelled.Header().Get("Location"), "error=user_cancel")
	w.now = w.now.Add(time.Second)
	late := w.get(asked(nil)).Body.String()
	w.now = w.now.Add(taratest.SessionLife)
	require.Equal(t, 400, press(late, "cancel").Code, "a session is over after half an hour")
	require.Equal(t, 302, w.get(asked(func(q url.Values) { q.Set("autologin", "EE38001085718") })).Code)
	require.Equal(t, 400, w.get(asked(func(q url.Values) { q.Set("autologin", "EE00000000000") })).Code)
}

func TestACodeIsRedeemedOnceSoonAndByItsOwner(t *testing.T) {
	w := newWorld(t)
	for name, tc := range map[string]struct {
		form   func(url.Values)
		auth   func(*http.Request)
		wait   time.Duration
		status int
		code   string
	}{
		"as it should be":       {status: 200},
		"at the last moment":    {wait: taratest.CodeLife - time.Second, status: 200},
		"too late":              {wait: taratest.CodeLife, status: 400, code: "invalid_grant"},
		"wrong secret":          {auth: func(r *http.Request) { r.SetBasicAuth("agency+chat", "x") }, status: 401, code: "invalid_client"},
		"secret not escaped":    {auth: func(r *http.Request) { r.SetBasicAuth("agency chat", secret) }, status: 401, code: "invalid_client"},
		"no secret":             {auth: func(*http.Request) {}, status: 401, code: "invalid_client"},
		"secret in two places":  {form: func(f url.Values) { f.Set("client_secret", secret) }, status: 401, code: "invalid_client"},
		"another address":       {form: func(f url.Values) { f.Set("redirect_uri", home+"&x=1") }, status: 400, code: "invalid_grant"},
		"another code":          {form: func(f url.Values) { f.Set("code", "x") }, status: 400, code: "invalid_grant"},
		"another kind of grant": {form: func(f url.Values) { f.Set("grant_type", "password") }, status: 400, code: "unsupported_grant_type"},
	} {
		t.Run(name, func(t *testing.T) {
			form := w.code()
			if tc.form != nil {
				tc.form(form)
			}
			auth := basic
			if tc.auth != nil {
				auth = tc.auth
			}
			w.now = w.now.Add(tc.wait)
			rec := w.post("/oidc/token", form, auth)
			require.Equal(t, tc.status, rec.Code, rec.Body.String())
			if tc.code != "" {
				require.Contains(t, rec.Body.String(), `"`+tc.code+`"`)
			}
			if tc.status == 200 {
				again := w.post("/oidc/token", form, basic)
				require.Equal(t, 400, again.Code)
			}
		})
	}
	require.Equal(t, 2, w.sim.Totals().Replays)
	require.Equal(t, 2, w.sim.Totals().Issued)
}

func TestATokenIsSignedByTheNewestPublishedKey(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.sim.Rotate())
	rec := w.post("/oidc/token", w.code(), basic)
	var body struct {
		ID string `json:"id_token"`
	}
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &body))
	parts := strings.Split(body.ID, ".")
	require.Len(t, parts, 3)
	raw := make([][]byte, 3)
	for i := range parts {
		var err error
		raw[i], err = base64.RawURLEncoding.DecodeString(parts[i])
		require.NoError(t, err)
	}
	var head struct{ Alg, Kid string }
	require.NoError(t, json.Unmarshal(raw[0], &head))

	published := func() map[string]*rsa.PublicKey {
		var set struct{ Keys []struct{ Kid, N, E string } }
		require.NoError(t, json.Unmarshal(w.get("https://tara.example/oidc/jwks").Body.Bytes(), &set))
		out := map[string]*rsa.PublicKey{}
		for _, k := range set.Keys {
			n, err := base64.RawURLEncoding.DecodeString(k.N)
			require.NoError(t, err)
			e, err := base64.RawURLEncoding.DecodeString(k.E)
			require.NoError(t, err)
			out[k.Kid] = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
		}
		return out
	}
	require.Len(t, published(), 2)
	w.sim.Withdraw()
	keys := published()
	require.Len(t, keys, 1)
	require.Equal(t, "RS256", head.Alg)
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	require.NoError(t, rsa.VerifyPKCS1v15(keys[head.Kid], crypto.SHA256, sum[:], raw[2]))

	var claims map[string]any
	require.NoError(t, json.Unmarshal(raw[1], &claims))
	require.Equal(t, "EE60001019906", claims["sub"])
	require.Equal(t, []any{"idcard"}, claims["amr"])
	require.Equal(t, "word-of-the-client", claims["state"])
	require.InDelta(t, 40, claims["exp"].(float64)-claims["iat"].(float64), 0)
	require.NotContains(t, claims, "email", "which nobody asked for")
}

func TestAServiceIsConfiguredCompletely(t *testing.T) {
	good := taratest.Config{ClientID: "a", ClientSecret: "b", RedirectURLs: []string{home}}
	for field, spoil := range map[string]func(*taratest.Config){
		"ClientID":     func(c *taratest.Config) { c.ClientID = "" },
		"ClientSecret": func(c *taratest.Config) { c.ClientSecret = "" },
		"RedirectURLs": func(c *taratest.Config) { c.RedirectURLs = nil },
		"People":       func(c *taratest.Config) { c.People = []taratest.Person{{Subject: "EE1", Means: []string{"pin"}}} },
	} {
		cfg := good
		spoil(&cfg)
		_, err := taratest.New(cfg)
		require.ErrorContains(t, err, "Config."+field)
	}
}

func TestAnEndpointFailsAsItIsTold(t *testing.T) {
	w := newWorld(t)
	w.sim.FailNext(taratest.Keys, taratest.Outage{Status: 503, Body: "later"}, taratest.Outage{Cut: true})
	rec := w.get("https://tara.example/oidc/jwks")
	require.Equal(t, 503, rec.Code)
	require.Equal(t, "later", rec.Body.String())
	require.Panics(t, func() { w.get("https://tara.example/oidc/jwks") }, "which net/http turns into a cut connection")
	require.Equal(t, 200, w.get("https://tara.example/oidc/jwks").Code)
	require.Equal(t, 3, w.sim.Totals().Keys)
}
