package meta_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

const (
	connectApp     = "900000000000009"
	connectSession = "canary-cookie-0123456789"
	connectCode    = "canary-login-code"
	connectLong    = "EAAcanarylong"
)

func connectConfig(base string) meta.ConnectorConfig {
	return meta.ConnectorConfig{
		AppID: connectApp, AppSecrets: func() []string { return []string{outSecret} }, LoginConfig: "800000000000008",
		RedirectURL: "https://agency.example/connect/return", Endpoints: meta.Endpoints{Graph: base, Instagram: base + "/insta"},
		Now: outNoon, InsecureHTTP: true,
	}
}

func connector(t testing.TB, cfg meta.ConnectorConfig) *meta.Connector {
	t.Helper()
	c, err := meta.NewConnector(cfg)
	require.NoError(t, err)
	return c
}

// noSecrets fails when an error or a value prints what must not be known.
func noSecrets(t testing.TB, values ...any) {
	t.Helper()
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			text := fmt.Sprintf(verb, v)
			for _, canary := range []string{outToken, outSecret, outProof, connectSession, connectCode, connectLong, "canary", "63616e617279", "371 5550 0001"} {
				require.NotContains(t, text, canary, verb)
			}
		}
		if raw, err := json.Marshal(v); err == nil {
			require.NotContains(t, string(raw), "canary")
		}
	}
}

func TestNewConnectorRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(*meta.ConnectorConfig)
		want  string
	}{
		"no app id":                  {func(c *meta.ConnectorConfig) { c.AppID = "" }, "AppID"},
		"an app id with letters":     {func(c *meta.ConnectorConfig) { c.AppID = "12a" }, "AppID"},
		"no source of secrets":       {func(c *meta.ConnectorConfig) { c.AppSecrets = nil }, "AppSecrets"},
		"no secret":                  {func(c *meta.ConnectorConfig) { c.AppSecrets = func() []string { return nil } }, "AppSecrets"},
		"an empty secret":            {func(c *meta.ConnectorConfig) { c.AppSecrets = func() []string { return []string{outSecret, ""} } }, "AppSecrets"},
		"no login configuration":     {func(c *meta.ConnectorConfig) { c.LoginConfig = "" }, "LoginConfig"},
		"no redirect address":        {func(c *meta.ConnectorConfig) { c.RedirectURL = "" }, "RedirectURL"},
		"a relative redirect":        {func(c *meta.ConnectorConfig) { c.RedirectURL = "/return" }, "RedirectURL"},
		"a redirect with a fragment": {func(c *meta.ConnectorConfig) { c.RedirectURL += "#x" }, "RedirectURL"},
		"a redirect with a password": {func(c *meta.ConnectorConfig) { c.RedirectURL = "https://u:canary@a.example/" }, "RedirectURL"},
		"a redirect without TLS":     {func(c *meta.ConnectorConfig) { c.InsecureHTTP, c.RedirectURL = false, "http://a.example/" }, "RedirectURL"},
		"a redirect to a script":     {func(c *meta.ConnectorConfig) { c.RedirectURL = "javascript://a.example/" }, "RedirectURL"},
		"no real version":            {func(c *meta.ConnectorConfig) { c.Version = "latest" }, "Version"},
		"an API without TLS":         {func(c *meta.ConnectorConfig) { c.InsecureHTTP = false }, "Endpoints.Graph"},
		"no Instagram API":           {func(c *meta.ConnectorConfig) { c.Endpoints.Instagram = "x" }, "Endpoints.Instagram"},
		"a dialog that is no page":   {func(c *meta.ConnectorConfig) { c.Dialog = "facebook" }, "Dialog"},
		"a dialog with a query":      {func(c *meta.ConnectorConfig) { c.Dialog = "https://www.facebook.com/?x" }, "Dialog"},
		"a negative time-out":        {func(c *meta.ConnectorConfig) { c.Timeout = -1 }, "Timeout"},
		"a negative life":            {func(c *meta.ConnectorConfig) { c.LoginLife = -1 }, "LoginLife"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := connectConfig("http://127.0.0.1:1")
			tc.spoil(&cfg)
			_, err := meta.NewConnector(cfg)
			require.ErrorContains(t, err, "ConnectorConfig."+tc.want)
			noSecrets(t, err)
		})
	}
}

