package lines

import (
	"errors"
	"fmt"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/internal/sealed"
)

// place is where a line's token belongs: copied to another line or agency it does
// not open.
func place(l *alt.StoredLine) sealed.Place {
	return sealed.Place{Agency: string(l.Agency), Line: string(l.ID), Name: "token"}
}

// seal puts the token into the line as it will be stored.
func (m *Manager) seal(l *alt.StoredLine, token Secret) {
	l.Sealed, l.KeyID = m.cfg.Ring.Seal([]byte(token), place(l)), m.cfg.Ring.Newest()
}

// open returns the token of a stored line. The error tells an operator which key is
// missing, and quotes nothing of what was sealed.
func (m *Manager) open(l *alt.StoredLine) (Secret, error) {
	token, err := m.cfg.Ring.Open(l.Sealed, place(l))
	switch {
	case err == nil:
		m.cfg.Secret(string(token))
		return Secret(token), nil
	case errors.Is(err, sealed.ErrNoKey):
		return "", fmt.Errorf("the token of the line %q of %s was sealed with the key %q, which line_keys does not have", l.ID, l.Agency, l.KeyID)
	case errors.Is(err, sealed.ErrRefused):
		return "", fmt.Errorf("the token of the line %q of %s cannot be opened: the key %q of line_keys is another one than it was, or the store was changed", l.ID, l.Agency, l.KeyID)
	}
	return "", fmt.Errorf("the token of the line %q of %s: %w", l.ID, l.Agency, err)
}
