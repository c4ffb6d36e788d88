package messagebirdtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// Codes of the error envelope, as the official clients name them.
const (
	codeNotAllowed = 2
	codeMissing    = 9
	codeInvalid    = 10
	codeNotFound   = 20
	codeNoSuchAPI  = 98
	codeRateLimit  = 429 // the real code is not established; a client must go by the status
)

// answer is what a request is answered with.
type answer struct {
	status int
	header http.Header // further headers; may be nil
	body   []byte
	code   int    // of a refusal, for the log
	param  string // of a refusal, for the log
}

func reply(status int, v any) answer {
	return answer{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: encode(v)}
}

func (a answer) write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has gone is no concern of the service
}

// refusal is an error answer in the service's envelope.
type refusal struct {
	status, code int
	description  string
	parameter    string
}

func (r *refusal) Error() string { return r.description }

func (r *refusal) answer() answer {
	var parameter any // null when no parameter is to blame
	if r.parameter != "" {
		parameter = r.parameter
	}
	a := reply(r.status, map[string]any{"errors": []any{errorWire{r.code, r.description, parameter}}})
	a.code, a.param = r.code, r.parameter
	return a
}

type errorWire struct {
	Code        int    `json:"code"`
	Description string `json:"description"`
	Parameter   any    `json:"parameter"`
}

func missing(parameter string) *refusal {
	return &refusal{http.StatusUnprocessableEntity, codeMissing, parameter + " is required", parameter}
}

func invalid(parameter, description string) *refusal {
	return &refusal{http.StatusUnprocessableEntity, codeInvalid, parameter + " " + description, parameter}
}

func notFound(what, parameter string) *refusal {
	return &refusal{http.StatusNotFound, codeNotFound, what + " not found", parameter}
}

// encode writes JSON without escaping the characters of HTML. Values are of this package and raw content
// that has been checked, so it cannot fail.
func encode(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("messagebirdtest: " + err.Error())
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}
