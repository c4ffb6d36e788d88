package desk_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/desk"
)

func TestOnlyAGoodTokenLetsIn(t *testing.T) {
	w := newWorld(t)
	good := w.token["mari"]
	for name, head := range map[string]string{
		"no scheme":       good,
		"another scheme":  "Basic " + good,
		"nothing":         "Bearer ",
		"a short one":     "Bearer " + good[:31],
		"a cut one":       "Bearer " + good[:len(good)-1],
		"two spaces":      "Bearer  " + good,
		"more behind it":  "Bearer " + good + " ",
		"a long one":      "Bearer " + strings.Repeat("a", 100_000),
		"the hash itself": "Bearer " + w.list.list[0].Hash,
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{T: t, hs: w.hs, api: w.api, token: w.token, logs: w.logs}
			w.hs.Clock().Advance(time.Minute) // the limit of wrong tokens is for another test
			a := w.abuse("", "GET", "/v1/me", nil, header{"Authorization", head})
			a.problem(401, "unauthenticated")
			require.Equal(t, `Bearer realm="desk"`, a.header.Get("WWW-Authenticate"))
		})
	}
	require.Equal(t, "mari", w.do("", "GET", "/v1/me", nil, header{"Authorization", "bearer " + good}).ok(200)["id"])
	r := w.request("mari", "GET", "/v1/me", nil)
	r.Header.Add("Authorization", "Bearer "+good)
	w.send(r, true).problem(401, "unauthenticated")
	w.abuse("", "GET", "/v1/me?access_token="+"x", nil).problem(401, "unauthenticated")
	w.abuse("mari", "GET", "/v1/me?token=x", nil).problem(400, "malformed_parameter")
}

func TestTokensRotateWithoutARestart(t *testing.T) {
	w := newWorld(t)
	old := w.token["mari"]
	w.add("mari", desk.Admin, "agency") // both are good for a while
	auth := func(token string) answer {
		return w.do("", "GET", "/v1/me", nil, header{"Authorization", "Bearer " + token})
	}
	require.Equal(t, "specialist", auth(old).ok(200)["role"])
	require.Equal(t, "admin", auth(w.token["mari"]).ok(200)["role"])
	hash, err := desk.HashToken(old)
	require.NoError(t, err)
	w.list.change(func(list []desk.Token) []desk.Token {
		kept := list[:0]
		for _, x := range list {
			if x.Hash != hash {
				kept = append(kept, x)
			}
		}
		return kept
	})
	auth(old).problem(401, "unauthenticated")
	auth(w.token["mari"]).ok(200)

	w.list.err = errors.New("vault sealed")
	auth(w.token["mari"]).problem(503, "unavailable")
}

func TestAMalformedTokenLetsNobodyIn(t *testing.T) {
	good := desk.Token{ID: "x", Role: desk.Specialist, Agency: "agency"}
	for name, tc := range map[string]struct {
		change func(*desk.Token)
		field  string
	}{
		"no id":              {func(x *desk.Token) { x.ID = "" }, "Token.ID"},
		"a personal address": {func(x *desk.Token) { x.ID = "mari@agency.example" }, "Token.ID"},
		"an id of a filter":  {func(x *desk.Token) { x.ID = "nobody" }, "Token.ID"},
		"no role":            {func(x *desk.Token) { x.Role = "" }, "Token.Role"},
		"no agency":          {func(x *desk.Token) { x.Agency = "" }, "Token.Agency"},
		"no hash":            {func(x *desk.Token) { x.Hash = "" }, "Token.Hash"},
		"a short hash":       {func(x *desk.Token) { x.Hash = "00" }, "Token.Hash"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			token, hash := desk.NewToken()
			x := good
			x.Hash = hash
			require.NoError(t, x.Valid())
			tc.change(&x)
			require.ErrorContains(t, x.Valid(), tc.field)
			w.list.add(x)
			w.do("", "GET", "/v1/me", nil, header{"Authorization", "Bearer " + token}).problem(401, "unauthenticated")
		})
	}
	_, err := desk.HashToken(strings.Repeat("a", 31))
	require.Error(t, err)
	require.Equal(t, "token of x", stringOf(desk.Token{ID: "x", Name: canaryName, Hash: "h"}))
}

