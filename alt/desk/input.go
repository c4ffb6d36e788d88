package desk

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
)

// maxBody bounds a JSON body. A reply of 20,000 characters, each written as a
// surrogate pair, fits four times.
const maxBody = 1 << 20

// decode reads a JSON body into v: one value, known fields, valid UTF-8.
func (c *call) decode(v any) error {
	if t, p, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || t != "application/json" || !isUTF8(p["charset"]) {
		return newProblem("media_type")
	}
	b, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	if err != nil {
		return unreadable(err)
	}
	return decodeJSON(b, v)
}

// decodeOptional is decode, but no body at all leaves v as it is.
func (c *call) decodeOptional(v any) error {
	if c.r.ContentLength == 0 || c.r.Body == nil || c.r.Body == http.NoBody {
		return nil
	}
	return c.decode(v)
}

func isUTF8(charset string) bool { return charset == "" || strings.EqualFold(charset, "utf-8") }

// unreadable is the problem of a body that could not be read to its end.
func unreadable(err error) error {
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return newProblem("too_large")
	}
	return newProblem("malformed_request")
}

func decodeJSON(b []byte, v any) error {
	// The decoder would put U+FFFD for what is no character, and so change what
	// somebody wrote.
	if !utf8.Valid(b) || lonely(b) {
		return newProblem("malformed_request")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			return inField("malformed_request", wrong.Field) // our own name: unknown ones have no type
		}
		return newProblem("malformed_request")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return newProblem("malformed_request")
	}
	return nil
}

// lonely reports half a surrogate pair among the escapes of a JSON text.
func lonely(b []byte) bool {
	high := false
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			if high {
				return true
			}
			continue
		}
		i++
		if b[i] != 'u' || i+4 >= len(b) {
			if high {
				return true
			}
			continue
		}
		n, err := strconv.ParseUint(string(b[i+1:i+5]), 16, 32)
		if err != nil {
			return false // the decoder says what is wrong
		}
		i += 4
		isHigh, isLow := n >= 0xD800 && n < 0xDC00, n >= 0xDC00 && n < 0xE000
		if high != isLow {
			return true
		}
		high = isHigh
	}
	return high
}

// limit reads the size of a page.
func (c *call) limit(most int) (int, error) {
	s := c.query.Get("limit")
	if s == "" {
		return min(c.d.cfg.PageSize, most), nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > most {
		return 0, inField("malformed_parameter", "limit")
	}
	return n, nil
}

// when reads a time; zero when there is none.
func (c *call) when(name string) (time.Time, error) {
	s := c.query.Get(name)
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, inField("malformed_parameter", name)
	}
	return t, nil
}

// A cursor of the API is the store's, with a print of the list that it belongs
// to, so that it cannot be taken to another one unnoticed.
func (c *call) cursor(store, list string) string {
	if store == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(c.listPrint(list) + store))
}

// openCursor returns the store's cursor.
func (c *call) openCursor(s, list string) (string, error) {
	if s == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	store, ok := strings.CutPrefix(string(b), c.listPrint(list))
	if err != nil || !ok || len(s) > 512 || store == "" {
		return "", newProblem("malformed_cursor")
	}
	return store, nil
}

func (c *call) listPrint(list string) string {
	sum := sha256.Sum256([]byte(string(c.me.Agency) + "\x00" + list))
	return string(sum[:6])
}

// key returns the caller's Idempotency-Key as a key of the store, or "".
func (c *call) key() (string, error) {
	values := c.r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	visible := strings.IndexFunc(key, func(r rune) bool { return r < '!' || r > '~' }) < 0
	if len(values) > 1 || key == "" || len(key) > 128 || !visible {
		return "", inField("malformed_header", "Idempotency-Key")
	}
	// Keys of two callers never meet.
	sum := sha256.Sum256([]byte(string(c.me.Agency) + "\x00" + c.me.ID + "\x00" + key))
	return "desk-" + hex.EncodeToString(sum[:])[:40], nil
}

// print tells requests of one key apart.
func (c *call) print(body any) ([32]byte, error) {
	b, err := json.Marshal([]any{c.r.Method, c.r.URL.Path, body})
	return sha256.Sum256(b), err
}

// reason returns why the caller wants to see what is not theirs, or "". It is
// percent-encoded, because a header carries no other letters safely.
func (c *call) reason() (string, error) {
	values := c.r.Header.Values("Access-Reason")
	if len(values) == 0 {
		return "", nil
	}
	s, err := url.PathUnescape(values[0])
	s = strings.TrimSpace(s)
	n := utf8.RuneCountInString(s)
	if err != nil || len(values) > 1 || n < 10 || n > 300 || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", inField("malformed_header", "Access-Reason")
	}
	return s, nil
}

// pathID returns an id of the path. What cannot be one names nothing.
func (c *call) pathID() (string, error) {
	id := c.r.PathValue("id")
	if channels.MessageID(id).Valid() != nil {
		return "", newProblem("not_found")
	}
	return id, nil
}
