package meta_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

const (
	hookHeader = "X-Hub-Signature-256"
	ascii      = `{"object":"page","entry":[{"id":"1","messaging":[]}]}`
)

func believed(t testing.TB, app *meta.App, r *channels.Request) {
	t.Helper()
	require.NoError(t, app.Verify(context.Background(), r))
}

func doubted(t testing.TB, app *meta.App, r *channels.Request) {
	t.Helper()
	err := app.Verify(context.Background(), r)
	require.ErrorIs(t, err, channels.ErrSignature)
	require.Equal(t, "verify: signature refused", err.Error())
	var e *channels.Error
	require.ErrorAs(t, err, &e)
	require.NoError(t, e.Err, "no detail")
	require.Equal(t, channels.NotSent, e.Outcome)
}

// signedAs is a request whose header is a signature over other bytes.
func signedAs(body, over, secret string) *channels.Request {
	r := hooked(body)
	r.Header.Set(hookHeader, signature([]byte(over), secret))
	return r
}

func TestOnlyTheBytesThatMetaSignedAreBelieved(t *testing.T) {
	app := receiver(t)
	for _, body := range []string{ascii, "", `{"text":"\u00e4 \/"}`, `{"text":"ä 👍"}`, "\xff\xfe"} {
		believed(t, app, hooked(body))
	}
	header := hooked(ascii).Header.Get(hookHeader)
	for i := range header {
		for _, bit := range []byte{1, 2, 4, 8, 16, 32, 64, 128} {
			b := []byte(header)
			b[i] ^= bit
			r := hooked(ascii)
			r.Header.Set(hookHeader, string(b))
			doubted(t, app, r)
		}
	}
	for i := range ascii {
		r := hooked(ascii)
		r.Body[i] ^= 1
		doubted(t, app, r)
	}
}

func TestTheHeaderIsReadStrictly(t *testing.T) {
	app := receiver(t)
	good := hooked(ascii).Header.Get(hookHeader)
	sum := sha1.Sum([]byte(ascii))
	for name, values := range map[string][]string{
		"missing":        nil,
		"empty":          {""},
		"twice":          {good, good},
		"and another":    {good, "x"},
		"after another":  {"x", good},
		"two in one":     {good + "," + good},
		"SHA-1":          {"sha1=" + hex.EncodeToString(sum[:])},
		"under SHA-1":    {strings.Replace(good, "sha256", "sha1", 1)},
		"no prefix":      {strings.TrimPrefix(good, "sha256=")},
		"prefix only":    {"sha256="},
		"upper prefix":   {strings.Replace(good, "sha256", "SHA256", 1)},
		"upper hex":      {"sha256=" + strings.ToUpper(strings.TrimPrefix(good, "sha256="))},
		"shorter":        {good[:len(good)-1]},
		"a byte shorter": {good[:len(good)-2]},
		"longer":         {good + "00"},
		"a space":        {good + " "},
		"very long":      {"sha256=" + strings.Repeat("0", 1<<16)},
	} {
		t.Run(name, func(t *testing.T) {
			r := hooked(ascii)
			r.Header[hookHeader] = values
			doubted(t, app, r)
		})
	}
}

func TestTheEscapedFormIsBelievedForOtherBodiesThanASCII(t *testing.T) {
	app := receiver(t)
	for body, escaped := range map[string]string{
		`{"t":"äöå 😀"}`:                               `{"t":"\u00e4\u00f6\u00e5 \ud83d\ude00"}`,
		"{\"t\":\"\x7f\"}":                            `{"t":"\u007f"}`,
		"{\"t\":\"\ufffd\"}":                          `{"t":"\ufffd"}`,
		"{\"t\":\"~\uffff\"}":                         `{"t":"~\uffff"}`,
		`{"t":"` + strings.Repeat("õ👍a", 3000) + `"}`: `{"t":"` + strings.Repeat(`\u00f5\ud83d\udc4da`, 3000) + `"}`,
	} {
		believed(t, app, hooked(body))
		believed(t, app, signedAs(body, escaped, appSecret))
		doubted(t, app, signedAs(body, strings.ToUpper(escaped), appSecret))
		doubted(t, app, signedAs(body, escaped, appSecret+"x"))
		doubted(t, app, signedAs(escaped, body, appSecret))
	}
	// What is not UTF-8 has no such form, and neither has ASCII another.
	doubted(t, app, signedAs("{\"t\":\"\xff\"}", `{"t":"\ufffd"}`, appSecret))
	doubted(t, app, signedAs(`{"t":"/"}`, `{"t":"\/"}`, appSecret))
}

