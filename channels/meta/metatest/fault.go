package metatest

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// Codes of the Graph API that the simulator answers with by itself.
const (
	codePermission  = 10
	codeParameter   = 100
	codeToken       = 190
	codeAppRate     = 4
	codePageRate    = 613
	codeUnavailable = 551
	codeVersion     = 2635
	codeUserRate    = 130429
	codeMissing     = 131008
	codeInvalid     = 131009
)

// fault is a refusal in Meta's envelope.
type fault struct {
	status        int
	code, subcode int
	message       string
	kind          string // "OAuthException" unless told otherwise
	details       string // WhatsApp: error_data.details
	data          string // error_data where it is a bare string
	transient     bool
}

// refuse makes a fault of an ordinary kind.
func refuse(code, subcode int, format string, args ...any) *fault {
	return &fault{code: code, subcode: subcode, message: fmt.Sprintf(format, args...)}
}

// invalid is the refusal of a parameter of Messenger, Instagram and the plain Graph API.
func invalid(format string, args ...any) *fault {
	return refuse(codeParameter, 0, "(#100) "+format, args...)
}

// wrong is the refusal of a WhatsApp message: the details say what is the matter.
func wrong(code int, format string, args ...any) *fault {
	return &fault{code: code, message: fmt.Sprintf("(#%d) %s", code, titleOf(code)), details: fmt.Sprintf(format, args...)}
}

// noObject is what the Graph API says of everything that a token may not see.
func noObject(method, id string) *fault {
	f := refuse(codeParameter, 33, "Unsupported %s request. Object with ID '%s' does not exist, cannot be loaded due to missing permissions, or does not support this operation", verb(method), id)
	f.kind = "GraphMethodException"
	return f
}

func verb(method string) string {
	switch method {
	case http.MethodGet:
		return "get"
	case http.MethodDelete:
		return "delete"
	}
	return "post"
}

// titleOf is the short text of a WhatsApp code.
func titleOf(code int) string {
	switch code {
	case codeParameter:
		return "Invalid parameter"
	case codeUserRate:
		return "Rate limit hit"
	case 131000:
		return "Something went wrong"
	case codeMissing:
		return "Required parameter is missing"
	case codeInvalid:
		return "Parameter value is not valid"
	case 131021:
		return "Recipient cannot be sender"
	case 131026:
		return "Message Undeliverable"
	case 131030:
		return "Recipient phone number not in allowed list"
	case 131047:
		return "Re-engagement message"
	case 131051:
		return "Unsupported message type"
	case 131052:
		return "Media download error"
	case 131053:
		return "Media upload error"
	case 131056:
		return "(Business Account, Consumer Account) pair rate limit hit"
	case 131062:
		return "Business-scoped user ID recipients not supported for this message"
	case 132000:
		return "Number of parameters does not match the expected number of params"
	case 132001:
		return "Template name does not exist in the translation"
	case 132005:
		return "Template Hydrated Text too long"
	case 132012:
		return "Parameter format does not match format in the created template"
	case 132015:
		return "Template is Paused"
	case 132016:
		return "Template is disabled"
	case 133010:
		return "Phone number not registered"
	}
	return "Error"
}

// httpStatus is the status that an error goes out with. The sources disagree about many, so a client must not go
// by it; FailNext sends any.
func httpStatus(code int) int {
	switch code {
	case codeToken:
		return http.StatusUnauthorized
	case 3, codePermission, 200, 230:
		return http.StatusForbidden
	case 132001:
		return http.StatusNotFound
	case 1, 2, 131000:
		return http.StatusInternalServerError
	case codeAppRate, 17, 32, codePageRate, 80007, codeUserRate:
		return http.StatusTooManyRequests
	}
	return http.StatusBadRequest
}

type errorWire struct {
	Message   string `json:"message"`
	Type      string `json:"type"`
	Code      int    `json:"code"`
	Subcode   int    `json:"error_subcode,omitempty"`
	Transient bool   `json:"is_transient,omitempty"`
	Data      any    `json:"error_data,omitempty"`
	Trace     string `json:"fbtrace_id"`
}

type dataWire struct {
	Product string `json:"messaging_product,omitempty"`
	Details string `json:"details"`
}

// answer is what a request is answered with.
type answer struct {
	status        int
	header        http.Header // further headers; may be nil
	body          []byte
	code, subcode int // of a refusal, for the log
}

func (f *fault) answer() answer {
	status, kind, trace := f.status, f.kind, newTrace()
	if status == 0 {
		status = httpStatus(f.code)
	}
	setDefault(&kind, "OAuthException")
	w := errorWire{Message: f.message, Type: kind, Code: f.code, Subcode: f.subcode, Transient: f.transient, Trace: trace}
	if f.details != "" {
		w.Data = dataWire{"whatsapp", f.details}
	} else if f.data != "" {
		w.Data = f.data
	}
	a := reply(map[string]any{"error": w})
	a.status, a.code, a.subcode = status, f.code, f.subcode
	a.header.Set("X-Fb-Trace-Id", trace)
	return a
}

// reply is a successful answer.
func reply(v any) answer {
	return answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json; charset=UTF-8"}}, body: encode(v)}
}

// success is the answer of calls that have nothing else to say.
func success() answer { return reply(map[string]bool{"success": true}) }

func (a answer) write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has gone is no concern of the service
}

// encode writes JSON without escaping the characters of HTML. Values are of this package and raw content that has
// been checked, so it cannot fail.
func encode(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("metatest: " + err.Error())
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// newTrace returns an fbtrace_id.
func newTrace() string { return "A" + random(8) }

// random returns n random bytes in the alphabet of URLs.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails, by contract of crypto/rand
	return base64.RawURLEncoding.EncodeToString(b)
}
