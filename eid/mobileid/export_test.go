package mobileid

import (
	"crypto/sha256"

	"github.com/liidestuja/liidestuja/eid"
)

// Seal makes a state of any body.
func Seal(a *Authenticator, body []byte) eid.State {
	out := append([]byte(stateVersion), body...)
	return append(out, a.tag(out)...)
}

// Body returns what is in a state.
func Body(s eid.State) []byte { return s[len(stateVersion) : len(s)-sha256.Size] }
