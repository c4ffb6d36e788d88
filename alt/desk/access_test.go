package desk_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
)

// The whole matrix: who may do what. A cell is the status of an answer to a
// request that is otherwise in order, on a conversation that mari holds.
func TestEachRoleMayDoWhatIsItsWork(t *testing.T) {
	type row struct {
		name, method, path string // {c} is the conversation, {m} its message, {f} its file, {l} a letter
		body               any
		headers            []header
		// The holder, a colleague without and with a reason, an auditor, an
		// admin, an admin of another agency, nobody.
		want [7]int
	}
	read := [7]int{200, 403, 200, 200, 200, 404, 401}
	own := [7]int{200, 200, 200, 200, 200, 200, 401}
	change := [7]int{200, 409, 409, 403, 200, 404, 401}
	for _, r := range []row{
		{name: "me", method: "GET", path: "/v1/me", want: own},
		{name: "lines", method: "GET", path: "/v1/lines", want: own},
		{name: "list", method: "GET", path: "/v1/conversations", want: own},
		{name: "search", method: "POST", path: "/v1/conversations/search", body: object{"text": "tere"}, want: own},
		{name: "conversation", method: "GET", path: "/v1/conversations/{c}", want: read},
		{name: "messages", method: "GET", path: "/v1/conversations/{c}/messages", want: read},
		{name: "file", method: "GET", path: "/v1/conversations/{c}/files/{f}", want: read},
		{name: "message", method: "GET", path: "/v1/messages/{m}", want: read},
		{name: "read", method: "POST", path: "/v1/conversations/{c}/read", want: change},
		{name: "claim", method: "POST", path: "/v1/conversations/{c}/claim", want: [7]int{200, 409, 409, 403, 409, 404, 401}},
		{name: "claim by force", method: "POST", path: "/v1/conversations/{c}/claim", body: object{"force": true, "reason": "absence"},
			want: [7]int{403, 403, 403, 403, 200, 404, 401}},
		{name: "release", method: "POST", path: "/v1/conversations/{c}/release", want: change},
		{name: "hand back", method: "POST", path: "/v1/conversations/{c}/handback", want: change},
		{name: "end", method: "POST", path: "/v1/conversations/{c}/end", want: change},
		{name: "restrict", method: "POST", path: "/v1/conversations/{c}/restrict", body: object{"restricted": true}, want: change},
		{name: "continue", method: "POST", path: "/v1/conversations/{c}/continue", body: object{"line": "sms"}, want: [7]int{404, 403, 403, 403, 404, 404, 401}},
		{name: "forward", method: "POST", path: "/v1/conversations/{c}/forward", body: object{"line": "foe", "note": "x"},
			want: [7]int{409, 403, 403, 403, 409, 400, 401}},
		{name: "reply", method: "POST", path: "/v1/conversations/{c}/replies", body: object{"text": "Tere"}, headers: []header{key("k")},
			want: [7]int{201, 409, 409, 403, 409, 404, 401}},
		{name: "upload", method: "POST", path: "/v1/files", body: []byte("tekst"), headers: []header{{"Content-Type", "text/plain"}},
			want: [7]int{201, 201, 201, 403, 201, 201, 401}},
		{name: "letters", method: "GET", path: "/v1/letters", want: own},
		{name: "retry", method: "POST", path: "/v1/letters/{l}/retry", want: [7]int{204, 204, 204, 403, 204, 404, 401}},
		{name: "drop", method: "POST", path: "/v1/letters/{l}/drop", want: [7]int{204, 204, 204, 403, 204, 404, 401}},
		{name: "confirm a dead one", method: "POST", path: "/v1/letters/{l}/confirm", want: [7]int{409, 409, 409, 403, 409, 404, 401}},
		{name: "log", method: "GET", path: "/v1/log", want: [7]int{403, 403, 403, 200, 200, 200, 401}},
		{name: "document", method: "GET", path: "/v1/openapi.yaml", want: [7]int{200, 200, 200, 200, 200, 200, 200}},
	} {
		for i, who := range []string{"mari", "jaan", "jaan", "aune", "anu", "oskar", ""} {
			name := []string{"holder", "colleague", "colleague with a reason", "auditor", "admin", "another agency", "nobody"}[i]
			t.Run(r.name+" by "+name, func(t *testing.T) {
				w := newWorld(t)
				path := w.stage(r.path)
				headers := r.headers
				if i == 2 {
					headers = append(headers, because(reason))
				}
				require.Equal(t, r.want[i], w.do(who, r.method, path, r.body, headers...).status)
			})
		}
	}
}

// stage makes a conversation that mari holds, with a file and a letter, and
// fills their ids into a path.
func (w *world) stage(path string) string {
	w.Helper()
	chat, id := w.talk("whatsapp", "tere, human")
	chat.Happens(w.hs.Fake("whatsapp").Media(chat.Address().Peer, imageOf("pilt.png"), png()))
	w.do("mari", "POST", "/v1/conversations/"+id+"/claim", nil).ok(200)
	w.hs.Fake("whatsapp").FailNext(rejected())
	w.do("mari", "POST", "/v1/conversations/"+id+"/replies", object{"text": "vastus"}, key("staged")).ok(201)
	w.hs.Settle()
	tr := chat.Transcript()
	var file string
	for _, m := range tr {
		file += string(mediaOf(m).Blob)
	}
	require.NotEmpty(w, file)
	require.Len(w, w.hs.Letters(), 1)
	return strings.NewReplacer("{c}", id, "{m}", string(tr[0].ID), "{f}", file, "{l}", fmt.Sprint(w.hs.Letters()[0].ID)).Replace(path)
}

