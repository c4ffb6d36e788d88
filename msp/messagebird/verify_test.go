package messagebird_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

const body = `{"type":"message.created"}`

func refused(t *testing.T, p *messagebird.Provider, r *channels.Request) {
	t.Helper()
	err := p.Verify(context.Background(), r)
	require.ErrorIs(t, err, channels.ErrSignature)
	require.Equal(t, "verify: signature refused", err.Error())
	var e *channels.Error
	require.ErrorAs(t, err, &e)
	require.NoError(t, e.Err, "no detail")
}

func accepted(t *testing.T, p *messagebird.Provider, r *channels.Request) {
	t.Helper()
	require.NoError(t, p.Verify(context.Background(), r))
}

// spoil replaces the token of a request.
func spoil(r *channels.Request, token string) *channels.Request {
	r.Header.Set(messagebirdtest.HeaderToken, token)
	return r
}

// forge signs any header and claims with the right key, or any other.
func forge(head, claims, key string) string {
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(head)) + "." + enc.EncodeToString([]byte(claims))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return text + "." + enc.EncodeToString(mac.Sum(nil))
}

func TestAGenuineRequestIsAccepted(t *testing.T) {
	p := receiver(t)
	accepted(t, p, signed(t, body))
	for _, alg := range []string{"HS256", "HS384", "HS512"} {
		token, err := messagebirdtest.NewClaims(hookURL, []byte(body), noon()).Token(alg, signingKey)
		require.NoError(t, err)
		accepted(t, p, spoil(signed(t, body), token))
	}
	r := signed(t, body)
	accepted(t, p, r)
	accepted(t, p, r) // a token seen before is no reason to lose a redelivery
}

func TestARequestWithoutABodyNeedsATokenWithoutItsHash(t *testing.T) {
	p := receiver(t)
	accepted(t, p, signed(t, ""))
	r := signed(t, "")
	r.Body = []byte(body)
	refused(t, p, r)
	r = signed(t, body)
	r.Body = nil
	refused(t, p, r)
	for _, hash := range []string{"", "x", "ff"} {
		c := map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(jsonOf(messagebirdtest.NewClaims(hookURL, nil, noon()))), &c))
		c["payload_hash"] = hash
		refused(t, p, spoil(signed(t, ""), forge(`{"alg":"HS256"}`, jsonOf(c), signingKey)))
	}
}

func TestEveryFlippedByteIsRefused(t *testing.T) {
	p := receiver(t)
	flip := func(s string, i int) string { return s[:i] + string(s[i]^1) + s[i+1:] }
	token := signed(t, body).Header.Get(messagebirdtest.HeaderToken)
	for i := range token {
		for _, bit := range []byte{1, 2, 4, 8, 16, 32, 64, 128} {
			b := []byte(token)
			b[i] ^= bit
			refused(t, p, spoil(signed(t, body), string(b)))
		}
	}
	for i := range body {
		r := signed(t, body)
		r.Body = []byte(flip(body, i))
		refused(t, p, r)
	}
	for i := range hookURL {
		r := signed(t, body)
		r.PublicURL = flip(hookURL, i)
		refused(t, p, r)
	}
	for n := range len(token) {
		refused(t, p, spoil(signed(t, body), token[:n]))
	}
}

