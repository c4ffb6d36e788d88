package meta

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

const (
	headerSignature = "X-Hub-Signature-256"
	signaturePrefix = "sha256="
	// maxChallenge bounds what is sent back; genuine challenges are numbers.
	maxChallenge = 256
)

// Verify checks that Meta signed exactly this body. The scheme covers neither
// the URL nor the time, so a request that is played again is found by the keys
// of its events only. It implements channels.Webhook.
func (a *App) Verify(_ context.Context, r *channels.Request) error {
	values := r.Header.Values(headerSignature)
	if len(values) != 1 {
		return unsigned("verify")
	}
	text, ok := strings.CutPrefix(values[0], signaturePrefix)
	if !ok || len(text) != 2*sha256.Size {
		return unsigned("verify")
	}
	mac, err := httpx.DecodeHex(text)
	if err != nil {
		return unsigned("verify")
	}
	secrets := a.secrets()
	plain := func(h hash.Hash) { h.Write(r.Body) }
	if signedBy(secrets, mac, plain) {
		return nil
	}
	// Meta documents a signature over the escaped form of the body. Its own
	// bodies are escaped already; where something on the way undid that, the
	// form is made again.
	escaped := func(h hash.Hash) { writeEscaped(h, r.Body) }
	if needsEscape(r.Body) && signedBy(secrets, mac, escaped) {
		return nil
	}
	return unsigned("verify")
}

// unsigned is the one refusal of what is not authentic.
func unsigned(op string) *channels.Error {
	return &channels.Error{Op: op, Class: channels.ErrSignature, Outcome: channels.NotSent}
}

// secrets asks the source. An empty secret would verify what anybody can sign,
// so it is left out.
func (a *App) secrets() []string {
	return slices.DeleteFunc(slices.Clone(a.cfg.AppSecrets()), func(s string) bool { return s == "" })
}

// signedBy compares with every secret, whichever fits.
func signedBy(secrets []string, mac []byte, text func(hash.Hash)) bool {
	genuine := false
	for _, secret := range secrets {
		h := hmac.New(sha256.New, []byte(secret))
		text(h)
		if hmac.Equal(h.Sum(nil), mac) {
			genuine = true
		}
	}
	return genuine
}

// lastPlain is the last character that the escaped form leaves as it is.
const lastPlain = '~'

func needsEscape(body []byte) bool {
	return slices.ContainsFunc(body, func(c byte) bool { return c > lastPlain }) && utf8.Valid(body)
}

// writeEscaped writes body, which is UTF-8, with \uXXXX, in lower case, for each
// UTF-16 unit of all that is not plain. It never holds the whole of that form: a
// stranger would choose its size.
func writeEscaped(h hash.Hash, body []byte) {
	const digits = "0123456789abcdef"
	piece := make([]byte, 0, 1<<10)
	unit := func(u rune) {
		piece = append(piece, '\\', 'u', digits[u>>12&15], digits[u>>8&15], digits[u>>4&15], digits[u&15])
	}
	for len(body) > 0 {
		r, n := utf8.DecodeRune(body)
		switch high, low := utf16.EncodeRune(r); {
		case r <= lastPlain:
			piece = append(piece, body[0])
		case high != utf8.RuneError:
			unit(high)
			unit(low)
		default:
			unit(r)
		}
		body = body[n:]
		if len(piece) > cap(piece)-12 {
			h.Write(piece)
			piece = piece[:0]
		}
	}
	h.Write(piece)
}

// Challenge answers the handshake with which Meta sets a webhook up: with its
// challenge, once the word is the right one. It implements channels.Challenger.
func (a *App) Challenge(_ context.Context, r *channels.Request) ([]byte, error) {
	_, rawQuery, _ := strings.Cut(r.PublicURL, "?")
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, unsigned("challenge")
	}
	mode, token, challenge := query["hub.mode"], query["hub.verify_token"], query["hub.challenge"]
	if len(mode) != 1 || len(token) != 1 || len(challenge) != 1 {
		return nil, unsigned("challenge")
	}
	// The hashes hide the length of the word too.
	want, got := a.cfg.VerifyToken(), sha256.Sum256([]byte(token[0]))
	right := sha256.Sum256([]byte(want))
	switch {
	case subtle.ConstantTimeCompare(got[:], right[:]) != 1, want == "":
	case mode[0] != "subscribe", challenge[0] == "", len(challenge[0]) > maxChallenge:
	default:
		return []byte(challenge[0]), nil
	}
	return nil, unsigned("challenge")
}
