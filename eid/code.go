package eid

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// PersonalCode is the code by which a country knows a person, behind the
// country's two capital letters: "EE38001085718". Latvian codes have their
// hyphen: "LV070385-10121". It is personal data and prints as "[code]";
// string(c) gives the value, which is also what JSON and databases get.
//
// A code tells persons apart and nothing more. That somebody knows one proves
// nothing, and an e-resident's Estonian code looks like any other: who holds it
// need not live in Estonia or be its citizen.
type PersonalCode string

// maxNumber bounds codes of countries whose form is not known here.
const maxNumber = 128

// ParsePersonalCode reads a code that somebody typed, with the country in
// front; spaces around it do not count. Codes of EE, LT and LV must have their
// form, a date that exists and the right check digit; a Latvian one may lack
// its hyphen. Of other countries' only the prefix is known. The error wraps
// ErrCode.
func ParsePersonalCode(s string) (PersonalCode, error) {
	s = strings.TrimSpace(s)
	if len(s) < 2 {
		return "", fmt.Errorf("%w: country is missing", ErrCode)
	}
	if _, err := ParseIdentifier(s); err == nil {
		return "", fmt.Errorf("%w: a semantics identifier", ErrCode) // its first letters are no country
	}
	c, err := NewPersonalCode(s[:2], s[2:])
	if err != nil {
		return "", err
	}
	if err := checkNumber(c.Country(), c.Number()); err != nil {
		return "", err
	}
	return c, nil
}

// NewPersonalCode makes a code of what a certificate or another authority
// states. Neither form nor check digit of the number is looked at: codes were
// issued that break the rules, and it is not ours to doubt them. The error wraps
// ErrCode.
func NewPersonalCode(country, number string) (PersonalCode, error) {
	if country == "LV" && len(number) == 11 && digits(number) {
		number = number[:6] + "-" + number[6:]
	}
	c := PersonalCode(country + number)
	if len(country) != 2 || c.Valid() != nil {
		return "", fmt.Errorf("%w: not a country and a number", ErrCode)
	}
	return c, nil
}

// Valid returns ErrCode unless c is two capital letters and a number of 1-128
// visible ASCII characters. It does not look into the number.
func (c PersonalCode) Valid() error {
	if len(c) < 3 || !country(string(c[:2])) || !visible(string(c[2:])) {
		return fmt.Errorf("%w: not a country and a number", ErrCode)
	}
	return nil
}

// Country returns the two letters in front, "" when c is empty.
func (c PersonalCode) Country() string { return string(c[:min(2, len(c))]) }

// Number returns the code as its country writes it.
func (c PersonalCode) Number() string { return string(c[min(2, len(c)):]) }

// Born returns the date of birth that the code states, empty when it states
// none: Latvian codes since 2017, some Lithuanian ones, and those of other
// countries. Where a certificate states a date, that one holds.
func (c PersonalCode) Born() Date {
	switch c.Country() {
	case "EE", "LT":
		return bornOfEleven(c.Number())
	case "LV":
		return bornLatvian(c.Number())
	}
	return ""
}

// Identifier returns the semantics identifier of c: "PNOEE-38001085718".
func (c PersonalCode) Identifier() Identifier {
	return Identifier("PNO" + c.Country() + "-" + c.Number())
}

// String returns a fixed text, so that a code never reaches a log by accident.
func (PersonalCode) String() string { return "[code]" }

// GoString returns the same fixed text for %#v.
func (PersonalCode) GoString() string { return "[code]" }

// Format prints the same fixed text, whatever the verb.
func (PersonalCode) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[code]") }

// LogValue returns the same fixed text for slog.
func (PersonalCode) LogValue() slog.Value { return slog.StringValue("[code]") }

func country(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

// visible reports whether s is a number that can be stored and compared.
func visible(s string) bool {
	for _, b := range []byte(s) {
		if b <= ' ' || b > '~' {
			return false
		}
	}
	return len(s) > 0 && len(s) <= maxNumber
}

func digits(s string) bool {
	for _, b := range []byte(s) {
		if b < '0' || b > '9' {
			return false
		}
	}
	return true
}