func TestLoginURLNamesNoSecret(t *testing.T) {
	cfg := connectConfig("http://127.0.0.1:1")
	cfg.Dialog = "https://www.facebook.com/"
	at := connector(t, cfg).LoginURL("a b&c")
	u, err := url.Parse(at)
	require.NoError(t, err)
	require.Equal(t, "https://www.facebook.com/v25.0/dialog/oauth", u.Scheme+"://"+u.Host+u.Path)
	require.Equal(t, url.Values{
		"client_id": {connectApp}, "redirect_uri": {"https://agency.example/connect/return"}, "state": {"a b&c"},
		"response_type": {"code"}, "config_id": {"800000000000008"},
	}, u.Query())
	noSecrets(t, at)
}

func TestALoginComesBackToItsBrowserOnly(t *testing.T) {
	now, secrets := outNoon(), []string{outSecret}
	cfg := connectConfig("http://127.0.0.1:1")
	cfg.Now, cfg.AppSecrets = func() time.Time { return now }, func() []string { return secrets }
	c := connector(t, cfg)
	state, err := c.NewState(connectSession)
	require.NoError(t, err)
	noSecrets(t, state)
	came := func(change func(url.Values)) url.Values {
		q := url.Values{"state": {state}, "code": {connectCode}}
		if change != nil {
			change(q)
		}
		return q
	}

	login, err := c.Returned(came(nil), connectSession)
	require.NoError(t, err)
	require.Equal(t, connectCode, string(login.Code))
	require.Equal(t, outNoon().Add(10*time.Minute), login.Expires)
	noSecrets(t, login)
	again, err := c.Returned(came(nil), connectSession)
	require.NoError(t, err)
	require.Equal(t, login.ID, again.ID, "by which the caller's store knows that it came before")
	second, err := c.NewState(connectSession)
	require.NoError(t, err)
	other, err := c.Returned(came(func(q url.Values) { q.Set("state", second) }), connectSession)
	require.NoError(t, err)
	require.NotEqual(t, login.ID, other.ID)

	end := len(state) - 1
	for name, tc := range map[string]struct {
		query   url.Values
		session string
		want    error
	}{
		"another browser":        {came(nil), connectSession + "x", meta.ErrLoginState},
		"no cookie":              {came(nil), "", meta.ErrLoginState},
		"no state":               {came(func(q url.Values) { q.Del("state") }), connectSession, meta.ErrLoginState},
		"an empty state":         {came(func(q url.Values) { q.Set("state", "") }), connectSession, meta.ErrLoginState},
		"two states":             {came(func(q url.Values) { q.Add("state", state) }), connectSession, meta.ErrLoginState},
		"a state that was cut":   {came(func(q url.Values) { q.Set("state", state[:end]) }), connectSession, meta.ErrLoginState},
		"a longer state":         {came(func(q url.Values) { q.Set("state", state+"AAAA") }), connectSession, meta.ErrLoginState},
		"a state with its end":   {came(func(q url.Values) { q.Set("state", state+"=") }), connectSession, meta.ErrLoginState},
		"a state of zeros":       {came(func(q url.Values) { q.Set("state", strings.Repeat("A", len(state))) }), connectSession, meta.ErrLoginState},
		"another session's":      {came(func(q url.Values) { q.Set("state", stateOfOther(t, c)) }), connectSession, meta.ErrLoginState},
		"a refusal by anybody":   {url.Values{"error": {"access_denied"}}, connectSession, meta.ErrLoginState},
		"the person refused":     {url.Values{"state": {state}, "error": {"access_denied"}, "error_reason": {"user_denied"}}, connectSession, meta.ErrLoginDenied},
		"a code beside an error": {came(func(q url.Values) { q.Set("error", "x") }), connectSession, meta.ErrLoginDenied},
		"no code":                {came(func(q url.Values) { q.Del("code") }), connectSession, meta.ErrLoginDenied},
		"an empty code":          {came(func(q url.Values) { q.Set("code", "") }), connectSession, meta.ErrLoginDenied},
		"two codes":              {came(func(q url.Values) { q.Add("code", "x") }), connectSession, meta.ErrLoginDenied},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.Returned(tc.query, tc.session)
			require.Equal(t, tc.want, err)
			require.Zero(t, got)
		})
	}
	for i := range end { // the last character has unused bits, which strict decoding refuses
		changed := []byte(state)
		changed[i] = map[bool]byte{true: 'B', false: 'A'}[changed[i] == 'A']
		_, err := c.Returned(came(func(q url.Values) { q.Set("state", string(changed)) }), connectSession)
		require.Equal(t, meta.ErrLoginState, err, "character %d", i)
	}

	now = outNoon().Add(10*time.Minute - time.Second)
	_, err = c.Returned(came(nil), connectSession)
	require.NoError(t, err)
	now = outNoon().Add(10 * time.Minute)
	_, err = c.Returned(came(nil), connectSession)
	require.Equal(t, meta.ErrLoginExpired, err)

	now, secrets = outNoon(), []string{"the next secret", outSecret}
	_, err = c.Returned(came(nil), connectSession)
	require.NoError(t, err, "while the secret is being replaced")
	secrets = []string{"the next secret"}
	_, err = c.Returned(came(nil), connectSession)
	require.Equal(t, meta.ErrLoginState, err)
	secrets = nil
	_, err = c.Returned(came(nil), connectSession)
	require.Equal(t, meta.ErrLoginState, err)
	_, err = c.NewState(connectSession)
	require.ErrorIs(t, err, channels.ErrMalformed)
	_, err = c.NewState("123456789012345")
	require.ErrorIs(t, err, channels.ErrMalformed, "too short for a random value")
}