func TestTheTokenIsReadStrictly(t *testing.T) {
	p := receiver(t)
	good := messagebirdtest.NewClaims(hookURL, []byte(body), noon())
	claims := func(change func(map[string]any)) string {
		m := map[string]any{"iss": good.Issuer, "nbf": good.NotBefore, "exp": good.Expires, "jti": good.ID,
			"url_hash": good.URLHash, "payload_hash": good.PayloadHash}
		if change != nil {
			change(m)
		}
		b, err := json.Marshal(m)
		require.NoError(t, err)
		return string(b)
	}
	const head = `{"alg":"HS256","typ":"JWT"}`
	genuine := forge(head, claims(nil), signingKey)
	accepted(t, p, spoil(signed(t, body), genuine))
	accepted(t, p, spoil(signed(t, body), forge(`{"alg":"HS256"}`, claims(nil), signingKey)))

	set := func(name string, v any) string {
		return forge(head, claims(func(m map[string]any) {
			if m[name] = v; v == nil {
				delete(m, name)
			}
		}), signingKey)
	}
	none, err := good.Token("none", "")
	require.NoError(t, err)
	last := genuine[len(genuine)-1:]
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for name, token := range map[string]string{
		"nothing":                             "",
		"no signature":                        none,
		"alg none with a signature":           forge(`{"alg":"none","typ":"JWT"}`, claims(nil), signingKey),
		"alg None":                            forge(`{"alg":"None"}`, claims(nil), signingKey),
		"alg RS256":                           forge(`{"alg":"RS256"}`, claims(nil), signingKey),
		"alg in lower case":                   forge(`{"alg":"hs256"}`, claims(nil), signingKey),
		"alg under another name":              forge(`{"ALG":"HS256"}`, claims(nil), signingKey),
		"alg no text":                         forge(`{"alg":256}`, claims(nil), signingKey),
		"alg with another length of hash":     forge(`{"alg":"HS384"}`, claims(nil), signingKey),
		"a critical extension":                forge(`{"alg":"HS256","crit":["exp"],"exp":1}`, claims(nil), signingKey),
		"a header that is no object":          forge(`["HS256"]`, claims(nil), signingKey),
		"a header that is null":               forge(`null`, claims(nil), signingKey),
		"a header with more after it":         forge(head+`{}`, claims(nil), signingKey),
		"another key":                         forge(head, claims(nil), "another"),
		"the empty key":                       forge(head, claims(nil), ""),
		"the access key":                      forge(head, claims(nil), accessKey),
		"claims that are no object":           forge(head, `[]`, signingKey),
		"claims nested deep":                  forge(head, strings.Repeat(`{"a":`, 200)+"1"+strings.Repeat("}", 200), signingKey),
		"another issuer":                      set("iss", "Messagebird"),
		"no issuer":                           set("iss", nil),
		"no nbf":                              set("nbf", nil),
		"nbf null":                            forge(head, strings.Replace(claims(nil), `"nbf":`+jsonOf(good.NotBefore), `"nbf":null`, 1), signingKey),
		"nbf as text":                         set("nbf", "1"),
		"no exp":                              set("exp", nil),
		"exp before nbf":                      set("exp", good.NotBefore-1),
		"an empty jti":                        set("jti", ""),
		"no jti":                              set("jti", nil),
		"no url_hash":                         set("url_hash", nil),
		"url_hash in upper case":              set("url_hash", strings.ToUpper(good.URLHash)),
		"url_hash cut":                        set("url_hash", good.URLHash[:62]),
		"payload_hash in upper case":          set("payload_hash", strings.ToUpper(good.PayloadHash)),
		"payload_hash null":                   forge(head, strings.Replace(claims(nil), `"`+good.PayloadHash+`"`, "null", 1), signingKey),
		"payload_hash empty":                  set("payload_hash", ""),
		"no payload_hash":                     set("payload_hash", nil),
		"payload_hash under another name":     forge(head, strings.Replace(claims(nil), "payload_hash", "pAyload_hash", 1), signingKey),
		"jti twice":                           forge(head, strings.Replace(claims(nil), `"jti"`, `"jti":"x","jti"`, 1), signingKey),
		"a line break":                        genuine[:40] + "\n" + genuine[40:],
		"padding":                             genuine + "=",
		"another spelling of the same last 4": genuine[:len(genuine)-1] + string(digits[strings.Index(digits, last)|1]),
		"the standard alphabet":               strings.NewReplacer("-", "+", "_", "/").Replace(genuine) + "+",
		"four parts":                          genuine + ".x",
		"two parts":                           genuine[:strings.LastIndex(genuine, ".")],
		"white space around":                  " " + genuine,
		"two tokens in one header":            genuine + "," + genuine,
		"an endless token":                    forge(head, claims(func(m map[string]any) { m["x"] = strings.Repeat("x", 4096) }), signingKey),
	} {
		t.Run(name, func(t *testing.T) { refused(t, p, spoil(signed(t, body), token)) })
	}
}

