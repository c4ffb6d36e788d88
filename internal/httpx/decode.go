package httpx

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// DefaultMaxDepth is how deep JSON of strangers may be nested.
const DefaultMaxDepth = 64

// DecodeHex decodes lower-case hex, the one form that re-encodes to itself. It is
// for signatures and digests, where a second spelling of the same bytes has no
// business. Any other text is ErrEncoding.
func DecodeHex(s string) ([]byte, error) {
	b, err := hex.DecodeString(s)
	if err != nil || strings.ContainsAny(s, "ABCDEF") {
		return nil, ErrEncoding
	}
	return b, nil
}

// DecodeBase64 decodes standard base64 with its padding: no line breaks, no white
// space, unused bits zero. Any other text is ErrEncoding.
func DecodeBase64(s string) ([]byte, error) { return decodeBase64(base64.StdEncoding, s) }

// DecodeBase64URL decodes the URL alphabet without padding, the form of JWTs, as
// strictly as DecodeBase64.
func DecodeBase64URL(s string) ([]byte, error) { return decodeBase64(base64.RawURLEncoding, s) }

func decodeBase64(as *base64.Encoding, s string) ([]byte, error) {
	b, err := as.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") { // which even the strict decoder skips
		return nil, ErrEncoding
	}
	return b, nil
}

// JSONLimits are the rules of DecodeJSON. The zero value is the strict one.
type JSONLimits struct {
	// MaxDepth is how deep arrays and objects may be nested. Default DefaultMaxDepth.
	MaxDepth int
	// TrailingNull allows the value null after the value.
	TrailingNull bool
	// Lenient leaves a field out whose value is of another type than v's, where
	// otherwise the whole text is ErrShape.
	Lenient bool
}

// JSONError says why a JSON text was refused, and roughly where. It is one of
// ErrUTF8, ErrDepth, ErrSyntax, ErrShape and ErrTrailing, and quotes nothing.
type JSONError struct {
	Offset int64 // bytes before the fault
	Reason error
}

// Error names reason and place.
func (e *JSONError) Error() string {
	return fmt.Sprintf("httpx: JSON: %v at byte %d", e.Reason, e.Offset)
}

// Unwrap returns the reason.
func (e *JSONError) Unwrap() error { return e.Reason }

// DecodeJSON decodes one JSON value into v and ignores unknown fields. UTF-8 and
// depth are checked before anything is decoded; an escaped half of a surrogate pair
// becomes U+FFFD, as everywhere in encoding/json. Every error is a *JSONError; v is
// then not to be used.
func DecodeJSON(body []byte, v any, lim JSONLimits) error {
	if at := invalidUTF8(body); at >= 0 {
		return &JSONError{int64(at), ErrUTF8}
	}
	if at := tooDeep(body, orDefault(lim.MaxDepth, DefaultMaxDepth)); at >= 0 {
		return &JSONError{int64(at), ErrDepth}
	}
	if lim.tolerate(json.Unmarshal(body, v)) == nil {
		return nil // the usual case, without the copy that a Decoder makes
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := lim.tolerate(dec.Decode(v)); err != nil {
		return jsonError(err, int64(len(body)))
	}
	rest := bytes.TrimLeft(body[dec.InputOffset():], " \t\r\n")
	if lim.TrailingNull {
		if after, ok := bytes.CutPrefix(rest, []byte("null")); ok {
			rest = bytes.TrimLeft(after, " \t\r\n")
		}
	}
	if len(rest) > 0 {
		return &JSONError{int64(len(body) - len(rest)), ErrTrailing}
	}
	return nil
}

// OwnNames reports whether the outermost object of body, which is valid JSON, has
// each of names at most once, and no other name that encoding/json would take for
// one of them, because it differs in case only or is written with escapes.
func OwnNames(body []byte, names ...string) bool {
	seen := make([]bool, len(names))
	depth := 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			begin := i
			i = stringEnd(body, i)
			if depth != 1 || !bytes.HasPrefix(bytes.TrimLeft(body[i+1:], " \t\r\n"), []byte(":")) {
				continue
			}
			spelt := string(body[begin+1 : i])
			name := Unquote(body[begin : i+1])
			for n, known := range names {
				if !strings.EqualFold(name, known) {
					continue
				}
				if spelt != known || seen[n] {
					return false
				}
				seen[n] = true
			}
		}
	}
	return true
}

// tolerate forgives what Lenient allows: encoding/json leaves a value of another
// type out, goes on, and reports the first one at the end.
func (lim JSONLimits) tolerate(err error) error {
	if shape := (*json.UnmarshalTypeError)(nil); lim.Lenient && errors.As(err, &shape) {
		return nil
	}
	return err
}

// jsonError drops the text of err: it can quote a number or a string of the body.
func jsonError(err error, end int64) *JSONError {
	var syntax *json.SyntaxError
	var shape *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return &JSONError{min(syntax.Offset, end), ErrSyntax}
	case errors.As(err, &shape):
		return &JSONError{min(shape.Offset, end), ErrShape} // it can be one too far
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &JSONError{end, ErrSyntax}
	default: // of an UnmarshalJSON method, or the fault of v
		return &JSONError{end, ErrShape}
	}
}

func invalidUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; ; {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
}

// tooDeep returns where the nesting passes limit, or -1. It trusts the text to be
// JSON: for anything else the decoder has the last word.
func tooDeep(b []byte, limit int) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i = stringEnd(b, i)
		case '{', '[':
			if depth++; depth > limit {
				return i
			}
		case '}', ']':
			depth--
		}
	}
	return -1
}

// stringEnd returns where the string that begins at i ends: at the next quote
// before which there is an even number of backslashes.
func stringEnd(b []byte, i int) int {
	for begin := i + 1; ; {
		n := bytes.IndexByte(b[i+1:], '"')
		if n < 0 {
			return len(b)
		}
		i += 1 + n
		escapes := 0
		for i-1-escapes >= begin && b[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
	}
}
