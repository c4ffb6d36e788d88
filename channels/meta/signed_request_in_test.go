package meta_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

// posted makes a signed request of any payload.
func posted(payload, secret string, enc *base64.Encoding) string {
	text := enc.EncodeToString([]byte(payload))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return enc.EncodeToString(mac.Sum(nil)) + "." + text
}

func payloadAt(t time.Time, more string) string {
	return fmt.Sprintf(`{"algorithm":"HMAC-SHA256","issued_at":%d%s}`, t.Unix(), more)
}

func TestASignedRequestIsOpened(t *testing.T) {
	app := receiver(t)
	payload := payloadAt(noon(), `,"expires":0,"user_id":"218471"`)
	for name, value := range map[string]string{
		"without padding":     posted(payload, appSecret, base64.RawURLEncoding),
		"with padding":        posted(payload, appSecret, base64.URLEncoding),
		"a number as the id":  posted(strings.Replace(payload, `"218471"`, "218471", 1), appSecret, base64.RawURLEncoding),
		"issued a day ago":    posted(payloadAt(noon().Add(-24*time.Hour), `,"user_id":"218471"`), appSecret, base64.RawURLEncoding),
		"a clock that is off": posted(payloadAt(noon().Add(5*time.Minute), `,"user_id":"218471"`), appSecret, base64.RawURLEncoding),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := app.SignedRequest(value)
			require.NoError(t, err)
			require.Equal(t, "218471", got.User)
			require.False(t, got.Issued.IsZero())
		})
	}
	got, err := app.SignedRequest(posted(payload, appSecret, base64.RawURLEncoding))
	require.NoError(t, err)
	require.Equal(t, meta.SignedRequest{User: "218471", Issued: noon()}, got)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", got, got, &got, got.LogValue()), "218471")
}

func TestASignedRequestIsReadStrictly(t *testing.T) {
	app := receiver(t)
	good := posted(payloadAt(noon(), `,"user_id":"218471"`), appSecret, base64.RawURLEncoding)
	mac, text, _ := strings.Cut(good, ".")
	raw := func(payload string) string { return posted(payload, appSecret, base64.RawURLEncoding) }
	for name, tc := range map[string]struct {
		value string
		class error
	}{
		"nothing":               {"", channels.ErrSignature},
		"a dot":                 {".", channels.ErrSignature},
		"no dot":                {mac + text, channels.ErrSignature},
		"a second dot":          {good + ".x", channels.ErrSignature},
		"another secret":        {posted(payloadAt(noon(), ""), "x", base64.RawURLEncoding), channels.ErrSignature},
		"the empty secret":      {posted(payloadAt(noon(), ""), "", base64.RawURLEncoding), channels.ErrSignature},
		"the other alphabet":    {strings.NewReplacer("-", "+", "_", "/").Replace(mac) + "+/." + text, channels.ErrSignature},
		"half a padding":        {mac + "==." + text, channels.ErrSignature},
		"a line break":          {mac + "\n." + text, channels.ErrSignature},
		"another payload":       {mac + "." + base64.RawURLEncoding.EncodeToString([]byte(payloadAt(noon(), `,"user_id":"1"`))), channels.ErrSignature},
		"too long":              {raw(payloadAt(noon(), `,"user_id":"`+strings.Repeat("1", 4096)+`"`)), channels.ErrSignature},
		"no algorithm":          {raw(`{"issued_at":1,"user_id":"1"}`), channels.ErrSignature},
		"another algorithm":     {raw(strings.Replace(payloadAt(noon(), `,"user_id":"1"`), "HMAC-SHA256", "none", 1)), channels.ErrSignature},
		"too old":               {raw(payloadAt(noon().Add(-24*time.Hour-time.Second), `,"user_id":"1"`)), channels.ErrSignature},
		"from the future":       {raw(payloadAt(noon().Add(5*time.Minute+time.Second), `,"user_id":"1"`)), channels.ErrSignature},
		"no user":               {raw(payloadAt(noon(), "")), channels.ErrMalformed},
		"no time":               {raw(`{"algorithm":"HMAC-SHA256","user_id":"1"}`), channels.ErrMalformed},
		"a list":                {raw(`{`), channels.ErrMalformed},
		"nested deep":           {raw(strings.Repeat("[", 100)), channels.ErrMalformed},
		"a payload of no bytes": {posted("", appSecret, base64.RawURLEncoding), channels.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := app.SignedRequest(tc.value)
			require.Zero(t, got)
			require.ErrorIs(t, err, tc.class)
			var e *channels.Error
			require.ErrorAs(t, err, &e)
			require.NotContains(t, err.Error(), "218471")
		})
	}
	cfg := receiving()
	cfg.SignedRequestAge = time.Minute
	_, err := receiverOf(t, cfg).SignedRequest(raw(payloadAt(noon().Add(-2*time.Minute), `,"user_id":"1"`)))
	require.ErrorIs(t, err, channels.ErrSignature)
}

func TestFieldsOfReceivingAreChecked(t *testing.T) {
	for field, change := range map[string]func(*meta.Config){
		"AppID":            func(c *meta.Config) { c.AppID = "app" },
		"SignedRequestAge": func(c *meta.Config) { c.SignedRequestAge = -1 },
		"AppSecrets":       func(c *meta.Config) { c.AppSecrets = func() []string { return []string{"a", ""} } },
		"VerifyToken":      func(c *meta.Config) { c.VerifyToken = func() string { return "" } },
	} {
		cfg := receiving()
		change(&cfg)
		_, err := meta.New(cfg)
		require.ErrorContains(t, err, "Config."+field+" ")
	}
}
