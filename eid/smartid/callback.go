package smartid

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"

	"github.com/liidestuja/liidestuja/eid"
)

// Names in the query of a return: ours, and the two that the app adds.
const (
	paramValue    = "value"
	paramSecret   = "sessionSecretDigest"
	paramVerifier = "userChallengeVerifier"
)

// maxCallback is the longest address that the service takes, in bytes.
const maxCallback = 1800

// callbackURL adds value to the query of an address. The app appends its own
// parameters behind it, for which there must be a query already. plain is for
// simulators: an address of this machine may be without TLS.
func callbackURL(address, value string, plain bool) (string, error) {
	refuse := func(why string) (string, error) {
		return "", fmt.Errorf("%w: ReturnURL: %s", eid.ErrRequest, why)
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.Opaque != "" ||
		u.Scheme != "https" && !(plain && u.Scheme == "http" && loopback(u.Hostname())):
		return refuse("not an https address")
	case strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' || r == '|' || r == '#' }):
		return refuse("a character that the service does not take")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || query.Has(paramValue) || query.Has(paramSecret) || query.Has(paramVerifier) {
		return refuse("its query")
	}
	separator := "?"
	switch {
	case u.RawQuery != "" && !strings.HasSuffix(address, "&"):
		separator = "&"
	case u.RawQuery != "" || u.ForceQuery:
		separator = ""
	}
	address += separator + paramValue + "=" + value
	if len(address) > maxCallback {
		return refuse("too long")
	}
	return address, nil
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// Return is what the app sent back with the person's browser. It is a proof of
// presence, so it is used once and prints a fixed text.
type Return struct {
	// Value is ours, out of the address.
	Value string
	// SecretDigest proves that the app knows the session.
	SecretDigest string
	// Verifier proves that the one who returns is the one who approved. Only of an
	// authentication.
	Verifier string
}

// ParseReturn reads the query of a return. Each parameter is there once at
// most, and the first two are not empty; otherwise the error wraps
// [eid.ErrState]. Other parameters do not matter.
func ParseReturn(query url.Values) (*Return, error) {
	var r Return
	for _, p := range []struct {
		name string
		to   *string
		must bool
	}{{paramValue, &r.Value, true}, {paramSecret, &r.SecretDigest, true}, {paramVerifier, &r.Verifier, false}} {
		values := query[p.name]
		switch {
		case len(values) > 1, p.must && (len(values) == 0 || values[0] == ""):
			return nil, foreign("return")
		case len(values) == 1:
			*p.to = values[0]
		}
	}
	return &r, nil
}

// Belongs returns an error that wraps [eid.ErrState] unless the return belongs
// to the session with this value and secret.
func (r *Return) Belongs(value string, secret []byte) error {
	known := value != "" && len(secret) > 0
	if !same(r.Value, value) || !same(r.SecretDigest, digest64(secret)) || !known {
		return foreign("return of another session")
	}
	return nil
}

// answers reports whether the verifier is that of the challenge which the app
// put into what it signed.
func (r *Return) answers(userChallenge string) bool {
	return r.Verifier != "" && same(digest64([]byte(r.Verifier)), userChallenge)
}

// Format prints a fixed text, whatever the verb.
func (Return) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[return]") }

// LogValue returns the same fixed text for slog.
func (Return) LogValue() slog.Value { return slog.StringValue("[return]") }

func digest64(b []byte) string {
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// same compares in a time that does not tell where the two differ.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
