package smartidtest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"unicode/utf16"
)

// fields are the members of an object of a request. Reading one takes it out, so that what is left over is what the
// service ignores. Whatever is wrong is collected.
type fields struct {
	members map[string]json.RawMessage
	pointer string // of the object
	bad     *[]param
}

var errShape = errors.New("smartidtest: not one JSON object")

// readFields reads the body of a request.
func readFields(body []byte) (fields, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	var m map[string]json.RawMessage
	if err := dec.Decode(&m); err != nil || m == nil {
		return fields{}, errShape
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fields{}, errShape
	}
	return fields{members: m, bad: new([]param)}, nil
}

// refuse notes that a member is wrong. The text never repeats the value.
func (f fields) refuse(name, why string) {
	*f.bad = append(*f.bad, param{Detail: "Invalid " + name + ": " + why, Name: name, Pointer: f.pointer + "/" + name})
}

// fault is what was found to be wrong.
func (f fields) fault() *fault {
	if len(*f.bad) == 0 {
		return nil
	}
	return invalid(*f.bad...)
}

// rest are the names that nobody read, in order.
func (f fields) rest() []string { return slices.Sorted(maps.Keys(f.members)) }

// take reads a member into v; null counts as missing.
func (f fields) take(name string, v any, want string) bool {
	raw, ok := f.members[name]
	if !ok {
		return false
	}
	delete(f.members, name)
	if string(raw) == "null" {
		return false
	}
	if err := json.Unmarshal(raw, v); err != nil {
		f.refuse(name, "must be "+want)
		return false
	}
	return true
}

// text reads an optional string.
func (f fields) text(name string) (string, bool) {
	var s string
	ok := f.take(name, &s, "a string")
	return s, ok
}

// required reads a string that must be there.
func (f fields) required(name string) string {
	before := len(*f.bad)
	s, ok := f.text(name)
	if !ok && len(*f.bad) == before {
		f.refuse(name, "must not be null")
	}
	return s
}

// oneOf reads a required string of a fixed set.
func (f fields) oneOf(name string, values ...string) string {
	before := len(*f.bad)
	s := f.required(name)
	if len(*f.bad) == before && !slices.Contains(values, s) {
		f.refuse(name, "the value is not supported")
		return ""
	}
	return s
}

// base64 reads required bytes in the standard alphabet with padding, canonical, of a length in bytes.
func (f fields) base64(name string, shortest, longest int) (string, []byte) {
	before := len(*f.bad)
	s := f.required(name)
	if len(*f.bad) > before {
		return "", nil
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || base64.StdEncoding.EncodeToString(b) != s { // decoding overlooks line breaks and spare bits
		f.refuse(name, "must be base64")
		return "", nil
	}
	if len(b) < shortest || len(b) > longest {
		f.refuse(name, "the length is wrong")
		return "", nil
	}
	return s, b
}

// object reads an object; ok is false when it is not there.
func (f fields) object(name string) (fields, bool) {
	var m map[string]json.RawMessage
	if !f.take(name, &m, "an object") {
		return fields{}, false
	}
	return fields{members: m, pointer: f.pointer + "/" + name, bad: f.bad}, true
}

// requiredObject reads an object that must be there; a missing one is empty.
func (f fields) requiredObject(name string) fields {
	before := len(*f.bad)
	o, ok := f.object(name)
	if !ok {
		if len(*f.bad) == before {
			f.refuse(name, "must not be null")
		}
		discard := []param{}
		return fields{pointer: f.pointer + "/" + name, bad: &discard}
	}
	return o
}

// length counts the characters of a text for the person, in UTF-16 units.
func length(s string) int { return len(utf16.Encode([]rune(s))) }