func TestWhoGuessesTokensIsSlowedDown(t *testing.T) {
	w := newWorld(t)
	from := func(addr, token string, headers ...header) answer {
		r := w.request("", "GET", "/v1/me", nil, append(headers, header{"Authorization", "Bearer " + token})...)
		r.RemoteAddr = addr
		return w.send(r, true)
	}
	wrong := strings.Repeat("x", 43)
	for range 10 {
		from("203.0.113.7:1000", wrong).problem(401, "unauthenticated")
	}
	a := from("203.0.113.7:2000", wrong)
	a.problem(429, "too_many_failures")
	require.Equal(t, "6", a.header.Get("Retry-After"))
	from("203.0.113.7:3000", w.token["mari"]).problem(429, "too_many_failures")
	from("203.0.113.8:1000", wrong).problem(401, "unauthenticated")
	from("203.0.113.8:1000", w.token["mari"]).ok(200)
	w.hs.Clock().Advance(6 * time.Second)
	from("203.0.113.7:3000", w.token["mari"]).ok(200)
	from("203.0.113.7:3000", wrong).problem(401, "unauthenticated")
	from("203.0.113.7:3000", wrong).problem(429, "too_many_failures")

	// A proxy on this machine says for whom it asks; anybody else cannot.
	for range 10 {
		from("127.0.0.1:1", wrong, header{"X-Forwarded-For", "spoofed, 2001:db8::1"}).problem(401, "unauthenticated")
	}
	from("127.0.0.1:1", wrong, header{"X-Forwarded-For", "2001:db8::2"}).problem(429, "too_many_failures")
	from("127.0.0.1:1", wrong, header{"X-Forwarded-For", "2001:db8:0:1::2"}).problem(401, "unauthenticated")
	from("203.0.113.7:3000", wrong, header{"X-Forwarded-For", "198.51.100.1"}).problem(429, "too_many_failures")
}

// browser is a page's connection: it keeps its cookie, and says where requests
// come from.
type browser struct {
	w      *world
	host   string
	cookie *http.Cookie
}

func (b *browser) do(method, url string, body any, headers ...header) answer {
	b.w.Helper()
	r := b.w.request("", method, url, body, headers...)
	r.Host, r.URL.Host = b.host, "desk.example"
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	a := b.w.send(r, true)
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		b.cookie = c
	}
	return a
}

func sameOrigin() header { return header{"Sec-Fetch-Site", "same-origin"} }

func (b *browser) login(who string) answer {
	b.w.Helper()
	return b.do("POST", "/v1/session", object{"token": b.w.token[who]}, sameOrigin())
}

func TestAPageSignsInWithACookie(t *testing.T) {
	w := newWorld(t)
	b := &browser{w: w, host: "desk.example"}
	b.do("GET", "/v1/me", nil).problem(401, "unauthenticated")
	a := b.login("mari")
	require.Equal(t, "mari", a.ok(200)["id"])
	require.NotContains(t, string(a.body)+strings.Join(a.header["Set-Cookie"], ""), w.token["mari"])
	require.Equal(t, []any{"__Host-desk-session", true, true, http.SameSiteStrictMode, "/", ""},
		[]any{b.cookie.Name, b.cookie.Secure, b.cookie.HttpOnly, b.cookie.SameSite, b.cookie.Path, b.cookie.Domain})
	require.GreaterOrEqual(t, len(b.cookie.Value), 43)

	b.do("GET", "/v1/me", nil).ok(200)
	_, id := w.talk("whatsapp", "human")
	claim := "/v1/conversations/" + id + "/claim"
	b.do("POST", claim, nil, sameOrigin()).ok(200)
	for name, h := range map[string][]header{
		"another site":        {{"Sec-Fetch-Site", "cross-site"}},
		"a sister site":       {{"Sec-Fetch-Site", "same-site"}},
		"another origin":      {{"Origin", "https://evil.example"}},
		"an origin of no one": {{"Origin", "null"}},
		"no word of it":       nil,
	} {
		t.Run(name, func(t *testing.T) { b.do("POST", claim, nil, h...).problem(403, "cross_origin") })
	}
	b.do("POST", claim, nil, header{"Origin", "https://desk.example"}).ok(200)

	old := *b.cookie
	b.login("jaan").ok(200)
	require.NotEqual(t, old.Value, b.cookie.Value)
	require.Equal(t, "jaan", b.do("GET", "/v1/me", nil).ok(200)["id"])
	(&browser{w: w, host: "desk.example", cookie: &old}).do("GET", "/v1/me", nil).problem(401, "unauthenticated")

	kept := *b.cookie
	b.do("DELETE", "/v1/session", nil).problem(403, "cross_origin")
	b.do("DELETE", "/v1/session", nil, sameOrigin()).ok(204)
	require.Equal(t, -1, b.cookie.MaxAge)
	(&browser{w: w, host: "desk.example", cookie: &kept}).do("GET", "/v1/me", nil).problem(401, "unauthenticated")
}

