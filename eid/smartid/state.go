package smartid

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// What a state is of. A state of one kind is never taken for another.
const (
	kindAuthentication   = 'a'
	kindSignature        = 's'
	kindChoice           = 'c'
	kindAuthenticationV2 = '2'
)

// stateVersion is the first byte of each state. Another form gets another one.
const stateVersion = 1

// state is what was asked and what the service answered, exactly as both were
// written, so that nothing is put together a second time.
type state struct {
	kind byte

	id                            string
	base, token, secret           string // of a device link; the secret in base64
	challenge                     string // base64 of the challenge, the digest or the hash
	interactions, callback, value string
	hash, algorithm, certificates string
	level, code, document, lang   string
	flow                          string // flowType that is possible besides QR, or alone
	linkedValue, linkedSecret     string // of the session that a signature is linked to
	begun, expires                time.Time
}

// strings returns the fields in their order on paper.
func (s *state) strings() []*string {
	return []*string{
		&s.id, &s.base, &s.token, &s.secret, &s.challenge, &s.interactions, &s.callback,
		&s.value, &s.hash, &s.algorithm, &s.certificates, &s.level, &s.code, &s.document, &s.lang, &s.flow,
		&s.linkedValue, &s.linkedSecret,
	}
}

// encode writes version, kind, the two times in milliseconds, and each text
// behind its length.
func (s state) encode() []byte {
	b := []byte{stateVersion, s.kind}
	b = binary.BigEndian.AppendUint64(b, uint64(s.begun.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, uint64(s.expires.UnixMilli()))
	for _, field := range s.strings() {
		b = binary.AppendUvarint(b, uint64(len(*field)))
		b = append(b, *field...)
	}
	return b
}

// decodeState reads a state of that kind. Whatever encode would not have
// written is eid.ErrState.
func decodeState(b []byte, kind byte) (*state, error) {
	const times = 2 + 8 + 8
	if len(b) < times || b[0] != stateVersion || b[1] != kind {
		return nil, foreign("state of another kind or version")
	}
	s := &state{
		kind:    kind,
		begun:   time.UnixMilli(int64(binary.BigEndian.Uint64(b[2:]))).UTC(),  //nolint:gosec // see encode
		expires: time.UnixMilli(int64(binary.BigEndian.Uint64(b[10:]))).UTC(), //nolint:gosec // see encode
	}
	rest := b[times:]
	for _, field := range s.strings() {
		n, width := binary.Uvarint(rest)
		if width <= 0 || n > uint64(len(rest)-width) { //nolint:gosec // width is within rest
			return nil, foreign("state ends too early")
		}
		*field, rest = string(rest[width:width+int(n)]), rest[width+int(n):] //nolint:gosec // n is within rest
	}
	if len(rest) > 0 || !bytes.Equal(s.encode(), b) || !s.valid() {
		return nil, foreign("state is malformed")
	}
	return s, nil
}

// stateKey is of one relying party in one environment, so that the states of
// another are told apart, and damaged ones. That nobody reads or writes states is
// for who keeps them.
func stateKey(c Config) []byte {
	key := sha256.Sum256([]byte(strings.Join([]string{c.Environment.SchemeName, c.RelyingPartyUUID, c.RelyingPartyName}, "|")))
	return key[:]
}

// seal writes a state and a tag behind it.
func (s *settings) seal(st *state) eid.State {
	b := st.encode()
	return append(b, s.tag(b)...)
}

// open reads a state of that kind which was sealed here or at another replica.
func (s *settings) open(b eid.State, kind byte) (*state, error) {
	end := len(b) - sha256.Size
	if end < 0 || len(b) > eid.MaxState || !hmac.Equal(b[end:], s.tag(b[:end])) {
		return nil, foreign("state is damaged, or of somebody else")
	}
	return decodeState(b[:end], kind)
}

func (s *settings) tag(b []byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	_, _ = mac.Write(b) // never fails
	return mac.Sum(nil)
}

// valid reports whether everything is there that the kind needs.
func (s *state) valid() bool {
	_, challengeErr := httpx.DecodeBase64(s.challenge)
	_, secretErr := httpx.DecodeBase64(s.secret)
	_, linkedErr := httpx.DecodeBase64(s.linkedSecret)
	_, hashed := Hash(s.hash).crypto()
	level, levelErr := eid.ParseLevel(s.level)
	switch {
	case challengeErr != nil, secretErr != nil, linkedErr != nil, levelErr != nil:
	case !sessionID(s.id), !s.expires.After(s.begun):
	case level == eid.Undefined, !CertificateLevel(s.certificates).known():
	case s.kind != kindChoice && (s.challenge == "" || !hashed || s.interactions == "" || s.algorithm == ""):
	case s.code != "" && eid.PersonalCode(s.code).Valid() != nil:
	case (s.callback == "") != (s.value == ""), s.callback != "" && !s.byLink():
	default:
		return true
	}
	return false
}

// byLink reports whether the session is reached by device links.
func (s *state) byLink() bool { return s.base != "" && s.token != "" && s.secret != "" }

// flows returns the ways in which an answer may come.
func (s *state) flows() []FlowType {
	switch {
	case !s.byLink():
		return []FlowType{NotificationFlow}
	case s.callback == "":
		return []FlowType{QR}
	}
	return []FlowType{QR, FlowType(s.flow)}
}

// sessionID reports whether id can be a session's, which stands in a path.
func sessionID(id string) bool {
	return id != "" && len(id) <= 64 && strings.Trim(id, "0123456789abcdefABCDEF-") == ""
}
