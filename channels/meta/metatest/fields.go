package metatest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// fields is a JSON object whose names are compared exactly. The standard decoder folds case, which would let
// "Recipient" pass for "recipient".
type fields map[string]json.RawMessage

// readFields decodes an object. null is the same as absent.
func readFields(raw []byte) (fields, bool) {
	var f fields
	if !utf8.Valid(raw) || json.Unmarshal(raw, &f) != nil || f == nil {
		return nil, false
	}
	for name, value := range f {
		if bytes.Equal(value, []byte("null")) {
			delete(f, name)
		}
	}
	return f, true
}

// object reads a field that is an object with no other names than these. It is nil when the field is absent.
func (f fields) object(name string, known ...string) (fields, error) {
	raw, ok := f[name]
	if !ok {
		return nil, nil
	}
	inner, ok := readFields(raw)
	if !ok {
		return nil, wrongly("Param %s must be a JSON object.", name)
	}
	return inner, inner.only(name, known...)
}

// missing is the name of a required parameter that is absent.
type missing string

func (m missing) Error() string { return "The parameter " + string(m) + " is required." }

// only refuses every name that is not known. A list of none allows all.
func (f fields) only(at string, known ...string) error {
	if len(known) == 0 {
		return nil
	}
	for name := range f {
		if !slices.Contains(known, name) {
			return wrongly("Unexpected key %q on param %q.", name, at)
		}
	}
	return nil
}

// text reads an optional string.
func (f fields) text(name string) (string, error) {
	raw, ok := f[name]
	if !ok {
		return "", nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", wrongly("Param %s must be a string.", name)
	}
	return s, nil
}

// str is an optional string whose type does not matter: ids come as numbers and as strings.
func (f fields) str(name string) string {
	raw := f[name]
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// need reads a string that may not be empty, of at most limit characters. They are counted in UTF-16 units, of
// which there are never fewer than characters. 0: no limit.
func (f fields) need(name string, limit int) (string, error) {
	s, err := f.upTo(name, limit)
	if err == nil && strings.TrimSpace(s) == "" {
		err = missing(name)
	}
	return s, err
}

// upTo reads an optional string of at most limit characters.
func (f fields) upTo(name string, limit int) (string, error) {
	s, err := f.text(name)
	if err == nil && limit > 0 && units(s) > limit {
		err = wrongly("Param %s must be at most %d characters long.", name, limit)
	}
	return s, err
}

// list reads a required array of 1 to limit objects. 0: no limit.
func (f fields) list(name string, limit int) ([]fields, error) {
	raw, ok := f[name]
	if !ok {
		return nil, missing(name)
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil || len(items) == 0 {
		return nil, wrongly("Param %s must be a non-empty array.", name)
	}
	if limit > 0 && len(items) > limit {
		return nil, wrongly("Param %s must have at most %d elements.", name, limit)
	}
	list := make([]fields, len(items))
	for i, item := range items {
		if list[i], ok = readFields(item); !ok {
			return nil, wrongly("Param %s[%d] must be a JSON object.", name, i)
		}
	}
	return list, nil
}

// flag reads an optional boolean.
func (f fields) flag(name string) (bool, error) {
	raw, ok := f[name]
	if !ok {
		return false, nil
	}
	var b bool
	if json.Unmarshal(raw, &b) != nil {
		return false, wrongly("Param %s must be a boolean.", name)
	}
	return b, nil
}

// number reads a required number between two bounds.
func (f fields) number(name string, low, high float64) (float64, error) {
	raw, ok := f[name]
	if !ok {
		return 0, missing(name)
	}
	var n float64
	if json.Unmarshal(raw, &n) != nil || n < low || n > high {
		return 0, wrongly("Param %s must be a number between %g and %g.", name, low, high)
	}
	return n, nil
}

// has counts how many of the names are there.
func (f fields) has(names ...string) (n int) {
	for _, name := range names {
		if _, ok := f[name]; ok {
			n++
		}
	}
	return n
}

// units is the length of a string in UTF-16 units.
func units(s string) int { return len(utf16.Encode([]rune(s))) }

// problem is what is wrong with a parameter, in a sentence for the answer.
type problem string

func (p problem) Error() string { return string(p) }

// wrongly makes a problem.
func wrongly(format string, args ...any) error { return problem(fmt.Sprintf(format, args...)) }
