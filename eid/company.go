package eid

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Company is a code of the Estonian commercial register: eight digits, of which
// the last one checks the others. Sole traders have one too, so it may be personal
// data and prints as "[company]"; string(c) gives the value.
//
// That somebody knows a code says nothing of their right to act for the company:
// see [Register].
type Company string

// ParseCompany reads a code that somebody typed; spaces around it do not count.
// The error wraps ErrCompany.
func ParseCompany(s string) (Company, error) {
	c := Company(strings.TrimSpace(s))
	if err := c.Valid(); err != nil {
		return "", err
	}
	return c, nil
}

// Valid returns ErrCompany unless c has eight digits and the last one is right.
func (c Company) Valid() error {
	const length = 8
	switch {
	case len(c) != length || !digits(string(c)) || c[0] == '0':
		return fmt.Errorf("%w: not eight digits", ErrCompany)
	case c[length-1] != checkDigitOf(string(c[:length-1]), "1234567", "3456789"):
		return fmt.Errorf("%w: check digit", ErrCompany)
	}
	return nil
}

// Format prints a fixed text, whatever the verb.
func (Company) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[company]") }

// LogValue returns the same fixed text for slog.
func (Company) LogValue() slog.Value { return slog.StringValue("[company]") }
