package smartidtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// Statuses that only this service has.
const (
	statusNoSuitable  = 471
	statusLookAtApp   = 472
	statusOldClient   = 480
	statusMaintenance = 580
)

// problem is a body of RFC 9457 as the service fills it in.
type problem struct {
	Type     string  `json:"type"`
	Title    string  `json:"title"`
	Status   int     `json:"status"`
	Detail   string  `json:"detail"`
	Instance string  `json:"instance,omitempty"`
	Errors   []param `json:"errors,omitempty"`
}

// param is one thing that is wrong with a request. It never repeats what was sent.
type param struct {
	Code    string `json:"code,omitempty"`
	Detail  string `json:"detail"`
	Name    string `json:"paramName,omitempty"`
	Pointer string `json:"pointer,omitempty"`
}

// fault is a refusal.
type fault struct {
	status int
	detail string
	params []param
}

func forbidden(detail string) *fault { return &fault{status: http.StatusForbidden, detail: detail} }

func unauthorised() *fault { return &fault{status: http.StatusUnauthorized} }

func notFound() *fault { return &fault{status: http.StatusNotFound, detail: "Not Found"} }

// noSuitable is the refusal where the person has accounts, but none that fits. Version 3 writes it as 404.
func noSuitable(version int) *fault {
	if version == 2 {
		return &fault{status: statusNoSuitable, detail: "No suitable account of requested type found, but user has some other accounts"}
	}
	f := notFound()
	f.params = []param{{Code: "NO_SUITABLE_ACCOUNT_FOUND", Detail: "No suitable account of requested type found, but user has some other accounts"}}
	return f
}

func invalid(params ...param) *fault {
	return &fault{status: http.StatusBadRequest, detail: "Invalid request parameters found", params: params}
}

// title is the text of a status.
func title(status int) string {
	switch status {
	case statusNoSuitable:
		return "No suitable account of requested type found, but user has some other accounts"
	case statusLookAtApp:
		return "Person should view Smart-ID app or Smart-ID self-service portal now"
	case statusOldClient:
		return "The client (i.e. client-side implementation of this API) is old and not supported any more"
	case statusMaintenance:
		return "System is under maintenance, retry again later"
	}
	return http.StatusText(status)
}

// answer is what a request is answered with.
type answer struct {
	status int
	kind   string // Content-Type
	body   []byte
	params []param // what was wrong, for the journal
}

// answer writes the refusal as the version does. A party that may not ask at all gets no body.
func (f *fault) answer(version int) answer {
	a := answer{status: f.status, params: f.params}
	if f.status == http.StatusUnauthorized {
		return a
	}
	if version == 2 {
		a.kind, a.body = "application/json", encode(map[string]any{"code": f.status, "message": f.message()})
		return a
	}
	a.kind = "application/problem+json"
	a.body = encode(problem{Type: "about:blank", Title: title(f.status), Status: f.status, Detail: f.detail, Errors: f.params,
		Instance: "/task-id/" + random(9)})
	return a
}

func (f *fault) message() string {
	if len(f.params) > 0 {
		return f.params[0].Detail
	}
	return f.detail
}

func reply(v any) answer {
	return answer{status: http.StatusOK, kind: "application/json", body: encode(v)}
}

func (a answer) write(w http.ResponseWriter) {
	if a.kind != "" {
		w.Header().Set("Content-Type", a.kind)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has gone is no concern of the service
}

// encode writes JSON without escaping the characters of HTML. Values are of this package, and what tests put into
// answers has been encoded before, so it cannot fail.
func encode(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("smartidtest: " + err.Error())
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}
