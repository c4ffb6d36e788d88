package messagebird

import (
	"crypto/sha256"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

const (
	headerLegacySignature = "Messagebird-Signature"
	headerLegacyTimestamp = "Messagebird-Request-Timestamp"
)

// LegacyConfig accepts the header pair that MessageBird used before the token.
// It covers time, query and body, but neither host nor path: a request for
// another address of the same agency passes too.
type LegacyConfig struct {
	// MaxAge is how old a request may be. Default: Config.RetryHorizon, at
	// least 10 seconds.
	MaxAge time.Duration
}

type legacy struct {
	maxAge, leeway time.Duration
}

func (l *legacy) authentic(r *channels.Request, keys [][]byte, now time.Time) (late time.Duration, ok bool) {
	encoded, once := one(r.Header, headerLegacySignature)
	stamp, twice := one(r.Header, headerLegacyTimestamp)
	if !once || !twice {
		return 0, false
	}
	mac, err := httpx.DecodeBase64(encoded)
	if err != nil {
		return 0, false
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return 0, false
	}
	sum := sha256.Sum256(r.Body)
	genuine := false
	for _, query := range sortedQueries(r.PublicURL) {
		text := append([]byte(stamp+"\n"+query+"\n"), sum[:]...)
		if signedBy(keys, sha256.New, text, mac) {
			genuine = true
		}
	}
	age := now.Sub(time.Unix(seconds, 0))
	if !genuine || age < -l.leeway || age > l.maxAge {
		return 0, false
	}
	return 0, true
}

// sortedQueries returns the forms in which the query of a URL may have been
// signed: its pairs sorted as they came, and encoded again, because the
// official clients disagree about that.
func sortedQueries(address string) []string {
	_, raw, _ := strings.Cut(address, "?")
	raw, _, _ = strings.Cut(raw, "#")
	pairs := strings.Split(raw, "&")
	slices.Sort(pairs)
	forms := []string{strings.Join(pairs, "&")}
	if values, err := url.ParseQuery(raw); err == nil {
		if again := values.Encode(); again != forms[0] {
			forms = append(forms, again)
		}
	}
	return forms
}