func TestALookAtAnothersConversationIsWrittenDownBeforeItIsShown(t *testing.T) {
	w := newWorld(t)
	_, id := w.talk("whatsapp", canaryText+", human")
	path := "/v1/conversations/" + id

	w.do("jaan", "GET", path, nil).ok(200)
	require.Empty(t, w.acts(id, "jaan"), "nobody holds it: a look is part of the work")
	w.do("mari", "POST", path+"/claim", nil).ok(200)
	w.do("mari", "GET", path+"/messages", nil).ok(200)
	require.Equal(t, []string{"conversation.claimed"}, w.acts(id, "mari"))

	refused := w.do("jaan", "GET", path+"/messages", nil)
	refused.problem(403, "reason_required")
	require.NotContains(t, string(refused.body), canaryText)
	require.Equal(t, []string{"conversation.refused"}, w.acts(id, "jaan"))

	shown := w.do("jaan", "GET", path+"/messages", nil, because(reason))
	require.Contains(t, string(shown.body), canaryText)
	require.Equal(t, "full", w.do("jaan", "GET", path, nil, because(reason)).ok(200)["access"])
	require.Equal(t, []string{"conversation.refused", "conversation.read", "conversation.read"}, w.acts(id, "jaan"))
	require.Equal(t, map[string]string{"what": "messages", "role": "specialist", "reason": "kaebuse lahendamine nr 12"}, w.log(id)[len(w.log(id))-2].Detail)

	before := w.position(id)
	w.do("aune", "GET", path, nil).ok(200)
	w.do("anu", "GET", path+"/messages", nil).ok(200)
	require.Equal(t, []string{"conversation.read"}, w.acts(id, "aune"))
	require.Equal(t, []string{"conversation.read"}, w.acts(id, "anu"))
	require.Equal(t, before, w.position(id), "a look changes nothing that others watch")
}

func TestNothingIsShownWhenTheLookCannotBeWrittenDown(t *testing.T) {
	w := newWorld(t)
	_, id := w.talk("whatsapp", canaryText)
	require.NoError(t, w.hs.Store().Close())
	a := w.do("aune", "GET", "/v1/conversations/"+id+"/messages", nil)
	a.problem(503, "unavailable")
	require.NotContains(t, string(a.body), canaryText)
}

func TestARestrictedConversationIsForItsHolder(t *testing.T) {
	w := newWorld(t)
	_, id := w.talk("whatsapp", "human")
	path := "/v1/conversations/" + id
	w.do("mari", "POST", path+"/restrict", object{"restricted": true}).ok(200)
	w.do("mari", "GET", path, nil).problem(403, "reason_required")
	w.do("mari", "POST", path+"/claim", nil).problem(403, "reason_required")
	w.do("mari", "POST", path+"/read", nil).problem(403, "reason_required")
	w.do("mari", "POST", path+"/replies", object{"text": "x"}, key("k")).problem(403, "reason_required")
	require.Equal(t, "limited", w.do("mari", "GET", "/v1/conversations", nil).items()[0]["access"])

	w.do("mari", "POST", path+"/claim", nil, because(reason)).ok(200)
	w.do("mari", "GET", path, nil).ok(200)
	require.Equal(t, "kaebuse lahendamine nr 12", w.detail(id, "conversation.claimed")["access_reason"])
	w.do("mari", "POST", path+"/restrict", object{"restricted": false}).ok(200)
	require.Equal(t, false, w.do("mari", "GET", path, nil).ok(200)["restricted"])
}

func TestAReasonIsAReason(t *testing.T) {
	w := newWorld(t)
	_, id := w.talk("whatsapp", "human")
	w.do("mari", "POST", "/v1/conversations/"+id+"/claim", nil).ok(200)
	for name, tc := range map[string]struct {
		reason string
		status int
	}{
		"ten letters":       {"k%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4", 200},
		"nine letters":      {"k%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4", 400},
		"blanks":            {strings.Repeat("%20", 20), 400},
		"300 letters":       {strings.Repeat("a", 300), 200},
		"301 letters":       {strings.Repeat("a", 301), 400},
		"no UTF-8":          {"kaebuse %FF lahendamine", 400},
		"a broken encoding": {"kaebuse %zz lahendamine", 400},
		"a line feed":       {"kaebuse%0Alahendamine", 400},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.do("jaan", "GET", "/v1/conversations/"+id, nil, because(tc.reason))
			require.Equal(t, tc.status, a.status)
			if tc.status == 400 {
				require.Equal(t, "Access-Reason", a.problem(400, "malformed_header")["field"])
			}
		})
	}
}

func (w *world) position(id string) int64 {
	w.Helper()
	c, err := w.hs.Store().Conversation(w.Context(), "agency", id)
	require.NoError(w, err)
	return c.Position
}

// detail returns what the last such entry of the security log says.
func (w *world) detail(id, act string) map[string]string {
	w.Helper()
	var found alt.LogEntry
	for _, e := range w.log(id) {
		if e.Act == act {
			found = e
		}
	}
	require.NotEmpty(w, found.Act, act)
	return found.Detail
}