func TestSecretsMayBeReplacedAndAreNeverEmpty(t *testing.T) {
	secrets := []string{"old", "new"}
	cfg := receiving()
	cfg.AppSecrets = func() []string { return secrets }
	app := receiverOf(t, cfg)
	for _, secret := range secrets {
		believed(t, app, signedAs(ascii, ascii, secret))
	}
	doubted(t, app, hooked(ascii))
	doubted(t, app, signedAs(ascii, ascii, "canary-access-token"))
	secrets = []string{"new"}
	doubted(t, app, signedAs(ascii, ascii, "old"))
	for _, none := range [][]string{nil, {}, {""}, {"", ""}} {
		secrets = none // the source fails
		doubted(t, app, signedAs(ascii, ascii, ""))
	}
}

func TestTheURLAndTheMethodAreNotSigned(t *testing.T) {
	r := hooked(ascii)
	r.PublicURL, r.Method = "https://other.example/", http.MethodPut
	believed(t, receiver(t), r)
}

// shake is a handshake.
func shake(query string) *channels.Request {
	return &channels.Request{Method: http.MethodGet, PublicURL: hookURL + query, Header: http.Header{}, At: noon()}
}

func TestTheHandshakeIsAnsweredForTheRightWordOnly(t *testing.T) {
	app := receiver(t)
	right := "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=" + verifyToken
	answer, err := app.Challenge(context.Background(), shake(right))
	require.NoError(t, err)
	require.Equal(t, "1158201444", string(answer))
	escaped, err := app.Challenge(context.Background(), shake("?hub.mode=subscribe&hub.challenge="+url.QueryEscape("<b> &")+"&hub.verify_token="+verifyToken))
	require.NoError(t, err)
	require.Equal(t, "<b> &", string(escaped), "verbatim")

	for name, query := range map[string]string{
		"no query":          "",
		"another word":      "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=canary-verify-tokem",
		"a shorter word":    "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=canary",
		"no word":           "?hub.mode=subscribe&hub.challenge=1",
		"an empty word":     "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
		"the word twice":    right + "&hub.verify_token=" + verifyToken,
		"the word and more": right + "&hub.verify_token=x",
		"another mode":      strings.Replace(right, "subscribe", "unsubscribe", 1),
		"no mode":           strings.Replace(right, "hub.mode=subscribe&", "", 1),
		"no challenge":      strings.Replace(right, "hub.challenge=1158201444&", "", 1),
		"empty challenge":   strings.Replace(right, "1158201444", "", 1),
		"two challenges":    right + "&hub.challenge=2",
		"a huge challenge":  strings.Replace(right, "1158201444", strings.Repeat("1", 257), 1),
		"broken escapes":    right + "&x=%zz",
		"a semicolon":       right + ";x=1",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := app.Challenge(context.Background(), shake(query))
			require.Nil(t, got)
			require.ErrorIs(t, err, channels.ErrSignature)
			require.Equal(t, "challenge: signature refused", err.Error())
		})
	}
}

func TestAnEmptyWordIsNoWord(t *testing.T) {
	word := "w"
	cfg := receiving()
	cfg.VerifyToken = func() string { return word }
	app := receiverOf(t, cfg)
	word = ""
	_, err := app.Challenge(context.Background(), shake("?hub.mode=subscribe&hub.challenge=1&hub.verify_token="))
	require.ErrorIs(t, err, channels.ErrSignature)
}