func stateOfOther(t *testing.T, c *meta.Connector) string {
	state, err := c.NewState("the cookie of somebody else")
	require.NoError(t, err)
	return state
}

func FuzzReturned(f *testing.F) {
	c := connector(f, connectConfig("http://127.0.0.1:1"))
	state, err := c.NewState(connectSession + "x")
	require.NoError(f, err)
	f.Add("state="+state+"&code=a", connectSession)
	f.Add("state=&error=access_denied", connectSession)
	f.Add("state=AAAA&state=BBBB&code=%00", "")
	f.Fuzz(func(t *testing.T, query, session string) {
		q, _ := url.ParseQuery(query)
		if login, err := c.Returned(q, session); err == nil && session != connectSession+"x" {
			t.Fatalf("somebody logged in without a state: %v", login)
		}
	})
}

func TestExchange(t *testing.T) {
	short := `{"access_token":"` + outToken + `","token_type":"bearer","expires_in":5400}`
	long := `{"access_token":"` + connectLong + `","token_type":"bearer","expires_in":5184000}`
	ended := func(subcode string) string {
		return `{"error":{"message":"This authorization code ` + connectCode + ` has been used.","type":"OAuthException","code":100` + subcode + `}}`
	}
	for name, tc := range map[string]struct {
		script []http.HandlerFunc
		token  string
		life   time.Duration
		class  error
		code   bool // ErrLoginCode
		calls  int
	}{
		"a token of hours becomes one of months": {[]http.HandlerFunc{answer(200, short), answer(200, long)}, connectLong, 60 * 24 * time.Hour, nil, false, 2},
		"a long one may have no end":             {[]http.HandlerFunc{answer(200, short), answer(200, `{"access_token":"`+connectLong+`"}`)}, connectLong, 0, nil, false, 2},
		"a system user's is used as it is":       {[]http.HandlerFunc{answer(200, `{"access_token":"`+outToken+`","token_type":"bearer"}`)}, outToken, 0, nil, false, 1},
		"seconds may be quoted":                  {[]http.HandlerFunc{answer(200, short), answer(200, `{"access_token":"`+connectLong+`","expires_in":"60"}`)}, connectLong, time.Minute, nil, false, 2},
		"a life that is no number is none":       {[]http.HandlerFunc{answer(200, `{"access_token":"`+outToken+`","expires_in":"1h"}`)}, outToken, 0, nil, false, 1},
		"a code used twice":                      {[]http.HandlerFunc{answer(400, ended(`,"error_subcode":36009`))}, "", 0, channels.ErrRejected, true, 1},
		"a code used twice, without subcode":     {[]http.HandlerFunc{answer(400, ended(""))}, "", 0, channels.ErrRejected, true, 1},
		"a code that ended":                      {[]http.HandlerFunc{answer(400, ended(`,"error_subcode":36007`))}, "", 0, channels.ErrRejected, true, 1},
		"a code of another redirect":             {[]http.HandlerFunc{answer(400, ended(`,"error_subcode":36008`))}, "", 0, channels.ErrRejected, false, 1},
		"an error within a success":              {[]http.HandlerFunc{answer(200, ended(""))}, "", 0, channels.ErrRejected, true, 1},
		"the token dies on the way":              {[]http.HandlerFunc{answer(200, short), answer(400, `{"error":{"code":190,"error_subcode":460}}`)}, "", 0, channels.ErrCredentials, false, 2},
		"the second answer is a bad parameter":   {[]http.HandlerFunc{answer(200, short), answer(400, ended(""))}, "", 0, channels.ErrRejected, false, 2},
		"Meta is away":                           {[]http.HandlerFunc{answer(502, "<html>"+connectCode)}, "", 0, channels.ErrUnavailable, false, 1},
		"too many logins":                        {[]http.HandlerFunc{answer(400, `{"error":{"code":4}}`)}, "", 0, channels.ErrRateLimited, false, 1},
		"an answer without a token":              {[]http.HandlerFunc{answer(200, `{"token_type":"bearer"}`)}, "", 0, channels.ErrMalformed, false, 1},
		"an answer that is no JSON":              {[]http.HandlerFunc{answer(200, "access_token="+outToken)}, "", 0, channels.ErrMalformed, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			g := graphSays(t, tc.script...)
			user, err := connector(t, connectConfig(g.URL)).Exchange(t.Context(), connectCode)
			noSecrets(t, user, err)
			require.Equal(t, tc.token, string(user.Token))
			if tc.class == nil {
				require.NoError(t, err)
				if tc.life > 0 {
					require.Equal(t, outNoon().Add(tc.life), user.Expires)
				} else {
					require.Zero(t, user.Expires)
				}
			} else {
				require.ErrorIs(t, err, tc.class)
				requireTyped(t, err)
				require.Equal(t, tc.code, isA(err, meta.ErrLoginCode))
			}
			calls := g.all()
			require.Len(t, calls, tc.calls)
			for i, call := range calls {
				require.Equal(t, "POST /v25.0/oauth/access_token?", call.Method+" "+call.Path+"?"+call.Query)
				form, err := url.ParseQuery(string(call.Body))
				require.NoError(t, err)
				require.Equal(t, []url.Values{
					{"client_id": {connectApp}, "client_secret": {outSecret}, "code": {connectCode}, "redirect_uri": {"https://agency.example/connect/return"}},
					{"client_id": {connectApp}, "client_secret": {outSecret}, "grant_type": {"fb_exchange_token"}, "fb_exchange_token": {outToken}},
				}[i], form)
			}
		})
	}
	t.Run("nothing is asked without a code or a secret", func(t *testing.T) {
		g := graphSays(t, answer(200, long))
		cfg := connectConfig(g.URL)
		secrets := []string{outSecret}
		cfg.AppSecrets = func() []string { return secrets }
		c := connector(t, cfg)
		_, err := c.Exchange(t.Context(), "")
		require.ErrorIs(t, err, channels.ErrMalformed)
		secrets = []string{""}
		_, err = c.Exchange(t.Context(), connectCode)
		require.ErrorIs(t, err, channels.ErrMalformed)
		require.Empty(t, g.all())
	})
}