func jsonOf(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func TestTheHeaderIsThereOnce(t *testing.T) {
	p := receiver(t)
	r := signed(t, body)
	r.Header.Del(messagebirdtest.HeaderToken)
	refused(t, p, r)
	r = signed(t, body)
	r.Header.Add(messagebirdtest.HeaderToken, r.Header.Get(messagebirdtest.HeaderToken))
	refused(t, p, r)
	r.Header = nil
	refused(t, p, r)
}

func TestTheURLIsComparedToTheLetter(t *testing.T) {
	p := receiver(t)
	for _, url := range []string{hookURL + "/", hookURL + "?a=1", "http" + hookURL[5:], strings.ToUpper(hookURL), ""} {
		r := signed(t, body)
		r.PublicURL = url
		refused(t, p, r)
	}
}

func TestAnOldTokenIsAcceptedWithinTheHorizonAndCounted(t *testing.T) {
	var late []time.Duration
	cfg := config("http://127.0.0.1:1")
	cfg.Late = func(by time.Duration) { late = append(late, by) }
	p := provider(t, cfg)
	at := func(d time.Duration) *channels.Request {
		r := signed(t, body)
		r.At = noon().Add(d)
		return r
	}
	accepted(t, p, at(61*time.Second)) // the leeway
	accepted(t, p, at(-time.Second))
	require.Empty(t, late)
	accepted(t, p, at(62*time.Second))
	accepted(t, p, at(time.Minute+time.Second+24*time.Hour))
	require.Equal(t, []time.Duration{time.Second, 24 * time.Hour}, late)
	refused(t, p, at(time.Minute+2*time.Second+24*time.Hour))
	refused(t, p, at(-1001*time.Millisecond))

	cfg.RetryHorizon, cfg.Leeway = -1, -1
	p = provider(t, cfg)
	accepted(t, p, at(time.Minute))
	refused(t, p, at(time.Minute+time.Nanosecond))
	accepted(t, p, at(0))
	refused(t, p, at(-time.Nanosecond))
}

func TestTheClockIsAskedWhenARequestHasNoTime(t *testing.T) {
	p := receiver(t)
	r := signed(t, body)
	r.At = time.Time{}
	accepted(t, p, r)
}

func TestKeysRotateWithoutARestart(t *testing.T) {
	keys := []string{signingKey}
	cfg := config("http://127.0.0.1:1")
	cfg.SigningKeys = func() []string { return keys }
	p := provider(t, cfg)
	token, err := messagebirdtest.NewClaims(hookURL, []byte(body), noon()).Token("HS256", "next")
	require.NoError(t, err)
	refused(t, p, spoil(signed(t, body), token))
	keys = []string{"next", signingKey}
	accepted(t, p, spoil(signed(t, body), token))
	accepted(t, p, signed(t, body))
	keys = []string{"next"}
	refused(t, p, signed(t, body))
	accepted(t, p, spoil(signed(t, body), token))

	// A source that fails must not open the door to the key that anybody has.
	empty, err := messagebirdtest.NewClaims(hookURL, []byte(body), noon()).Token("HS256", "")
	require.NoError(t, err)
	for _, keys = range [][]string{nil, {""}, {"", "next"}} {
		refused(t, p, spoil(signed(t, body), empty))
	}
}

func TestTheOlderHeadersCountOnlyWhenConfigured(t *testing.T) {
	old := func(at time.Time, query string) *channels.Request {
		sim, err := messagebirdtest.New(messagebirdtest.Config{
			AccessKeys: []string{"k"}, SigningKey: signingKey, OlderSignature: true, Now: func() time.Time { return at },
			Channels: []messagebirdtest.Channel{{ID: "c", Platform: "sms"}},
		})
		require.NoError(t, err)
		h := sim.Sign(hookURL+query, []byte(body))
		h.Del(messagebirdtest.HeaderToken)
		return &channels.Request{Method: http.MethodPost, PublicURL: hookURL + query, Header: h, Body: []byte(body), At: noon()}
	}
	refused(t, receiver(t), old(noon(), ""))

	cfg := config("http://127.0.0.1:1")
	cfg.LegacyHMAC = &messagebird.LegacyConfig{MaxAge: time.Hour}
	p := provider(t, cfg)
	accepted(t, p, signed(t, body))
	accepted(t, p, old(noon(), ""))
	accepted(t, p, old(noon(), "?b=2&a=1+2"))
	accepted(t, p, old(noon().Add(time.Second), ""))
	accepted(t, p, old(noon().Add(-time.Hour), ""))
	refused(t, p, old(noon().Add(-time.Hour-time.Second), ""))
	refused(t, p, old(noon().Add(2*time.Second), ""))

	r := old(noon(), "")
	r.Body = append(r.Body, ' ')
	refused(t, p, r)
	r = old(noon(), "?a=1")
	r.PublicURL = hookURL + "?a=2"
	refused(t, p, r)
	r = old(noon(), "")
	spoil(r, "x.y.z") // a token decides alone
	refused(t, p, r)
	for _, name := range []string{messagebirdtest.HeaderSignature, messagebirdtest.HeaderTimestamp} {
		r = old(noon(), "")
		r.Header.Add(name, r.Header.Get(name))
		refused(t, p, r)
		r.Header.Del(name)
		refused(t, p, r)
	}
	r = old(noon(), "")
	r.Header.Set(messagebirdtest.HeaderTimestamp, "noon")
	refused(t, p, r)
	r = old(noon(), "")
	r.Header.Set(messagebirdtest.HeaderSignature, r.Header.Get(messagebirdtest.HeaderSignature)+"\n")
	refused(t, p, r)
}

func TestTheOlderHeadersCoverTheQueryAsItCameOrAsGoWritesIt(t *testing.T) {
	cfg := config("http://127.0.0.1:1")
	cfg.LegacyHMAC = &messagebird.LegacyConfig{}
	p := provider(t, cfg)
	for query, ok := range map[string]bool{"a=1&b=x%20y": true, "a=1&b=x+y": true, "b=x%20y&a=1": false, "a=1": false} {
		const stamp = "1795348800" // noon
		hash := sha256.Sum256([]byte(body))
		mac := hmac.New(sha256.New, []byte(signingKey))
		mac.Write(append([]byte(stamp+"\n"+query+"\n"), hash[:]...))
		h := http.Header{}
		h.Set(messagebirdtest.HeaderTimestamp, stamp)
		h.Set(messagebirdtest.HeaderSignature, base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		r := &channels.Request{Method: "POST", PublicURL: hookURL + "?b=x%20y&a=1", Header: h, Body: []byte(body), At: noon()}
		verdict(t, p, r, ok)
	}
}

func TestNothingIsParsedBeforeItIsVerified(t *testing.T) {
	// Parse is the caller's second step; Verify itself must not look into the body.
	p := receiver(t)
	accepted(t, p, signed(t, "not JSON \xff"))
	_, err := p.Parse(context.Background(), signed(t, "not JSON \xff"))
	require.ErrorIs(t, err, channels.ErrMalformed)
}
