package pgstore

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

// vault keeps out of the database's reach whose sessions it holds. An identity
// is sealed for its session and address, so that it cannot be put with
// another; a code is found by a keyed hash for its agency, so that neither the
// file nor a list of all codes tells who is in it, nor one agency what another
// has. Pages that were rebuilt may keep old copies of both: they tell nothing.
type vault struct {
	aead cipher.AEAD
	code []byte // the key of the hash
}

func newVault(key []byte) (*vault, error) {
	block, err := aes.NewCipher(derive(key, nil, "liidestuja identity"))
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &vault{aead: aead, code: derive(key, nil, "liidestuja personal code")}, nil
}

// hash is by what the sessions of a person are found.
func (v *vault) hash(agency channels.Agency, code eid.PersonalCode) []byte {
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

// encode counts the version of s on and returns its columns.
func (v *vault) encode(s *session.Session) (sessionRow, error) {
	s.Version++
	row, plain := sessionRow{value: s}, s
	if s.Identity != nil {
		id, err := json.Marshal(s.Identity)
		if err != nil {
			return row, fmt.Errorf("pgstore: encode identity: %w", err)
		}
		row.identity = v.aead.Seal(nil, nil, id, bound(s)) //nolint:gosec // this cipher makes a random nonce itself, and takes none
		if s.Active() {
			row.code = v.hash(s.Address.Agency, s.Identity.Code)
		}
		c := *s
		c.Identity = nil
		plain = &c
	}
	var err error
	if row.body, err = json.Marshal(plain); err != nil {
		return row, fmt.Errorf("pgstore: encode session: %w", err)
	}
	return row, nil
}

// decode is the inverse of encode. Its errors hold nothing of what was sealed.
func (v *vault) decode(body, identity []byte) (*session.Session, error) {
	s := &session.Session{}
	if err := json.Unmarshal(body, s); err != nil {
		return nil, fmt.Errorf("pgstore: decode session: %w", err)
	}
	if identity == nil {
		return s, nil
	}
	plain, err := v.aead.Open(nil, nil, identity, bound(s))
	if err != nil {
		return nil, errIdentity
	}
	s.Identity = &eid.Identity{}
	if err := json.Unmarshal(plain, s.Identity); err != nil {
		return nil, errIdentity
	}
	return s, nil
}
