package birdtest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"unicode/utf8"
)

// fields is a JSON object whose names are compared exactly. The standard decoder
// folds case, which would let "channelid" pass for "channelId".
type fields map[string]json.RawMessage

// readFields decodes an object and refuses every name that is not known.
func readFields(raw []byte, parent string, known ...string) (fields, *refusal) {
	var f fields
	if !utf8.Valid(raw) || json.Unmarshal(raw, &f) != nil || f == nil {
		if parent == "" {
			return nil, &refusal{http.StatusBadRequest, "InvalidRequest", "the body is not a JSON object in UTF-8"}
		}
		if len(raw) == 0 {
			return nil, missing(parent)
		}
		return nil, invalid(parent, "must be an object")
	}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if string(f[name]) == "null" {
			delete(f, name) // null is the same as absent
			continue
		}
		if !slices.Contains(known, name) {
			return nil, invalid(under(parent, name), "is not known here")
		}
	}
	return f, nil
}

func under(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}

// text reads an optional string.
func (f fields) text(parent, name string) (string, *refusal) {
	raw, ok := f[name]
	if !ok {
		return "", nil
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", invalid(under(parent, name), "must be a string")
	}
	return s, nil
}

// need reads a required string.
func (f fields) need(parent, name string) (string, *refusal) {
	s, bad := f.text(parent, name)
	if bad == nil && s == "" {
		bad = missing(under(parent, name))
	}
	return s, bad
}

// needUpTo reads a required string of at most limit runes.
func (f fields) needUpTo(parent, name string, limit int) (string, *refusal) {
	s, bad := f.need(parent, name)
	if bad == nil && utf8.RuneCountInString(s) > limit {
		bad = invalid(under(parent, name), "is too long")
	}
	return s, bad
}

// list reads a required, non-empty array of at most limit elements.
func (f fields) list(parent, name string, limit int) ([]json.RawMessage, *refusal) {
	raw, ok := f[name]
	if !ok {
		return nil, missing(under(parent, name))
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil || len(items) == 0 {
		return nil, invalid(under(parent, name), "must be an array with elements")
	}
	if len(items) > limit {
		return nil, invalid(under(parent, name), "has too many elements")
	}
	return items, nil
}
