// Package sealed keeps small secrets at rest: access tokens of accounts that
// were connected while the service runs.
//
//	ring, err := sealed.NewRing(sealed.Key{ID: "2026-11", Secret: newest}, sealed.Key{ID: "2025-11", Secret: older})
//	place := sealed.Place{Agency: "ppa", Line: "messenger", Name: "token"}
//	box := ring.Seal(token, place)
//	token, err = ring.Open(box, place)
//
// A box is AES-256-GCM under one of several keys, whose id it names, and opens
// only at the place that it was sealed for: what is copied to another line or
// agency is of no use there. The first key of a ring seals, every key opens. To
// change keys, put a new one first, [Ring.Reseal] what is stored, and take the
// old one away when nothing names it any more.
//
// The layout, so that nobody has to guess it in ten years:
//
//	1 byte    version, 1
//	1 byte    length n of the key's id
//	n bytes   the key's id
//	12 bytes  nonce, random
//	the rest  ciphertext and its 16 bytes of authentication
//
// Nonces are random, so a key is good for some billions of boxes.
package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// KeySize is the length of Key.Secret, in bytes.
const KeySize = 32

const (
	version  = 1
	head     = 2 // bytes before the key's id
	maxKeyID = 32
	// overhead is what the random nonce and the authentication add.
	overhead = 12 + 16
)

// Errors of Open, KeyID and Reseal, to be compared with errors.Is. None quotes
// what was sealed.
var (
	// ErrFormat: these bytes are no box.
	ErrFormat = errors.New("sealed: not a sealed secret")
	// ErrNoKey: the box names a key that is not on the ring.
	ErrNoKey = errors.New("sealed: no key of this id")
	// ErrRefused: the box was changed, or belongs to another place or key.
	ErrRefused = errors.New("sealed: refused")
)

// Key is one key of a ring.
type Key struct {
	// ID names the key in every box: 1-32 characters of a-z, A-Z, 0-9, '-', '_'
	// and '.'. It is no secret, and must never be given to another key.
	ID string
	// Secret is KeySize random bytes.
	Secret []byte
}

// Format prints the id alone, whatever the verb.
func (k Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "key "+k.ID) }

// Place is where a secret belongs. A box opens at its own place only; any field
// may be empty.
type Place struct {
	Agency string
	Line   string
	Name   string // which of the line's secrets, such as "token"
}

// Ring holds the keys. All methods may be called concurrently.
type Ring struct {
	newest string
	keys   map[string]cipher.AEAD
}

// Format prints a fixed text, whatever the verb: the ring holds expanded keys.
func (r *Ring) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "sealed.Ring") }

// NewRing takes the keys, the newest first. It keeps no reference to them.
// Errors name the number of the key, counted from 0, and what is wrong.
func NewRing(keys ...Key) (*Ring, error) {
	if len(keys) == 0 {
		return nil, errors.New("sealed: a ring needs a key")
	}
	r := &Ring{newest: keys[0].ID, keys: make(map[string]cipher.AEAD, len(keys))}
	for i, k := range keys {
		switch {
		case !validID(k.ID):
			return nil, fmt.Errorf("sealed: key %d: ID is not 1-%d characters of a-z, A-Z, 0-9, '-', '_' and '.'", i, maxKeyID)
		case r.keys[k.ID] != nil:
			return nil, fmt.Errorf("sealed: key %d: ID is another key's already", i)
		case len(k.Secret) != KeySize:
			return nil, fmt.Errorf("sealed: key %d: Secret is not %d bytes long", i, KeySize)
		case allEqual(k.Secret):
			return nil, fmt.Errorf("sealed: key %d: Secret is not random", i)
		}
		block, err := aes.NewCipher(k.Secret)
		if err != nil {
			return nil, fmt.Errorf("sealed: key %d: %w", i, err)
		}
		if r.keys[k.ID], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("sealed: key %d: %w", i, err)
		}
	}
	return r, nil
}

// Newest returns the id of the key that seals.
func (r *Ring) Newest() string { return r.newest }

// Seal returns a box that opens at place only.
func (r *Ring) Seal(secret []byte, place Place) []byte {
	box := make([]byte, 0, head+len(r.newest)+overhead+len(secret))
	box = append(box, version, byte(len(r.newest))) //nolint:gosec // at most maxKeyID
	box = append(box, r.newest...)
	return r.keys[r.newest].Seal(box, nil, secret, place.bind(box)) //nolint:gosec // this AEAD makes its nonce itself
}

// Open returns what was sealed at place. The error is ErrFormat, ErrNoKey or
// ErrRefused.
func (r *Ring) Open(box []byte, place Place) ([]byte, error) {
	id, err := KeyID(box)
	if err != nil {
		return nil, err
	}
	aead := r.keys[id]
	if aead == nil {
		return nil, fmt.Errorf("%w: %q", ErrNoKey, id)
	}
	n := head + len(id)
	secret, err := aead.Open(nil, nil, box[n:], place.bind(box[:n:n]))
	if err != nil {
		return nil, ErrRefused
	}
	return secret, nil
}

// Reseal returns box under the newest key, and whether that is another box: one
// that the newest key sealed comes back as it is, once it was found to open.
// Errors are those of Open.
func (r *Ring) Reseal(box []byte, place Place) (resealed []byte, changed bool, err error) {
	secret, err := r.Open(box, place)
	if err != nil {
		return nil, false, err
	}
	if id, _ := KeyID(box); id == r.newest {
		return box, false, nil
	}
	return r.Seal(secret, place), true, nil
}

// KeyID returns the id of the key that a box names, which nobody has vouched for
// before the box was opened. The error is ErrFormat.
func KeyID(box []byte) (string, error) {
	if len(box) < head || box[0] != version {
		return "", ErrFormat
	}
	n := int(box[1])
	if len(box) < head+n+overhead || !validID(string(box[head:head+n])) {
		return "", ErrFormat
	}
	return string(box[head : head+n]), nil
}

// bind is the additional data of a box: its head and its place, each part with
// its length before it, so that no two places are written alike.
func (p Place) bind(head []byte) []byte {
	var data []byte
	for _, part := range []string{"liidestuja sealed", string(head), p.Agency, p.Line, p.Name} {
		data = binary.BigEndian.AppendUint64(data, uint64(len(part)))
		data = append(data, part...)
	}
	return data
}

func validID(id string) bool {
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.' {
			return false
		}
	}
	return id != "" && len(id) <= maxKeyID
}

// allEqual finds keys that were never filled in. It need not be constant in
// time: it tells whether to refuse the key.
func allEqual(b []byte) bool {
	for _, c := range b {
		if c != b[0] {
			return false
		}
	}
	return true
}
