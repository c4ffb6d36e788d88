package eid

import (
	"fmt"
	"io"
	"log/slog"
)

// Identifier is a semantics identifier of ETSI EN 319 412-1: what kind of
// number it is, of which country, and the number: "PNOEE-38001085718". Kinds
// are PNO (personal code), PAS (passport) and IDC (identity card). It is
// personal data and prints as "[identifier]"; string(i) gives the value.
type Identifier string

// ParseIdentifier reads an identifier. Of the number nothing is checked but
// that it consists of 1-128 visible ASCII characters. The error wraps
// ErrIdentifier.
func ParseIdentifier(s string) (Identifier, error) {
	const number = len("PNOEE-")
	switch {
	case len(s) < number || s[number-1] != '-' || !country(s[3:5]):
		return "", fmt.Errorf("%w: not a kind, a country and a number", ErrIdentifier)
	case s[:3] != "PNO" && s[:3] != "PAS" && s[:3] != "IDC":
		return "", fmt.Errorf("%w: unknown kind", ErrIdentifier)
	case !visible(s[number:]):
		return "", fmt.Errorf("%w: number", ErrIdentifier)
	}
	return Identifier(s), nil
}

// Kind returns "PNO", "PAS" or "IDC".
func (i Identifier) Kind() string { return string(i[:min(3, len(i))]) }

// Country returns the two letters of the country.
func (i Identifier) Country() string { return string(i[min(3, len(i)):min(5, len(i))]) }

// Number returns what follows the first hyphen; a Latvian number has another
// one.
func (i Identifier) Number() string { return string(i[min(6, len(i)):]) }

// PersonalCode returns the code that a PNO identifier holds, as
// NewPersonalCode makes it; ErrCode for the other kinds, whose numbers belong
// to a document and not to the person.
func (i Identifier) PersonalCode() (PersonalCode, error) {
	if i.Kind() != "PNO" {
		return "", fmt.Errorf("%w: number of a document", ErrCode)
	}
	return NewPersonalCode(i.Country(), i.Number())
}

// String returns a fixed text, so that an identifier never reaches a log by
// accident.
func (Identifier) String() string { return "[identifier]" }

// GoString returns the same fixed text for %#v.
func (Identifier) GoString() string { return "[identifier]" }

// Format prints the same fixed text, whatever the verb.
func (Identifier) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[identifier]") }

// LogValue returns the same fixed text for slog.
func (Identifier) LogValue() slog.Value { return slog.StringValue("[identifier]") }
