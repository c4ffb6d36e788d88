package eid

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Phone is a telephone number as ITU-T E.164 writes it: "+" and 8 to 15 digits,
// the country's code first. It is personal data and prints as "[phone]";
// string(p) gives the value.
type Phone string

// ParsePhone reads a number that somebody typed: with its country's code behind
// "+" or "00". Spaces, hyphens and parentheses do not count. ErrPhone for
// anything else; which country a bare number belongs to is not guessed.
func ParsePhone(s string) (Phone, error) {
	s = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "\u00a0", "").Replace(strings.TrimSpace(s))
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
	}
	if err := Phone(s).Valid(); err != nil {
		return "", err
	}
	return Phone(s), nil
}

// Valid returns ErrPhone unless p is written as [Phone] says.
func (p Phone) Valid() error {
	number, ok := strings.CutPrefix(string(p), "+")
	if !ok || len(number) < 8 || len(number) > 15 || !digits(number) || number[0] == '0' {
		return fmt.Errorf("%w: not + and 8-15 digits", ErrPhone)
	}
	return nil
}

// Format prints a fixed text, whatever the verb.
func (Phone) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[phone]") }

// LogValue returns the same fixed text for slog.
func (Phone) LogValue() slog.Value { return slog.StringValue("[phone]") }
