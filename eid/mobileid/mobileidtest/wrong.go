package mobileidtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Wrong is one answer to an approved session that looks genuine and is not. Each must be refused by who gets it, but for
// Extra, which must be overlooked. Fields may be combined.
type Wrong struct {
	// Key signs with a key that is not the certificate's.
	Key bool
	// Untrusted gives a certificate of an authority with the right name and another key.
	Untrusted bool
	// Stranger is the number of somebody else, whose certificate and key sign.
	Stranger string
	// SigningCert gives the person's signing certificate, and signs with its key, where the one for authentication belongs;
	// where the one for signing belongs it gives that for authentication.
	SigningCert bool
	// NonQualified gives a certificate that is not qualified to somebody whose is, and the other way round.
	NonQualified bool
	// NotBefore and NotAfter are the certificate's validity, both or none: in the past, it has expired.
	NotBefore, NotAfter time.Time

	// Hash is what is hashed and signed instead of the hash that was sent.
	Hash []byte
	// Algorithm is what the answer calls the signature's algorithm.
	Algorithm string
	// DER writes a signature of a key on P-256 as ASN.1 instead of r and s behind each other.
	DER bool

	// Replay gives the whole answer to the last approved session of the same kind.
	Replay bool
	// Result is the result beside an approval, known or not.
	Result string
	// Set changes members of the finished answer: JSON pointers to values that JSON can hold. A value of nil is
	// null. Members that are not there are added.
	Set map[string]any
	// Remove takes members out of the finished answer, by JSON pointers.
	Remove []string
	// Extra adds a member that no description knows. It is not wrong.
	Extra bool
	// Forever leaves the session running although the person approved.
	Forever bool
}

// order is a wrong answer for some sessions.
type order struct {
	Wrong
	left int // negative: for ever
}

// orders are the wrong answers to come.
type orders []order

// take returns the next one, nil when there is none.
func (o *orders) take() *Wrong {
	if len(*o) == 0 {
		return nil
	}
	w := (*o)[0].Wrong
	if (*o)[0].left--; (*o)[0].left == 0 {
		*o = slices.Delete(*o, 0, 1)
	}
	return &w
}

// AnswerNext gives the next n approved sessions a wrong answer, all of them until AnswerRight when n is negative.
func (s *Server) AnswerNext(n int, w Wrong) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n != 0 {
		s.orders = append(s.orders, order{w, n})
	}
}

// CertificateNext gives the next n requests for a person's certificate a wrong answer, all of them until AnswerRight when
// n is negative. Fields of Wrong that speak of a signature or a session have no effect.
func (s *Server) CertificateNext(n int, w Wrong) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n != 0 {
		s.certificates = append(s.certificates, order{w, n})
	}
}

// AnswerRight forgets the wrong answers that have not been given.
func (s *Server) AnswerRight() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders, s.certificates = nil, nil
}

// extra is the member that no description knows.
func (w *Wrong) extra() string {
	if w.Extra {
		return "this member is not in the description"
	}
	return ""
}

// tamper changes a finished answer.
func (w *Wrong) tamper(body []byte) ([]byte, error) {
	if len(w.Set) == 0 && len(w.Remove) == 0 {
		return body, nil
	}
	var doc any
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, fmt.Errorf("mobileidtest: %w", err)
	}
	for pointer, value := range w.Set {
		if err := edit(doc, pointer, func(m map[string]any, name string) { m[name] = value }); err != nil {
			return nil, err
		}
	}
	for _, pointer := range w.Remove {
		if err := edit(doc, pointer, func(m map[string]any, name string) { delete(m, name) }); err != nil {
			return nil, err
		}
	}
	out, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("mobileidtest: Wrong.Set: %w", err)
	}
	return out, nil
}

// edit finds the object that a pointer leads into.
func edit(doc any, pointer string, change func(map[string]any, string)) error {
	names := strings.Split(pointer, "/")
	if len(names) < 2 || names[0] != "" {
		return errors.New("mobileidtest: not a JSON pointer to a member: " + strconv.Quote(pointer))
	}
	for _, name := range names[1 : len(names)-1] {
		m, ok := doc.(map[string]any)
		if !ok || m[unescape(name)] == nil {
			return errors.New("mobileidtest: the answer has no object for " + strconv.Quote(pointer))
		}
		doc = m[unescape(name)]
	}
	m, ok := doc.(map[string]any)
	if !ok {
		return errors.New("mobileidtest: the answer has no object for " + strconv.Quote(pointer))
	}
	change(m, unescape(names[len(names)-1]))
	return nil
}

func unescape(name string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(name) }
