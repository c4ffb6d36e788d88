package mobileidtest

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// fault is a refusal.
type fault struct {
	status int
	why    string
	member string // that was wrong, for the journal
}

func invalid(member, why string) *fault {
	return &fault{status: http.StatusBadRequest, why: member + " " + why, member: member}
}

type errorWire struct {
	Error string `json:"error"`
	Time  string `json:"time"`
	Trace string `json:"traceId"`
}

// answer is what a request is answered with.
type answer struct {
	status int
	kind   string // Content-Type
	body   []byte
}

func (f *fault) answer(now time.Time) answer {
	return answer{f.status, "application/json", encode(errorWire{f.why, clockTime(now), trace()})}
}

func reply(v any) answer { return answer{http.StatusOK, "application/json", encode(v)} }

func (a answer) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has gone is no concern of the service
}

// clockTime writes a time as the service does, which says no zone.
func clockTime(t time.Time) string { return t.Format("2006-01-02T15:04:05") }

// encode writes JSON without escaping the characters of HTML. Values are of this package, and what tests put into
// answers has been encoded before, so it cannot fail.
func encode(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("mobileidtest: " + err.Error())
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// trace returns a traceId.
func trace() string { return hex.EncodeToString(randomBytes(8)) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, by contract of crypto/rand
	return b
}

// newUUID returns a random UUID.
func newUUID() string {
	b := randomBytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
