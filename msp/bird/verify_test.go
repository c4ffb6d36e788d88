package bird_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/bird"
	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
)

const body = `{"service":"channels","event":"whatsapp.inbound","payload":{}}`

func TestVerify(t *testing.T) {
	for name, tc := range map[string]struct {
		config  func(*bird.Config)
		request func(*channels.Request)
		ok      bool
	}{
		"a genuine request is taken":        {ok: true},
		"a request without a body is taken": {ok: true, request: resign(func(r *channels.Request) { r.Body = nil })},
		"a request for a query is taken":    {ok: true, request: resign(func(r *channels.Request) { r.PublicURL += "?b=2&a=%20x" })},
		"a request signed with a key that is being replaced is taken": {ok: true, config: func(c *bird.Config) {
			c.SigningKeys = func() []string { return []string{"new", signingKey} }
		}},
		"a repetition eight hours later is taken":                    {ok: true, request: func(r *channels.Request) { r.At = r.At.Add(8 * time.Hour) }},
		"a repetition at the horizon is taken":                       {ok: true, request: func(r *channels.Request) { r.At = r.At.Add(24*time.Hour + time.Minute) }},
		"a repetition past the horizon is refused":                   {request: func(r *channels.Request) { r.At = r.At.Add(24*time.Hour + time.Minute + time.Second) }},
		"a clock a minute behind is forgiven":                        {ok: true, request: func(r *channels.Request) { r.At = r.At.Add(-time.Minute) }},
		"a request from the future is refused":                       {request: func(r *channels.Request) { r.At = r.At.Add(-time.Minute - time.Second) }},
		"without a horizon an old request is refused":                {config: func(c *bird.Config) { c.RetryHorizon = -1 }, request: func(r *channels.Request) { r.At = r.At.Add(time.Hour) }},
		"a request without a time of arrival is judged by the clock": {ok: true, request: func(r *channels.Request) { r.At = time.Time{} }},

		"another key is refused":    {config: func(c *bird.Config) { c.SigningKeys = func() []string { return []string{"other"} } }},
		"another body is refused":   {request: func(r *channels.Request) { r.Body = append(r.Body, ' ') }},
		"another host is refused":   {request: func(r *channels.Request) { r.PublicURL = strings.Replace(hookURL, "agency", "other", 1) }},
		"an added query is refused": {request: func(r *channels.Request) { r.PublicURL += "?a=b" }},
		"another order of the query is refused": {request: func(r *channels.Request) {
			r.Header = birdtest.Sign(signingKey, hookURL+"?a=1&b=2", r.Body, noon())
			r.PublicURL = hookURL + "?b=2&a=1"
		}},
		"another time is refused":                        {request: setTime("1795348801")},
		"a time with a sign is refused":                  {request: setTime("+1795348800")},
		"a time with a zero before it is refused":        {request: setTime("01795348800")},
		"a time that is no number is refused":            {request: setTime("noon")},
		"a time that is too long is refused":             {request: setTime(strings.Repeat("1", 100))},
		"no time is refused":                             {request: func(r *channels.Request) { r.Header.Del(birdtest.HeaderTimestamp) }},
		"no signature is refused":                        {request: func(r *channels.Request) { r.Header.Del(birdtest.HeaderSignature) }},
		"two signatures are refused":                     {request: func(r *channels.Request) { r.Header.Add(birdtest.HeaderSignature, "x") }},
		"a signature without its padding is refused":     {request: mangle(func(s string) string { return strings.TrimRight(s, "=") })},
		"a signature with a line break is refused":       {request: mangle(func(s string) string { return s + "\n" })},
		"a signature in the URL's alphabet is refused":   {request: mangle(func(s string) string { return strings.NewReplacer("+", "-", "/", "_").Replace(s) + "-" })},
		"a signature with unused bits set is refused":    {request: mangle(unusedBits)},
		"a signature in hex is refused":                  {request: mangle(func(string) string { return strings.Repeat("ab", 32) })},
		"a signature of nothing is refused":              {request: mangle(func(string) string { return "" })},
		"a query that is not signed is refused normally": {request: func(r *channels.Request) { r.PublicURL += "?x=1" }},
		"a query that is not signed is taken where that is allowed": {ok: true, config: func(c *bird.Config) { c.InsecureUnsignedQuery = true },
			request: func(r *channels.Request) { r.PublicURL += "?x=1" }},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config("http://127.0.0.1:1")
			if tc.config != nil {
				tc.config(&cfg)
			}
			r := signed(body)
			if tc.request != nil {
				tc.request(r)
			}
			err := provider(t, cfg).Verify(context.Background(), r)
			if tc.ok {
				require.NoError(t, err)
				return
			}
			require.Empty(t, failure(t, err, channels.ErrSignature, channels.NotSent).Provider)
		})
	}
}

func resign(change func(*channels.Request)) func(*channels.Request) {
	return func(r *channels.Request) {
		change(r)
		r.Header = birdtest.Sign(signingKey, r.PublicURL, r.Body, noon())
	}
}

func setTime(s string) func(*channels.Request) {
	return func(r *channels.Request) { r.Header.Set(birdtest.HeaderTimestamp, s) }
}

func mangle(f func(string) string) func(*channels.Request) {
	return func(r *channels.Request) {
		r.Header.Set(birdtest.HeaderSignature, f(r.Header.Get(birdtest.HeaderSignature)))
	}
}

// unusedBits writes the same 32 bytes in another way: the last sextet before the
// padding has two bits that no decoder looks at.
func unusedBits(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	i := len(s) - 2
	return s[:i] + string(alphabet[strings.IndexByte(alphabet, s[i])|1]) + "="
}

func TestRepetitionsAreCounted(t *testing.T) {
	var late []time.Duration
	cfg := config("http://127.0.0.1:1")
	cfg.Late = func(age time.Duration) { late = append(late, age) }
	p := provider(t, cfg)
	for _, age := range []time.Duration{0, 5 * time.Minute, 3 * time.Hour, 48 * time.Hour} {
		r := signed(body)
		r.At = r.At.Add(age)
		_ = p.Verify(context.Background(), r)
	}
	require.Equal(t, []time.Duration{3 * time.Hour}, late)
}

func TestAnEmptyKeyVerifiesNothing(t *testing.T) {
	key := signingKey
	cfg := config("http://127.0.0.1:1")
	cfg.SigningKeys = func() []string { return []string{key} }
	p := provider(t, cfg)
	key = "" // the source fails after the start
	r := signed(body)
	r.Header = birdtest.Sign("", hookURL, r.Body, noon())
	fails(t, p.Verify(context.Background(), r), channels.ErrSignature, channels.NotSent)
}

func TestATimeHasOneForm(t *testing.T) {
	for stamp, ok := range map[string]bool{"1795348800": true, "+1795348800": false, "01795348800": false} {
		sum := sha256.Sum256([]byte(body))
		mac := hmac.New(sha256.New, []byte(signingKey))
		mac.Write([]byte(stamp + "\n" + hookURL + "\n" + string(sum[:])))
		r := signed(body)
		r.Header.Set(birdtest.HeaderTimestamp, stamp)
		r.Header.Set(birdtest.HeaderSignature, base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		require.Equal(t, ok, receiver(t).Verify(context.Background(), r) == nil, stamp)
	}
}
