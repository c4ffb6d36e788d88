package mobileid

import "github.com/liidestuja/liidestuja/eid"

// Seal makes a state of any body.
func Seal(a *Authenticator, body []byte) eid.State {
	out := append([]byte(stateVersion), body...)
	return append(out, a.tag(out)...)
}
