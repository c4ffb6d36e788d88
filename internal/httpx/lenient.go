package httpx

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// Loose is what a provider may write as a string or as a number: the string,
// the digits of the number, or "" for everything else.
type Loose string

// UnmarshalJSON implements json.Unmarshaler. It refuses nothing.
func (l *Loose) UnmarshalJSON(b []byte) error {
	*l = ""
	switch c := b[0]; {
	case c == '"':
		*l = Loose(Unquote(b))
	case c == '-' || '0' <= c && c <= '9':
		*l = Loose(b)
	}
	return nil
}

// Word returns l as a word of the provider's, such as the name of a type, in
// lower case; "other" for what is none and may be anything.
func (l Loose) Word() string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_'
	}
	if len(l) > 64 || strings.TrimFunc(string(l), safe) != "" {
		return "other"
	}
	return strings.ToLower(string(l))
}

// Unquote decodes a JSON string that the decoder has found to be one. Nearly all
// are without escapes, and are then what stands between the quotes.
func Unquote(b []byte) string {
	if bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b) {
		return string(b[1 : len(b)-1])
	}
	var s string
	_ = json.Unmarshal(b, &s) // cannot fail for a string
	return s
}

// Items are the objects of a list, each read leniently. The list itself is
// strict, because to overlook something would be to call it missing.
type Items[T any] []T

// UnmarshalJSON implements json.Unmarshaler. It refuses what is no list, and a
// list of anything but objects and null.
func (l *Items[T]) UnmarshalJSON(b []byte) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*l = make([]T, len(raw))
	for i, r := range raw {
		if r[0] != '{' && string(r) != "null" {
			return errors.New("a list of something else")
		}
		if err := DecodeJSON(r, &(*l)[i], JSONLimits{Lenient: true}); err != nil {
			return err
		}
	}
	return nil
}
