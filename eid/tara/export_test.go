package tara

import (
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

// ReadClaims verifies claims whose signature counts as good, as of an answer to a
// challenge with these words.
func ReadClaims(payload []byte, issuer, client, state, nonce string, now time.Time) (eid.Identity, error) {
	b := begun{Issuer: issuer, Client: client, Word: state, Nonce: nonce, Level: eid.Substantial}
	return b.identity(payload, rules{now: now, skew: 10 * time.Second})
}

// Sealed writes the body of a State with a digest that fits.
func Sealed(body string) eid.State {
	return eid.State(stateVersion + digest([]byte(body)) + "." + body)
}

// Body returns the body of a State.
func Body(s eid.State) string { return string(s[len(stateVersion)+len(digest(nil))+1:]) }
