package alt

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// Lines keeps the lines that were added while the service ran, for the next
// start, with their secrets as the caller sealed them. A service does not read
// it: whoever adds a line stores it here and then calls Service.SetProvider.
//
// Duties: an agency sees nothing of another's. Both changes are durable, with
// their log entry and in one transaction, when nil is returned; with any error
// nothing was changed. A secret that was replaced or removed must not be found in
// the store's files afterwards.
type Lines interface {
	// PutLine saves l by its Version: 0 inserts, and any but the stored one is
	// ErrConflict. l.Version becomes the new one. A tombstone can be saved over,
	// by its Version: the line is back. ErrInput when l or log is malformed.
	PutLine(ctx context.Context, l *StoredLine, log LogEntry) error
	// Lines returns all lines of an agency, tombstones among them, by id.
	Lines(ctx context.Context, agency channels.Agency) ([]StoredLine, error)
	// RemoveLine destroys a line's secret and leaves the rest as a tombstone, so
	// that what still arrives for the account is known to be of no use. Removed
	// and By are those of the log entry. A line that was removed before stays as
	// it is, and nil is returned; ErrNotFound when there never was one.
	RemoveLine(ctx context.Context, agency channels.Agency, id channels.ID, log LogEntry) error
}

// LineState says how far a stored line is.
type LineState string

// States of stored lines.
const (
	LineActive   LineState = "active"
	LinePending  LineState = "pending"  // the provider or the owner of the channel has not agreed yet
	LineRejected LineState = "rejected" // one of them said no
	LineRemoved  LineState = "removed"  // a tombstone, see RemoveLine
)

// StoredLine is a line as it is kept.
type StoredLine struct {
	Agency   channels.Agency
	ID       channels.ID
	Provider string        // the msp.Provider that serves it, by name
	Kind     channels.Kind // e.g. channels.Messenger
	Account  string        // the provider's id of the line: a page, a number
	Business string        // the account above it, where there is one
	Name     string        // for people
	State    LineState
	// Sealed is the line's secret, e.g. its token, encrypted by the caller: at most
	// MaxSealed bytes, which the store does not look at. KeyID names the key.
	Sealed []byte
	KeyID  string
	// Version counts the saves; 0: never saved.
	Version int64
	Added   time.Time
	Removed time.Time // zero unless State is LineRemoved
	By      string    // who did the last of it, as in the security log
}

// MaxSealed bounds StoredLine.Sealed, and maxLineField each other text of it, in
// bytes.
const (
	MaxSealed    = 16 << 10
	maxLineField = 256
)

// Format prints agency and id only, whatever the verb.
func (l StoredLine) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "line "+string(l.Agency)+"/"+string(l.ID))
}

// Valid returns ErrInput, with the field's name, unless PutLine takes l.
func (l *StoredLine) Valid() error {
	no := func(field, why string) error { return fmt.Errorf("%w: StoredLine.%s: %s", ErrInput, field, why) }
	switch {
	case l.Agency.Valid() != nil:
		return no("Agency", "malformed")
	case l.ID.Valid() != nil:
		return no("ID", "malformed")
	case l.State != LineActive && l.State != LinePending && l.State != LineRejected:
		return no("State", "must be active, pending or rejected")
	case !l.Removed.IsZero():
		return no("Removed", "must be zero")
	case l.Added.IsZero():
		return no("Added", "required")
	case len(l.Sealed) > MaxSealed:
		return no("Sealed", "too long")
	case l.Version < 0:
		return no("Version", "must not be negative")
	}
	for _, f := range []struct{ name, value string }{
		{"Provider", l.Provider}, {"Kind", string(l.Kind)}, {"Account", l.Account}, {"Business", l.Business}, {"Name", l.Name},
		{"KeyID", l.KeyID}, {"By", l.By},
	} {
		if len(f.value) > maxLineField {
			return no(f.name, "too long")
		}
	}
	return nil
}
