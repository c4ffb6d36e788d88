package tara

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

// stateVersion begins a State, and says how the rest is written.
const stateVersion = "tara1."

// begun is what Resolve has to know of what was asked. In a State it stands as
// JSON behind the version and a digest, which notices damage: against tampering
// the caller encrypts.
type begun struct {
	Issuer   string           `json:"issuer"`
	Client   string           `json:"client"`
	Redirect string           `json:"redirect"`
	Word     string           `json:"state"`
	Nonce    string           `json:"nonce"`
	Level    eid.Level        `json:"level"`
	Means    []string         `json:"means"`
	Code     eid.PersonalCode `json:"code,omitempty"`
	Expires  time.Time        `json:"expires"`
}

func (b *begun) seal() (eid.State, error) {
	body, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("tara: state: %w", err)
	}
	s := append([]byte(stateVersion+digest(body)+"."), body...)
	if len(s) > eid.MaxState {
		return nil, fmt.Errorf("%w: state is too long", eid.ErrRequest)
	}
	return s, nil
}

// open reads a State of this client; eid.ErrState for anything else.
func (a *Authenticator) open(s eid.State) (*begun, error) {
	if len(s) > eid.MaxState {
		return nil, fmt.Errorf("%w: too long", eid.ErrState)
	}
	rest, ours := bytes.CutPrefix(s, []byte(stateVersion))
	sum, body, found := bytes.Cut(rest, []byte("."))
	if !ours || !found || string(sum) != digest(body) {
		return nil, fmt.Errorf("%w: damaged, or of another method", eid.ErrState)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	var b begun
	if err := dec.Decode(&b); err != nil {
		return nil, fmt.Errorf("%w: malformed", eid.ErrState) // err can quote what it read
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: trailing data", eid.ErrState)
	}
	switch {
	case b.Issuer != a.cfg.Issuer || b.Client != a.cfg.ClientID:
		return nil, fmt.Errorf("%w: of another client", eid.ErrState)
	case len(b.Word) != wordLength || len(b.Nonce) != wordLength || b.Redirect == "" ||
		b.Level < eid.Low || b.Level > eid.High || b.Expires.IsZero() ||
		b.Code != "" && b.Code.Valid() != nil:
		return nil, fmt.Errorf("%w: incomplete", eid.ErrState)
	}
	return &b, nil
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// wordLength is that of a one-time word: 32 random bytes as base64url.
const wordLength = 43

func (a *Authenticator) newWord() (string, error) {
	var b [32]byte
	if _, err := io.ReadFull(a.cfg.Rand, b[:]); err != nil {
		return "", fmt.Errorf("tara: Config.Rand: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}