func TestOnThisMachineTheCookieNeedsNoTLS(t *testing.T) {
	for host, secure := range map[string]bool{
		"127.0.0.1:8080": false, "localhost:8080": false, "[::1]:8080": false, "localhost": false, "LOCALHOST": false,
		"desk.example": true, "127.0.0.1.evil.example": true, "localhost.example:80": true, "10.0.0.1:80": true,
	} {
		b := &browser{w: newWorld(t), host: host}
		b.login("mari").ok(200)
		require.Equal(t, secure, b.cookie.Secure, host)
		require.Equal(t, secure, strings.HasPrefix(b.cookie.Name, "__Host-"), host)
		b.do("GET", "/v1/me", nil).ok(200)
	}
}

func TestASessionEnds(t *testing.T) {
	w := newWorld(t, func(s *setup) { s.desk.SessionIdle, s.desk.SessionMax = 10*time.Minute, time.Hour })
	b := &browser{w: w, host: "desk.example"}
	b.login("mari").ok(200)
	for range 6 {
		w.hs.Clock().Advance(9 * time.Minute)
		b.do("GET", "/v1/me", nil).ok(200)
	}
	w.hs.Clock().Advance(6 * time.Minute)
	b.do("GET", "/v1/me", nil).problem(401, "unauthenticated") // an hour is over
	b.login("mari").ok(200)
	w.hs.Clock().Advance(10 * time.Minute)
	b.do("GET", "/v1/me", nil).problem(401, "unauthenticated") // idle
	b.login("mari").ok(200)
	w.list.change(func([]desk.Token) []desk.Token { return nil })
	b.do("GET", "/v1/me", nil).problem(401, "unauthenticated") // the token is gone
}

func TestSignInIsRefused(t *testing.T) {
	w := newWorld(t)
	b := &browser{w: w, host: "desk.example"}
	b.do("POST", "/v1/session", object{"token": w.token["mari"]}).problem(403, "cross_origin")
	b.do("POST", "/v1/session", object{"token": w.token["mari"]}, header{"Sec-Fetch-Site", "cross-site"}).problem(403, "cross_origin")
	for range 10 {
		b.do("POST", "/v1/session", object{"token": strings.Repeat("x", 43)}, sameOrigin()).problem(401, "unauthenticated")
	}
	b.login("mari").problem(429, "too_many_failures")
	require.Nil(t, b.cookie)
}

func TestATokenHasAFewSessions(t *testing.T) {
	w := newWorld(t)
	first := &browser{w: w, host: "desk.example"}
	first.login("mari").ok(200)
	for range 20 {
		w.hs.Clock().Advance(time.Second)
		(&browser{w: w, host: "desk.example"}).login("mari").ok(200)
	}
	first.do("GET", "/v1/me", nil).problem(401, "unauthenticated")
}

func TestATokenBeatsACookie(t *testing.T) {
	w := newWorld(t)
	b := &browser{w: w, host: "desk.example"}
	b.login("mari").ok(200)
	require.Equal(t, "anu", b.do("GET", "/v1/me", nil, header{"Authorization", "Bearer " + w.token["anu"]}).ok(200)["id"])
	// A program's token needs no word on its origin.
	_, id := w.talk("whatsapp", "human")
	b.do("POST", "/v1/conversations/"+id+"/claim", nil, header{"Authorization", "Bearer " + w.token["anu"]}).ok(200)
}

func TestNewNamesTheField(t *testing.T) {
	w := newWorld(t)
	good := desk.Config{Service: w.hs.Service(), Tokens: w.list.source}
	for name, tc := range map[string]struct {
		change func(*desk.Config)
		field  string
	}{
		"no service":         {func(c *desk.Config) { c.Service = nil }, "Config.Service"},
		"no tokens":          {func(c *desk.Config) { c.Tokens = nil }, "Config.Tokens"},
		"a negative time":    {func(c *desk.Config) { c.Poll = -1 }, "Config.Poll"},
		"a page too long":    {func(c *desk.Config) { c.PageSize = 201 }, "Config.PageSize"},
		"a type not known":   {func(c *desk.Config) { c.FileTypes = []string{"image/png", "text/html"} }, "Config.FileTypes[1]"},
		"a negative upload":  {func(c *desk.Config) { c.MaxUpload = -1 }, "Config.MaxUpload"},
		"a negative session": {func(c *desk.Config) { c.SessionIdle = -1 }, "Config.SessionIdle"},
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			tc.change(&c)
			_, err := desk.New(c)
			require.ErrorContains(t, err, tc.field)
		})
	}
	d, err := desk.New(good)
	require.NoError(t, err)
	rec := httptest.NewRecorder()
	d.API().ServeHTTP(rec, w.request("mari", "GET", "/v1/me", nil))
	require.Equal(t, 200, rec.Code)
}
