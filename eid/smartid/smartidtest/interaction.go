package smartidtest

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Interactions are the screens that a request may offer, by their type.
const (
	DisplayTextAndPIN                            = "displayTextAndPIN"
	ConfirmationMessage                          = "confirmationMessage"
	ConfirmationMessageAndVerificationCodeChoice = "confirmationMessageAndVerificationCodeChoice"
	VerificationCodeChoice                       = "verificationCodeChoice" // only in version 2
)

// screen is one interaction that was offered.
type screen struct {
	kind string
	text string
}

// limits are the members that hold the text of each interaction, and how long it may be.
func limits(kind string) (member, other string, longest int) {
	switch kind {
	case DisplayTextAndPIN, VerificationCodeChoice:
		return "displayText60", "displayText200", 60
	}
	return "displayText200", "displayText60", 200
}

// allowed are the interactions of a kind of session.
func allowed(version int, flow string) []string {
	switch {
	case version == 2:
		return []string{DisplayTextAndPIN, VerificationCodeChoice, ConfirmationMessage, ConfirmationMessageAndVerificationCodeChoice}
	case flow == byNotification:
		return []string{DisplayTextAndPIN, ConfirmationMessage, ConfirmationMessageAndVerificationCodeChoice}
	}
	return []string{DisplayTextAndPIN, ConfirmationMessage}
}

// interactions reads the member of version 3: the base64 of a JSON array as compact as it can be.
func (f fields) interactions(flow string) (string, []screen) {
	const name = "interactions"
	before := len(*f.bad)
	s, raw := f.base64(name, 0, 1<<16)
	if len(*f.bad) > before {
		return "", nil
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		f.refuse(name, "must be the base64 of JSON")
		return "", nil
	}
	if !bytes.Equal(compact.Bytes(), raw) {
		f.refuse(name, "must be the base64 of minified JSON")
		return "", nil
	}
	return s, f.screens(name, raw, allowed(3, flow), true)
}

// screens checks a list of interactions.
func (f fields) screens(name string, raw []byte, types []string, unique bool) []screen {
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil || len(list) == 0 {
		f.refuse(name, "must be a list of at least one interaction")
		return nil
	}
	var out []screen
	for _, members := range list {
		kind, ok := str(members["type"])
		if !ok || !slices.Contains(types, kind) {
			f.refuse(name, "the type of an interaction is not supported")
			return nil
		}
		if unique && slices.ContainsFunc(out, func(s screen) bool { return s.kind == kind }) {
			f.refuse(name, "duplicate interaction")
			return nil
		}
		member, other, longest := limits(kind)
		text, ok := str(members[member])
		if _, both := members[other]; both || !ok {
			f.refuse(name, kind+" must have "+member+" and no other text")
			return nil
		}
		if n := length(text); n == 0 || n > longest {
			f.refuse(name, member+" has a wrong length")
			return nil
		}
		out = append(out, screen{kind, text})
	}
	return out
}

// str reads a JSON string.
func str(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	var s string
	return s, json.Unmarshal(raw, &s) == nil
}
