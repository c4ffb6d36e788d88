// Package atrest encrypts what stores of an agency's messages keep: files, and who
// was proven in a session. A store has one key, from which every purpose derives
// its own, so all stores keep their secrets in one form.
package atrest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/session"
)

// Vault keeps out of the database's reach whose sessions it holds. An identity
// is sealed for its session and address, so that it cannot be put with
// another; a code is found by a keyed hash for its agency, so that neither the
// file nor a list of all codes tells who is in it, nor one agency what another
// has. Pages that were rebuilt may keep old copies of both: they tell nothing.
type Vault struct {
	aead cipher.AEAD
	code []byte // the key of the hash
}

// NewVault makes a vault of a store's key.
func NewVault(key []byte) (*Vault, error) {
	block, err := aes.NewCipher(Derive(key, nil, "liidestuja identity"))
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Vault{aead: aead, code: Derive(key, nil, "liidestuja personal code")}, nil
}

// Hash is by what the sessions of a person are found.
func (v *Vault) Hash(agency channels.Agency, code eid.PersonalCode) []byte {
	h := hmac.New(sha256.New, v.code)
	_, _ = h.Write([]byte(string(agency) + "\x00" + string(code)))
	return h.Sum(nil)
}

// bound is what a sealed identity is bound to. The peer may hold anything, so
// it comes last.
func bound(s *session.Session) []byte {
	a := s.Address
	return []byte(string(a.Agency) + "\x00" + string(a.Channel) + "\x00" + s.ID + "\x00" + string(a.Peer))
}

// Session is a session as it is kept.
type Session struct {
	Body     []byte // without its identity
	Identity []byte // sealed; nil unless somebody was proven
	Code     []byte // by which it is found; nil, too, when it has ended
}

// Encode counts the version of s on and returns what is kept of it.
func (v *Vault) Encode(s *session.Session) (Session, error) {
	s.Version++
	var row Session
	plain := s
	if s.Identity != nil {
		id, err := json.Marshal(s.Identity)
		if err != nil {
			return row, fmt.Errorf("atrest: encode identity: %w", err)
		}
		row.Identity = v.aead.Seal(nil, nil, id, bound(s)) //nolint:gosec // this cipher makes a random nonce itself, and takes none
		if s.Active() {
			row.Code = v.Hash(s.Address.Agency, s.Identity.Code)
		}
		c := *s
		c.Identity = nil
		plain = &c
	}
	var err error
	if row.Body, err = json.Marshal(plain); err != nil {
		return row, fmt.Errorf("atrest: encode session: %w", err)
	}
	return row, nil
}

// Decode is the inverse of Encode. Its errors hold nothing of what was sealed.
func (v *Vault) Decode(body, identity []byte) (*session.Session, error) {
	s := &session.Session{}
	if err := json.Unmarshal(body, s); err != nil {
		return nil, fmt.Errorf("atrest: decode session: %w", err)
	}
	if identity == nil {
		return s, nil
	}
	plain, err := v.aead.Open(nil, nil, identity, bound(s))
	if err != nil {
		return nil, ErrIdentity
	}
	s.Identity = &eid.Identity{}
	if err := json.Unmarshal(plain, s.Identity); err != nil {
		return nil, ErrIdentity
	}
	return s, nil
}
