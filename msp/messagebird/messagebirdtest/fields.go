package messagebirdtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"unicode/utf8"
)

// fields is a JSON object whose names are compared exactly. The standard decoder folds case, which would
// let "channelid" pass for "channelId".
type fields map[string]json.RawMessage

// readFields decodes an object and refuses every name that is not known.
func readFields(raw []byte, parameter string, known ...string) (fields, *refusal) {
	var f fields
	if !utf8.Valid(raw) || json.Unmarshal(raw, &f) != nil || f == nil {
		if parameter == "" {
			return nil, &refusal{http.StatusBadRequest, codeInvalid, "the body is not a JSON object in UTF-8", ""}
		}
		return nil, invalid(parameter, "must be an object")
	}
	for name, value := range f {
		if bytes.Equal(value, []byte("null")) {
			delete(f, name) // null is the same as absent
			continue
		}
		if !slices.Contains(known, name) {
			return nil, invalid(under(parameter, name), "is not known here")
		}
	}
	return f, nil
}

func under(parameter, name string) string {
	if parameter == "" {
		return name
	}
	return parameter + "." + name
}

// text reads an optional string.
func (f fields) text(parameter, name string) (string, *refusal) {
	raw, ok := f[name]
	if !ok {
		return "", nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", invalid(under(parameter, name), "must be a string")
	}
	return s, nil
}

// need reads a required string.
func (f fields) need(parameter, name string) (string, *refusal) {
	s, bad := f.text(parameter, name)
	if bad == nil && s == "" {
		bad = missing(under(parameter, name))
	}
	return s, bad
}

// needUpTo reads a required string of at most max runes.
func (f fields) needUpTo(parameter, name string, max int) (string, *refusal) {
	s, bad := f.need(parameter, name)
	if bad == nil && utf8.RuneCountInString(s) > max {
		bad = invalid(under(parameter, name), "is too long")
	}
	return s, bad
}

// list reads a required, non-empty array of at most max elements.
func (f fields) list(parameter, name string, max int) ([]json.RawMessage, *refusal) {
	raw, ok := f[name]
	if !ok {
		return nil, missing(under(parameter, name))
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil || len(items) == 0 {
		return nil, invalid(under(parameter, name), "must be an array with elements")
	}
	if len(items) > max {
		return nil, invalid(under(parameter, name), "has too many elements")
	}
	return items, nil
}
