package mobileid

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

// stateVersion begins every state. Another form gets another one.
const stateVersion = "mid1"

// state is what has to be known of a session to ask for it and to judge the
// answer.
type state struct {
	Op      string           `json:"o"` // opAuthentication or opSignature
	Session string           `json:"s"`
	Hash    Hash             `json:"t"`
	Digest  []byte           `json:"h"`
	Code    eid.PersonalCode `json:"c"`
	Level   eid.Level        `json:"l"`
	Expires time.Time        `json:"x"`
	// Signer is the certificate whose key has to sign, in DER; of signatures only,
	// because the service returns the certificate of authentications.
	Signer []byte `json:"k,omitempty"`
}

// stateKey is of one relying party in one environment, so that a state of
// another is told apart. It guards against mistakes and damage; that nobody reads
// or writes states is for who keeps them.
func stateKey(cfg Config) [sha256.Size]byte {
	return sha256.Sum256([]byte(strings.Join([]string{stateVersion, cfg.Environment.BaseURL, cfg.RelyingPartyUUID, cfg.RelyingPartyName}, "\x00")))
}

func (a *Authenticator) seal(s state) (eid.State, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("eid/mobileid: state: %w", err)
	}
	out := append([]byte(stateVersion), body...)
	out = append(out, a.tag(out)...)
	if len(out) > eid.MaxState {
		return nil, fmt.Errorf("eid/mobileid: state: longer than %d bytes", eid.MaxState)
	}
	return out, nil
}

// open reads a state of one kind. Whatever is wrong with it is ErrState.
func (a *Authenticator) open(b eid.State, op string) (state, error) {
	var s state
	rest := len(b) - sha256.Size
	switch {
	case len(b) > eid.MaxState || rest < len(stateVersion) || string(b[:len(stateVersion)]) != stateVersion:
		return state{}, fmt.Errorf("eid/mobileid: %w: not a state", eid.ErrState)
	case !hmac.Equal(b[rest:], a.tag(b[:rest])):
		return state{}, fmt.Errorf("eid/mobileid: %w: damaged, or of another relying party", eid.ErrState)
	case json.Unmarshal(b[len(stateVersion):rest], &s) != nil:
		return state{}, fmt.Errorf("eid/mobileid: %w: unreadable", eid.ErrState)
	case s.Op != op:
		return state{}, fmt.Errorf("eid/mobileid: %w: of something else", eid.ErrState)
	case !validSession(s.Session) || s.Hash.Size() == 0 || len(s.Digest) != s.Hash.Size() ||
		s.Code.Valid() != nil || s.Expires.IsZero():
		return state{}, fmt.Errorf("eid/mobileid: %w: incomplete", eid.ErrState)
	}
	return s, nil
}

func (a *Authenticator) tag(b []byte) []byte {
	mac := hmac.New(sha256.New, a.key[:])
	mac.Write(b)
	return mac.Sum(nil)
}
