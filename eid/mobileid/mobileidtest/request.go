package mobileidtest

import (
	"bytes"
	"crypto"
	_ "crypto/sha256" // SHA-256
	_ "crypto/sha512" // SHA-384 and SHA-512
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
)

var (
	phoneForm = regexp.MustCompile(`^\+[0-9]{8,30}$`)
	codeForm  = regexp.MustCompile(`^[0-9]{11}$`)
)

// ask is a request that was understood.
type ask struct {
	party    RelyingParty
	phone    string
	code     string
	hash     []byte
	hashType string
	language string
	text     string // as the phone shows it
	format   string
}

// members is the object of a request.
type members map[string]json.RawMessage

// readMembers reads the body of a request.
func readMembers(body []byte) (members, *fault) {
	dec := json.NewDecoder(bytes.NewReader(body))
	var m members
	if err := dec.Decode(&m); err != nil || m == nil {
		return nil, &fault{status: http.StatusBadRequest, why: "The body is not a JSON object"}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, &fault{status: http.StatusBadRequest, why: "The body is not one JSON object"}
	}
	return m, nil
}

// text reads a string; ok is false when it is not there.
func (m members) text(name string) (s string, ok bool, bad *fault) {
	raw := m[name]
	if len(raw) == 0 || string(raw) == "null" {
		return "", false, nil
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", false, invalid(name, "must be a string")
	}
	return s, true, nil
}

// required reads a string that must be there.
func (m members) required(name string) (string, *fault) {
	s, ok, bad := m.text(name)
	switch {
	case bad != nil:
		return "", bad
	case !ok:
		return "", invalid(name, "must not be null")
	case s == "":
		return "", invalid(name, "must not be empty")
	}
	return s, nil
}

// like reads a required string of a form.
func (m members) like(name string, form *regexp.Regexp) (string, *fault) {
	s, bad := m.required(name)
	if bad == nil && !form.MatchString(s) {
		bad = invalid(name, "has a wrong format")
	}
	return s, bad
}

// oneOf reads a required string of a fixed set.
func (m members) oneOf(name string, values ...string) (string, *fault) {
	s, bad := m.required(name)
	if bad == nil && !slices.Contains(values, s) {
		bad = invalid(name, "has a value that is not supported")
	}
	return s, bad
}

// read understands a request; a certificate has less of it than a session.
func (s *Server) read(kind string, body []byte) (ask, *fault) {
	m, bad := readMembers(body)
	if bad != nil {
		return ask{}, bad
	}
	var a ask
	steps := []func(members) *fault{s.cfg.who(&a), a.person, a.digest, a.display}
	if kind == kindCertificate {
		steps = steps[:2]
	}
	for _, step := range steps {
		if bad := step(m); bad != nil {
			return ask{}, bad
		}
	}
	return a, nil
}

// who reads the relying party.
func (c *Config) who(a *ask) func(members) *fault {
	return func(m members) *fault {
		uuid, bad := m.like("relyingPartyUUID", uuidForm)
		if bad != nil {
			return bad
		}
		name, bad := m.required("relyingPartyName")
		if bad != nil {
			return bad
		}
		a.party = RelyingParty{uuid, name}
		if !slices.Contains(c.Parties, a.party) {
			return &fault{status: http.StatusUnauthorized, why: "Failed to authorize user"}
		}
		return nil
	}
}

func (a *ask) person(m members) (bad *fault) {
	if a.phone, bad = m.like("phoneNumber", phoneForm); bad != nil {
		return bad
	}
	a.code, bad = m.like("nationalIdentityNumber", codeForm)
	return bad
}

func (a *ask) digest(m members) *fault {
	text, bad := m.required("hash")
	if bad != nil {
		return bad
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(b) != text { // decoding overlooks line breaks and spare bits
		return invalid("hash", "is not base64")
	}
	if a.hashType, bad = m.oneOf("hashType", "SHA256", "SHA384", "SHA512"); bad != nil {
		return bad
	}
	if len(b) != hashOf(a.hashType).Size() {
		return invalid("hash", "has a length that does not fit hashType")
	}
	a.hash = b
	return nil
}

func (a *ask) display(m members) (bad *fault) {
	if a.language, bad = m.oneOf("language", "EST", "ENG", "RUS", "LIT"); bad != nil {
		return bad
	}
	a.format = formatGSM
	if _, given := m["displayTextFormat"]; given {
		if a.format, bad = m.oneOf("displayTextFormat", formatGSM, formatUCS); bad != nil {
			return bad
		}
	}
	text, ok, bad := m.text("displayText")
	if bad != nil || !ok {
		return bad
	}
	a.text, bad = shown(text, a.format)
	return bad
}

// hashOf returns the hash with this name, which has been checked.
func hashOf(name string) crypto.Hash {
	switch name {
	case "SHA256":
		return crypto.SHA256
	case "SHA384":
		return crypto.SHA384
	}
	return crypto.SHA512
}
