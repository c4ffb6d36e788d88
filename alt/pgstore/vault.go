package pgstore

import (
	"github.com/liidestuja/liidestuja/internal/atrest"
	"github.com/liidestuja/liidestuja/session"
)

// vault encodes and decodes what is kept about people. Pages that were rebuilt
// may hold old copies of what it seals: they tell nothing.
type vault struct{ *atrest.Vault }

func newVault(key []byte) (*vault, error) {
	v, err := atrest.NewVault(key)
	return &vault{v}, err
}

// encode counts the version of s on and returns its columns.
func (v *vault) encode(s *session.Session) (sessionRow, error) {
	kept, err := v.Encode(s)
	return sessionRow{value: s, body: kept.Body, identity: kept.Identity, code: kept.Code}, err
}
