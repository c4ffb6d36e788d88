package desk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/liidestuja/liidestuja/channels"
)

// Role is what a caller may do.
type Role string

// Roles.
const (
	// Specialist answers people.
	Specialist Role = "specialist"
	// Auditor reads everything, the security log too, and changes nothing.
	Auditor Role = "auditor"
	// Admin does both, and takes a conversation from whoever holds it.
	Admin Role = "admin"
)

// Token lets one specialist, or one program of the agency, use the API. The
// token itself is nowhere in the configuration, only its hash.
type Token struct {
	// ID is the specialist's id in the agency's own system: 1-64 characters of
	// a-z, A-Z, 0-9, '-', '_', '.', and not personal data, because it stands in
	// the security log. Two tokens may share an ID, so that one replaces the
	// other without an interruption.
	ID string
	// Name is shown to the specialist.
	Name string
	Role Role
	// Agency whose conversations these are.
	Agency channels.Agency
	// Hash is what HashToken returned.
	Hash string
}

// MinToken is the least length of a token, in bytes.
const MinToken = 32

// maxToken bounds what is hashed for a stranger.
const maxToken = 512

// reserved ids mean something else in filters and in the security log.
func reserved() []string {
	return []string{"me", "desk", "bot", "nobody", "provider", "contact", "system", "stranger"}
}

// Valid returns an error that names the malformed field. A token that is not
// valid lets nobody in.
func (t Token) Valid() error {
	raw, err := hex.DecodeString(t.Hash)
	switch {
	case channels.MessageID(t.ID).Valid() != nil:
		return errors.New("desk: Token.ID: must be 1-64 characters of a-z, A-Z, 0-9, '-', '_', '.'")
	case slices.Contains(reserved(), t.ID):
		return fmt.Errorf("desk: Token.ID: %q means something else", t.ID)
	case t.Role != Specialist && t.Role != Auditor && t.Role != Admin:
		return errors.New("desk: Token.Role: must be specialist, auditor or admin")
	case t.Agency.Valid() != nil:
		return errors.New("desk: Token.Agency: required, written like an id")
	case err != nil || len(raw) != sha256.Size:
		return errors.New("desk: Token.Hash: must be a SHA-256 in hex, see HashToken")
	}
	return nil
}

// Format prints the id only, whatever the verb.
func (t Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "token of "+t.ID) }

// TokenSource returns the tokens that are good now. It is asked at every
// request and with every live update, so it must be quick; what it no longer
// returns lets nobody in from then on. An error lets nobody in.
type TokenSource func(ctx context.Context) ([]Token, error)

// Tokens is a source that never changes.
func Tokens(list ...Token) TokenSource {
	return func(context.Context) ([]Token, error) { return list, nil }
}

// HashToken returns what belongs into Token.Hash. The error says that the token
// is too short to be safe.
func HashToken(token string) (string, error) {
	if len(token) < MinToken || len(token) > maxToken {
		return "", fmt.Errorf("desk: a token has %d to %d bytes", MinToken, maxToken)
	}
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:]), nil
}

// NewToken makes a token and its hash.
func NewToken() (token, hash string) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: the runtime ends the program instead
	token = base64.RawURLEncoding.EncodeToString(b[:])
	sum := sha256.Sum256([]byte(token))
	return token, hex.EncodeToString(sum[:])
}

// digest is the SHA-256 of a token.
type digest [sha256.Size]byte

// find returns the token of a digest. It looks at all of them, and compares in
// constant time, so that the time tells nothing about any.
func find(tokens []Token, want digest) (Token, bool) {
	var found Token
	ok := false
	for _, t := range tokens {
		sum, err := hex.DecodeString(t.Hash)
		if err == nil && subtle.ConstantTimeCompare(sum, want[:]) == 1 && t.Valid() == nil {
			found, ok = t, true
		}
	}
	return found, ok
}
