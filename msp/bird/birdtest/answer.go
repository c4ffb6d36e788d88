package birdtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// answer is what a request is answered with.
type answer struct {
	status int
	header http.Header
	body   []byte
	code   string // of a refusal, for the log
}

func reply(status int, v any) answer {
	return answer{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: encode(v)}
}

func (a answer) write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	if a.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has gone is no concern of the service
}

// refusal is an error answer in the service's envelope. Only the code of what is
// not found is documented; a client must go by the status.
type refusal struct {
	status        int
	code, message string
}

func (r refusal) answer() answer {
	a := reply(r.status, map[string]string{"code": r.code, "message": r.message})
	a.code = r.code
	return a
}

func missing(field string) *refusal {
	return &refusal{http.StatusUnprocessableEntity, "ValidationError", field + " is required"}
}

func invalid(field, why string) *refusal {
	return &refusal{http.StatusUnprocessableEntity, "ValidationError", field + " " + why}
}

func notFound() *refusal {
	return &refusal{http.StatusNotFound, "ResourceNotFound", "The requested resource does not exist"}
}

// encode writes JSON without escaping the characters of HTML. Values are of this
// package and raw content that has been checked, so it cannot fail.
func encode(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("birdtest: " + err.Error())
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}
