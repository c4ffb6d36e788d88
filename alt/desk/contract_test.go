package desk_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/desk"
)

// described is the description of the API, by which every request and answer of
// these tests is checked.
type described struct {
	doc    *openapi3.T
	router routers.Router
}

// contract is read once.
var contract = sync.OnceValue(func() *described {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(desk.OpenAPI())
	if err != nil {
		panic(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		panic(err)
	}
	doc.Servers = openapi3.Servers{{URL: "https://desk.example"}} // what a caller puts before "/"
	router, err := legacy.NewRouter(doc)
	if err != nil {
		panic(err)
	}
	openapi3filter.RegisterBodyDecoder("text/event-stream", openapi3filter.PlainBodyDecoder)
	return &described{doc: doc, router: router}
})

// request checks a request, and returns the check of its answer. One that does
// not keep to the description must not pass.
func (d *described) request(t *testing.T, r *http.Request, keeps bool) func(answer) {
	t.Helper()
	route, params, err := d.router.FindRoute(r)
	if err != nil {
		require.False(t, keeps, "%s %s: %v", r.Method, r.URL.Path, err)
		return func(answer) {}
	}
	var body []byte
	if r.Body != nil {
		body, err = io.ReadAll(r.Body)
		require.NoError(t, err)
	}
	rewind := func() {
		if body != nil {
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
	}
	rewind()
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{
		AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
		IncludeResponseStatus: true,
		MultiError:            true,
		SkipSettingDefaults:   true,
	}}
	if err := openapi3filter.ValidateRequest(t.Context(), in); keeps {
		require.NoError(t, err)
	}
	rewind()
	return func(a answer) {
		t.Helper()
		if !keeps && a.status == http.StatusNotFound && route.Operation.Responses.Status(a.status) == nil {
			return // the validator takes a path for another one that differs by a slash
		}
		out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: a.status, Header: a.header, Options: in.Options}
		out.SetBodyBytes(a.body)
		require.NoError(t, openapi3filter.ValidateResponse(t.Context(), out), "%s", a.body)
	}
}

// shows checks a conversation that came in an event.
func (d *described) shows(t *testing.T, conversation object) {
	t.Helper()
	require.NoError(t, d.doc.Components.Schemas["Conversation"].Value.VisitJSON(conversation, openapi3.EnableJSONSchema2020()))
}

// Every route of the API is described, every operation of the description is a
// route, and each of them works in one scene.
func TestTheDescriptionIsComplete(t *testing.T) {
	var described []string
	for path, item := range contract().doc.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	require.ElementsMatch(t, described, desk.RoutesForTest())
	require.ElementsMatch(t, contract().doc.Components.Schemas["Problem"].Value.Properties["code"].Value.Enum, desk.CodesForTest())
}

// One scene in which every operation of the description is carried out: each
// request and each answer is checked against it.
func TestEveryOperationKeepsToItsDescription(t *testing.T) {
	w := newWorld(t, asking, byTelephone)
	done := make(map[string]bool)
	do := func(who, method, url string, body any, headers ...header) answer {
		a := w.do(who, method, url, body, headers...)
		require.Less(t, a.status, 300, "%s %s: %s", method, url, a.body)
		route, _, err := contract().router.FindRoute(w.request(who, method, url, nil))
		require.NoError(t, err)
		done[route.Operation.OperationID] = true
		return a
	}
	chat, id := w.talk("whatsapp", "human")
	chat.Happens(w.hs.Fake("whatsapp").Media(chat.Address().Peer, imageOf("a.png"), png()))
	path := "/v1/conversations/" + id

	do("", "GET", "/v1/openapi.yaml", nil)
	do("", "POST", "/v1/session", object{"token": w.token["mari"]}, sameOrigin())
	do("", "DELETE", "/v1/session", nil, sameOrigin())
	do("mari", "GET", "/v1/me", nil)
	do("mari", "GET", "/v1/lines", nil)
	do("mari", "GET", "/v1/conversations?line=whatsapp&state=open&holder=desk&waiting=true&from=2026-03-01T00:00:00Z&limit=10", nil)
	do("mari", "POST", "/v1/conversations/search", object{"text": "human"})
	do("mari", "POST", path+"/claim", object{}, key("claim"))
	do("mari", "POST", path+"/read", object{})
	do("mari", "GET", path, nil)
	items := do("mari", "GET", path+"/messages", nil).items()
	file := items[2]["content"].(object)["media"].(object)["file"].(string)
	do("mari", "GET", path+"/files/"+file, nil)
	up := do("mari", "POST", "/v1/files", png(), header{"Content-Type", "image/png"}).ok(201)["id"]
	do("mari", "POST", path+"/replies", object{"file": object{"id": up}}, key("file"))
	w.hs.Settle()
	do("mari", "POST", path+"/authentication", object{"purpose": "Toetuse seis"}, key("who"))
	w.prove(chat)
	do("mari", "GET", path+"/identity", nil)
	do("mari", "POST", path+"/identity/reveal", nil)
	do("mari", "GET", path+"/accounts", nil)
	do("mari", "POST", path+"/continue", object{"line": "whatsapp"})
	do("mari", "POST", path+"/accounts/take-apart", nil)
	w.hs.Fake("whatsapp").FailNext(rejected())
	lost := do("mari", "POST", path+"/replies", object{"text": "vastus"}, key("lost")).ok(201)["id"].(string)
	w.hs.Settle()
	do("mari", "GET", "/v1/messages/"+lost, nil)
	letter := do("mari", "GET", "/v1/letters", nil).items()[0]["id"]
	do("mari", "POST", fmt.Sprintf("/v1/letters/%.0f/drop", letter), nil)
	do("mari", "POST", path+"/restrict", object{"restricted": true})
	do("mari", "POST", path+"/release", nil)
	do("anu", "POST", path+"/claim", nil)
	do("anu", "POST", path+"/handback", nil)
	do("anu", "POST", path+"/end", object{"reason": "done"})
	_, other := w.talk("whatsapp", "human")
	do("mari", "POST", "/v1/conversations/"+other+"/claim", nil)
	do("mari", "POST", "/v1/conversations/"+other+"/forward", object{"line": "foe", "note": "Küsib viisat"})
	do("aune", "GET", "/v1/log", nil)
	w.desk.Close() // so that the stream ends at once
	do("mari", "GET", "/v1/events", nil)

	for path, item := range contract().doc.Paths.Map() {
		for method, op := range item.Operations() {
			require.True(t, done[op.OperationID], "%s %s was not carried out", method, path)
		}
	}
}
